package auditlog

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// A Member is a recorded field or edge of a type, as it stands in the objects of entries.
type Member struct {
	Field *Field // or nil
	Index int    // of the field among the type's
	Edge  *Edge  // or nil

	head string // its name and what follows, as JSON
}

// Members returns the recorded fields and edges of t in the order of their names, in which objects have them.
func (t *Type) Members() []*Member { return t.members }

func newMembers(t *Type) []*Member {
	names := make(map[*Member]string)
	var members []*Member
	add := func(m *Member, name string) {
		head, _ := json.Marshal(name) // text always can be
		m.head = string(head) + ":"
		names[m] = name
		members = append(members, m)
	}
	for i, f := range t.Fields {
		add(&Member{Field: f, Index: i}, f.Name)
	}
	for _, e := range t.Edges {
		add(&Member{Edge: e}, e.Name)
	}
	slices.SortFunc(members, func(a, b *Member) int { return strings.Compare(names[a], names[b]) })
	return members
}

// An Object is the text of a JSON object in the making, as encoding/json would write one.
type Object struct{ text []byte }

// Add adds the value of a member, which comes after those that are there.
func (o *Object) Add(m *Member, raw json.RawMessage) {
	if len(o.text) == 0 {
		o.text = append(o.text, '{')
	} else {
		o.text = append(o.text, ',')
	}
	o.text = append(o.text, m.head...)
	switch {
	case raw == nil:
		o.text = append(o.text, null...)
	case bytes.ContainsAny(raw, "<>&\u2028\u2029"):
		b := bytes.NewBuffer(o.text)
		json.HTMLEscape(b, raw)
		o.text = b.Bytes()
	default:
		o.text = append(o.text, raw...)
	}
}

// Empty reports whether the object has no members.
func (o *Object) Empty() bool { return len(o.text) == 0 }

// Take returns the text, and leaves an empty object.
func (o *Object) Take() string {
	if len(o.text) == 0 {
		return "{}"
	}
	text := string(append(o.text, '}'))
	o.text = o.text[:0]
	return text
}
