package conformance

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	_ "github.com/sqlaudit/sqlaudit/internal/conformance/ent/runtime"
)

// A backend is a database to run on.
type backend struct {
	name    string
	dialect string
	open    func(testing.TB) *sql.DB
}

var backends = []backend{
	{"sqlite", dialect.SQLite, openSQLite},
	{"postgres", dialect.Postgres, openPostgres},
	{"mariadb", dialect.MySQL, openMySQL},
}

func openSQLite(t testing.TB) *sql.DB {
	dsn := "file:" + filepath.Join(t.TempDir(), "test.db") + "?_fk=1&_journal_mode=WAL&_synchronous=OFF&_busy_timeout=10000"
	db, err := sql.Open("sqlite3", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// dsn returns the data source name in an environment variable. Where there is none the database is left out, unless
// SQLAUDIT_TEST_REQUIRE_DB asks for all of them.
func dsn(t testing.TB, variable string) string {
	s := os.Getenv(variable)
	if s != "" {
		return s
	}
	if os.Getenv("SQLAUDIT_TEST_REQUIRE_DB") != "" {
		t.Fatalf("%s is not set, and SQLAUDIT_TEST_REQUIRE_DB is", variable)
	}
	t.Skipf("%s is not set", variable)
	return ""
}

// scratch returns a name for a database or schema of this test's own.
func scratch(t testing.TB) string {
	return fmt.Sprintf("sqlaudit_%d_%s", os.Getpid(), strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, t.Name())))
}

func openPostgres(t testing.TB) *sql.DB {
	source, schema := dsn(t, "SQLAUDIT_TEST_POSTGRES"), scratch(t)
	admin, err := sql.Open("pgx", source)
	require.NoError(t, err)
	exec(t, admin, "DROP SCHEMA IF EXISTS "+schema+" CASCADE") // of a run that was cut short
	exec(t, admin, "CREATE SCHEMA "+schema)
	t.Cleanup(func() {
		exec(t, admin, "DROP SCHEMA "+schema+" CASCADE")
		require.NoError(t, admin.Close())
	})
	sep := "?"
	if strings.Contains(source, "?") {
		sep = "&"
	}
	db, err := sql.Open("pgx", source+sep+"search_path="+schema)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func openMySQL(t testing.TB) *sql.DB {
	source, name := dsn(t, "SQLAUDIT_TEST_MYSQL"), scratch(t)
	admin, err := sql.Open("mysql", source)
	require.NoError(t, err)
	exec(t, admin, "DROP DATABASE IF EXISTS "+name) // of a run that was cut short
	exec(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		exec(t, admin, "DROP DATABASE "+name)
		require.NoError(t, admin.Close())
	})
	cfg, err := mysql.ParseDSN(source)
	require.NoError(t, err)
	cfg.DBName, cfg.ParseTime = name, true
	db, err := sql.Open("mysql", cfg.FormatDSN())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func exec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.Exec(query, args...)
	require.NoError(t, err, query)
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

// eachBackend runs f as a subtest on every database, or on those of the given dialects, with tables created.
func eachBackend(t *testing.T, f func(*testing.T, backend, *sql.DB), dialects ...string) {
	for _, b := range backends {
		if len(dialects) > 0 && !slices.Contains(dialects, b.dialect) {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			db := b.open(t)
			client := ent.NewClient(ent.Driver(entsql.OpenDB(b.dialect, db)))
			require.NoError(t, client.Schema.Create(context.Background()))
			f(t, b, db)
		})
	}
}

// newEnv returns an env on emptied tables.
func newEnv(t *testing.T, b backend, db *sql.DB, opts ...ent.Option) *env {
	e := &env{ctx: context.Background(), backend: b, db: db}
	for _, table := range []string{"audit_logs", "cards", "badges", "pets", "sites", "orgs", "docs", "memos", "twins", "brokens", "plain_things"} {
		exec(t, db, "DELETE FROM "+table)
	}
	exec(t, db, "UPDATE users SET user_spouse = NULL")
	exec(t, db, "DELETE FROM users")
	exec(t, db, "UPDATE nodes SET node_pupils = NULL")
	exec(t, db, "DELETE FROM nodes WHERE node_children IS NULL")
	e.probe = &probe{Driver: entsql.OpenDB(b.dialect, db)}
	e.client = ent.NewClient(append([]ent.Option{ent.Driver(e.probe)}, opts...)...)
	return e
}

func runCases(t *testing.T, cases []testCase, dialects ...string) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
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
