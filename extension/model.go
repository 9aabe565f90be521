package extension

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"entgo.io/ent/entc/gen"
	entfield "entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// A model is what the templates write down.
type model struct {
	Log     *gen.Type
	Types   []*typ  // sorted by name
	Joins   []*join // sorted by table
	Actor   *gen.Type
	History string // in the form of an ent edge's name
	Prefix  string // of the names of filters
}

// A typ is a type that generated code describes: a tracked one, or one whose rows change recorded values of others.
type typ struct {
	*gen.Type
	Label       string   // empty unless tracked
	Formerly    []string // labels that it had before
	Fields      []*column
	Links       []*links // the recorded edges that lead to many
	ForeignKeys []*foreignKey
	Unique      [][]string // columns of unique indexes
	Resource    *gen.Field
	ActorBy     *gen.Field
}

// Keys returns the fields of the primary key.
func (t *typ) Keys() []*gen.Field {
	if t.HasCompositeID() {
		return t.EdgeSchema.ID
	}
	return []*gen.Field{t.ID}
}

// Identity returns the fields whose values name an entity in the log.
func (t *typ) Identity() []*gen.Field {
	if t.Resource != nil {
		return []*gen.Field{t.Resource}
	}
	return t.Keys()
}

// A column is a recorded column of a type's own table.
type column struct {
	Name      string
	Constant  string // of the column's name, in the type's package
	Value     string // the member of the entity
	JSON      bool
	External  bool // read and written by a ValueScanner
	Nillable  bool
	Sensitive bool
	Formerly  []string // names that it had before

	key   string     // the column's name
	field *gen.Field // whose values it holds
	edge  *gen.Edge  // that it is the foreign key of, unless the edge is bound to a field
}

// Links are those of a recorded edge that leads to many.
type links struct {
	Name           string
	Holder         string // the described type, or join table, whose rows they are
	Column, Target string
	Type           string
	Formerly       []string // names that it had before

	edge *gen.Edge
}

// A foreignKey is one by which a change of another row changes a recorded value, or by which rows go.
type foreignKey struct {
	Column, References string
	Cascade            bool
}

// A join is the join table of a many-to-many edge that is recorded on one of its sides.
type join struct {
	Var         string // of its description
	Config      string // the field of ent's SchemaConfig
	Table       string
	Key         []string
	ForeignKeys []*foreignKey
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
	m := &model{History: e.history, Prefix: e.filters}
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
	if err := m.checkLabels(); err != nil {
		return nil, err
	}
	if g.Storage != nil && g.Storage.Name != "sql" {
		return nil, fmt.Errorf("sqlaudit: storage %q cannot be audited: generate for SQL, or remove the extension", g.Storage.Name)
	}
	if err := m.addHolders(); err != nil {
		return nil, err
	}
	err := m.addForeignKeys(g)
	if err != nil {
		return nil, err
	}
	if m.Log, err = e.logType(g); err != nil {
		return nil, err
	}
	if err := enableSchemaConfig(g, m.Log); err != nil {
		return nil, err
	}
	if m.Actor, err = e.actor(g); err != nil {
		return nil, err
	}
	for _, j := range m.Joins {
		if m.Type(j.Table) != nil {
			return nil, fail(j.Table, "the join table of an edge has the name of the type: give the table another by StorageKey")
		}
	}
	sort.Slice(m.Types, func(i, j int) bool { return m.Types[i].Name < m.Types[j].Name })
	sort.Slice(m.Joins, func(i, j int) bool { return m.Joins[i].Table < m.Joins[j].Table })
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
		why := idProblem(n)
		if n.HasCompositeID() {
			why = "its id is composed of two fields"
		}
		if why != "" {
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
	case n.NumHooks() == 0:
		return nil, fail(n.Name, "the type is tracked but has no hooks: a mixin that embeds sqlaudit's must return its Hooks()")
	}
	if why := idProblem(n); why != "" {
		return nil, fail(n.Name, "%s and cannot be recorded: give the type one id field of an integer, string, bytes or UUID type", why)
	}
	t := &typ{Type: n, Label: mark.Label, Formerly: mark.RenamedFrom}
	if t.Label == "" {
		t.Label = n.Name
	}
	if c := utf8.RuneCountInString(t.Label); c > auditlog.MaxLabel {
		return nil, fail(n.Name, "Label has %d characters, at most %d are stored: shorten it", c, auditlog.MaxLabel)
	}
	if strings.HasSuffix(t.Label, " ") {
		return nil, fail(n.Name, "label %q ends in a space, by which MySQL and MariaDB do not tell it from another: remove the space", t.Label)
	}
	var err error
	if t.Fields, t.Links, err = columns(n, mark.Mixin); err != nil {
		return nil, err
	}
	if err := t.addFormerNames(); err != nil {
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
		for _, f := range n.EdgeSchema.ID {
			if why := fieldProblem(f); why != "" {
				return why
			}
		}
		return ""
	}
	if n.ID == nil {
		return "it has no id"
	}
	return fieldProblem(n.ID)
}

