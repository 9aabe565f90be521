package auditlog

import (
	"slices"
	"sync"

	"entgo.io/ent/schema/field"
)

// A Schema describes the types of one generated package whose rows the log follows. Generated code builds
// it; it is not changed after NewSchema.
type Schema struct {
	types   map[string]*Type // by type name
	labels  map[string]*Type
	byTable map[string][]*Type
}

// NewSchema returns the schema of the given types.
func NewSchema(types ...*Type) *Schema {
	s := &Schema{types: map[string]*Type{}, labels: map[string]*Type{}, byTable: map[string][]*Type{}}
	for _, t := range types {
		s.types[t.Name] = t
		s.byTable[t.Table] = append(s.byTable[t.Table], t)
		if t.Tracked() {
			s.labels[t.Label] = t
		}
	}
	for _, t := range types {
		for _, f := range slices.Concat(t.Fields, t.Cascades) {
			if target := s.types[f.References]; target != nil {
				target.referrers = append(target.referrers, Referrer{Type: t, Field: f})
			}
		}
	}
	return s
}

// Label returns the tracked type that the log names label, or nil.
func (s *Schema) Label(label string) *Type { return s.labels[label] }

// Holder returns the tracked types that record the given column of a table.
func (s *Schema) Holder(table, column string) []*Type {
	var types []*Type
	for _, t := range s.byTable[table] {
		if t.Tracked() && slices.ContainsFunc(t.Fields, func(f *Field) bool { return f.Column == column }) {
			types = append(types, t)
		}
	}
	return types
}

// An Identity is how the log names entities of a type.
type Identity struct {
	Label  string     // the type; empty for one that is not itself recorded
	Column string     // the column that identifies an entity
	Type   field.Type // of the column
}

// A Type describes one ent type: what of it is recorded, and how ent reads its rows.
type Type struct {
	Name  string // of the ent type
	Table string
	// Identity is how the log names entities of the type.
	Identity
	Fields []*Field
	// Cascades are foreign keys that are not recorded, and by which rows of the type go with those that they point at.
	Cascades []*Field
	// Keys are the columns of unique indexes.
	Keys []string

	// IDColumn is the primary key's column, and ID its value as the database stores it.
	IDColumn string
	ID       func(node any) (any, error)

	// Resource returns the value of the identity's column where that is not the id, and is nil where it is.
	Resource func(node any) any

	// ActorColumn holds the actor of changes whose context has none, and Actor returns it. Optional.
	ActorColumn string
	Actor       func(node any) any

	// ScanValues and Assign are ent's own, so that a value is read here just as ent reads it.
	ScanValues func(columns []string) ([]any, error)
	Assign     func(columns []string, values []any) (node any, err error)

	referrers []Referrer
	once      sync.Once
	columns   []string
}

// A Referrer is a foreign key that points at a type: a recorded one, or one that cascades.
type Referrer struct {
	Type  *Type
	Field *Field
}

// Tracked reports whether changes of the type are themselves recorded.
func (t *Type) Tracked() bool { return t.Label != "" }

// Referrers returns the foreign keys whose rows change, or go, with a deleted row of t.
func (t *Type) Referrers() []Referrer { return t.referrers }

// Columns returns the columns that a row of t is read with: the id, the recorded fields in their order, and
// what identifies the entity and its actor.
func (t *Type) Columns() []string {
	t.once.Do(func() {
		t.columns = append(t.columns, t.IDColumn)
		for _, f := range t.Fields {
			t.columns = append(t.columns, f.Column)
		}
		for _, c := range []string{t.Column, t.ActorColumn} {
			if c != "" && !slices.Contains(t.columns, c) {
				t.columns = append(t.columns, c)
			}
		}
	})
	return t.columns
}

// ResourceID returns the text that identifies node in the log. It fails for a node without such a value
// and for one whose text is longer than MaxResourceID.
func (t *Type) ResourceID(node any) (string, error) {
	v, err := t.ID(node)
	if t.Resource != nil {
		v, err = t.Resource(node), nil
	}
	if err != nil {
		return "", &ValueError{Name: t.Name + " id", Reason: err.Error()}
	}
	return t.idText(v)
}

// CheckID returns an error if v, the value that is to identify an entity, cannot stand in the log. A nil v can.
func (t *Type) CheckID(v any) error {
	if v == nil || !t.Tracked() {
		return nil
	}
	_, err := t.idText(v)
	return err
}

func (t *Type) idText(v any) (string, error) {
	s, err := IDString(v)
	if err != nil {
		return "", &ValueError{Name: t.Name + " id", Reason: err.Error()}
	}
	return s, check(t.Name+" id", s, MaxResourceID)
}

// ResourceIDs returns the texts that identify nodes of t in the log. It is nil only if nodes is. It fails for a node that was read
// without the field that identifies it.
func ResourceIDs[N any](t *Type, nodes []N) ([]string, error) {
	if nodes == nil {
		return nil, nil
	}
	ids := make([]string, len(nodes))
	for i, n := range nodes {
		var err error
		if ids[i], err = t.ResourceID(n); err != nil {
			return nil, err
		}
		if ids[i] == "" {
			return nil, &ValueError{Name: t.Name + " id", Reason: "field " + t.Column + " is empty: was the entity read without it?"}
		}
	}
	return ids, nil
}

// Field returns the recorded field or edge with the given name, or nil.
func (t *Type) Field(name string) *Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// A Field describes a recorded field, or an edge whose foreign key is in the type's own table.
type Field struct {
	Name   string
	Column string
	// Value returns the field of a node as its own Go type.
	Value func(node any) any
	// JSON says that the column holds a JSON document.
	JSON bool
	// Nillable says that Value returns a pointer that is nil for SQL NULL.
	Nillable bool
	// Sensitive says that only the fact of a change is recorded.
	Sensitive bool
	// References names the ent type that the field's foreign key points at, if it is one.
	References string
	// Cascade says that a row goes when the row that its foreign key points at goes.
	Cascade bool
}
