package auditlog

import (
	"fmt"
	"slices"
)

// A Schema describes the tables of one generated package whose rows the log follows. Generated code builds
// it; it is not changed after NewSchema.
type Schema struct {
	types  []*Type
	byName map[string]*Type
	labels map[string]*Type
	codecs []*codec
	err    error
}

// NewSchema returns the schema of the given types.
func NewSchema(types ...*Type) *Schema {
	s := &Schema{types: types, byName: map[string]*Type{}, labels: map[string]*Type{}}
	for _, t := range types {
		s.byName[t.Name] = t
		if t.Tracked() {
			for _, label := range t.Formerly {
				s.labels[label] = t
			}
			s.labels[t.Label] = t
		}
		t.former = formerNames(t)
	}
	for _, t := range types {
		for _, fk := range t.ForeignKeys {
			target := s.byName[fk.References]
			target.referrers = append(target.referrers, Referrer{Type: t, ForeignKey: fk})
		}
		for _, e := range t.Edges {
			holder := s.byName[e.Holder]
			e.owner, e.target, e.holder = t, s.byName[e.Type], holder
			holder.ends = append(holder.ends, e)
		}
	}
	for _, t := range types {
		if t.ScanValues == nil {
			t.ScanValues = s.scanJoin(t)
		}
		t.arrange()
	}
	return s
}

// arrange finds out what rows of t are read with.
func (t *Type) arrange() {
	t.members = newMembers(t)
	t.columns = t.allColumns()
	t.refsAt = t.at(t.linkColumns()...)
	t.identityAt, t.actorAt = nil, -1
	if t.Tracked() {
		for _, c := range t.Identity.Columns {
			t.identityAt = append(t.identityAt, t.at(c.Name)...)
		}
		if t.ActorColumn != "" {
			t.actorAt = t.at(t.ActorColumn)[0]
		}
	}
}

// Part returns what describes the rows of t by those of its recorded fields alone that are in the given columns, which hold no links. It is nil where that are all.
func (t *Type) Part(columns map[string]bool) *Type {
	part := *t
	part.Fields, part.Edges, part.ends = nil, nil, nil
	for _, f := range t.Fields {
		if columns[f.Column] {
			part.Fields = append(part.Fields, f)
		}
	}
	if len(part.Fields) == len(t.Fields) {
		return nil
	}
	part.arrange()
	return &part
}

// Links reports whether one of the given columns holds the links of a recorded edge.
func (t *Type) Links(columns map[string]bool) bool {
	return slices.ContainsFunc(t.linkColumns(), func(c string) bool { return columns[c] })
}

// scanJoin reads the columns of a join table as ent reads the ids that they hold.
func (s *Schema) scanJoin(t *Type) func([]string) ([]any, error) {
	return func(columns []string) ([]any, error) {
		values := make([]any, len(columns))
		for i, c := range columns {
			k := slices.IndexFunc(t.ForeignKeys, func(fk *ForeignKey) bool { return fk.Column == c })
			if k < 0 {
				return nil, fmt.Errorf("sqlaudit: table %s has no column %s", t.Table, c)
			}
			target := s.byName[t.ForeignKeys[k].References]
			v, err := target.ScanValues(target.Key)
			if err != nil {
				return nil, err
			}
			values[i] = v[0]
		}
		return values, nil
	}
}

// Types returns the described types, in the order of generated code.
func (s *Schema) Types() []*Type { return s.types }

// Named returns the described type of that name, or nil.
func (s *Schema) Named(name string) *Type { return s.byName[name] }

// Label returns the tracked type that the log names label, or named so before, or nil.
func (s *Schema) Label(label string) *Type { return s.labels[label] }

// Table returns the described types that are rows of a table. Almost always that is one or none.
func (s *Schema) Table(name string) []*Type {
	var types []*Type
	for _, t := range s.types {
		if t.Table == name {
			types = append(types, t)
		}
	}
	return types
}

// A Type describes the rows of one table: those of an ent type, or of a join table of a many-to-many edge.
type Type struct {
	Name  string // of the ent type, or of the join table
	Table string
	// Identity is how the log names entities of the type.
	Identity
	// Key are the columns of the primary key: one, or two of a join table or an edge schema.
	Key    []string
	Fields []*Field
	Edges  []*Edge
	// ForeignKeys are those by which a change of another row changes a recorded value of this one.
	ForeignKeys []*ForeignKey
	// Unique are the columns of each unique index beside the primary key.
	Unique [][]string

	// ID returns the id of an entity as its own Go type, and Identify the values that identify it in the log: the id, if it is nil.
	ID       func(node any) any
	Identify func(node any) ([]any, error)

	// ActorColumn holds the actor of changes whose context has none. Optional.
	ActorColumn string

	// ScanValues and Assign are ent's own, so that a value is read here just as ent reads it. A join table has none.
	ScanValues func(columns []string) ([]any, error)
	Assign     func(columns []string, values []any) (node any, err error)

	referrers []Referrer
	ends      []*Edge // recorded edges whose links are rows of this type
	columns   []string
	former    []former
	members   []*Member

	identityAt, refsAt []int // where in columns those are that identify an entity, and that ends need
	actorAt            int   // and that of the actor, or -1
}

