// Package extension is the entc extension that makes a generated package record changes.
//
//	audit, err := extension.New()
//	if err != nil {
//		log.Fatalf("creating sqlaudit extension: %v", err)
//	}
//	err = entc.Generate("./schema", &gen.Config{}, entc.Extensions(audit))
//
// It reads the marks that sqlaudit.Mixin leaves in the schemas, checks every name in them, adds the log's type to the graph
// unless the user has one, and installs the templates. Nothing of it is linked into an application.
package extension

import (
	"fmt"
	"go/token"
	"slices"
	"strings"
	"text/template"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/sqlaudit/sqlaudit/templates"
)

// An Extension implements entc.Extension. Its zero value is not usable: see New.
type Extension struct {
	entc.DefaultExtension
	typeName  string
	tableName string
	schema    string
	actorType string
	history   string
	filters   string

	model *model // of the graph being generated
}

var _ entc.Extension = (*Extension)(nil)

// An Option configures the extension.
type Option func(*Extension) error

// New returns an extension with the given options. It fails if an option's value is invalid.
func New(opts ...Option) (*Extension, error) {
	e := &Extension{history: "history"}
	for _, opt := range opts {
		if err := opt(e); err != nil {
			return nil, fmt.Errorf("sqlaudit: %w", err)
		}
	}
	return e, nil
}

// WithTypeName names the log's type. The default is AuditLog.
func WithTypeName(name string) Option {
	return func(e *Extension) error {
		if !token.IsIdentifier(name) || !token.IsExported(name) {
			return fmt.Errorf("WithTypeName: %q is not the name of an exported Go type", name)
		}
		e.typeName = name
		return nil
	}
}

// WithTableName names the log's table. The default follows from the type's name: audit_logs.
func WithTableName(name string) Option {
	return func(e *Extension) error {
		if name == "" {
			return fmt.Errorf("WithTableName: the name is empty")
		}
		e.tableName = name
		return nil
	}
}

// WithDatabaseSchema puts the log's table into a schema of the database (on MySQL and MariaDB, a database). The default is
// that of the connection. Ent's automatic migration knows one schema only: such a table is created by versioned
// migrations or by hand. A schema that the client gets by ent's AlternateSchema comes first.
func WithDatabaseSchema(name string) Option {
	return func(e *Extension) error {
		if name == "" {
			return fmt.Errorf("WithDatabaseSchema: the name is empty")
		}
		e.schema = name
		return nil
	}
}

// WithActorType says that actors are entities of the given ent type, and their ids its ids: from an entry,
// QueryActor then leads to that entity.
func WithActorType(name string) Option {
	return func(e *Extension) error {
		if name == "" {
			return fmt.Errorf("WithActorType: the name is empty")
		}
		e.actorType = name
		return nil
	}
}

// WithHistoryName renames what is generated beside the tracked types, for schemas that already use the name: from
// "audit_trail" come QueryAuditTrail, WithAuditTrail and HasAuditTrail. The default is "history".
func WithHistoryName(name string) Option {
	return func(e *Extension) error {
		if !token.IsIdentifier(name) || strings.ToLower(name) != name {
			return fmt.Errorf("WithHistoryName: %q is not a name in the form of an ent edge, such as %q", name, "audit_trail")
		}
		if slices.Contains(entityNames, pascal(name)) {
			return fmt.Errorf("WithHistoryName: ent makes %s of every type: choose another name", pascal(name))
		}
		e.history = name
		return nil
	}
}

// WithFilterPrefix puts a word before the names of the filters that are generated for fields and edges, for schemas that already use one of
// those names: with "Log", EmailChanged becomes LogEmailChanged. The default is none.
func WithFilterPrefix(prefix string) Option {
	return func(e *Extension) error {
		if !token.IsIdentifier(prefix) || !token.IsExported(prefix) {
			return fmt.Errorf("WithFilterPrefix: %q is not the beginning of an exported name, such as %q", prefix, "Log")
		}
		e.filters = prefix
		return nil
	}
}

// Hooks implements entc.Extension.
func (e *Extension) Hooks() []gen.Hook {
	return []gen.Hook{func(next gen.Generator) gen.Generator {
		return gen.GenerateFunc(func(g *gen.Graph) error {
			m, err := e.build(g)
			if err != nil {
				return err
			}
			e.model = m
			if err := next.Generate(g); err != nil {
				return err
			}
			return importEnt(g.Target)
		})
	}}
}

// Templates implements entc.Extension.
func (e *Extension) Templates() []*gen.Template {
	t := gen.NewTemplate("sqlaudit").Funcs(template.FuncMap{
		"sqlaudit": func() *model { return e.model },
	})
	return []*gen.Template{gen.MustParse(t.ParseFS(templates.FS, "*.tmpl"))}
}
