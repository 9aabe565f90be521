package auditlog

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// PostgreSQL can put values into the form that codec.go describes by itself, where ent reads the column as one of database/sql's types, or
// as a UUID, and the column has the type that ent gives to such a field. Other fields are encoded by Go code, which SQL cannot stand in for. So are
// floats: PostgreSQL and Go write some of 2^52 and more with other digits, though both read either as the same number.

// A Form is how PostgreSQL makes a column's form in the log.
type Form struct {
	value string // an expression of %[1]s, the column, of which to_jsonb makes the form
	text  string // of what tells two values apart
}

// Value returns an expression of a column of which PostgreSQL's functions for JSON make the form.
func (f Form) Value(column string) string { return fmt.Sprintf(f.value, column) }

// Differs returns the condition that two values differ, in the bytes of their forms.
func (f Form) Differs(was, is string) string {
	return fmt.Sprintf(f.text, was) + " IS DISTINCT FROM " + fmt.Sprintf(f.text, is)
}

// postgresForm returns the form of a column that ent scans into dest, and that has the given type of PostgreSQL's, if there is one.
func postgresForm(f *Field, dest any, pgType string) (Form, bool) {
	if f.codec != nil {
		return Form{}, false
	}
	if s, ok := dest.(*entsql.NullScanner); ok {
		dest = s.S
	}
	form := Form{text: "%[1]s"}
	switch dest.(type) {
	case *sql.NullString:
		form.value, form.text = "%[1]s::text", `%[1]s::text COLLATE "C"`
		return form, pgType == "text" || pgType == "character varying"
	case *sql.NullInt64:
		form.value = "%[1]s"
		return form, pgType == "bigint" || pgType == "integer" || pgType == "smallint"
	case *sql.NullBool:
		form.value = "%[1]s"
		return form, pgType == "boolean"
	case *sql.NullTime:
		form.value = `CASE WHEN %[1]s >= '0001-01-01 00:00:00Z' AND %[1]s < '10000-01-01 00:00:00Z'` +
			` THEN rtrim(rtrim(to_char(%[1]s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '0'), '.') || 'Z'` +
			` WHEN %[1]s IS NOT NULL THEN ('sqlaudit: JSON cannot say the time ' || %[1]s::text)::int::text END`
		return form, pgType == "timestamp with time zone"
	case *uuid.UUID:
		form.value = "%[1]s::text"
		return form, pgType == "uuid"
	case *[]byte:
		if !f.JSON {
			form.value = `translate(encode(%[1]s, 'base64'), E'\n', '')`
			return form, pgType == "bytea"
		}
		form.value = `CASE WHEN %[1]s = 'null' OR jsonb_typeof(%[1]s) = 'object' AND %[1]s <> '{}'` +
			` AND ('{}' = %[1]s - '` + tagJSON + `' OR '{}' = %[1]s - '` + tagBytes + `' OR '{}' = %[1]s - '` + tagCodec + `')` +
			` THEN jsonb_build_object('` + tagJSON + `', %[1]s) ELSE %[1]s END`
		form.text = "%[1]s::text"
		return form, pgType == "jsonb"
	}
	return form, false
}

// There reports whether PostgreSQL can make the form.
func (f Form) There() bool { return f.value != "" }

// PostgresForms returns the forms of the recorded fields, in their order, of columns with the given types, and that of what names an entity in the log. It
// reports false where PostgreSQL cannot make entries about t at all.
func (t *Type) PostgresForms(types map[string]string) (forms []Form, id Form, ok bool) {
	if !t.Tracked() || len(t.ends) > 0 || len(t.Key) != 1 || len(t.Identity.Columns) != 1 {
		return nil, id, false
	}
	columns := t.Columns()
	values, err := t.ScanValues(columns)
	if err != nil {
		return nil, id, false
	}
	dest := make(map[string]any, len(columns))
	for i, c := range columns {
		dest[c] = values[i]
	}
	for _, f := range t.Fields {
		form, ok := postgresForm(f, dest[f.Column], types[f.Column])
		if !ok {
			form = Form{}
		}
		forms = append(forms, form)
	}
	c := t.Identity.Columns[0].Name
	id, ok = postgresForm(&Field{Column: c}, dest[c], types[c])
	switch dest[c].(type) {
	case *sql.NullString, *sql.NullInt64, *uuid.UUID:
		id.value = "%[1]s::text"
	default:
		return nil, id, false
	}
	return forms, id, ok
}

// A Selection is entries that PostgreSQL itself makes, one of each row of a table expression.
type Selection struct {
	From, Where, Order string // Where and Order may be empty
	One                bool   // there is at most one row
	// The expressions of the entries' values over the rows of From, called s. Before, After and Redacted may be empty.
	Action, ResourceID, Before, After, Redacted string
}

// A Shape is which values of a Stamp are not empty.
type Shape uint8

// Shape returns that of s.
func (s *Stamp) Shape() Shape {
	var shape Shape
	for i, v := range s.texts() {
		if v != "" {
			shape |= 1 << i
		}
	}
	return shape
}

// Insertion returns a statement that writes the entries of a selection, as Write does, with stamps of a shape. The numbers of its arguments, which
// InsertionArgs gives, begin after the given one. The clock is read as rows come from From: after they were locked.
func (w *Writer) Insertion(s Selection, shape Shape, after int) string {
	arg := func(as string) string {
		after++
		return "$" + strconv.Itoa(after) + "::" + as
	}
	or := func(expr string) string {
		if expr == "" {
			return "NULL"
		}
		return expr
	}
	var b strings.Builder
	b.WriteString(w.head)
	const ticks = "((date_part('epoch', s.ts) * 1000000)::bigint * 512 / 125)"
	b.WriteString("SELECT ('0' || to_hex((" + ticks + " >> 12 << 16) | 28672 | (" + ticks + " & 4095)) || to_hex(" + arg("bigint") + " + s.n))::uuid, ")
	b.WriteString(arg("uuid") + ", s.ts, " + s.Action + ", " + arg("text") + ", " + s.ResourceID)
	for i, as := range []string{"text", "text", "text", "text", "text", "jsonb"} {
		if shape&(1<<i) == 0 {
			b.WriteString(", NULL")
		} else {
			b.WriteString(", " + arg(as))
		}
	}
	b.WriteString(", " + or(s.Before) + ", " + or(s.After) + ", " + or(s.Redacted))
	number := "row_number() OVER ()"
	switch {
	case s.One:
		number = "1"
	case s.Order != "":
		number = "row_number() OVER (ORDER BY " + s.Order + ")"
	}
	b.WriteString(" FROM (SELECT clock_timestamp() AS ts, " + number + " AS n, s.* FROM " + s.From + " AS s")
	if s.Where != "" {
		b.WriteString(" WHERE " + s.Where)
	}
	b.WriteString(") AS s")
	return b.String()
}

// InsertionArgs appends the arguments of an Insertion.
func InsertionArgs(args []any, t *Type, txID uuid.UUID, stamp *Stamp) []any {
	args = append(args, int64(newTail()), txID.String(), t.Label) //nolint:gosec // its bits
	for _, v := range stamp.texts() {
		if v != "" {
			args = append(args, v)
		}
	}
	return args
}
