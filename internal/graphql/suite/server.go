// Package suite queries a log that is served by GraphQL. What it asks is the same whether the log is a Relay node or not.
package suite

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/gqlerror"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A Server serves a schema over empty tables.
type Server struct {
	DB     *sql.DB
	Driver *Probe
	// Context is that of a reader who may see everything.
	Context context.Context
	Schema  graphql.ExecutableSchema
	// Save creates a customer of an owner (or of nobody) and returns its id as the log has it. The context says who does it.
	Save func(ctx context.Context, c Customer, owner string) string
	// Rename gives a customer another name, and another credit unless that is nil.
	Rename func(ctx context.Context, id, name string, credit *int64)
	// Hire creates a user and returns its id.
	Hire func(ctx context.Context, name string) string
	// Fill creates n customers, each with an owner of their own.
	Fill func(ctx context.Context, n int)
}

// A Customer is what Save saves.
type Customer struct {
	Name, Password string
	Credit         *int64
}

// A Probe is a driver that notes the statements that queries make.
type Probe struct {
	*entsql.Driver
	mu      sync.Mutex
	queries []string
}

// NewProbe returns a driver on a database.
func NewProbe(d testdb.Database, db *sql.DB) *Probe {
	return &Probe{Driver: entsql.OpenDB(d.Dialect, db)}
}

// Query implements dialect.Driver.
func (p *Probe) Query(ctx context.Context, query string, args, v any) error {
	p.mu.Lock()
	p.queries = append(p.queries, query)
	p.mu.Unlock()
	return p.Driver.Query(ctx, query, args, v)
}

var _ dialect.Driver = (*Probe)(nil)

// Reset forgets what was noted.
func (p *Probe) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queries = nil
}

// OfLog returns how many queries read the log, and how many there were in all.
func (p *Probe) OfLog() (log, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.queries {
		if strings.Contains(q, "audit_logs") {
			log++
		}
	}
	return log, len(p.queries)
}

// Execute runs an operation, and returns its data and errors.
func Execute(ctx context.Context, schema graphql.ExecutableSchema, query string, variables map[string]any) (json.RawMessage, gqlerror.List) {
	e := executor.New(schema)
	ctx = graphql.StartOperationTrace(ctx)
	op, errs := e.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if len(errs) > 0 {
		return nil, errs
	}
	responses, ctx := e.DispatchOperation(ctx, op)
	response := responses(ctx)
	return response.Data, response.Errors
}

// query runs an operation that must succeed, and reads its data into v.
func (s *Server) query(t *testing.T, query string, variables map[string]any, v any) {
	t.Helper()
	data, errs := Execute(s.Context, s.Schema, query, variables)
	require.Empty(t, errs, query)
	require.NoError(t, json.Unmarshal(data, v))
}

// failure runs an operation that must fail, and returns its first error.
func (s *Server) failure(t *testing.T, query string, variables map[string]any) string {
	t.Helper()
	_, errs := Execute(s.Context, s.Schema, query, variables)
	require.NotEmpty(t, errs, query)
	return errs[0].Message
}
