package history

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A predicate of a type is a function that restricts a selector of its table. To evaluate one over the past, the database is given the values of the past as a
// common table expression of the table's name:
//
//	WITH "customers" ("sqlaudit_row", "plan") AS (… literal rows …) SELECT "customers"."sqlaudit_row" FROM "customers" WHERE <the predicate>
//
// so that the operators, collations and functions are the database's own. That nothing else is read is not left to the database: the text of the predicate is taken
// apart, and each word in it must be one that is known to read no table, a column of the rows, or belong to a subquery that asks whether the
// entity has links by a tracked edge, as ent's Has… writes it. The links are then given in the same way.

// rowColumn numbers the rows.
const rowColumn = "sqlaudit_row"

// A condition is what predicates restrict to. A nil condition restricts to nothing.
type condition struct {
	typ      *auditlog.Type
	selector *sql.Selector
	fields   []string          // the columns that it names
	links    []*auditlog.Edge  // the edges that it asks for links of
	types    map[string]string // what MySQL is to cast the values of columns to
}

// compile returns the condition of predicates, or nil for none. It fails with ErrPredicate.
func (r *reader) compile(ctx context.Context, t *auditlog.Type, preds []func(*sql.Selector)) (*condition, error) {
	if len(preds) == 0 {
		return nil, nil
	}
	refuse := func(format string, args ...any) (*condition, error) {
		return nil, fmt.Errorf("%w: %s of %s", ErrPredicate, fmt.Sprintf(format, args...), t.Name)
	}
	rows := func() *sql.Selector {
		tab := sql.Dialect(r.dialect).Table(t.Table)
		return sql.Dialect(r.dialect).Select(tab.C(rowColumn)).From(tab).WithContext(ctx)
	}
	s := rows()
	for _, p := range preds {
		p(s)
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	c := &condition{typ: t, selector: s}
	bare, _ := rows().Query()
	whole, _ := s.Query()
	if s.P() == nil && whole == bare {
		return nil, nil
	}
	b := &sql.Builder{}
	b.SetDialect(r.dialect)
	if s.P() != nil {
		b.Join(s.P())
	}
	text := b.String()
	if whole != bare+" WHERE "+text {
		return refuse("it does more than restrict the entities (a join, an order, a limit, …)")
	}
	tokens, err := tokenize(r.dialect, text)
	if err != nil {
		return refuse("%v, in a predicate", err)
	}
	if err := c.check(r.dialect, tokens); err != nil {
		return refuse("%v, in a predicate", err)
	}
	return c, nil
}

// columns returns those of the type's columns that the past has: what names the entity, and the tracked fields.
func columns(t *auditlog.Type) []string {
	var out []string
	for _, c := range t.Identity.Columns {
		out = append(out, c.Name)
	}
	for _, f := range t.Fields {
		if !f.Sensitive && !slices.Contains(out, f.Column) {
			out = append(out, f.Column)
		}
	}
	return out
}

// check takes note of what tokens name. It fails for what may not be in them.
func (c *condition) check(dialectName string, tokens []token) error {
	known := columns(c.typ)
	fold := dialectName != dialect.Postgres
	column := func(name string) error {
		for _, k := range known {
			if k == name || fold && strings.EqualFold(k, name) {
				if !slices.Contains(c.fields, k) {
					c.fields = append(c.fields, k)
				}
				return nil
			}
		}
		return fmt.Errorf("it names %q, which is no tracked field", name)
	}
	for i := 0; i < len(tokens); {
		tok := tokens[i]
		if e, n := c.link(tokens, i); n > 0 {
			if !slices.Contains(c.links, e) {
				c.links = append(c.links, e)
			}
			if err := column(c.typ.Key[0]); err != nil {
				return err
			}
			i += n
			continue
		}
		switch tok.kind {
		case quoted:
			if is(tokens, i+1, ".") {
				if tok.text != c.typ.Table || i+2 >= len(tokens) || tokens[i+2].kind != quoted {
					return fmt.Errorf("it names %q, which is another table", tok.text)
				}
				i += 2
				tok = tokens[i]
			}
			if err := column(tok.text); err != nil {
				return err
			}
		case word:
			upper := strings.ToUpper(tok.text)
			called := is(tokens, i+1, "(")
			switch {
			case upper == "EXISTS" || upper == "SELECT" || upper == "TABLE" || upper == "WITH" || upper == "FROM" || upper == "JOIN":
				return fmt.Errorf("it reads another table")
			case operators[upper], types[upper] && typed(tokens, i), called && functions[upper]:
			case called:
				return fmt.Errorf("it calls %s, which may read more than its arguments", tok.text)
			default:
				if err := column(tok.text); err != nil {
					return err
				}
			}
		}
		i++
	}
	return nil
}

// typed reports whether the word at i stands where a type does.
func typed(tokens []token, i int) bool {
	for i > 0 && tokens[i-1].kind == word && types[strings.ToUpper(tokens[i-1].text)] {
		i--
	}
	return is(tokens, i-1, "::") || i > 0 && tokens[i-1].kind == word && strings.EqualFold(tokens[i-1].text, "AS")
}

func is(tokens []token, i int, text string) bool {
	return i >= 0 && i < len(tokens) && tokens[i].kind == other && tokens[i].text == text
}

// link returns the edge of whose links the tokens from i on ask whether there are any, and how many tokens that takes, or 0. Ent writes
//
//	EXISTS (SELECT "pets"."owner_id" FROM "pets" WHERE "users"."id" = "pets"."owner_id")
//	"users"."id" IN (SELECT "group_users"."user_id" FROM "group_users")
//
// and asks for the entity itself, so that the links of the entities at hand are all that matter.
func (c *condition) link(tokens []token, i int) (*auditlog.Edge, int) {
	for _, e := range c.typ.Edges {
		holder := e.HolderType()
		if holder.Table == c.typ.Table || len(c.typ.Key) != 1 {
			continue
		}
		q := func(name string) token { return token{kind: quoted, text: name} }
		w := func(text string) token { return token{kind: word, text: text} }
		o := func(text string) token { return token{kind: other, text: text} }
		own := []token{q(c.typ.Table), o("."), q(c.typ.Key[0])}
		end := []token{q(holder.Table), o("."), q(e.Column)}
		sub := slices.Concat([]token{o("("), w("SELECT")}, end, []token{w("FROM"), q(holder.Table)})
		for _, shape := range [][]token{
			slices.Concat([]token{w("EXISTS")}, sub, []token{w("WHERE")}, own, []token{o("=")}, end, []token{o(")")}),
			slices.Concat(own, []token{w("IN")}, sub, []token{o(")")}),
		} {
			if len(tokens) >= i+len(shape) && slices.EqualFunc(tokens[i:i+len(shape)], shape, token.same) {
				return e, len(shape)
			}
		}
	}
	return nil, 0
}

// alias returns the name of the expression that has the links by an edge: that of their table, or, if the links by another have it, one of its own.
func (c *condition) alias(e *auditlog.Edge) string {
	i, table := slices.Index(c.links, e), e.HolderType().Table
	if slices.ContainsFunc(c.links[:i], func(o *auditlog.Edge) bool { return o.HolderType().Table == table }) {
		return fmt.Sprint("sqlaudit_links_", i)
	}
	return table
}

// query returns the condition's text and arguments, for a statement that has some arguments before. Where it asks for links, it names the expression that has them.
func (c *condition) query(dialectName string, before int) (string, []any, error) {
	b := &sql.Builder{}
	b.SetDialect(dialectName)
	b.SetTotal(before)
	text, args := b.Join(c.selector).Query()
	if err := b.Err(); err != nil {
		return "", nil, err
	}
	tokens, err := tokenize(dialectName, text)
	var out strings.Builder
	done := 0
	for i := 0; i < len(tokens); i++ {
		e, n := c.link(tokens, i)
		for k := i; k < i+n; k++ {
			if tok := tokens[k]; tok.kind == quoted && tok.text == e.HolderType().Table && !is(tokens, k-1, ".") {
				quote := text[tok.at : tok.at+1]
				out.WriteString(text[done:tok.at] + quote + c.alias(e) + quote)
				done = tok.at + len(quote+tok.text+quote)
			}
		}
	}
	return out.String() + text[done:], args, err
}

// fits returns how many entities, at most n, a condition can be evaluated over at a time: to MySQL each is a select of a union.
func (c *condition) fits(n int) int {
	if c == nil {
		return n
	}
	return max(1, min(n, defaultBatch, maxParams/(len(c.fields)+len(c.links)+1)))
}
