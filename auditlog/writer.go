package auditlog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
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

const (
	firstNullable   = 3 // in rowColumns
	firstJSONColumn = 8
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
const few = 8

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
	insert string // the insert of any rows, where it is one, as on PostgreSQL
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
	if dialectName == dialect.Postgres {
		w.insert = insertPostgres(w.head)
	}
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

// insertPostgres returns the insert of rows that are arrays. It reads clock_timestamp() once, as the statement runs: it starts after the rows were locked.
// Its text is the same for any entries, so that a connection that keeps plans has one for it.
func insertPostgres(head string) string {
	var b strings.Builder
	b.WriteString("WITH c AS MATERIALIZED (SELECT ts, lpad(to_hex(floor(extract(epoch FROM ts) * 4096000)::bigint), 15, '0') AS h FROM (SELECT clock_timestamp() AS ts) t) ")
	b.WriteString(head)
	b.WriteString("SELECT (left(c.h, 12) || '7' || right(c.h, 3) || to_hex($2::bigint + v.n - 1))::uuid, $1::uuid, c.ts")
	for i := range rowColumns {
		fmt.Fprintf(&b, ", v.c%d", i)
		if i >= firstJSONColumn {
			b.WriteString("::jsonb")
		}
	}
	b.WriteString(" FROM c, unnest(")
	for i := range rowColumns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+3) + "::text[]")
	}
	b.WriteString(") WITH ORDINALITY AS v (")
	for i := range rowColumns {
		fmt.Fprintf(&b, "c%d, ", i)
	}
	b.WriteString("n)")
	return b.String()
}

func (w *Writer) writePostgres(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, rows []row) error {
	args := make([]any, 0, 2+len(rowColumns))
	args = append(args, txID.String(), int64(newTail())) //nolint:gosec // its bits
	for i := range rowColumns {
		args = append(args, array(rows, i))
	}
	return ex.Exec(ctx, w.insert, args, nil)
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

// insertMySQL returns the insert of rows of a table expression, or of parameters in the columns that are the same in all of them. It takes UTC_TIMESTAMP(6),
// the time at which this statement began. It began after the one that locked the rows, and unlike SYSDATE(6) it has no zone and no repeated hour. The driver
// writes and reads times in the zone of its DSN, so the time is given as the difference to one that goes through the driver.
func insertMySQL(head, rows string, same [len(row{})]bool) string {
	const (
		clock = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS us"
		parts = "SELECT us, LPAD(LOWER(HEX(us * 512 DIV 125)), 15, '0') AS hex FROM (" + clock + ") AS clock"
		ids   = "SELECT CONCAT(LEFT(hex, 8), '-', SUBSTR(hex, 9, 4), '-7', RIGHT(hex, 3), '-') AS head, CAST(? AS DATETIME(6)) + INTERVAL (us - ?) MICROSECOND AS at FROM (" + parts + ") AS parts"
	)
	var b strings.Builder
	b.WriteString(head + "SELECT CONCAT(ids.head, v.tail), ?, ids.at")
	for i := range rowColumns {
		if same[i] {
			b.WriteString(", ?")
		} else {
			fmt.Fprintf(&b, ", v.c%d", i)
		}
	}
	b.WriteString(" FROM (" + ids + ") AS ids, " + rows + " AS v")
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

// parameters returns the table expression of so many rows that are parameters.
var parameters = func() (list [few + 1]string) {
	first := "(SELECT ? AS tail"
	for i := range rowColumns {
		first += fmt.Sprintf(", ? AS c%d", i)
	}
	next := " UNION ALL SELECT ?" + strings.Repeat(", ?", len(rowColumns))
	for n := 1; n <= few; n++ {
		list[n] = first + strings.Repeat(next, n-1) + ")"
	}
	return list
}()

// writeMySQL writes many rows as one JSON document, in which text that is not UTF-8 would become another.
func (w *Writer) writeMySQL(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, rows []row) error {
	for i := range rows {
		for c, text := range rows[i] {
			if !utf8.ValidString(text) {
				return fmt.Errorf("%s is not UTF-8: %q", rowColumns[c], text)
			}
		}
	}
	now, tail := time.Now(), newTail()
	var (
		args  = []any{txID.String()}
		clock = []any{now.Truncate(time.Microsecond), now.UnixMicro()}
		same  [len(row{})]bool
	)
	if len(rows) <= few {
		args = append(slices.Grow(args, 2+len(rows)*(1+len(rowColumns))), clock...)
		for i := range rows {
			args = append(args, string(appendTail(nil, tail+uint64(i)))) //nolint:gosec // i is an index
			for c := range rowColumns {
				args = append(args, rows[i].value(c))
			}
		}
		return ex.Exec(ctx, insertMySQL(w.head, parameters[len(rows)], same), args, nil)
	}
	for c := range rowColumns {
		same[c] = true
		for i := range rows {
			same[c] = same[c] && rows[i][c] == rows[0][c]
		}
		if same[c] {
			args = append(args, rows[0].value(c))
		}
	}
	args = append(append(args, clock...), jsonRows(rows, tail, same))
	return ex.Exec(ctx, insertMySQL(w.head, jsonTable(same), same), args, nil)
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