// A Referrer is a foreign key that points at a type.
type Referrer struct {
	Type *Type
	*ForeignKey
}

// Tracked reports whether changes of the type are themselves recorded.
func (t *Type) Tracked() bool { return t.Label != "" }

// Referrers returns the foreign keys whose rows change, or go, with a deleted row of t.
func (t *Type) Referrers() []Referrer { return t.referrers }

// Ends returns the recorded edges, of whatever type, whose links are rows of t.
func (t *Type) Ends() []*Edge { return t.ends }

// Records reports whether a change of a column of t is, or may be, recorded.
func (t *Type) Records(column string) bool {
	return t.Tracked() && slices.ContainsFunc(t.Fields, func(f *Field) bool { return f.Column == column }) ||
		slices.Contains(t.linkColumns(), column)
}

// Recorded reports whether the appearance or disappearance of a row of t is recorded, for its own sake or as a link.
func (t *Type) Recorded() bool { return t.Tracked() || len(t.ends) > 0 }

// Columns returns the columns that a row of t is read with: the key, the recorded fields in their order, and
// what identifies the entity, its actor and its links.
func (t *Type) Columns() []string { return t.columns }

// at returns where in the type's columns the given ones are.
func (t *Type) at(columns ...string) []int {
	at := make([]int, len(columns))
	for i, c := range columns {
		at[i] = slices.Index(t.columns, c)
	}
	return at
}

func (t *Type) allColumns() []string {
	columns := slices.Clone(t.Key)
	if t.Tracked() {
		for _, f := range t.Fields {
			columns = append(columns, f.Column)
		}
	}
	more := t.linkColumns()
	if t.Tracked() {
		for _, c := range t.Identity.Columns {
			more = append(more, c.Name)
		}
		more = append(more, t.ActorColumn)
	}
	for _, c := range more {
		if c != "" && !slices.Contains(columns, c) {
			columns = append(columns, c)
		}
	}
	return columns
}

func (t *Type) linkColumns() []string {
	var columns []string
	for _, e := range t.ends {
		for _, c := range []string{e.Column, e.Target} {
			if !slices.Contains(columns, c) {
				columns = append(columns, c)
			}
		}
	}
	return columns
}

// ResourceID returns the text that identifies node in the log. It fails for a node without such a value
// and for one whose text is longer than MaxResourceID.
func (t *Type) ResourceID(node any) (string, error) {
	if t.Identify == nil {
		return t.IDText([]any{t.ID(node)})
	}
	values, err := t.Identify(node)
	if err != nil {
		return "", &ValueError{Name: t.Name + " id", Reason: err.Error()}
	}
	return t.IDText(values)
}

// IDText returns the text that the values of the identity's columns make in the log.
func (t *Type) IDText(values []any) (string, error) {
	s, err := KeyText(values)
	if err != nil {
		return "", &ValueError{Name: t.Name + " id", Reason: err.Error()}
	}
	return s, t.checkID(s)
}

func (t *Type) checkID(text string) error {
	if len(text) <= MaxResourceID && simple(text) {
		return nil
	}
	return check(t.Name+" id", text, MaxResourceID)
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
			return nil, &ValueError{Name: t.Name + " id", Reason: "field " + t.Identity.Columns[0].Name + " is empty: was the entity read without it?"}
		}
	}
	return ids, nil
}

// Field returns the recorded field, or edge in the type's own table, with the given name, or nil.
func (t *Type) Field(name string) *Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// Edge returns the recorded edge to many with the given name, or nil.
func (t *Type) Edge(name string) *Edge {
	for _, e := range t.Edges {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// A Field describes a recorded field, or an edge whose foreign key is in the type's own table.
type Field struct {
	Name   string
	Column string
	// Pointer returns a pointer to the field of a node, which is of the field's own Go type.
	Pointer func(node any) any
	// JSON says that the column holds a JSON document.
	JSON bool
	// External says that ent writes and reads the column by a field.ValueScanner of the schema.
	External bool
	// Nillable says that the field is a pointer that is nil for SQL NULL.
	Nillable bool
	// Sensitive says that only the fact of a change is recorded.
	Sensitive bool
	// Formerly are the names that the field had before.
	Formerly []string

	codec *fieldCodec // or nil
}

// An Edge describes a recorded edge that leads to many: its links are rows of another table, a join table's, or those of the
// entities that it leads to.
type Edge struct {
	Name string
	// Holder names the described type whose rows are the links. Of such a row, Column holds the id of the entity that has the edge
	// (NULL if there is no link), and Target the id of the one that it leads to.
	Holder, Column, Target string
	// Type names the type that the edge leads to.
	Type string
	// Formerly are the names that the edge had before.
	Formerly []string

	owner, target, holder *Type
}

// Owner returns the type that has the edge.
func (e *Edge) Owner() *Type { return e.owner }

// TargetType returns the type that the edge leads to.
func (e *Edge) TargetType() *Type { return e.target }

// HolderType returns the type whose rows are the links.
func (e *Edge) HolderType() *Type { return e.holder }

// A ForeignKey describes a foreign key whose column is recorded, is an end of a recorded edge, or by which rows go.
type ForeignKey struct {
	Column string
	// References names the described type that it points at.
	References string
	// Cascade says that a row goes when the row that it points at goes.
	Cascade bool
}
