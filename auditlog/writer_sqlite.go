package auditlog

import (
	"context"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

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
