package auditgql_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditgql"
)

func operation() context.Context {
	return graphql.WithOperationContext(context.Background(), &graphql.OperationContext{})
}

// reader counts what it reads.
type reader struct {
	reads atomic.Int64
	nodes atomic.Int64
	err   error
}

func (r *reader) read(nodes []string) (int64, error) {
	r.nodes.Add(int64(len(nodes)))
	return r.reads.Add(1), r.err
}

func TestBatch(t *testing.T) {
	nodes := []string{"a", "b", "c"}
	ctx := operation()
	tests := []struct {
		name   string
		reason string
		made   context.Context // what the entities were read with
		keys   []any           // what they are asked for, each with ctx
		ctx    context.Context
		reads  int64
		nodes  int64
	}{
		{"together", "one asks, all are read", ctx, []any{"k", "k", "k"}, ctx, 1, 3},
		{"equal keys", "arguments are parsed anew for each entity", ctx, []any{[]any{new(int), "x"}, []any{new(int), "x"}}, ctx, 1, 3},
		{"different keys", "one is not the answer to another", ctx, []any{"k", "l", "k"}, ctx, 2, 6},
		{"another operation", "its reader may not be allowed to see the same", ctx, []any{"k", "k"}, operation(), 2, 2},
		{"no operation", "plain Go asks for what it asks for", ctx, []any{"k", "k"}, context.Background(), 2, 2},
		{"entities from outside an operation", "nothing says what will be asked of the others", context.Background(), []any{"k", "k"}, ctx, 2, 2},
		{"functions in keys", "they are never equal: what is kept is bounded", ctx, functions(100), ctx, 100, 32*3 + 68},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &reader{}
			b := auditgql.NewBatch[string, int64](tt.made, nodes)
			for i, k := range tt.keys {
				_, err := b.Load(tt.ctx, nodes[i%len(nodes)], k, r.read)
				require.NoError(t, err)
			}
			require.Equal(t, tt.reads, r.reads.Load(), tt.reason)
			require.Equal(t, tt.nodes, r.nodes.Load(), tt.reason)
		})
	}
}

func functions(n int) []any {
	keys := make([]any, n)
	for i := range keys {
		keys[i] = []any{func() {}}
	}
	return keys
}

func TestBatchOfOne(t *testing.T) {
	require.Nil(t, auditgql.NewBatch[string, int64](operation(), []string{"a"}), "there is nothing to share")
}

// Fields of a list are resolved at the same time.
func TestBatchConcurrently(t *testing.T) {
	nodes, ctx := make([]string, 100), operation()
	failed := errors.New("no")
	r := &reader{err: failed}
	b := auditgql.NewBatch[string, int64](ctx, nodes)
	var wg sync.WaitGroup
	for range nodes {
		wg.Go(func() {
			n, err := b.Load(ctx, "", "k", r.read)
			if n != 1 || !errors.Is(err, failed) {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(1), r.reads.Load())
}
