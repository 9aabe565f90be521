package undo

import (
	"context"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// maxChunk is how many values a statement names: below SQLite's limit of 32,766 parameters.
const maxChunk = 10_000

// A locking says whether rows are locked as they are read.
type locking bool

// rows reads the rows of t with one of the given values of columns, in the order of their keys, and what they have in further columns. SQLite has one
// lock for all, which is taken before.
func (r *run) rows(ctx context.Context, t *auditlog.Type, lock locking, columns []string, values [][]any, more ...string) ([]*auditlog.Row, error) {
	name := r.Driver.Dialect()
	var out []*auditlog.Row
	size := maxChunk
	if len(columns) > 1 {
		size = 100 // conditions in a chain, whose depth SQLite limits
	}
	for chunk := range slices.Chunk(values, size) {
		b := sql.Dialect(name)
		s := b.Select().From(b.Table(t.Table).Schema(r.SchemaOf(t)))
		s.Select(s.Columns(slices.Concat(t.Columns(), more)...)...)
		s.Where(in(s, columns, chunk)).OrderBy(s.Columns(t.Key...)...)
		// Within a transaction of the user's, MySQL and MariaDB show by a plain read what was there as it first read.
		if bool(lock) && name != dialect.SQLite || r.within && name == dialect.MySQL {
			s.ForUpdate()
		}
		if err := rows.Select(ctx, r.Driver, s, "read "+t.Table, func(rows *sql.Rows) error {
			row, err := t.ScanRow(rows, name, more...)
			out = append(out, row)
			return err
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// in returns the condition that columns have one of the given values.
func in(s *sql.Selector, columns []string, values [][]any) *sql.Predicate {
	if len(columns) == 1 {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v[0]
		}
		return sql.In(s.C(columns[0]), list...)
	}
	ps := make([]*sql.Predicate, len(values))
	for i, v := range values {
		eq := make([]*sql.Predicate, len(v))
		for k, c := range columns {
			eq[k] = sql.EQ(s.C(c), v[k])
		}
		ps[i] = sql.And(eq...)
	}
	return sql.Or(ps...)
}

// identity returns the columns that name entities of t in the log.
func identity(t *auditlog.Type) []string {
	columns := make([]string, len(t.Identity.Columns))
	for i, c := range t.Identity.Columns {
		columns[i] = c.Name
	}
	return columns
}

// values returns what a text stands for in columns of t that name an entity, as a driver takes it.
func values(t *auditlog.Type, columns []string, text string) ([]any, error) {
	dest, err := parse(t, columns, text)
	if err != nil {
		return nil, err
	}
	for i := range dest {
		if dest[i], err = auditlog.NewCell(dest[i]).Value(); err != nil {
			return nil, err
		}
	}
	return dest, nil
}

// node returns an entity of t that has nothing but the columns for which a text stands.
func node(t *auditlog.Type, columns []string, text string) (any, error) {
	dest, err := parse(t, columns, text)
	if err != nil {
		return nil, err
	}
	return t.Assign(columns, dest)
}

func parse(t *auditlog.Type, columns []string, text string) ([]any, error) {
	dest, err := t.ScanValues(columns)
	if err != nil {
		return nil, err
	}
	return dest, auditlog.ParseKey(text, dest...)
}

// id returns the id of an entity of t as its own Go type.
func id(t *auditlog.Type, text string) (any, error) {
	n, err := node(t, t.Key, text)
	if err != nil {
		return nil, err
	}
	return t.ID(n), nil
}

// byKey reads rows of t by the texts of their keys. What the type cannot read as a key is none of its rows'.
func (r *run) byKey(ctx context.Context, t *auditlog.Type, texts []string) (map[string]*auditlog.Row, error) {
	var keys [][]any
	for _, text := range texts {
		if v, err := values(t, t.Key, text); err == nil {
			keys = append(keys, v)
		}
	}
	rows, err := r.rows(ctx, t, false, t.Key, keys)
	out := make(map[string]*auditlog.Row, len(rows))
	for _, row := range rows {
		out[row.Text] = row
	}
	return out, err
}

// linked reads the links of an edge that entities have, by the texts of their keys: the texts of the keys of what they lead to.
func (r *run) linked(ctx context.Context, e *auditlog.Edge, owners [][]any) (map[string]map[string]bool, error) {
	rows, err := r.rows(ctx, e.HolderType(), false, []string{e.Column}, owners)
	out := make(map[string]map[string]bool)
	for _, row := range rows {
		owner, target := row.Ref(e.Column), row.Ref(e.Target)
		if owner.Value == nil || target.Value == nil {
			continue
		}
		if out[owner.Text] == nil {
			out[owner.Text] = make(map[string]bool)
		}
		out[owner.Text][target.Text] = true
	}
	return out, err
}
