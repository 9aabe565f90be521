package auditlog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

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

// few is how many rows go to MySQL and MariaDB as parameters, which is faster for these.
const few = 16

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

// insertPostgres returns the insert of rows that are arrays, or of parameters in the columns that are the same in all of them. It reads clock_timestamp() once, as
// the statement runs: it starts after the rows were locked. Its text is the same for any number of entries, so that a connection that keeps plans has few.
func insertPostgres(head string, same [len(row{})]bool) string {
	var b strings.Builder
	b.WriteString("WITH c AS MATERIALIZED (SELECT ts, lpad(to_hex(floor(extract(epoch FROM ts) * 4096000)::bigint), 15, '0') AS h FROM (SELECT clock_timestamp() AS ts) t) ")
	b.WriteString(head)
	b.WriteString("SELECT (left(c.h, 12) || '7' || right(c.h, 3) || to_hex($2::bigint + v.n - 1))::uuid, $1::uuid, c.ts")
	var arrays, names strings.Builder
	for i := range rowColumns {
		if same[i] {
			fmt.Fprintf(&b, ", $%d::text", i+3)
		} else {
			fmt.Fprintf(&b, ", v.c%d", i)
			fmt.Fprintf(&arrays, ", $%d::text[]", i+3)
			fmt.Fprintf(&names, "c%d, ", i)
		}
		if i >= firstJSONColumn {
			b.WriteString("::jsonb")
		}
	}
	if arrays.Len() == 0 {
		b.WriteString(" FROM c, (SELECT 1 AS n) AS v")
	} else {
		b.WriteString(" FROM c, unnest(" + arrays.String()[2:] + ") WITH ORDINALITY AS v (" + names.String() + "n)")
	}
	return b.String()
}

// postgres returns what insertPostgres does, which is kept.
func (w *Writer) postgres(same [len(row{})]bool) string {
	if text, ok := w.inserts.Load(same); ok {
		return text.(string)
	}
	text := insertPostgres(w.head, same)
	w.inserts.Store(same, text)
	return text
}

func (w *Writer) writePostgres(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, rows []row) error {
	args := make([]any, 0, 2+len(rowColumns))
	args = append(args, txID.String(), int64(newTail())) //nolint:gosec // its bits
	same := sameColumns(rows)
	for i := range rowColumns {
		switch i {
		case resourceID, before, after: // which two entries share by chance: each such text would be planned anew
			same[i] = len(rows) == 1 || same[i] && rows[0].null(i)
		}
		if same[i] {
			args = append(args, rows[0].value(i))
		} else {
			args = append(args, array(rows, i))
		}
	}
	return ex.Exec(ctx, w.postgres(same), args, nil)
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

// array returns a column of the rows as the text of an array of PostgreSQL's, which any driver passes on.
func array(rows []row, column int) string {
	size := 2
	for i := range rows {
		size += len(rows[i][column]) + len(rows[i][column])/8 + 5
	}
	b := append(make([]byte, 0, size), '{')
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		if rows[i].null(column) {
			b = append(b, "NULL"...)
			continue
		}
		b = append(b, '"')
		text := rows[i][column]
		for j := range len(text) {
			if c := text[j]; c == '"' || c == '\\' {
				b = append(b, '\\')
			}
			b = append(b, text[j])
		}
		b = append(b, '"')
	}
	return string(append(b, '}'))
}

// MariaDB's and MySQL's clock, in microseconds. UTC_TIMESTAMP(6) is the time at which the statement began. It began after the one that locked the rows, and unlike
// SYSDATE(6) it has no zone and no repeated hour.
const clockMySQL = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))"

// idMySQL returns an expression of an entry's id, by expressions of the clock and of what appendTail gives.
func idMySQL(us, tail string) string {
	return "CONCAT(INSERT(INSERT(LPAD(LOWER(HEX(" + us + " * 512 DIV 125)), 15, '0'), 13, 0, '-7'), 9, 0, '-'), '-', " + tail + ")"
}

// atMySQL returns an expression of the clock's time. The driver writes and reads times in the zone of its DSN, so it is given as the difference to one that goes
// through the driver: the first parameter, which the second says in microseconds.
func atMySQL(us string) string {
	return "CAST(? AS DATETIME(6)) + INTERVAL (" + us + " - ?) MICROSECOND"
}

// firstMySQL are the expressions of the first columns of rows that are parameters.
var firstMySQL = idMySQL(clockMySQL, "?") + ", ?, " + atMySQL(clockMySQL)

