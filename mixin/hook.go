package mixin

import (
	"context"
	"fmt"

	"entgo.io/ent"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Mutation is an ent mutation of a package that was generated with the extension. It knows by itself how it is recorded, so that a schema, and what ent
// builds of one to generate code, links nothing that records.
type Mutation interface {
	ent.Mutation
	// AuditRecord has next make the mutation, and records it.
	AuditRecord(ctx context.Context, next ent.Mutator) (ent.Value, error)
}

// Hook returns the hook that has mutations recorded. They fail with auditlog.ErrNotGenerated if they are none that can be. It is safe for concurrent use.
func Hook() ent.Hook {
	return func(next ent.Mutator) ent.Mutator { return recorder{next} }
}

// IsHook reports whether a hook is that of Hook.
func IsHook(h ent.Hook) bool {
	if h == nil {
		return false
	}
	nop := ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) { return nil, nil })
	_, ok := h(nop).(recorder)
	return ok
}

// recorder is a type of its own so that IsHook can tell it among other hooks.
type recorder struct{ next ent.Mutator }

// Mutate implements ent.Mutator.
func (r recorder) Mutate(ctx context.Context, m ent.Mutation) (ent.Value, error) {
	am, ok := m.(Mutation)
	if !ok {
		return nil, fmt.Errorf("%w (type %s)", auditlog.ErrNotGenerated, m.Type())
	}
	return am.AuditRecord(ctx, r.next)
}
