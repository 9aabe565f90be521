package auditlog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The actions of entries.
const (
	ActionCreate = "create"
	ActionUpdate = "update"
	ActionDelete = "delete"
	// ActionBaseline is that of entries that say what was there before the log followed it. They have no old values, and of an edge
	// to many the links that the log did not know. They may come at any time of an entity's life: see package replay.
	ActionBaseline = "baseline"
)

// An Entry is one changed entity of one mutation, as it is handed to a Writer. The writer adds the id, the
// transaction and the time.
type Entry struct {
	Action       string
	ResourceType string
	ResourceID   string
	Stamp        Stamp
	// Before and After are JSON objects of what changed, by field. Before is empty in a create and a baseline, and After in a delete. In an
	// update they have the same keys.
	Before, After string
	// Redacted names the sensitive fields that changed, in the order of the type's fields.
	Redacted []string
}

// Values are recorded values by the name of their field, as JSON.
type Values = map[string]json.RawMessage

// A Change is one field or edge of an entry, with its values before and after as the field's own Go
// type. A field that may be NULL is nil where it was, and its plain type, not a pointer, where it was not. Of an edge that leads to
// many, Old holds the ids of the links that went and New of those that came, as a slice of the id's Go type.
type Change struct {
	Field string
	// Old is nil in a create and a baseline, and New in a delete.
	Old, New any
	// Redacted says that the field is sensitive: it changed, and its values were never stored.
	Redacted bool
	// Err says that a value could not be read as the field's type (ErrNoCodec: for want of a codec), or that the type no longer has the
	// field. Old and New are then the JSON as it is stored (json.RawMessage). Other changes are not concerned.
	Err error
}

// Changes returns the changes of an entry in the order of the schema's fields and under their present names, with fields that the type no
// longer has last.
func (s *Schema) Changes(label string, before, after Values, redacted []string) []Change {
	t := s.Label(label)
	before, after, redacted = t.Rename(before), t.Rename(after), t.RenameList(redacted)
	names := make([]string, 0, max(len(before), len(after))+len(redacted))
	for _, v := range []Values{before, after} {
		for name := range v {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for _, name := range redacted {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if i, j := t.position(a), t.position(b); i != j {
			return i - j
		}
		return strings.Compare(a, b)
	})
	changes := make([]Change, len(names))
	for i, name := range names {
		changes[i] = t.change(name, before[name], after[name], slices.Contains(redacted, name))
	}
	return changes
}

func (t *Type) position(name string) int {
	if t == nil {
		return 0
	}
	if i := slices.IndexFunc(t.Fields, func(f *Field) bool { return f.Name == name }); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(t.Edges, func(e *Edge) bool { return e.Name == name }); i >= 0 {
		return len(t.Fields) + i
	}
	return len(t.Fields) + len(t.Edges)
}

func (t *Type) change(name string, before, after json.RawMessage, redacted bool) Change {
	c := Change{Field: name, Redacted: redacted}
	if redacted {
		return c
	}
	raw := func(err error) Change {
		c.Err = err
		c.Old, c.New = rawOrNil(before), rawOrNil(after)
		return c
	}
	if t == nil {
		return raw(fmt.Errorf("sqlaudit: no tracked type has the entry's label"))
	}
	decode := func(raw json.RawMessage) (any, error) { return t.Decode(t.Field(name), raw) }
	if t.Edge(name) != nil {
		decode = t.Edge(name).target.decodeIDs
	} else if t.Field(name) == nil {
		return raw(fmt.Errorf("sqlaudit: %s has no tracked field %q", t.Name, name))
	}
	var err error
	if c.Old, err = decode(before); err != nil {
		return raw(err)
	}
	if c.New, err = decode(after); err != nil {
		return raw(err)
	}
	return c
}

func rawOrNil(raw json.RawMessage) any {
	if raw == nil {
		return nil
	}
	return raw
}

// String returns the change on one line, such as
//
//	email: "a@example.com" → "b@example.com"
func (c Change) String() string {
	if c.Redacted {
		return c.Field + ": changed (redacted)"
	}
	return fmt.Sprintf("%s: %s → %s", c.Field, Text(c.Old), Text(c.New))
}

// Text returns a value of a change as Change.String writes it: nil as "∅", strings in quotes, times as RFC 3339, bytes in hex.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "∅"
	case string:
		return fmt.Sprintf("%q", v)
	case json.RawMessage:
		return string(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []byte:
		return fmt.Sprintf("%x", v)
	default:
		return fmt.Sprint(v)
	}
}
