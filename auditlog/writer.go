package auditlog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// The columns of the log's table.
const (
	ColumnID             = "id"
	ColumnTxID           = "tx_id"
	ColumnOccurredAt     = "occurred_at"
	ColumnAction         = "action"
	ColumnResourceType   = "resource_type"
	ColumnResourceID     = "resource_id"
	ColumnActorID        = "actor_id"
	ColumnActorType      = "actor_type"
	ColumnActorName      = "actor_name"
	ColumnImpersonatorID = "impersonator_id"
	ColumnReason         = "reason"
	ColumnMetadata       = "metadata"
	ColumnBefore         = "old_values"
	ColumnAfter          = "new_values"
	ColumnRedacted       = "redacted"
)

// rowColumns are the columns whose values an entry brings, in the order of args.
var rowColumns = []string{
	ColumnAction, ColumnResourceType, ColumnResourceID,
	ColumnActorID, ColumnActorType, ColumnActorName, ColumnImpersonatorID, ColumnReason,
	ColumnMetadata, ColumnBefore, ColumnAfter, ColumnRedacted,
}

// Where columns are in rowColumns.
const (
	resourceID      = 2
	firstNullable   = 3
	firstJSONColumn = 8
	before, after   = 9, 10
)

// A row is the values of rowColumns, of which those from firstNullable on are NULL where they are empty.
type row [12]string

func (r *row) null(column int) bool { return column >= firstNullable && r[column] == "" }

// value returns a value as a driver takes it.
func (r *row) value(column int) any {
	if r.null(column) {
		return nil
	}
	return r[column]
}

// A statement holds at most maxRows entries, which keeps it under 32,766 parameters, SQLite's limit and the lowest
// of the three databases', and about maxBytes of values, far under MariaDB's default packet of 16 MiB.
const (
	maxRows  = 1000
	maxBytes = 1 << 20
)

// A Writer writes entries to one log table. It is safe for concurrent use.
type Writer struct {
	dialect string
	table   string

	ident  string // the table, as it stands in statements
	head   string // an insert up to its rows
	newest string // the query of the newest entry's id

	inserts sync.Map // on PostgreSQL, by the columns that are the same in all rows
}

// NewWriter returns a writer for a table, in the given database schema or, if that is empty, the connection's
// own. With a dialect other than ent's MySQL, Postgres and SQLite every write fails.
func NewWriter(dialectName, schema, table string) *Writer {
	w := &Writer{dialect: dialectName, table: table, ident: quoted(dialectName, table)}
	if schema != "" {
		w.ident = quoted(dialectName, schema) + "." + w.ident
	}
	columns := slices.Concat([]string{ColumnID, ColumnTxID, ColumnOccurredAt}, rowColumns)
	for i, c := range columns {
		columns[i] = quoted(dialectName, c)
	}
	w.head = "INSERT INTO " + w.ident + " (" + strings.Join(columns, ", ") + ") "
	w.newest = "SELECT MAX(" + columns[0] + ") FROM " + w.ident
	return w
}

// Table returns the name of the log's table.
func (w *Writer) Table() string { return w.table }

// LockStatement returns a statement that changes nothing and takes SQLite's write lock, or "" for databases that lock
// rows. A transaction that first reads and then writes fails with SQLITE_BUSY where one that first writes waits.
func (w *Writer) LockStatement() string {
	if w.dialect != dialect.SQLite {
		return ""
	}
	return "DELETE FROM " + w.ident + " WHERE 0"
}

// Write writes entries in their order, as part of the transaction txID, with as few statements as the
// database's limits allow. Their ids and times come from the database's clock, read here: while the changed rows are locked. Where that steps back
// between two transactions, their entries sort as it said. On SQLite they come from the process's clock, and are newer than
// all that is there. It fails with a *WriteError.
func (w *Writer) Write(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, entries []*Entry) error {
	switch w.dialect {
	case dialect.Postgres, dialect.MySQL, dialect.SQLite:
	default:
		return Failed("write entries", fmt.Errorf("no support for dialect %q", w.dialect))
	}
	rows := make([]row, 0, min(len(entries), maxRows))
	for len(entries) > 0 {
		rows = rows[:0]
		size := 0
		for _, e := range entries[:min(len(entries), maxRows)] {
			r, n, err := e.row()
			if err != nil {
				return Failed("write entries", err)
			}
			if size += n; size > maxBytes && len(rows) > 0 {
				break
			}
			rows = append(rows, r)
		}
		if err := w.write(ctx, ex, txID, rows); err != nil {
			return Failed("write entries", err)
		}
		entries = entries[len(rows):]
	}
	return nil
}

// row returns the values of rowColumns and their size in bytes, but for what an entry always has. JSON goes as text, which every driver passes
// on unchanged.
func (e *Entry) row() (r row, size int, err error) {
	s := &e.Stamp
	r = row{e.Action, e.ResourceType, e.ResourceID, s.ActorID, s.ActorType, s.ActorName, s.ImpersonatorID, s.Reason, string(s.Metadata), e.Before, e.After}
	if len(e.Redacted) > 0 {
		b, err := json.Marshal(e.Redacted)
		if err != nil {
			return r, 0, err
		}
		r[len(r)-1] = string(b)
	}
	for _, v := range r[firstNullable:] {
		size += len(v)
	}
	return r, size, nil
}

func quoted(dialectName, name string) string {
	b := sql.Builder{}
	b.SetDialect(dialectName)
	return b.Ident(name).String()
}

func (w *Writer) write(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, rows []row) error {
	switch w.dialect {
	case dialect.Postgres:
		return w.writePostgres(ctx, ex, txID, rows)
	case dialect.MySQL:
		return w.writeMySQL(ctx, ex, txID, rows)
	default:
		return w.writeSQLite(ctx, ex, txID, rows)
	}
}

// sameColumns returns which columns are the same in all rows.
func sameColumns(rows []row) (same [len(row{})]bool) {
	for c := range same {
		same[c] = true
		for i := range rows {
			same[c] = same[c] && rows[i][c] == rows[0][c]
		}
	}
	return same
}