func fieldProblem(f *gen.Field) string {
	switch t := f.Type; {
	case t.Type.Integer(), t.Type == entfield.TypeString, t.Type == entfield.TypeBytes, t.Type == entfield.TypeUUID:
		return ""
	case t.Type == entfield.TypeOther && t.ValueScanner():
		return ""
	default:
		return fmt.Sprintf("its id is a %s", t)
	}
}

// columns returns the columns and the edges to many that a mark selects, in the order of the schema.
func columns(n *gen.Type, m mixin.Mixin) ([]*column, []*links, error) {
	if len(m.Fields) > 0 && len(m.Exclude) > 0 {
		return nil, nil, fail(n.Name, "Exclude has no effect beside Fields: remove one of them")
	}
	for _, l := range []struct {
		name  string
		names []string
	}{{"Fields", m.Fields}, {"Exclude", m.Exclude}, {"Edges", m.Edges}} {
		if err := checkList(n, l.name, l.names); err != nil {
			return nil, nil, err
		}
	}
	var cs []*column
	for _, f := range n.Fields {
		var bound *gen.Edge
		if f.IsEdgeField() {
			var err error
			if bound, err = f.Edge(); err != nil {
				return nil, nil, err
			}
		}
		if ok, err := selects(n, m, f, bound); err != nil {
			return nil, nil, err
		} else if !ok {
			continue
		}
		cs = append(cs, fieldColumn(f))
	}
	var ls []*links
	for _, e := range n.Edges {
		if e.OwnFK() && e.Field() != nil {
			continue // recorded as the field
		}
		if ok, err := selects(n, m, nil, e); err != nil {
			return nil, nil, err
		} else if !ok {
			continue
		}
		if !e.OwnFK() {
			l, err := linksOf(n, e)
			if err != nil {
				return nil, nil, err
			}
			ls = append(ls, l)
			continue
		}
		c, err := edgeColumn(e)
		if err != nil {
			return nil, nil, err
		}
		cs = append(cs, c)
	}
	if len(cs)+len(ls) == 0 {
		return nil, nil, fail(n.Name, "the type is tracked but none of its fields is: name some in Fields, or remove sqlaudit.Mixin")
	}
	return cs, ls, nil
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
	everything := len(m.Fields) == 0 && (f != nil || len(m.Edges) == 0 && own(e))
	return listed || everything && !left, nil
}

// own reports whether an edge is a type's own to record: it is in the type's table, or in no table of a type, or no other type could name it.
func own(e *gen.Edge) bool { return e.OwnFK() || e.M2M() || e.Ref == nil }

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
		}
	}
	return nil
}

func fieldColumn(f *gen.Field) *column {
	return &column{
		Name: f.Name, Constant: f.Constant(), Value: f.StructField(),
		JSON: f.IsJSON(), External: f.HasValueScanner(), Nillable: f.NillableValue(), Sensitive: f.Sensitive(), key: f.StorageKey(), field: f,
	}
}

func edgeColumn(e *gen.Edge) (*column, error) {
	fk, err := e.ForeignKey()
	if err != nil {
		return nil, err
	}
	return &column{
		Name: e.Name, Constant: e.ColumnConstant(), Value: fk.StructField(), Nillable: fk.Field.Nillable, key: e.Rel.Column(),
		field: e.Type.ID, edge: e,
	}, nil
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
