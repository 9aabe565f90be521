package schema

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
	gen "github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/hook"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/intercept"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/privacy"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"

	"entgo.io/ent/dialect/sql"
)

// Doc has a string id, no edges, storage keys that differ from names, and every kind of field.
type Doc struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Doc) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Exclude: []string{"draft"}}.Track()}
}

// Fields implements ent.Interface.
func (Doc) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("doc_id"),
		field.String("title").StorageKey("doc_title"),
		field.Bytes("body").Optional(),
		field.JSON("meta", kinds.Meta{}).Optional(),
		field.JSON("tags", []string{}).Optional(),
		field.JSON("extra", map[string]any{}).Optional(),
		field.Float("score").Optional(),
		field.Bool("published").Default(false),
		field.Int64("views").StorageKey("view_count").Default(0),
		field.Int64("length").GoType(time.Duration(0)).Optional(),
		field.Int64("price").GoType(kinds.Money{}).Optional(),
		field.Enum("level").GoType(kinds.Level("")).Optional().Nillable(),
		field.Time("due").Optional().Nillable(),
		field.Int64("revision").Default(1).UpdateDefault(func() int64 { return 2 }).Immutable(),
		field.String("draft").Optional(),
		field.String("link").GoType(&url.URL{}).ValueScanner(field.BinaryValueScanner[*url.URL]{}).Optional(),
	}
}

// Org is not tracked, but its sites are.
type Org struct{ ent.Schema }

// Fields implements ent.Interface.
func (Org) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Edges implements ent.Interface.
func (Org) Edges() []ent.Edge { return []ent.Edge{edge.To("sites", Site.Type)} }

// Site is named in the log by its code, and knows who edited it last. A hook changes what is written.
type Site struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Site) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{Label: "site", ResourceID: "code", ActorField: "edited_by"}.Track()}
}

// Fields implements ent.Interface.
func (Site) Fields() []ent.Field {
	return []ent.Field{
		field.String("code").Unique().Immutable(),
		field.String("city"),
		field.Int("edited_by").Optional(),
	}
}

// Edges implements ent.Interface.
func (Site) Edges() []ent.Edge {
	return []ent.Edge{edge.From("org", Org.Type).Ref("sites").Unique()}
}

// Hooks implements ent.Interface.
func (Site) Hooks() []ent.Hook {
	return []ent.Hook{func(next ent.Mutator) ent.Mutator {
		return hook.SiteFunc(func(ctx context.Context, m *gen.SiteMutation) (ent.Value, error) {
			if city, ok := m.City(); ok {
				if city == "veto" {
					return nil, errors.New("vetoed")
				}
				m.SetCity(strings.ToUpper(city))
			}
			return next.Mutate(ctx, m)
		})
	}}
}

// Memo is deleted softly, hides what is deleted, and is only for those who may.
type Memo struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Memo) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Memo) Fields() []ent.Field {
	return []ent.Field{
		field.String("text"),
		field.Bool("deleted").Default(false),
	}
}

type denied struct{}

// Deny returns a context that may do nothing with memos.
func Deny(ctx context.Context) context.Context { return context.WithValue(ctx, denied{}, true) }

// Policy implements ent.Interface.
func (Memo) Policy() ent.Policy {
	deny := privacy.ContextQueryMutationRule(func(ctx context.Context) error {
		if ctx.Value(denied{}) != nil {
			return privacy.Deny
		}
		return privacy.Skip
	})
	return privacy.Policy{Query: privacy.QueryPolicy{deny}, Mutation: privacy.MutationPolicy{deny}}
}

type all struct{}

// WithDeleted returns a context that sees deleted memos and deletes for good.
func WithDeleted(ctx context.Context) context.Context { return context.WithValue(ctx, all{}, true) }

// Interceptors implements ent.Interface.
func (Memo) Interceptors() []ent.Interceptor {
	return []ent.Interceptor{intercept.TraverseFunc(func(ctx context.Context, q intercept.Query) error {
		if ctx.Value(all{}) == nil {
			q.WhereP(sql.FieldEQ("deleted", false))
		}
		return nil
	})}
}

// Hooks implements ent.Interface.
func (Memo) Hooks() []ent.Hook {
	return []ent.Hook{hook.On(func(next ent.Mutator) ent.Mutator {
		return hook.MemoFunc(func(ctx context.Context, m *gen.MemoMutation) (ent.Value, error) {
			if ctx.Value(all{}) != nil {
				return next.Mutate(ctx, m)
			}
			m.WhereP(sql.FieldEQ("deleted", false))
			m.SetOp(ent.OpUpdate)
			m.SetDeleted(true)
			return m.Client().Mutate(ctx, m)
		})
	}, ent.OpDelete|ent.OpDeleteOne)}
}

// Broken carries the mark but not the hook.
type Broken struct{ ent.Schema }

type hookless struct{ ent.Mixin }

// Hooks implements ent.Mixin.
func (hookless) Hooks() []ent.Hook {
	return []ent.Hook{func(next ent.Mutator) ent.Mutator { return next }}
}

// Mixin implements ent.Interface.
func (Broken) Mixin() []ent.Mixin { return []ent.Mixin{hookless{sqlaudit.Mixin{}.Track()}} }

// Fields implements ent.Interface.
func (Broken) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Plain has nothing to do with the log.
type Plain struct{ ent.Schema }

// Fields implements ent.Interface.
func (Plain) Fields() []ent.Field { return []ent.Field{field.String("name")} }

// Annotations implements ent.Interface.
func (Plain) Annotations() []schema.Annotation {
	return []schema.Annotation{entsql.Table("plain_things")}
}

// Twin is what Plain is, but tracked: benchmarks compare the two.
type Twin struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Twin) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Twin) Fields() []ent.Field { return Plain{}.Fields() }
