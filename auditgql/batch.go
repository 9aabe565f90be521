package auditgql

import (
	"context"
	"reflect"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// A Batch is the entities that one query of a GraphQL operation returned. What one of them is asked for is read for all of them,
// since the operation asks each for the same: a list of entities costs no statement for each. A nil Batch reads for every entity by itself.
//
// It may be used by many goroutines at a time. It keeps its entities, and what was read, for as long as one of them is kept.
type Batch[N, R any] struct {
	nodes []N
	op    *graphql.OperationContext

	mu    sync.Mutex
	loads []load[R]
}

type load[R any] struct {
	key  any
	read func() (R, error)
}

// maxLoads bounds the different things that a batch keeps. Beyond, entities read for themselves.
const maxLoads = 32

// NewBatch returns the batch of the entities that a query made with ctx returned, or nil if ctx is not that of a GraphQL operation.
func NewBatch[N, R any](ctx context.Context, nodes []N) *Batch[N, R] {
	if !graphql.HasOperationContext(ctx) || len(nodes) < 2 {
		return nil
	}
	return &Batch[N, R]{nodes: nodes, op: graphql.GetOperationContext(ctx)}
}

// Load returns what read returns for a list of entities in which node is. Read is called once for each key, where keys that are deeply equal are the
// same. A result is never shared between two operations, who may not be allowed to see the same.
func (b *Batch[N, R]) Load(ctx context.Context, node N, key any, read func([]N) (R, error)) (R, error) {
	if b == nil || !graphql.HasOperationContext(ctx) || graphql.GetOperationContext(ctx) != b.op {
		return read([]N{node})
	}
	shared := b.load(key, read)
	if shared == nil {
		return read([]N{node})
	}
	return shared()
}

func (b *Batch[N, R]) load(key any, read func([]N) (R, error)) func() (R, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.loads {
		if reflect.DeepEqual(l.key, key) {
			return l.read
		}
	}
	if len(b.loads) == maxLoads {
		return nil
	}
	l := load[R]{key, sync.OnceValues(func() (R, error) { return read(b.nodes) })}
	b.loads = append(b.loads, l)
	return l.read
}
