package auditlog

import (
	"bytes"
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

const firstJSONColumn = 8 // in rowColumns

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
	schema  string
}

// NewWriter returns a writer for a table, in the given database schema or, if that is empty, the connection's
// own. With a dialect other than ent's MySQL, Postgres and SQLite every write fails.
func NewWriter(dialectName, schema, table string) *Writer {
	return &Writer{dialect: dialectName, table: table, schema: schema}
}

// Table returns the name of the log's table.
func (w *Writer) Table() string { return w.table }

// LockStatement returns a statement that changes nothing and takes SQLite's write lock, or "" for databases that lock
// rows. A transaction that first reads and then writes fails with SQLITE_BUSY where one that first writes waits.
func (w *Writer) LockStatement() string {
	if w.dialect != dialect.SQLite {
		return ""
	}
	return fmt.Sprintf("DELETE FROM %s WHERE 0", w.ident())
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
	for len(entries) > 0 {
		rows := make([][]any, 0, min(len(entries), maxRows))
		size := 0
		for _, e := range entries[:cap(rows)] {
			row, n, err := e.args()
			if err != nil {
				return Failed("write entries", err)
			}
			if size += n; size > maxBytes && len(rows) > 0 {
				break
			}
			rows = append(rows, row)
		}
		if err := w.insert(ctx, ex, txID, rows); err != nil {
			return Failed("write entries", err)
		}
		entries = entries[len(rows):]
	}
	return nil
}

// args returns the values of rowColumns and their size in bytes. JSON goes as text, which every driver passes
// on unchanged.
func (e *Entry) args() ([]any, int, error) {
	size := 0
	text := func(s string) any {
		if s == "" {
			return nil
		}
		size += len(s)
		return s
	}
	values := func(v Values) (any, error) {
		if v == nil {
			return nil, nil
		}
		b, err := object(v)
		return text(b), err
	}
	before, err := values(e.Before)
	if err != nil {
		return nil, 0, err
	}
	after, err := values(e.After)
	if err != nil {
		return nil, 0, err
	}
	var redacted any
	if len(e.Redacted) > 0 {
		b, err := json.Marshal(e.Redacted)
		if err != nil {
			return nil, 0, err
		}
		redacted = text(string(b))
	}
	s := e.Stamp
	return []any{
		e.Action, e.ResourceType, e.ResourceID,
		text(s.ActorID), text(s.ActorType), text(s.ActorName), text(s.ImpersonatorID), text(s.Reason),
		text(string(s.Metadata)), before, after, redacted,
	}, size, nil
}

// object returns what json.Marshal makes of values, which are valid and compact.
func object(v Values) (string, error) {
	n := 2
	for name, raw := range v {
		if raw == nil || bytes.ContainsAny(raw, "<>&\u2028\u2029") {
			b, err := json.Marshal(v)
			return string(b), err
		}
		n += len(name) + len(raw) + len(`"":,`)
	}
	var b strings.Builder
	b.Grow(n)
	b.WriteByte('{')
	var room [16]string // which most types' names fit into
	names := room[:0]
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		if simple(name) {
			b.WriteByte('"')
			b.WriteString(name)
			b.WriteByte('"')
		} else {
			key, err := quoted(name)
			if err != nil {
				return "", err
			}
			b.Write(key)
		}
		b.WriteByte(':')
		b.Write(v[name])
	}
	b.WriteByte('}')
	return b.String(), nil
}

func (w *Writer) ident() string {
	name := sql.Builder{}
	name.SetDialect(w.dialect)
	if w.schema != "" {
		name.Ident(w.schema).WriteByte('.')
	}
	name.Ident(w.table)
	return name.String()
}

func (w *Writer) insert(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, rows [][]any) error {
	var (
		query string
		args  []any
		err   error
	)
	switch w.dialect {
	case dialect.Postgres:
		query, args = w.insertPostgres(txID, rows)
	case dialect.MySQL:
		query, args, err = w.insertMySQL(txID, rows)
	default:
		return w.writeSQLite(ctx, ex, txID, rows)
	}
	if err != nil {
		return err
	}
	return ex.Exec(ctx, query, args, nil)
}

// head returns the insert up to its rows.
func (w *Writer) head() string {
	var b strings.Builder
	b.WriteString("INSERT INTO " + w.ident() + " (")
	for i, c := range append([]string{ColumnID, ColumnTxID, ColumnOccurredAt}, rowColumns...) {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(w.quoted(c))
	}
	b.WriteString(") ")
	return b.String()
}

