package auditlog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
)

// few is how many rows go to MySQL and MariaDB as parameters, which is faster for these.
const few = 16

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
