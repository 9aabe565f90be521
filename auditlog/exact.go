package auditlog

import (
	"slices"
	"strings"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/schema/field"
)

// MySQL and MariaDB compare text as if the shorter were filled up with spaces ("PAD SPACE"): "a" and "a " are equal, under a unique index too. The log has both, of entities
// one after the other, and tells them apart: beside each comparison, which an index serves, stands one of what follows the text.

// TextIn returns the condition that a column of the log has one of the given texts, to the last space. It is NULL where the column is.
func TextIn(s *sql.Selector, column string, texts ...string) *sql.Predicate {
	c, args := s.C(column), make([]any, len(texts))
	for i, t := range texts {
		args[i] = t
	}
	in := sql.In(c, args...)
	if s.Dialect() != dialect.MySQL || len(texts) == 0 {
		return in
	}
	return sql.And(in, sql.P(func(b *sql.Builder) {
		if !slices.ContainsFunc(texts, padding) {
			b.Ident(c).WriteString(" NOT LIKE '% '")
			return
		}
		b.WriteString("CAST(").Ident(c).WriteString(" AS BINARY) IN (").Args(args...).WriteByte(')')
	}))
}

// Digits has what s reads be all there: MySQL and MariaDB give a FLOAT six digits in a statement that has no arguments.
func Digits(s *sql.Selector) {
	if s.Dialect() == dialect.MySQL {
		s.Where(sql.P(func(b *sql.Builder) { b.Arg(1).WriteString(" = 1") }))
	}
}

// padding reports whether a text ends in a space.
func padding(text string) bool { return strings.HasSuffix(text, " ") }

// padded reports whether the database may take the texts of two entities for one.
func (i Identity) padded(dialectName string) bool {
	return dialectName == dialect.MySQL && slices.ContainsFunc(i.Columns, func(c IdentityColumn) bool { return c.Type == field.TypeString || c.Type == field.TypeEnum })
}

// Exactly restricts entities that are equal to the one that the log names by text to that one.
func (i Identity) Exactly(text string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if i.padded(s.Dialect()) {
			own := length(i.text(s))
			s.Where(sql.P(func(b *sql.Builder) { b.Join(own).WriteOp(sql.OpEQ).Arg(utf8.RuneCountInString(text)) }))
		}
	}
}

// same returns the condition that two texts are the same. One of them, at least, names an entity.
func (i Identity) same(x, y sql.Querier, dialectName string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.Join(x).WriteOp(sql.OpEQ).Join(y)
		if i.padded(dialectName) {
			b.WriteString(" AND ").Join(length(x)).WriteOp(sql.OpEQ).Join(length(y))
		}
	})
}

// among returns the condition that a text is one of those that inner selects by expr, under a name. One or the other name entities.
func (i Identity) among(text sql.Querier, inner *sql.Selector, name string, expr sql.Querier) *sql.Predicate {
	padded := i.padded(inner.Dialect())
	inner.Select().AppendSelectExprAs(expr, name)
	columns := []string{name}
	if padded {
		columns = append(columns, "length")
		inner.AppendSelectExprAs(length(expr), "length")
	}
	view := inner.As("t0") // MySQL and MariaDB refuse LIMIT in a subquery of IN
	texts := sql.Dialect(inner.Dialect()).Select(view.Columns(columns...)...).From(view)
	return sql.P(func(b *sql.Builder) {
		if padded {
			b.WriteByte('(').Join(text).WriteString(", ").Join(length(text)).WriteByte(')')
		} else {
			b.Join(text)
		}
		b.WriteOp(sql.OpIn).Wrap(func(b *sql.Builder) { b.Join(texts) })
	})
}

// length returns the number of a text's characters, to the last space.
func length(text sql.Querier) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) { b.WriteString("CHAR_LENGTH(").Join(text).WriteByte(')') })
}

// identifier returns a column that is already qualified.
func identifier(column string) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) { b.Ident(column) })
}
