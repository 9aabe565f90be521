package schema

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	gen "github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/hook"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/intercept"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/note"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/privacy"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/task"
	"github.com/sqlaudit/sqlaudit/internal/parity/kinds"
)

type deleted struct{}

// WithDeleted returns a context that sees deleted memos and deletes for good.
func WithDeleted(ctx context.Context) context.Context {
	return context.WithValue(ctx, deleted{}, true)
}

// Interceptors implements ent.Interface.
func (Memo) Interceptors() []ent.Interceptor {
	return []ent.Interceptor{intercept.TraverseFunc(func(ctx context.Context, q intercept.Query) error {
		if ctx.Value(deleted{}) == nil {
			q.WhereP(sql.FieldEQ("deleted", false))
		}
		return nil
	})}
}

// Hooks implements ent.Interface.
func (Memo) Hooks() []ent.Hook {
	return []ent.Hook{hook.On(func(next ent.Mutator) ent.Mutator {
		return hook.MemoFunc(func(ctx context.Context, m *gen.MemoMutation) (ent.Value, error) {
			if ctx.Value(deleted{}) != nil {
				return next.Mutate(ctx, m)
			}
			m.WhereP(sql.FieldEQ("deleted", false))
			m.SetOp(ent.OpUpdate)
			m.SetDeleted(true)
			return m.Client().Mutate(ctx, m)
		})
	}, ent.OpDelete|ent.OpDeleteOne)}
}

type viewer struct{}

// WithViewer returns a context of somebody who looks at notes.
func WithViewer(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, viewer{}, name)
}

// Policy implements ent.Interface.
func (Note) Policy() ent.Policy {
	return privacy.Policy{
		Query: privacy.QueryPolicy{
			privacy.NoteQueryRuleFunc(func(ctx context.Context, q *gen.NoteQuery) error {
				kinds.Ask()
				switch ctx.Value(viewer{}) {
				case nil:
					return privacy.Denyf("nobody may look")
				case "root":
					return privacy.Allow
				}
				q.Where(note.Secret(false))
				return privacy.Skip
			}),
		},
		Mutation: privacy.MutationPolicy{
			privacy.DenyMutationOperationRule(ent.OpDelete),
			privacy.NoteMutationRuleFunc(func(ctx context.Context, m *gen.NoteMutation) error {
				kinds.Ask()
				if ctx.Value(viewer{}) == "root" {
					return privacy.Allow
				}
				if m.Op().Is(ent.OpUpdateOne) {
					old, err := m.OldSecret(ctx)
					if err != nil {
						return fmt.Errorf("look at the secret: %w", err)
					}
					if old {
						return privacy.Denyf("it is secret")
					}
				}
				if secret, ok := m.Secret(); ok && secret {
					return privacy.Deny
				}
				return privacy.Skip
			}),
			privacy.OnMutationOperation(privacy.MutationRuleFunc(func(_ context.Context, m ent.Mutation) error {
				if text, ok := m.Field("text"); ok && text == "forbidden" {
					return errors.New("a rule of its own")
				}
				return privacy.Skip
			}), ent.OpCreate),
			privacy.AlwaysAllowRule(),
		},
	}
}

// ErrVeto is the error of a hook that refuses.
var ErrVeto = errors.New("vetoed")

// Hooks implements ent.Interface. The first trims a title, the second refuses some, and the third counts versions: an update of one
// task happens only if the version is still that of the entity.
func (Task) Hooks() []ent.Hook {
	return []ent.Hook{
		hook.If(func(next ent.Mutator) ent.Mutator {
			return hook.TaskFunc(func(ctx context.Context, m *gen.TaskMutation) (ent.Value, error) {
				title, _ := m.Title()
				m.SetTitle(strings.TrimSpace(title))
				return next.Mutate(ctx, m)
			})
		}, hook.HasFields(task.FieldTitle)),
		func(next ent.Mutator) ent.Mutator {
			return hook.TaskFunc(func(ctx context.Context, m *gen.TaskMutation) (ent.Value, error) {
				if title, ok := m.Title(); ok && title == "veto" {
					return nil, fmt.Errorf("task %q: %w", title, ErrVeto)
				}
				return next.Mutate(ctx, m)
			})
		},
		hook.On(func(next ent.Mutator) ent.Mutator {
			return hook.TaskFunc(func(ctx context.Context, m *gen.TaskMutation) (ent.Value, error) {
				if version, ok := m.Version(); ok {
					m.Where(task.Version(version))
					m.SetVersion(version + 1)
				}
				return next.Mutate(ctx, m)
			})
		}, ent.OpUpdateOne),
		hook.Reject(ent.OpDelete),
	}
}
