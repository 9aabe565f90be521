package auditlog

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
)

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
