// Package graphql shows the log in the GraphQL schema that contrib's entgql generates. Its extension takes the place of entgql's own:
//
//	audit, err := extension.New()
//	if err != nil { … }
//	gql, err := graphql.New(audit, graphql.WithEntGQL(
//		entgql.WithSchemaGenerator(),
//		entgql.WithSchemaPath("../ent.graphql"),
//		entgql.WithWhereInputs(true),
//	))
//	if err != nil { … }
//	err = entc.Generate("./schema", &gen.Config{}, entc.Extensions(audit, gql))
//
// Each tracked type gets a field history, a Relay connection of the entries about the entity, that gqlgen binds to a generated method. The log is a Relay node where the ids
// of all types in the GraphQL schema are of type uuid.UUID, as its own are: entgql takes ids of one type only. Else it is an object that is no Node, with a connection of the
// same form.
//
// Nothing of GraphQL is linked into an application unless it is generated this way.
package graphql

import (
	"fmt"
	"slices"
	"text/template"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/sqlaudit/sqlaudit/extension"
	"github.com/sqlaudit/sqlaudit/templates"
)

// An Extension is entgql's, with the log in its schema. Its zero value is not usable: see New.
type Extension struct {
	entc.DefaultExtension
	audit      *extension.Extension
	gql        *entgql.Extension
	options    []entgql.ExtensionOption
	queryField string

	model *model // of the graph being generated
}

var _ entc.Extension = (*Extension)(nil)

// An Option configures the extension.
type Option func(*Extension) error

// WithEntGQL gives options to entgql.
func WithEntGQL(opts ...entgql.ExtensionOption) Option {
	return func(e *Extension) error {
		e.options = append(e.options, opts...)
		return nil
	}
}

// WithQueryField adds a field of the given name to Query that is a connection of the whole log. Its resolver is the application's to write, as for
// any of entgql's query fields; who may read is then a matter of the log's policy.
func WithQueryField(name string) Option {
	return func(e *Extension) error {
		if name == "" {
			return fmt.Errorf("WithQueryField: the name is empty")
		}
		e.queryField = name
		return nil
	}
}

// New returns entgql's extension, with the log of audit in its schema. Both are to be given to entc.Extensions, in any order. It fails if an option's value is invalid.
func New(audit *extension.Extension, opts ...Option) (*Extension, error) {
	e := &Extension{audit: audit}
	for _, opt := range opts {
		if err := opt(e); err != nil {
			return nil, fmt.Errorf("sqlaudit: %w", err)
		}
	}
	var err error
	// Ours comes first, so that hooks of the user's see what it adds.
	e.gql, err = entgql.NewExtension(slices.Concat([]entgql.ExtensionOption{entgql.WithSchemaHook(e.schema)}, e.options)...)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: %w", err)
	}
	return e, nil
}

// Hooks implements entc.Extension.
func (e *Extension) Hooks() []gen.Hook {
	return append(slices.Clone(e.gql.Hooks()), func(next gen.Generator) gen.Generator {
		return gen.GenerateFunc(func(g *gen.Graph) error {
			// The audit extension may come after this one: the log is to be in the graph by now.
			if err := e.prepare(g); err != nil {
				return err
			}
			m, err := e.build(g)
			if err != nil {
				return err
			}
			e.model = m
			if err := next.Generate(g); err != nil {
				return err
			}
			return m.show()
		})
	})
}

func (e *Extension) prepare(g *gen.Graph) error {
	done := gen.Generator(gen.GenerateFunc(func(*gen.Graph) error { return nil }))
	for _, hook := range e.audit.Hooks() {
		done = hook(done)
	}
	return done.Generate(g)
}

// Templates implements entc.Extension.
func (e *Extension) Templates() []*gen.Template {
	t := gen.NewTemplate("sqlaudit_graphql").Funcs(template.FuncMap{
		"sqlauditgql": func() *model { return e.model },
	})
	return append(slices.Clone(e.gql.Templates()), gen.MustParse(t.ParseFS(templates.GraphQL, "graphql/*.tmpl")))
}

// Options implements entc.Extension.
func (e *Extension) Options() []entc.Option { return e.gql.Options() }

// Annotations implements entc.Extension.
func (e *Extension) Annotations() []entc.Annotation { return e.gql.Annotations() }