// insertFewMySQL returns the insert of rows that are parameters.
func insertFewMySQL(head string, rows []row) string {
	var b strings.Builder
	b.Grow(len(head) + len(rows)*(len(firstMySQL)+6*len(rowColumns)) + 16)
	b.WriteString(head + "VALUES ")
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(" + firstMySQL)
		for c := range rowColumns {
			if rows[i].null(c) {
				b.WriteString(", NULL")
			} else {
				b.WriteString(", ?")
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}

// insertManyMySQL returns the insert of rows that are one JSON document, or parameters in the columns that are the same in all of them.
func insertManyMySQL(head string, same [len(row{})]bool) string {
	var b strings.Builder
	b.WriteString(head + "SELECT " + idMySQL("clock.us", "v.tail") + ", ?, clock.at")
	for i := range rowColumns {
		if same[i] {
			b.WriteString(", ?")
		} else {
			fmt.Fprintf(&b, ", v.c%d", i)
		}
	}
	b.WriteString(" FROM (SELECT us, " + atMySQL("us") + " AS at FROM (SELECT " + clockMySQL + " AS us) AS now) AS clock, " + jsonTable(same) + " AS v")
	return b.String()
}

// jsonTable returns the table expression of the columns that are not the same of rows that are one JSON document.
func jsonTable(same [len(row{})]bool) string {
	var b strings.Builder
	b.WriteString("JSON_TABLE(?, '$[*]' COLUMNS (tail CHAR(17) CHARACTER SET utf8mb4 PATH '$[0]'")
	n := 0
	for i := range rowColumns {
		if !same[i] {
			n++
			fmt.Fprintf(&b, ", c%d LONGTEXT CHARACTER SET utf8mb4 PATH '$[%d]' ERROR ON ERROR", i, n)
		}
	}
	b.WriteString("))")
	return b.String()
}

// writeMySQL writes many rows as one JSON document, in which text that is not UTF-8 would become another.
func (w *Writer) writeMySQL(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, rows []row) error {
	for i := range rows {
		for c, text := range rows[i] {
			if !utf8.ValidString(text) {
				return fmt.Errorf("%s is not UTF-8: %q", rowColumns[c], text)
			}
		}
	}
	var (
		now, tail  = time.Now(), newTail()
		tx, at, us = any(txID.String()), any(now.Truncate(time.Microsecond)), any(now.UnixMicro())
		args       []any
	)
	if len(rows) <= few {
		args = make([]any, 0, len(rows)*(4+len(rowColumns)))
		for i := range rows {
			args = append(args, string(appendTail(nil, tail+uint64(i))), tx, at, us) //nolint:gosec // i is an index
			for c := range rowColumns {
				if !rows[i].null(c) {
					args = append(args, rows[i][c])
				}
			}
		}
		return ex.Exec(ctx, insertFewMySQL(w.head, rows), args, nil)
	}
	args = append(args, tx)
	same := sameColumns(rows)
	for c := range rowColumns {
		if same[c] {
			args = append(args, rows[0].value(c))
		}
	}
	args = append(args, at, us, jsonRows(rows, tail, same))
	return ex.Exec(ctx, insertManyMySQL(w.head, same), args, nil)
}

// appendTail appends the last two groups of an id.
func appendTail(b []byte, tail uint64) []byte {
	at := len(b)
	b = append(strconv.AppendUint(b, tail, 16), 0)
	copy(b[at+5:], b[at+4:])
	b[at+4] = '-'
	return b
}

// jsonRows returns rows as a JSON array of arrays, without the columns that are the same.
func jsonRows(rows []row, tail uint64, same [len(row{})]bool) string {
	size := 2
	for i := range rows {
		size += 64
		for _, text := range rows[i] {
			size += len(text) + len(text)/4
		}
	}
	b := append(make([]byte, 0, size), '[')
	for i := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendTail(append(b, `["`...), tail+uint64(i)), '"') //nolint:gosec // i is an index
		for c := range rowColumns {
			if same[c] {
				continue
			}
			b = append(b, ',')
			if rows[i].null(c) {
				b = append(b, null...)
				continue
			}
			b = appendString(b, rows[i][c])
		}
		b = append(b, ']')
	}
	return string(append(b, ']'))
}

// appendString appends a string of valid UTF-8 as JSON that only the database reads: unlike appendQuoted it escapes no more than it must.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// writeSQLite takes the process's clock, SQLite's own having milliseconds only, unless the newest entry is not older: clocks of
// processes differ, and step back. The transaction holds the write lock, so no other can come between.
func (w *Writer) writeSQLite(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, rows []row) error {
	newest, err := w.newestTime(ctx, ex)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	if !now.After(newest) {
		now = newest.Add(time.Microsecond)
	}
	var (
		b     strings.Builder
		ticks = ticks(now)
		tail  = newTail()
		args  = make([]any, 0, 2+6*len(rows))
		last  [len(row{})]int // the parameter of the row before, which is often the same
	)
	b.Grow(len(w.head) + 64*len(rows))
	b.WriteString(w.head + "VALUES ")
	args = append(args, txID.String(), now)
	parameter := func(n int) {
		var room [8]byte
		b.WriteByte('?')
		b.Write(strconv.AppendInt(room[:0], int64(n), 10))
	}
	for i := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		args = append(args, entryID(ticks, tail+uint64(i)).String()) //nolint:gosec // i is an index
		b.WriteByte('(')
		parameter(len(args))
		b.WriteString(", ?1, ?2")
		for c := range rowColumns {
			if rows[i].null(c) {
				b.WriteString(", NULL")
				continue
			}
			if last[c] == 0 || rows[i-1][c] != rows[i][c] {
				args = append(args, rows[i][c])
				last[c] = len(args)
			}
			b.WriteString(", ")
			parameter(last[c])
		}
		b.WriteByte(')')
	}
	return ex.Exec(ctx, b.String(), args, nil)
}

// newestTime returns the time of the newest entry.
func (w *Writer) newestTime(ctx context.Context, ex dialect.ExecQuerier) (time.Time, error) {
	rows := &sql.Rows{}
	if err := ex.Query(ctx, w.newest, []any{}, rows); err != nil {
		return time.Time{}, err
	}
	defer rows.Close()
	var id uuid.NullUUID
	if rows.Next() {
		if err := rows.Scan(&id); err != nil {
			return time.Time{}, err
		}
	}
	return TimeOf(id.UUID), rows.Err()
}