// newest returns the time of the newest entry.
func (w *Writer) newest(ctx context.Context, ex dialect.ExecQuerier) (time.Time, error) {
	rows := &sql.Rows{}
	if err := ex.Query(ctx, "SELECT MAX("+w.quoted(ColumnID)+") FROM "+w.ident(), []any{}, rows); err != nil {
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

func (w *Writer) quoted(name string) string {
	b := sql.Builder{}
	b.SetDialect(w.dialect)
	return b.Ident(name).String()
}

// insertPostgres reads clock_timestamp() once, as the statement runs: it starts after the rows were locked. Its text is the same for any entries, so that
// a connection that keeps plans has one for it.
func (w *Writer) insertPostgres(txID uuid.UUID, rows [][]any) (string, []any) {
	var b strings.Builder
	args := []any{txID.String(), int64(newTail())} //nolint:gosec // its bits
	b.WriteString("WITH c AS MATERIALIZED (SELECT ts, lpad(to_hex(floor(extract(epoch FROM ts) * 4096000)::bigint), 15, '0') AS h FROM (SELECT clock_timestamp() AS ts) t) ")
	b.WriteString(w.head())
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
		args = append(args, array(rows, i))
		b.WriteString("$" + strconv.Itoa(len(args)) + "::text[]")
	}
	b.WriteString(") WITH ORDINALITY AS v (")
	for i := range rowColumns {
		fmt.Fprintf(&b, "c%d, ", i)
	}
	b.WriteString("n)")
	return b.String(), args
}

// array returns a column of the rows as the text of an array of PostgreSQL's, which any driver passes on.
func array(rows [][]any, column int) string {
	b := []byte{'{'}
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		text, ok := row[column].(string)
		if !ok {
			b = append(b, "NULL"...)
			continue
		}
		b = append(b, '"')
		for _, c := range []byte(text) {
			if c == '"' || c == '\\' {
				b = append(b, '\\')
			}
			b = append(b, c)
		}
		b = append(b, '"')
	}
	return string(append(b, '}'))
}

// insertMySQL takes UTC_TIMESTAMP(6), the time at which this statement began. It began after the one that locked
// the rows, and unlike SYSDATE(6) it has no zone and no repeated hour. The driver writes and reads times in the
// zone of its DSN, so the time is given as the difference to one that goes through the driver. Many rows go as one JSON document, in which text that is not
// UTF-8 would become another.
func (w *Writer) insertMySQL(txID uuid.UUID, rows [][]any) (string, []any, error) {
	var b strings.Builder
	const (
		clock = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS us"
		parts = "SELECT us, LPAD(LOWER(HEX(us * 512 DIV 125)), 15, '0') AS hex FROM (" + clock + ") AS clock"
		ids   = "SELECT CONCAT(LEFT(hex, 8), '-', SUBSTR(hex, 9, 4), '-7', RIGHT(hex, 3), '-') AS head, CAST(? AS DATETIME(6)) + INTERVAL (us - ?) MICROSECOND AS at FROM (" + parts + ") AS parts"
	)
	tail := newTail()
	list := make([][]any, len(rows))
	for r, row := range rows {
		for i, v := range row {
			if text, ok := v.(string); ok && !utf8.ValidString(text) {
				return "", nil, fmt.Errorf("%s is not UTF-8: %q", rowColumns[i], text)
			}
		}
		t := fmt.Sprintf("%x", tail+uint64(r)) //nolint:gosec // r is an index
		list[r] = append([]any{t[:4] + "-" + t[4:]}, row...)
	}
	now := time.Now()
	args := []any{txID.String(), now.Truncate(time.Microsecond), now.UnixMicro()}
	b.WriteString(w.head())
	b.WriteString("SELECT CONCAT(ids.head, v.tail), ?, ids.at")
	for i := range rowColumns {
		fmt.Fprintf(&b, ", v.c%d", i)
	}
	b.WriteString(" FROM (" + ids + ") AS ids, ")
	if len(rows) <= few {
		b.WriteString("(SELECT ? AS tail")
		for i := range rowColumns {
			fmt.Fprintf(&b, ", ? AS c%d", i)
		}
		b.WriteString(strings.Repeat(" UNION ALL SELECT ?"+strings.Repeat(", ?", len(rowColumns)), len(rows)-1))
		b.WriteString(") AS v")
		return b.String(), append(args, slices.Concat(list...)...), nil
	}
	document, err := json.Marshal(list)
	if err != nil {
		return "", nil, err
	}
	b.WriteString("JSON_TABLE(?, '$[*]' COLUMNS (tail CHAR(17) CHARACTER SET utf8mb4 PATH '$[0]'")
	for i := range rowColumns {
		fmt.Fprintf(&b, ", c%d LONGTEXT CHARACTER SET utf8mb4 PATH '$[%d]' ERROR ON ERROR", i, i+1)
	}
	b.WriteString(")) AS v")
	return b.String(), append(args, string(document)), nil
}

// writeSQLite takes the process's clock, SQLite's own having milliseconds only, unless the newest entry is not older: clocks of
// processes differ, and step back. The transaction holds the write lock, so no other can come between.
func (w *Writer) writeSQLite(ctx context.Context, ex dialect.ExecQuerier, txID uuid.UUID, rows [][]any) error {
	newest, err := w.newest(ctx, ex)
	if err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	if !now.After(newest) {
		now = newest.Add(time.Microsecond)
	}
	var b strings.Builder
	ticks := ticks(now)
	args := []any{txID, now}
	b.WriteString(w.head() + "VALUES ")
	tail := newTail()
	last := make([]int, len(rowColumns)) // the parameter of the row before, which is often the same
	for r, row := range rows {
		if r > 0 {
			b.WriteString(", ")
		}
		args = append(args, entryID(ticks, tail+uint64(r))) //nolint:gosec // r is an index
		b.WriteString("(?" + strconv.Itoa(len(args)) + ", ?1, ?2")
		for i, v := range row {
			switch {
			case v == nil:
				b.WriteString(", NULL")
				continue
			case last[i] == 0 || args[last[i]-1] != v:
				args = append(args, v)
				last[i] = len(args)
			}
			b.WriteString(", ?" + strconv.Itoa(last[i]))
		}
		b.WriteByte(')')
	}
	return ex.Exec(ctx, b.String(), args, nil)
}
