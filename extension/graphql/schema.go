package graphql

import (
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc/gen"
	"github.com/vektah/gqlparser/v2/ast"
)

const runtime = "github.com/sqlaudit/sqlaudit/auditgql."

// schema adds to the GraphQL schema what entgql does not make by itself. It implements entgql.SchemaHook.
func (e *Extension) schema(_ *gen.Graph, s *ast.Schema) error {
	m := e.model
	log := s.Types[m.Name]
	if log == nil {
		return nil // entgql.WithSchemaGenerator is not on: the schema is written by hand
	}
	if !m.Relay {
		log.Interfaces = slices.DeleteFunc(log.Interfaces, func(name string) bool { return name == entgql.RelayNode })
	}
	if err := m.addTypes(s); err != nil {
		return err
	}
	log.Fields = append(log.Fields, &ast.FieldDefinition{
		Name:        "changes",
		Description: "The fields and edges that changed, in the order of the schema.",
		Type:        ast.NonNullListType(ast.NonNullNamedType(changeType, nil), nil),
		Directives:  ast.DirectiveList{goField(changesMethod)},
	})
	where := s.Types[m.Name+"WhereInput"] != nil
	if query := s.Types[entgql.QueryType]; query != nil && m.query != "" {
		field := query.Fields.ForName(m.query)
		field.Arguments = m.arguments(where)
	}
	for _, t := range m.Types {
		a, err := annotation(t.Annotations)
		if err != nil {
			return err
		}
		name := a.Type
		if name == "" {
			name = t.Name
		}
		def := s.Types[name]
		if def == nil {
			continue
		}
		if def.Fields.ForName(m.field) != nil {
			return fail(t.Name, "its GraphQL type has a field %q already: rename it, or the history with extension.WithHistoryName", m.field)
		}
		def.Fields = append(def.Fields, &ast.FieldDefinition{
			Name:        m.field,
			Description: "What the audit log has about it, oldest first unless ordered otherwise.",
			Type:        ast.NonNullNamedType(m.Name+"Connection", nil),
			Arguments:   m.arguments(where),
			Directives:  ast.DirectiveList{goField(m.History + "Connection")},
		})
	}
	return nil
}

// arguments returns those of a connection of entries.
func (m *model) arguments(where bool) ast.ArgumentDefinitionList {
	argument := func(name, typ, description string) *ast.ArgumentDefinition {
		return &ast.ArgumentDefinition{Name: name, Type: ast.NamedType(typ, nil), Description: description}
	}
	args := ast.ArgumentDefinitionList{
		argument("after", entgql.RelayCursor, "Returns the elements in the list that come after the specified cursor."),
		argument("first", "Int", "Returns the first _n_ elements from the list."),
		argument("before", entgql.RelayCursor, "Returns the elements in the list that come before the specified cursor."),
		argument("last", "Int", "Returns the last _n_ elements from the list."),
		argument("orderBy", m.Name+"Order", "Ordering options for the entries returned from the connection."),
	}
	if where {
		args = append(args, argument("where", m.Name+"WhereInput", "Filtering options for the entries returned from the connection."))
	}
	return args
}

// addTypes adds the types that only the log needs.
func (m *model) addTypes(s *ast.Schema) error {
	scalar := func(name, model, description string) *ast.Definition {
		return &ast.Definition{Name: name, Kind: ast.Scalar, Description: description, Directives: ast.DirectiveList{goModel(model)}}
	}
	field := func(name, description string, typ *ast.Type) *ast.FieldDefinition {
		return &ast.FieldDefinition{Name: name, Description: description, Type: typ}
	}
	text := ast.NonNullNamedType("String", nil)
	types := []*ast.Definition{
		scalar(idType, "github.com/99designs/gqlgen/graphql.UUID", "A UUID of the audit log."),
		scalar(valueType, runtime+"Value", "A recorded value, as JSON. It is null for NULL, and where there is no value."),
		scalar(valuesType, runtime+"Values", "Recorded values by the names of their fields, as a JSON object."),
		{
			Name: changeType, Kind: ast.Object, Description: "One field or edge of an entry of the audit log.",
			Directives: ast.DirectiveList{goModel(runtime + "Change")},
			Fields: ast.FieldList{
				field("field", "The name of the field or edge.", text),
				field("old", "The value before; of an edge to many, the ids that went.", ast.NamedType(valueType, nil)),
				field("new", "The value after; of an edge to many, the ids that came.", ast.NamedType(valueType, nil)),
				field("redacted", "Whether the field is sensitive: it changed, and its values were never stored.", ast.NonNullNamedType("Boolean", nil)),
				field("text", "The change on one line, for people.", text),
			},
		},
		{
			Name: m.Name + "OrderField", Kind: ast.Enum, Description: "What entries of the audit log can be ordered by.",
			EnumValues: ast.EnumValueList{{Name: "ID", Description: "The id, which is in the order of the changes."}},
		},
		{
			Name: m.Name + "Order", Kind: ast.InputObject, Description: "Ordering options for " + m.Name + " connections.",
			Fields: ast.FieldList{
				{
					Name: "direction", Description: "The ordering direction.", Type: ast.NonNullNamedType(entgql.OrderDirectionEnum, nil),
					DefaultValue: &ast.Value{Raw: "ASC", Kind: ast.EnumValue},
				},
				{
					Name: "field", Description: "The field by which to order entries.", Type: ast.NonNullNamedType(m.Name+"OrderField", nil),
					DefaultValue: &ast.Value{Raw: "ID", Kind: ast.EnumValue},
				},
			},
		},
	}
	for _, def := range types {
		if s.Types[def.Name] != nil {
			return fail(m.Log.Name, "the GraphQL schema has a type %s already, which the log needs: rename it with entgql.Type", def.Name)
		}
	}
	s.AddTypes(types...)
	return nil
}

// goField has gqlgen bind a field to a method of the given name.
func goField(method string) *ast.Directive {
	return &ast.Directive{Name: "goField", Location: ast.LocationFieldDefinition, Arguments: ast.ArgumentList{
		{Name: "name", Value: &ast.Value{Kind: ast.StringValue, Raw: method}},
		{Name: "forceResolver", Value: &ast.Value{Kind: ast.BooleanValue, Raw: "false"}},
	}}
}

// goModel has gqlgen bind a type to a Go type, or to a pair of functions.
func goModel(model string) *ast.Directive {
	return &ast.Directive{Name: "goModel", Location: ast.LocationObject, Arguments: ast.ArgumentList{
		{Name: "model", Value: &ast.Value{Kind: ast.StringValue, Raw: model}},
	}}
}
