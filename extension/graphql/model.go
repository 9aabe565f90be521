package graphql

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc/gen"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/extension"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// The names in the GraphQL schema that do not follow from the log's.
const (
	idType     = "AuditID"
	valueType  = "AuditValue"
	valuesType = "AuditValues"
	changeType = "AuditChange"
)

const changesMethod = "GraphQLChanges"

// A model is what the template writes down.
type model struct {
	Log     *gen.Type
	Name    string // of the log, in GraphQL
	Relay   bool   // the log is a Relay node
	Where   bool   // where inputs are generated
	History string // as it stands in method names
	Types   []*gen.Type

	field string // the name of history in GraphQL
	query string // the name of the field of Query, or ""
}

// Changes returns the name of the method of an entry that gives its changes.
func (*model) Changes() string { return changesMethod }

// Type reports whether the named type has a history in GraphQL.
func (m *model) Type(name string) bool {
	return slices.ContainsFunc(m.Types, func(t *gen.Type) bool { return t.Name == name })
}

var (
	pascal = gen.Funcs["pascal"].(func(string) string)
	camel  = gen.Funcs["camel"].(func(string) string)
)

// build checks the graph and has entgql take the log in.
func (e *Extension) build(g *gen.Graph) (*model, error) {
	m := &model{History: pascal(e.audit.HistoryName()), field: camel(e.audit.HistoryName()), query: e.queryField, Relay: true}
	m.Where = slices.ContainsFunc(e.gql.Templates(), func(t *gen.Template) bool { return t == entgql.WhereTemplate })
	for _, n := range g.Nodes {
		if mixin.IsLog(n.Annotations) {
			m.Log = n
			continue
		}
		if n.HasCompositeID() {
			continue // entgql leaves such types out
		}
		a, err := annotation(n.Annotations)
		if err != nil {
			return nil, err
		}
		if a.Skip.Is(entgql.SkipType) {
			continue
		}
		_, tracked, err := mixin.MarkOf(n.Annotations)
		if err != nil {
			return nil, err
		}
		if tracked {
			m.Types = append(m.Types, n)
		}
	}
	for _, n := range g.Nodes {
		a, err := annotation(n.Annotations)
		if err != nil {
			return nil, err
		}
		if n != m.Log && !n.HasCompositeID() && !a.Skip.Is(entgql.SkipType) && n.ID.Type.String() != m.Log.ID.Type.String() {
			m.Relay = false
		}
	}
	if err := m.takeIn(); err != nil {
		return nil, err
	}
	return m, m.checkNames(g)
}

// takeIn annotates the log for entgql. Where it is no Relay node, entgql's templates are to pass it over but for the where input.
func (m *model) takeIn() error {
	a, err := annotation(m.Log.Annotations)
	if err != nil {
		return err
	}
	switch {
	case extension.IsAdded(m.Log):
		a = &entgql.Annotation{} // what stands there was said by the extensions
	case a.Skip.Any():
		return fail(m.Log.Name, "entgql.Skip keeps the log out of GraphQL: remove the annotation, or use entgql.NewExtension instead of graphql.New")
	case a.QueryField != nil:
		return fail(m.Log.Name, "entgql.QueryField is on the log: use graphql.WithQueryField instead")
	}
	a.Skip = entgql.SkipMutationCreateInput | entgql.SkipMutationUpdateInput
	if !m.Relay {
		a.Skip |= entgql.SkipType
	}
	a.RelayConnection = true
	if m.query != "" {
		a.QueryField = &entgql.FieldConfig{Name: m.query, Description: "The audit log."}
	}
	if m.Name = a.Type; m.Name == "" {
		m.Name = m.Log.Name
	}
	set(m.Log, a)
	for _, f := range m.Log.Fields {
		a, err := annotation(f.Annotations)
		if err != nil {
			return err
		}
		if a.OrderField != "" {
			return fail(m.Log.Name, "entries are ordered by their id: remove entgql.OrderField from field %q", f.Name)
		}
		switch f.Name {
		case auditlog.ColumnTxID:
			a.Type = idType
		case "before", "after":
			a.Type = valuesType
		default:
			continue
		}
		setField(f, a)
	}
	if m.Relay {
		return nil
	}
	id, err := annotation(m.Log.ID.Annotations)
	if err != nil {
		return err
	}
	id.Type = idType
	setField(m.Log.ID, id)
	return nil
}

// show has entgql write the log's type down in the GraphQL schema, once its templates have passed it over.
func (m *model) show() error {
	a, err := annotation(m.Log.Annotations)
	if err != nil {
		return err
	}
	a.Skip &^= entgql.SkipType
	set(m.Log, a)
	return nil
}

// checkNames returns an error if a name that the template makes is one of the user's.
func (m *model) checkNames(g *gen.Graph) error {
	connection := m.History + "Connection"
	for _, t := range m.Types {
		for _, f := range t.Fields {
			if f.StructField() == connection {
				return fail(t.Name, "field %q makes %s, which is the method of the history in GraphQL: rename the field, or the history with extension.WithHistoryName", f.Name, connection)
			}
		}
		for _, e := range t.Edges {
			if e.StructField() == connection {
				return fail(t.Name, "edge %q makes %s, which is the method of the history in GraphQL: rename the edge, or the history with extension.WithHistoryName", e.Name, connection)
			}
		}
	}
	for _, f := range m.Log.Fields {
		if strings.EqualFold(f.StructField(), changesMethod) { // gqlgen does not look at case
			return fail(m.Log.Name, "field %q has the name of the entry's changes in GraphQL: rename it", f.Name)
		}
	}
	for _, n := range g.Nodes {
		for _, suffix := range []string{"Edge", "Connection", "Order", "OrderField", "PaginateOption", "WhereInput"} {
			if n.Name == m.Name+suffix {
				return fail(n.Name, "the log has a generated type of that name: rename the type, or the log with extension.WithTypeName")
			}
		}
	}
	return nil
}

// annotation returns what annotations say to entgql.
func annotation(annotations gen.Annotations) (*entgql.Annotation, error) {
	a := &entgql.Annotation{}
	if v, ok := annotations[a.Name()]; ok {
		if err := a.Decode(v); err != nil {
			return nil, fmt.Errorf("sqlaudit: read annotation: %w", err)
		}
	}
	return a, nil
}

// set replaces what the annotations of a type say to entgql. Its templates take the form that annotations have once they went through JSON.
func set(t *gen.Type, a *entgql.Annotation) {
	t.Annotations = with(t.Annotations, a)
}

func setField(f *gen.Field, a *entgql.Annotation) {
	f.Annotations = with(f.Annotations, a)
}

func with(annotations gen.Annotations, a *entgql.Annotation) gen.Annotations {
	// The schema's own stay as they are: ent keeps them in a snapshot.
	annotations = maps.Clone(annotations)
	if annotations == nil {
		annotations = gen.Annotations{}
	}
	b, err := json.Marshal(a)
	var v map[string]any
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		panic(err) // the annotation is one that was read from JSON
	}
	annotations[a.Name()] = v
	return annotations
}

// fail returns an error of one line that names the schema.
func fail(schemaName, format string, args ...any) error {
	return fmt.Errorf("sqlaudit: schema %s: "+format, append([]any{schemaName}, args...)...)
}
