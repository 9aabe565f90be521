package parity

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A backend is a database to run on.
type backend struct {
	name    string
	dialect string
	open    testdb.Database
	// called selects the database's name, which may show in errors.
	called string
	// tables selects the names of the tables.
	tables string
	// counters selects what the next ids of tables depend on, by table.
	counters string
	// empty empties the tables, and starts their ids anew.
	empty func(t testing.TB, conn *sql.Conn, tables []string)
}

var backends = []backend{
	{
		"sqlite", dialect.SQLite, testdb.SQLite, "SELECT ''",
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
		"SELECT name, seq FROM sqlite_sequence", emptySQLite,
	},
	{
		"postgres", dialect.Postgres, testdb.Postgres, "SELECT current_schema()",
		"SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()",
		"SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = current_schema() AND last_value IS NOT NULL", emptyPostgres,
	},
	{
		"mariadb", dialect.MySQL, testdb.MariaDB, "SELECT DATABASE()",
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
		"SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1", emptyMySQL,
	},
}

// database opens an empty database, and returns its name.
func (b backend) database(t testing.TB) (*sql.DB, string) {
	t.Helper()
	db := b.open.Open(t, nil)
	var name string
	require.NoError(t, db.QueryRow(b.called).Scan(&name))
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
