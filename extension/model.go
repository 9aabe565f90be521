package extension

import (
	"fmt"
	"slices"
	"sort"
	"unicode/utf8"

	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/entc/gen"
	entfield "entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// A model is what the templates write down.
type model struct {
	Log     *gen.Type
	Types   []*typ // sorted by name
	Actor   *gen.Type
	History string // in the form of an ent edge's name
}

// A typ is a type that generated code describes: a tracked one, or one whose rows tracked rows refer to.
type typ struct {
	*gen.Type
	Label    string // empty unless tracked
	Fields   []*column
	Cascades []*column // foreign keys that are not recorded, but cascade
	Keys     []string  // columns of unique indexes
	Resource *gen.Field
	ActorBy  *gen.Field
}

// A column is a recorded column of a type's own table.
type column struct {
	Name       string
	Constant   string // of the column's name, in the type's package
	Value      string // the member of the entity
	JSON       bool
	Nillable   bool
	Sensitive  bool
	References string
	Cascade    bool
}

// Type returns the description of the named type, or nil.
func (m *model) Type(name string) *typ {
	for _, t := range m.Types {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// Tracked returns the tracked type of that name, or nil.
func (m *model) Tracked(name string) *typ {
	if t := m.Type(name); t != nil && t.Label != "" {
		return t
	}
	return nil
}

// Schema returns the database schema that the log's table is in by annotation.
func (m *model) Schema() string { return databaseSchema(m.Log) }

// build checks the graph's marks, adds the log to the graph, and returns what is to be generated.
func (e *Extension) build(g *gen.Graph) (*model, error) {
	m := &model{History: e.history}
	labels := map[string]string{}
	for _, n := range g.Nodes {
		mark, ok, err := mixin.MarkOf(n.Annotations)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if g.Storage != nil && g.Storage.Name != "sql" {
			return nil, fail(n.Name, "storage %q cannot be audited: generate for SQL, or remove sqlaudit.Mixin from the schema", g.Storage.Name)
		}
		t, err := track(n, mark)
		if err != nil {
			return nil, err
		}
		if other, ok := labels[t.Label]; ok {
			return nil, fail(n.Name, "label %q is that of %s too: give one of them another Label", t.Label, other)
		}
		labels[t.Label] = n.Name
		m.Types = append(m.Types, t)
	}
	if g.Storage != nil && g.Storage.Name != "sql" {
		return nil, fmt.Errorf("sqlaudit: storage %q cannot be audited: generate for SQL, or remove the extension", g.Storage.Name)
	}
	m.addReferenced()
	var err error
	if m.Log, err = e.logType(g); err != nil {
		return nil, err
	}
	if err := enableSchemaConfig(g, m.Log); err != nil {
		return nil, err
	}
	if m.Actor, err = e.actor(g); err != nil {
		return nil, err
	}
	sort.Slice(m.Types, func(i, j int) bool { return m.Types[i].Name < m.Types[j].Name })
	return m, m.checkNames(g)
}

func (e *Extension) actor(g *gen.Graph) (*gen.Type, error) {
	if e.actorType == "" {
		return nil, nil
	}
	for _, n := range g.Nodes {
		if n.Name != e.actorType {
			continue
		}
		if why := idProblem(n); why != "" {
			return nil, fail(n.Name, "%s, so it cannot be the actor type: choose another in extension.WithActorType", why)
		}
		return n, nil
	}
	return nil, fmt.Errorf("sqlaudit: there is no schema %s: correct extension.WithActorType(%q)", e.actorType, e.actorType)
}

// track returns the description of a marked type.
func track(n *gen.Type, mark mixin.Mark) (*typ, error) {
	switch {
	case mark.Twice:
		return nil, fail(n.Name, "sqlaudit.Mixin is used twice: keep one, also among the mixins that others bring")
	case mixin.IsLog(n.Annotations):
		return nil, fail(n.Name, "the log cannot be tracked itself: remove sqlaudit.Mixin")
	case n.IsView():
		return nil, fail(n.Name, "a view is never written: remove sqlaudit.Mixin")
	case n.IsEdgeSchema():
		return nil, fail(n.Name, "the type is an edge schema, whose rows ent also writes by the edge alone, which is not recorded: remove sqlaudit.Mixin, or Through from the edge")
	case n.NumHooks() == 0:
		return nil, fail(n.Name, "the type is tracked but has no hooks: a mixin that embeds sqlaudit's must return its Hooks()")
	}
	if why := idProblem(n); why != "" {
		return nil, fail(n.Name, "%s and cannot be recorded: give the type one id field of an integer, string, bytes or UUID type", why)
	}
	t := &typ{Type: n, Label: mark.Label}
	if t.Label == "" {
		t.Label = n.Name
	}
	if c := utf8.RuneCountInString(t.Label); c > auditlog.MaxLabel {
		return nil, fail(n.Name, "Label has %d characters, at most %d are stored: shorten it", c, auditlog.MaxLabel)
	}
	var err error
	if t.Fields, err = columns(n, mark.Mixin); err != nil {
		return nil, err
	}
	if t.Resource, err = resource(n, mark.ResourceID); err != nil {
		return nil, err
	}
	if t.ActorBy, err = actorField(n, mark.ActorField); err != nil {
		return nil, err
	}
	return t, nil
}

// idProblem says why the log could not name entities of n by their id, or "".
func idProblem(n *gen.Type) string {
	if n.HasCompositeID() {
		return "its id is composed of two fields"
	}
	if n.ID == nil {
		return "it has no id"
	}
	switch t := n.ID.Type; {
	case t.Type.Integer(), t.Type == entfield.TypeString, t.Type == entfield.TypeBytes, t.Type == entfield.TypeUUID:
		return ""
	case t.Type == entfield.TypeOther && t.ValueScanner():
		return ""
	default:
		return fmt.Sprintf("its id is a %s", t)
	}
}

// columns returns the columns that a mark selects, in the order of the schema.
func columns(n *gen.Type, m mixin.Mixin) ([]*column, error) {
	if len(m.Fields) > 0 && len(m.Exclude) > 0 {
		return nil, fail(n.Name, "Exclude has no effect beside Fields: remove one of them")
	}
	for _, l := range []struct {
		name  string
		names []string
	}{{"Fields", m.Fields}, {"Exclude", m.Exclude}, {"Edges", m.Edges}} {
		if err := checkList(n, l.name, l.names); err != nil {
			return nil, err
		}
	}
	var cs []*column
	for _, f := range n.Fields {
		var bound *gen.Edge
		if f.IsEdgeField() {
			var err error
			if bound, err = f.Edge(); err != nil {
				return nil, err
			}
		}
		if ok, err := selects(n, m, f, bound); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		c, err := fieldColumn(f)
		if err != nil {
			return nil, err
		}
		cs = append(cs, c)
	}
	for _, e := range n.Edges {
		if !e.OwnFK() || e.Field() != nil {
			continue
		}
		if ok, err := selects(n, m, nil, e); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		c, err := edgeColumn(e)
		if err != nil {
			return nil, err
		}
		cs = append(cs, c)
	}
	if len(cs) == 0 {
		return nil, fail(n.Name, "the type is tracked but none of its fields is: name some in Fields, or remove sqlaudit.Mixin")
	}
	return cs, nil
}

// selects reports whether a mark selects the column of a field, of an edge, or of a field that an edge is bound to: what is said
// of either holds for both.
func selects(n *gen.Type, m mixin.Mixin, f *gen.Field, e *gen.Edge) (bool, error) {
	type part struct {
		kind, name, list          string
		listed, ignored, excluded bool
	}
	var parts []part
	if f != nil {
		parts = append(parts, part{"field", f.Name, "Fields", slices.Contains(m.Fields, f.Name), mixin.Ignored(f.Annotations), slices.Contains(m.Exclude, f.Name)})
	}
	if e != nil {
		parts = append(parts, part{"edge", e.Name, "Edges", slices.Contains(m.Edges, e.Name), mixin.Ignored(e.Annotations), slices.Contains(m.Exclude, e.Name)})
	}
	listed, left := false, false
	for _, a := range parts {
		listed = listed || a.listed
		left = left || a.ignored || a.excluded
		for _, b := range parts {
			its := ""
			if a != b {
				its = fmt.Sprintf("its %s %q ", b.kind, b.name)
			}
			if a.listed && b.ignored {
				return false, fail(n.Name, "%s %q is in %s and %scarries sqlaudit.Ignore(): remove one of them", a.kind, a.name, a.list, its)
			}
			if a.listed && b.excluded {
				return false, fail(n.Name, "%s %q is in %s and %sin Exclude: remove one of them", a.kind, a.name, a.list, its)
			}
		}
	}
	everything := len(m.Fields) == 0 && (f != nil || len(m.Edges) == 0)
	return listed || everything && !left, nil
}

// checkList checks the names in one of a mark's lists.
func checkList(n *gen.Type, list string, names []string) error {
	for i, name := range names {
		f, e := field(n, name), edge(n, name)
		switch {
		case slices.Contains(names[:i], name):
			return fail(n.Name, "%q is in %s twice: remove one", name, list)
		case n.ID != nil && name == n.ID.Name:
			return fail(n.Name, "field %q in %s is the id, which identifies every entry: remove it", name, list)
		case f == nil && e == nil:
			return fail(n.Name, "%q in %s is no field or edge of the type: correct or remove it", name, list)
		case list == "Fields" && f == nil:
			return fail(n.Name, "%q in Fields is an edge: move it to Edges", name)
		case list == "Edges" && e == nil:
			return fail(n.Name, "%q in Edges is a field: move it to Fields", name)
		case list == "Edges" && !e.OwnFK():
			return fail(n.Name, "edge %q in Edges is not stored in the table of %s: track the edge of %s that refers back, or remove it", name, n.Name, e.Type.Name)
		}
	}
	return nil
}

func fieldColumn(f *gen.Field) (*column, error) {
	c := &column{
		Name: f.Name, Constant: f.Constant(), Value: f.StructField(),
		JSON: f.IsJSON(), Nillable: f.NillableValue(), Sensitive: f.Sensitive(),
	}
	if f.IsEdgeField() {
		e, err := f.Edge()
		if err != nil {
			return nil, err
		}
		c.References, c.Cascade = e.Type.Name, cascades(e)
	}
	return c, nil
}

func edgeColumn(e *gen.Edge) (*column, error) {
	fk, err := e.ForeignKey()
	if err != nil {
		return nil, err
	}
	return &column{
		Name: e.Name, Constant: e.ColumnConstant(), Value: fk.StructField(), Nillable: fk.Field.Nillable,
		References: e.Type.Name, Cascade: cascades(e),
	}, nil
}

// cascades reports whether the row that holds e's foreign key goes with the row that it points at. Ent takes the
// action from the edge that edge.To declares.
func cascades(e *gen.Edge) bool {
	if e.IsInverse() {
		e = e.Ref
	}
	a := e.EntSQL()
	return a != nil && a.OnDelete == entsql.Cascade
}

// addReferenced adds the types that recorded foreign keys point at, for their deletion changes tracked rows, as do their edges; and
// those from which a deletion cascades to a described type, by a foreign key that is not itself recorded.
func (m *model) addReferenced() {
	for i := 0; i < len(m.Types); i++ {
		t := m.Types[i]
		for _, e := range t.Edges {
			if !e.OwnFK() {
				continue
			}
			recorded := slices.ContainsFunc(t.Fields, func(c *column) bool { return c.References == e.Type.Name && c.Constant == edgeConstant(e) })
			if !recorded && !cascades(e) || idProblem(e.Type) != "" || e.Type.IsView() {
				continue
			}
			if !recorded {
				t.Cascades = append(t.Cascades, &column{Constant: e.ColumnConstant(), References: e.Type.Name})
			}
			if m.Type(e.Type.Name) == nil {
				m.Types = append(m.Types, &typ{Type: e.Type})
			}
		}
		t.Keys = keys(t.Type)
	}
}

// edgeConstant returns the name of the constant by which the column of e's foreign key is recorded.
func edgeConstant(e *gen.Edge) string {
	if f := e.Field(); f != nil {
		return f.Constant()
	}
	return e.ColumnConstant()
}

// keys returns the columns of n's unique indexes, sorted.
func keys(n *gen.Type) []string {
	var ks []string
	for _, f := range n.Fields {
		if f.Unique {
			ks = append(ks, f.StorageKey())
		}
	}
	for _, e := range n.Edges {
		if e.O2O() && e.OwnFK() {
			ks = append(ks, e.Rel.Column())
		}
	}
	for _, idx := range n.Indexes {
		if idx.Unique {
			ks = append(ks, idx.Columns...)
		}
	}
	slices.Sort(ks)
	return slices.Compact(ks)
}

func resource(n *gen.Type, name string) (*gen.Field, error) {
	if name == "" || n.ID != nil && name == n.ID.Name {
		return nil, nil
	}
	f := field(n, name)
	switch {
	case f == nil:
		return nil, fail(n.Name, "ResourceID %q is no field of the type: correct or remove it", name)
	case f.Optional || f.Nillable || !f.Unique || !f.Immutable:
		return nil, fail(n.Name, "ResourceID %q must identify an entity for ever: make the field required, Unique() and Immutable()", name)
	case f.HasValueScanner() || !f.Type.Type.Integer() && f.Type.Type != entfield.TypeString && f.Type.Type != entfield.TypeUUID:
		return nil, fail(n.Name, "ResourceID %q is a %s and cannot be recorded: name a field of an integer, string or UUID type", name, f.Type)
	case f.Sensitive():
		return nil, fail(n.Name, "ResourceID %q is Sensitive() and would stand in the log: name another field", name)
	}
	return f, nil
}

func actorField(n *gen.Type, name string) (*gen.Field, error) {
	if name == "" {
		return nil, nil
	}
	f := field(n, name)
	switch {
	case f == nil:
		return nil, fail(n.Name, "ActorField %q is no field of the type: correct or remove it", name)
	case !f.Type.Type.Integer() && f.Type.Type != entfield.TypeString && f.Type.Type != entfield.TypeUUID:
		return nil, fail(n.Name, "ActorField %q is a %s and holds no id: name a field of an integer, string or UUID type", name, f.Type)
	case f.Sensitive():
		return nil, fail(n.Name, "ActorField %q is Sensitive() and would stand in the log: name another field", name)
	}
	return f, nil
}
