package parity

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
	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
)

// A backend is a database to run on.
type backend struct {
	name    string
	dialect string
	// open returns an empty database, and its name.
	open func(t testing.TB, side string) (*sql.DB, string)
	// tables selects the names of the tables.
	tables string
	// counters selects what the next ids of tables depend on, by table.
	counters string
	// empty empties the tables, and starts their ids anew.
	empty func(t testing.TB, conn *sql.Conn, tables []string)
}

var backends = []backend{
	{
		"sqlite", dialect.SQLite, openSQLite,
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
		"SELECT name, seq FROM sqlite_sequence", emptySQLite,
	},
	{
		"postgres", dialect.Postgres, openPostgres,
		"SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
		"SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL", emptyPostgres,
	},
	{
		"mariadb", dialect.MySQL, openMySQL,
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
		"SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1", emptyMySQL,
	},
}

func openSQLite(t testing.TB, side string) (*sql.DB, string) {
	dsn := "file:" + filepath.Join(t.TempDir(), side+".db") + "?_fk=1&_journal_mode=WAL&_synchronous=OFF&_busy_timeout=10000"
	db, err := sql.Open("sqlite3", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db, ""
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
func scratch(side string) string { return fmt.Sprintf("sqlaudit_parity_%d_%s", os.Getpid(), side) }

func openPostgres(t testing.TB, side string) (*sql.DB, string) {
	source, schema := dsn(t, "SQLAUDIT_TEST_POSTGRES"), scratch(side)
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
	return db, schema
}

func openMySQL(t testing.TB, side string) (*sql.DB, string) {
	source, name := dsn(t, "SQLAUDIT_TEST_MYSQL"), scratch(side)
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
	return db, name
}

// An execer is a database or a connection.
type execer interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

func exec(t testing.TB, db execer, query string) {
	t.Helper()
	_, err := db.ExecContext(context.Background(), query)
	require.NoError(t, err, query)
}

func emptySQLite(t testing.TB, conn *sql.Conn, tables []string) {
	exec(t, conn, "PRAGMA foreign_keys = OFF")
	for _, table := range tables {
		exec(t, conn, `DELETE FROM "`+table+`"`)
	}
	exec(t, conn, "DELETE FROM sqlite_sequence")
	exec(t, conn, "PRAGMA foreign_keys = ON")
}

func emptyPostgres(t testing.TB, conn *sql.Conn, tables []string) {
	exec(t, conn, `TRUNCATE "`+strings.Join(tables, `", "`)+`" RESTART IDENTITY CASCADE`)
}

func emptyMySQL(t testing.TB, conn *sql.Conn, tables []string) {
	exec(t, conn, "SET FOREIGN_KEY_CHECKS = 0")
	for _, table := range tables {
		var used bool
		row := conn.QueryRowContext(context.Background(),
			"SELECT COALESCE(auto_increment, 1) > 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?", table)
		require.NoError(t, row.Scan(&used))
		if used { // else DELETE does the same, and faster
			exec(t, conn, "TRUNCATE `"+table+"`")
			continue
		}
		exec(t, conn, "DELETE FROM `"+table+"`")
	}
	exec(t, conn, "SET FOREIGN_KEY_CHECKS = 1")
}

// dump returns what the tables hold and which ids were given out, but for the log's.
func dump(t testing.TB, b backend, db execer, tables []string) []string {
	var lines []string
	for _, table := range tables {
		if table == logTable {
			continue
		}
		quote := `"`
		if b.dialect == dialect.MySQL {
			quote = "`"
		}
		lines = append(lines, rowsOf(t, db, "row of "+table+":", "SELECT * FROM "+quote+table+quote)...)
	}
	return append(lines, rowsOf(t, db, "ids:", b.counters)...)
}

// rowsOf returns the rows of a query, sorted.
func rowsOf(t testing.TB, db execer, prefix, query string) []string {
	rows, err := db.QueryContext(context.Background(), query)
	require.NoError(t, err, query)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var lines []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(t, rows.Scan(values...))
		line := prefix
		for i, v := range values {
			v := *v.(*any)
			if text, ok := v.([]byte); ok {
				v = string(text)
			}
			line += fmt.Sprintf(" %s=%v", columns[i], v)
		}
		lines = append(lines, line)
	}
	require.NoError(t, rows.Err())
	slices.Sort(lines)
	return lines
}
