package replay

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Kind is a way in which tables and log differ.
type Kind string

// The kinds.
const (
	// MissingEntity is one that the log says is there, and whose row is not: it was deleted around ent.
	MissingEntity Kind = "missing entity"
	// ExtraEntity is a row of which the log knows nothing: it was inserted around ent, or before the log followed it.
	ExtraEntity Kind = "extra entity"
	// DifferentField is a field with another value than the log's: it was updated around ent.
	DifferentField Kind = "different field"
	// UnknownField is a field of which the log says nothing: it was added to the recorded ones later.
	UnknownField Kind = "unknown field"
	// MissingLink is a link that the log has and the tables do not.
	MissingLink Kind = "missing link"
	// ExtraLink is a link that the tables have and the log does not.
	ExtraLink Kind = "extra link"
	// BrokenChain is an entry that does not continue the ones before it.
	BrokenChain Kind = "broken chain"
)

// A Difference is one between the log and the tables.
type Difference struct {
	Kind Kind
	Type string // the label
	ID   string // how the log names the entity
	// Change is the field or the edge, with what the log says as Old and what the tables have as New, typed as those of an entry.
	// Of a link that is missing or extra they are slices of one id, or nil. It is zero for entities and broken chains.
	Change auditlog.Change
	// Finding says what is broken. It is nil for the other kinds.
	Finding *Finding
}

// String returns the difference on one line, such as
//
//	Customer 7: email is "b@example.com", and "a@example.com" in the log
func (d Difference) String() string {
	s := d.Type + " " + d.ID + ": "
	switch c := d.Change; d.Kind {
	case MissingEntity:
		return s + "is not there, but in the log"
	case ExtraEntity:
		return s + "is there, but not in the log"
	case DifferentField:
		return s + fmt.Sprintf("%s is %s, and %s in the log", c.Field, auditlog.Text(c.New), auditlog.Text(c.Old))
	case UnknownField:
		return s + fmt.Sprintf("%s is %s, and the log says nothing of it", c.Field, auditlog.Text(c.New))
	case MissingLink:
		return s + fmt.Sprintf("%s does not lead to %s, but does in the log", c.Field, one(c.Old))
	case ExtraLink:
		return s + fmt.Sprintf("%s leads to %s, but not in the log", c.Field, one(c.New))
	case BrokenChain:
		if d.Finding != nil {
			return s + "the log breaks at the " + d.Finding.String()
		}
	}
	return s + string(d.Kind)
}

// one returns the text of the id in a slice of one.
func one(ids any) string {
	if v := reflect.ValueOf(ids); v.Kind() == reflect.Slice && v.Len() == 1 {
		ids = v.Index(0).Interface()
	}
	return auditlog.Text(ids)
}

// change returns the values of a field or edge of t as a typed change.
func (r *run) change(t *auditlog.Type, name string, inLog, inTable json.RawMessage) auditlog.Change {
	values := func(raw json.RawMessage) auditlog.Values {
		if raw == nil {
			return nil
		}
		return auditlog.Values{name: raw}
	}
	c := r.Schema.Changes(t.Label, values(inLog), values(inTable), nil)
	if len(c) == 0 {
		return auditlog.Change{Field: name}
	}
	return c[0]
}

// compare returns how an entity differs from what the log says of it, which is nil if that is nothing.
func (r *run) compare(t *auditlog.Type, row live, e *Entity) []Difference {
	if e == nil {
		return []Difference{{Kind: ExtraEntity, Type: t.Label, ID: row.ID}}
	}
	var out []Difference
	add := func(k Kind, name string, inLog, inTable json.RawMessage) {
		out = append(out, Difference{Kind: k, Type: t.Label, ID: row.ID, Change: r.change(t, name, inLog, inTable)})
	}
	for i, f := range t.Fields {
		switch is, ok := e.Fields[f.Name]; {
		case f.Sensitive:
		case !ok:
			add(UnknownField, f.Name, nil, row.Values[i])
		case !Same(t, f, is, row.Values[i]):
			add(DifferentField, f.Name, is, row.Values[i])
		}
	}
	for _, edge := range t.Edges {
		for _, id := range minus(e.Edges[edge.Name], row.edges[edge.Name]) {
			add(MissingLink, edge.Name, array(id), nil)
		}
		for _, id := range minus(row.edges[edge.Name], e.Edges[edge.Name]) {
			add(ExtraLink, edge.Name, nil, array(id))
		}
	}
	return out
}

// minus returns the ids of a that are not in b, sorted.
func minus(a, b Links) []json.RawMessage {
	diff := make(Links)
	for id := range a {
		if _, ok := b[id]; !ok {
			diff[id] = struct{}{}
		}
	}
	return diff.IDs()
}

// array returns ids as a JSON array.
func array(ids ...json.RawMessage) json.RawMessage {
	b := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, id...)
	}
	return append(b, ']')
}
