// Package testdb opens the databases that tests run on: SQLite in a temporary folder, and PostgreSQL and MariaDB where the
// environment names them, each in a schema or database of the test's own.
package testdb

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // the driver "sqlite3"
	"github.com/stretchr/testify/require"
)

// A Database is one to run on.
type Database struct {
	Name    string
	Dialect string // ent's name
	Driver  string // database/sql's name
	source  func(testing.TB, Params) string
}

// Params are parameters of a data source name, in the words of the driver. They come on top of those that a
// database is opened with by default.
type Params map[string]string

// The databases.
var (
	SQLite   = Database{"sqlite", dialect.SQLite, "sqlite3", sqliteSource}
	Postgres = Database{"postgres", dialect.Postgres, "pgx", postgresSource}
	MariaDB  = Database{"mariadb", dialect.MySQL, "mysql", mysqlSource}
)

// Source creates an empty database or schema, which goes with the test, and returns its data source name. If the environment does
// not name the database the test is skipped, or fails if SQLAUDIT_TEST_REQUIRE_DB is set.
func (d Database) Source(t testing.TB, params Params) string {
	t.Helper()
	return d.source(t, params)
}

// Open is like Source and opens it. It is closed with the test.
func (d Database) Open(t testing.TB, params Params) *sql.DB {
	t.Helper()
	return d.Connect(t, d.Source(t, params))
}

// Connect opens what Source has returned, until the test ends.
func (d Database) Connect(t testing.TB, source string) *sql.DB {
	t.Helper()
	db, err := sql.Open(d.Driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func sqliteSource(t testing.TB, params Params) string {
	values := url.Values{"_fk": {"1"}, "_journal_mode": {"WAL"}, "_synchronous": {"OFF"}, "_busy_timeout": {"10000"}}
	for k, v := range params {
		values.Set(k, v)
	}
	return "file:" + filepath.Join(t.TempDir(), "test.db") + "?" + values.Encode()
}

// DSN returns the data source name in an environment variable. Where there is none the test is skipped, unless
// SQLAUDIT_TEST_REQUIRE_DB asks for all databases.
func DSN(t testing.TB, variable string) string {
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

var scratches atomic.Int64

// scratch returns a name for a database or schema of this test's own.
func scratch(t testing.TB) string {
	name := strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, t.Name()))
	return fmt.Sprintf("sqlaudit_%d_%d_%s", os.Getpid(), scratches.Add(1), name[:min(len(name), 30)])
}

func postgresSource(t testing.TB, params Params) string {
	source, schema := DSN(t, "SQLAUDIT_TEST_POSTGRES"), scratch(t)
	admin, err := sql.Open("pgx", source)
	require.NoError(t, err)
	Exec(t, admin, "DROP SCHEMA IF EXISTS "+schema+" CASCADE") // of a run that was cut short
	Exec(t, admin, "CREATE SCHEMA "+schema)
	t.Cleanup(func() {
		Exec(t, admin, "DROP SCHEMA "+schema+" CASCADE")
		require.NoError(t, admin.Close())
	})
	sep := "?"
	if strings.Contains(source, "?") {
		sep = "&"
	}
	source += sep + "search_path=" + schema
	for k, v := range params {
		source += "&" + k + "=" + url.PathEscape(v)
	}
	return source
}

func mysqlSource(t testing.TB, params Params) string {
	source, name := DSN(t, "SQLAUDIT_TEST_MYSQL"), scratch(t)
	admin, err := sql.Open("mysql", source)
	require.NoError(t, err)
	Exec(t, admin, "DROP DATABASE IF EXISTS "+name) // of a run that was cut short
	Exec(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		Exec(t, admin, "DROP DATABASE "+name)
		require.NoError(t, admin.Close())
	})
	cfg, err := mysql.ParseDSN(source)
	require.NoError(t, err)
	cfg.DBName, cfg.ParseTime, cfg.Params = name, true, params
	return cfg.FormatDSN()
}

// Exec runs a statement that must succeed.
func Exec(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.Exec(query, args...)
	require.NoError(t, err, query)
}
