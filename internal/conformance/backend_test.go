package conformance

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	_ "github.com/sqlaudit/sqlaudit/internal/conformance/ent/runtime"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A backend is a database to run on.
type backend struct {
	name    string
	dialect string
	open    func(testing.TB) *sql.DB
	// prepares says that the audit driver can tell that the database keeps plans, and so makes a mutation and its record one
	// statement where it can.
	prepares bool
}

// The backends: each database, and a way to write that is taken where a mutation and its record are never one statement.
var (
	backends = []backend{on(testdb.SQLite), on(testdb.Postgres), on(testdb.MariaDB)}
	apart    = backend{name: "postgres, unprepared", dialect: dialect.Postgres, open: backends[1].open}
)

func on(d testdb.Database) backend {
	return backend{d.Name, d.Dialect, func(t testing.TB) *sql.DB { return d.Open(t, nil) }, d.Dialect == dialect.Postgres}
}

// An env is what a case runs in: empty tables, and a client on them.
type env struct {
	ctx     context.Context
	backend backend
	db      *sql.DB
	probe   *probe
	client  *ent.Client
}

// A testCase is one behaviour, and why it matters.
type testCase struct {
	name   string
	reason string
	run    func(*testing.T, *env)
}

// eachBackend runs f as a subtest on every database at once, or on those of the given dialects, with tables created.
func eachBackend(t *testing.T, f func(*testing.T, backend, *sql.DB), dialects ...string) {
	onEach(t, backends, f, dialects...)
}

// eachWay is like eachBackend, and also takes the way of writing that is not taken by itself.
func eachWay(t *testing.T, f func(*testing.T, backend, *sql.DB), dialects ...string) {
	onEach(t, append(slices.Clip(backends), apart), f, dialects...)
}

func onEach(t *testing.T, backends []backend, f func(*testing.T, backend, *sql.DB), dialects ...string) {
	for _, b := range backends {
		if len(dialects) > 0 && !slices.Contains(dialects, b.dialect) {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			db := b.open(t)
			createTables(t, b, db)
			f(t, b, db)
		})
	}
}

// ent completes its description of the tables, which all clients share, as it creates them.
var creating sync.Mutex

func createTables(t *testing.T, b backend, db *sql.DB) {
	t.Helper()
	creating.Lock()
	defer creating.Unlock()
	require.NoError(t, ent.NewClient(ent.Driver(entsql.OpenDB(b.dialect, db))).Schema.Create(context.Background()))
}

// newEnv returns an env on emptied tables.
func newEnv(t *testing.T, b backend, db *sql.DB, opts ...ent.Option) *env {
	e := &env{ctx: context.Background(), backend: b, db: db}
	testdb.Exec(t, db, "UPDATE users SET user_spouse = NULL")
	testdb.Exec(t, db, "UPDATE nodes SET node_pupils = NULL")
	for _, table := range oracle.Tables() {
		query := "DELETE FROM " + sqlIdent(b.dialect, table)
		if table == "nodes" { // the others go with those
			query += " WHERE node_children IS NULL"
		}
		testdb.Exec(t, db, query)
	}
	e.probe = &probe{Driver: entsql.OpenDB(b.dialect, db)}
	e.client = ent.NewClient(append([]ent.Option{ent.Driver(e.driver())}, opts...)...)
	return e
}

// driver returns the probe, as the audit driver is to see it.
func (e *env) driver() dialect.Driver {
	if e.backend.prepares {
		return preparingProbe{e.probe}
	}
	return e.probe
}

// runCases runs cases on every database, or on those of the given dialects.
func runCases(t *testing.T, cases []testCase, dialects ...string) {
	runOn(t, backends, cases, dialects...)
}

// runWrites runs cases in every way of writing, on every database, or on those of the given dialects.
func runWrites(t *testing.T, cases []testCase, dialects ...string) {
	runOn(t, append(slices.Clip(backends), apart), cases, dialects...)
}

func runOn(t *testing.T, backends []backend, cases []testCase, dialects ...string) {
	onEach(t, backends, func(t *testing.T, b backend, db *sql.DB) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				e := newEnv(t, b, db)
				c.run(t, e)
				e.reconcile(t)
				if t.Failed() {
					t.Log(c.reason)
				}
			})
		}
	}, dialects...)
}

// begin begins a transaction that ends with the test at the latest.
func (e *env) begin(t *testing.T, client *ent.Client) *ent.Tx {
	t.Helper()
	tx, err := client.Tx(e.ctx)
	require.NoError(t, err)
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// inTx runs f in a transaction of the user's, and ends it by commit.
func (e *env) inTx(t *testing.T, f func(*ent.Tx)) {
	t.Helper()
	tx := e.begin(t, e.client)
	f(tx)
	require.NoError(t, tx.Commit())
}

// sqlIdent returns a name as it stands in a statement.
func sqlIdent(dialectName, name string) string {
	b := entsql.Builder{}
	b.SetDialect(dialectName)
	return b.Ident(name).String()
}
