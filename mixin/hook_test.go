package mixin

import (
	"context"
	"testing"

	"entgo.io/ent"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A mutation of a package that was generated without the extension.
type mutation struct{ ent.Mutation }

func (mutation) Type() string { return "Customer" }

func TestNotGenerated(t *testing.T) {
	written := false
	hooks := Mixin{}.Track().Hooks()
	require.Len(t, hooks, 1)
	m := hooks[0](ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) {
		written = true
		return nil, nil
	}))
	_, err := m.Mutate(context.Background(), mutation{})
	require.ErrorIs(t, err, auditlog.ErrNotGenerated)
	require.ErrorContains(t, err, "Customer")
	require.False(t, written)
}

func TestIsHook(t *testing.T) {
	require.True(t, IsHook(Hook()))
	require.False(t, IsHook(nil))
	require.False(t, IsHook(func(next ent.Mutator) ent.Mutator { return next }))
}
