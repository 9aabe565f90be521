package hook

import (
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// A modifier adds to ent's update what it likes, after the rows were read that the update is narrowed to. It may leave some of them out, and not let others in.

// modified has an update remember the condition that its modifiers add to.
func (o *operation) modified(spec *sqlgraph.UpdateSpec) {
	if len(spec.Modifiers) == 0 {
		return
	}
	own := spec.Modifiers
	spec.Modifiers = []func(*sql.UpdateBuilder){func(u *sql.UpdateBuilder) {
		query, _ := u.Query()
		if at := clause(o.base.Dialect(), query, 0, " WHERE "); at >= 0 {
			o.unmodified = o.withoutNumbers(query[at+len(" WHERE "):])
		}
		for _, m := range own {
			m(u)
		}
		if u.Empty() { // the next statement is not of these rows
			o.unmodified = ""
		}
	}}
}

// keepsCondition fails if an update of ent's may change a row which the condition does not let in that its modifiers were given.
func (o *operation) keepsCondition(query string) error {
	name, typ := o.base.Dialect(), o.target.Type.Name
	at := clause(name, query, 0, " WHERE ")
	if at < 0 {
		if complete(name, query) {
			return nil
		}
		return fmt.Errorf("sqlaudit: a comment in what fields of %s are set to takes the condition of the update with it: remove it", typ)
	}
	unmodified := o.unmodified
	o.unmodified = "" // what follows is of edges
	if unmodified == "" {
		return nil
	}
	// ent puts a condition into parentheses to which it adds another.
	added, ok := strings.CutPrefix(strings.TrimLeft(o.withoutNumbers(query[at+len(" WHERE "):]), "("), strings.TrimLeft(unmodified, "("))
	if !ok || occurrences(name, query, "WHERE") != 1 {
		return fmt.Errorf("sqlaudit: what fields of %s are set to has a condition of its own in the place of the update's: remove it, or add it by the modifier's Where", typ)
	}
	if joinsByOr(name, added) {
		return fmt.Errorf("sqlaudit: a condition that a modifier adds to an update of %s has an OR that lets in what ent's own does not: put it in parentheses, or use sql.Or", typ)
	}
	return nil
}

// joinsByOr reports whether what follows a condition, which may stand in parentheses that end there, is joined to it by an OR.
func joinsByOr(dialectName, rest string) bool {
	ors := []string{"OR"}
	if dialectName == dialect.MySQL {
		ors = append(ors, "XOR", "||")
	}
	outside := 0
	for s := newScanner(dialectName, rest); s.next(); {
		if outside = min(outside, s.depth); s.depth == outside && slices.ContainsFunc(ors, s.word) {
			return true
		}
	}
	return false
}

// withoutNumbers returns text of a statement with its parameters as they stand where they are not numbered: by a modifier they may get other numbers.
func (o *operation) withoutNumbers(text string) string {
	if o.base.Dialect() != dialect.Postgres {
		return text
	}
	var b strings.Builder
	from := 0
	for s := newScanner(dialect.Postgres, text); s.next(); {
		if s.parameter() {
			b.WriteString(text[from:s.at] + "$")
			from = s.at + 1 + len(text[s.at+1:]) - len(strings.TrimLeft(text[s.at+1:], "0123456789"))
		}
	}
	return b.String() + text[from:]
}
