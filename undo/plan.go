package undo

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

var null = json.RawMessage("null")

// A step is what is to become of one entity.
type step struct {
	typ     *Type
	id      string   // in the log
	entries []*entry // those to undo, oldest first
	row     *auditlog.Row

	then     bool                       // the entity was there before
	fields   map[string]json.RawMessage // what its fields were before, as far as they are to be put back
	redacted map[string]bool            // the fields of which that is unknown
	unread   map[string]error           // those of them whose values cannot be read, and why
	links    map[*auditlog.Edge]*delta
	whole    bool // of edges, no other links than those of links are to stay

	done bool
	node any      // what was created
	late []string // fields to put back when all entities are there
	more bool     // so are links
}

// A delta is links to put back, and to take away again, by the texts of their targets' keys.
type delta struct{ add, remove []string }

// put has a link put back, and cut has one taken away, whatever was said of it before.
func (d *delta) put(id string) {
	d.remove = slices.DeleteFunc(d.remove, func(s string) bool { return s == id })
	if !slices.Contains(d.add, id) {
		d.add = append(d.add, id)
	}
}

func (d *delta) cut(id string) {
	d.add = slices.DeleteFunc(d.add, func(s string) bool { return s == id })
	if !slices.Contains(d.remove, id) {
		d.remove = append(d.remove, id)
	}
}

func (s *step) delta(e *auditlog.Edge) *delta {
	if s.links[e] == nil {
		s.links[e] = &delta{}
	}
	return s.links[e]
}

func (s *step) first() *entry { return s.entries[0] }
func (s *step) last() *entry  { return s.entries[len(s.entries)-1] }

// key returns the text of the entity's primary key, or "" if it is not known.
func (s *step) key() string {
	switch {
	case s.row != nil:
		return s.row.Text
	case slices.Equal(identity(s.typ.Type), s.typ.Key):
		return s.id
	}
	return ""
}

// fold goes back through the entries, newest first.
func (s *step) fold() error {
	s.then, s.fields, s.redacted, s.links = true, map[string]json.RawMessage{}, map[string]bool{}, map[*auditlog.Edge]*delta{}
	s.unread = map[string]error{}
	for _, e := range slices.Backward(s.entries) {
		switch e.Action {
		case auditlog.ActionCreate:
			s.then = false
			clear(s.fields)
			clear(s.redacted)
			clear(s.links)
		case auditlog.ActionDelete:
			s.whole = !s.then
			s.then = true
			if err := s.revive(e); err != nil {
				return err
			}
		case auditlog.ActionBaseline: // of what it says, it is not known what it was before
			for name := range e.After {
				delete(s.fields, name)
				if edge := s.typ.Edge(name); edge != nil {
					delete(s.links, edge)
				}
			}
		default:
			if err := s.revert(e); err != nil {
				return err
			}
		}
	}
	s.read()
	return nil
}

// read finds out which of the fields' values cannot be read any more. They are unknown.
func (s *step) read() {
	for _, name := range s.names() {
		f, _ := s.field(name)
		if _, err := s.typ.Decode(f, s.fields[name]); err != nil {
			s.unread[name], s.redacted[name] = err, true
			delete(s.fields, name)
		}
	}
}

// revive takes all that a deletion says of the entity.
func (s *step) revive(e *entry) error {
	clear(s.fields)
	clear(s.redacted)
	clear(s.links)
	for _, f := range s.typ.Fields {
		if f.Sensitive { // of which a deletion says whether there was a value
			s.fields[f.Name] = null
		}
	}
	return s.revert(e)
}

// revert takes back what an entry changed.
func (s *step) revert(e *entry) error {
	for name, raw := range e.Before {
		edge := s.typ.Edge(name)
		if edge == nil {
			s.fields[name] = raw
			continue
		}
		came, err := links(e.After, name)
		if err != nil {
			return err
		}
		left, err := links(e.Before, name)
		if err != nil {
			return err
		}
		d := s.delta(edge)
		for _, id := range came {
			d.cut(id)
		}
		for _, id := range left {
			d.put(id)
		}
	}
	for _, name := range e.Redacted {
		delete(s.fields, name)
		s.redacted[name] = true
	}
	return nil
}

// fillFrom takes from the deletion of an entity that is gone what s does not say of it.
func (s *step) fillFrom(e *entry) error {
	last := &step{typ: s.typ, entries: []*entry{e}}
	if err := last.fold(); err != nil {
		return err
	}
	for name, raw := range last.fields {
		if _, ok := s.fields[name]; !ok && !s.redacted[name] {
			s.fields[name] = raw
		}
	}
	for name := range last.redacted {
		if _, ok := s.fields[name]; !ok {
			s.redacted[name] = true
			if err := last.unread[name]; err != nil {
				s.unread[name] = err
			}
		}
	}
	for edge, l := range last.links {
		d := s.delta(edge)
		for _, id := range l.add {
			if !slices.Contains(d.remove, id) {
				d.put(id)
			}
		}
	}
	return nil
}

// field returns the recorded field of that name, and its value in the row, or nil.
func (s *step) field(name string) (*auditlog.Field, json.RawMessage) {
	i := slices.IndexFunc(s.typ.Fields, func(f *auditlog.Field) bool { return f.Name == name })
	switch {
	case i < 0:
		return nil, nil
	case s.row == nil:
		return s.typ.Fields[i], nil
	}
	return s.typ.Fields[i], s.row.Values[i]
}

// reference returns the type that a field's or an edge's column refers to, or nil.
func (s *step) reference(f *auditlog.Field) *auditlog.ForeignKey {
	for _, fk := range s.typ.ForeignKeys {
		if fk.Column == f.Column {
			return fk
		}
	}
	return nil
}

// names returns the names of fields to put back, in the order of the schema.
func (s *step) names() []string {
	var out []string
	for _, f := range s.typ.Fields {
		if _, ok := s.fields[f.Name]; ok {
			out = append(out, f.Name)
		}
	}
	return out
}

// stepKey names an entity.
type stepKey struct {
	typ *auditlog.Type
	key string
}

// plan makes a step of each entity that entries are about. Steps are in the order in which they are to be taken: what changed last comes first.
func (r *run) plan(entries []*entry) error {
	r.undone = make(map[uuid.UUID]bool, len(entries))
	byID := make(map[stepKey]*step)
	for _, e := range entries {
		t := r.label(e.Type)
		if t == nil {
			return errorf(ErrUntracked, "%s %s", e.Type, e.ResourceID)
		}
		r.undone[e.ID] = true
		k := stepKey{t.Type, e.ResourceID}
		if byID[k] == nil {
			byID[k] = &step{typ: t, id: e.ResourceID}
			r.steps = append(r.steps, byID[k])
		}
		byID[k].entries = append(byID[k].entries, e)
	}
	for _, s := range r.steps {
		if err := s.fold(); err != nil {
			return err
		}
	}
	slices.SortStableFunc(r.steps, func(a, b *step) int { return bytes.Compare(b.last().ID[:], a.last().ID[:]) })
	return nil
}
