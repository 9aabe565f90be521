package auditlog

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestContext(t *testing.T) {
	ctx := context.Background()
	_, ok := FromContext(ctx)
	require.False(t, ok)
	require.Equal(t, Origin{}, OriginFromContext(ctx))

	ctx = NewContext(ctx, Actor{ID: 1, Name: "ada"})
	ctx = WithReason(ctx, "why")
	ctx = WithImpersonator(ctx, Actor{ID: "root"})
	ctx = WithMetadata(ctx, map[string]any{"a": 1})
	child := WithMetadata(NewContext(ctx, Actor{ID: 2}), map[string]any{"b": 2})

	actor, ok := FromContext(ctx)
	require.True(t, ok)
	require.Equal(t, Actor{ID: 1, Name: "ada"}, actor)
	require.Equal(t, Origin{Actor: Actor{ID: 2}, Impersonator: "root", Reason: "why", Metadata: map[string]any{"a": 1, "b": 2}}, OriginFromContext(child))

	o := OriginFromContext(ctx)
	o.Metadata["a"] = "changed"
	require.Equal(t, map[string]any{"a": 1}, OriginFromContext(ctx).Metadata, "what a context says cannot be changed through what it returns")
}

func TestStampOfNobody(t *testing.T) {
	var id *int
	for _, o := range []Origin{{}, {Actor: Actor{ID: ""}}, {Actor: Actor{ID: id}}} {
		s, err := o.Stamp()
		require.NoError(t, err)
		require.Equal(t, Stamp{}, s)
	}
}
