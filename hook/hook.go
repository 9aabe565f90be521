package hook

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"entgo.io/ent"
	"entgo.io/ent/dialect"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// A Target is what generated code tells about a mutation.
type Target struct {
	Schema *auditlog.Schema
	Type   *auditlog.Type
	// Driver is the one that the mutation runs on, and Inner gives the transaction beneath a driver of
	// the generated package.
	Driver dialect.Driver
	Inner  func(dialect.Driver) dialect.Tx
	// Actor is the client's actor function, or nil.
	Actor auditlog.ActorFunc
	// SchemaOf returns the database schema of a type's table, or "" for the connection's own.
	SchemaOf func(*auditlog.Type) string
	// State is the mutation's own.
	State *State
}

// New returns the mixin's hook, for types that have no mixin of ours.
func New() ent.Hook { return mixin.Hook() }

// Refuse returns a hook whose mutations fail with err.
func Refuse(err error) ent.Hook {
	return func(ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) { return nil, err })
	}
}

// Record has next make a mutation, and records it: the mixin's hook and generated code call it. It finds out who makes the mutation and why, and leaves the rest
// to the drivers with which generated code has ent write (State). Those of a bulk are one within the other, so little stands on the stack here.
func Record(ctx context.Context, next ent.Mutator, m ent.Mutation, target Target) (ent.Value, error) {
	current, err := enter(ctx, m, target)
	if err != nil {
		return nil, err
	}
	defer current.leave(ctx)
	v, err := next.Mutate(ctx, m)
	return current.outcome(v, err)
}

// enter begins the run of a mutation.
func enter(ctx context.Context, m ent.Mutation, target Target) (*run, error) {
	r := &run{target: target, single: m.Op().Is(ent.OpDeleteOne)}
	if err := target.Schema.Err(); err != nil {
		return nil, err
	}
	if concerns(target.Type, m) {
		var err error
		if r.stamp, err = identify(ctx, target.Actor); err != nil {
			return nil, err
		}
	}
	target.State.run = r
	return r, nil
}

// concerns reports whether a mutation may be recorded. One of an untracked type may if it deletes, has edges, or makes links.
func concerns(t *auditlog.Type, m ent.Mutation) bool {
	return t.Recorded() || m.Op().Is(ent.OpDelete|ent.OpDeleteOne) ||
		len(m.AddedEdges())+len(m.RemovedEdges())+len(m.ClearedEdges()) > 0
}

// identify finds out who makes a mutation and why, before anything is opened or written.
func identify(ctx context.Context, fallback auditlog.ActorFunc) (auditlog.Stamp, error) {
	origin := auditlog.OriginFromContext(ctx)
	if origin.Actor.IsZero() && fallback != nil {
		actor, err := fallback(ctx)
		if err != nil {
			return auditlog.Stamp{}, fmt.Errorf("sqlaudit: actor function: %w", err)
		}
		origin.Actor = actor
	}
	return origin.Stamp()
}

// Arrange moves the mixin's hook to the end of a type's schema hooks, where it is the innermost: who makes the mutation, and why, is
// what the context says that other hooks hand on. It is called once per type, as the first
// client is made, and changes hooks in place. Where ent has not registered the hooks yet, as for a client that is a package's
// variable, they stay in their order.
func Arrange(hooks []ent.Hook) {
	if i := find(hooks); i >= 0 {
		h := hooks[i]
		copy(hooks[i:], hooks[i+1:])
		hooks[len(hooks)-1] = h
	}
}

// Guard returns a hook whose mutations fail with auditlog.ErrHookMissing unless the mixin's hook is among a type's schema hooks.
// It looks when it is first asked, for ent may register them after the client was made.
func Guard(typeName string, hooks []ent.Hook) ent.Hook {
	there := sync.OnceValue(func() bool { return find(hooks) >= 0 })
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			if !there() {
				return nil, fmt.Errorf("%w (type %s)", auditlog.ErrHookMissing, typeName)
			}
			return next.Mutate(ctx, m)
		})
	}
}

// find returns the position of the mixin's hook, or -1.
func find(hooks []ent.Hook) int { return slices.IndexFunc(hooks, mixin.IsHook) }
