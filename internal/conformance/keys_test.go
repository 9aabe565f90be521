package conformance

import (
	"context"
	stdsql "database/sql"
	"slices"
	"testing"

	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/keys/ent"
	_ "github.com/sqlaudit/sqlaudit/internal/conformance/keys/ent/runtime"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A keysEnv is what a case of unique keys runs in: empty tables of their schema, and a client on them.
type keysEnv struct {
	ctx    context.Context
	db     *stdsql.DB
	client *ent.Client
}

// eachKeys runs f as a subtest in every way of writing, on every database, or on those of the given dialects. In the end the log accounts for the tables.
func eachKeys(t *testing.T, f func(*testing.T, *keysEnv), dialects ...string) {
	for _, b := range append(slices.Clip(backends), apart) {
		if len(dialects) > 0 && !slices.Contains(dialects, b.dialect) {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			e := &keysEnv{ctx: context.Background(), db: b.open(t)}
			drv := sql.OpenDB(b.dialect, e.db)
			plain := ent.NewClient(ent.Driver(drv))
			require.NoError(t, plain.Schema.Create(e.ctx))
			if e.client = plain; b.name == apart.name {
				e.client = ent.NewClient(ent.Driver(testdb.Unprepared{Driver: drv}))
			}
			f(t, e)
			report, err := sqlaudit.Reconcile(e.ctx, plain)
			require.NoError(t, err)
			require.Empty(t, report.Differences)
		})
	}
}

// log returns the entries, in order, in brief.
func (e *keysEnv) log(t *testing.T) []string {
	t.Helper()
	return brief(oracle.Log(t, e.db))
}

// A type without fields has nothing that differs.
func TestUpsertOfIDs(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		for range 2 {
			e.client.Label.Create().SetID("a").OnConflictColumns("id").Ignore().ExecX(e.ctx)
		}
		e.client.Label.CreateBulk(e.client.Label.Create().SetID("a"), e.client.Label.Create().SetID("b")).OnConflictColumns("id").Ignore().ExecX(e.ctx)
		require.Equal(t, []string{"create Label", "create Label"}, e.log(t))
	})
}
