package replay

import (
	"context"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// A locking says whether rows are locked as they are read.
type locking bool

// table returns a selector of the rows of a type, as Type.ScanRow takes them.
func (r *run) table(t *auditlog.Type, lock locking) *sql.Selector {
	b := sql.Dialect(r.dialect)
	s := b.Select().From(b.Table(t.Table).Schema(r.SchemaOf(t)))
	s.Select(s.Columns(t.Columns()...)...)
	if lock && r.dialect != dialect.SQLite { // which has one lock, for all
		s.ForUpdate()
	}
	return s
}

func (r *run) scan(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, s *sql.Selector, each func(*auditlog.Row)) error {
	return rows.Select(ctx, ex, s, "read "+t.Table, func(rows *sql.Rows) error {
		row, err := t.ScanRow(rows, r.dialect)
		if err == nil {
			each(row)
		}
		return err
	})
}

// rows reads the next rows of a type in the order of its key, after that of a row.
func (r *run) rows(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, lock locking, after *auditlog.Row) ([]*auditlog.Row, error) {
	s := r.table(t, lock)
	switch {
	case after == nil:
		auditlog.Digits(s)
	case len(t.Key) == 1:
		s.Where(sql.GT(s.C(t.Key[0]), after.Key[0]))
	default:
		s.Where(sql.CompositeGT(s.Columns(t.Key...), after.Key...))
	}
	s.OrderBy(s.Columns(t.Key...)...).Limit(r.batch)
	var out []*auditlog.Row
	return out, r.scan(ctx, ex, t, s, func(row *auditlog.Row) { out = append(out, row) })
}

// there returns which of the entities are in the table, by their ids in the log.
func (r *run) there(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, ids []string) (map[string]bool, error) {
	var values [][]any
	for _, id := range ids {
		// What the type cannot read as an id is none of its rows'.
		if v, err := identity(t, id); err == nil {
			values = append(values, v)
		}
	}
	out := make(map[string]bool)
	for chunk := range slices.Chunk(values, chunkOf(t)) {
		s := r.table(t, false)
		if err := r.scan(ctx, ex, t, s.Where(identified(s, t, chunk)), func(row *auditlog.Row) { out[row.ID] = true }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// chunkOf returns how many entities a statement names. Composite ids stand in a chain of conditions, whose depth SQLite limits.
func chunkOf(t *auditlog.Type) int {
	if len(t.Identity.Columns) == 1 {
		return maxBatch
	}
	return 100
}

// identified returns the condition that a row is one of those with the given values of the identity's columns.
func identified(s *sql.Selector, t *auditlog.Type, values [][]any) *sql.Predicate {
	if len(t.Identity.Columns) == 1 {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v[0]
		}
		return sql.In(s.C(t.Identity.Columns[0].Name), list...)
	}
	ps := make([]*sql.Predicate, len(values))
	for i, v := range values {
		eq := make([]*sql.Predicate, len(v))
		for k, c := range t.Identity.Columns {
			eq[k] = sql.EQ(s.C(c.Name), v[k])
		}
		ps[i] = sql.And(eq...)
	}
	return sql.Or(ps...)
}

// identity returns the values that an id in the log stands for, as a driver takes them.
func identity(t *auditlog.Type, id string) ([]any, error) {
	columns := make([]string, len(t.Identity.Columns))
	for i, c := range t.Identity.Columns {
		columns[i] = c.Name
	}
	dest, err := t.ScanValues(columns)
	if err != nil {
		return nil, err
	}
	if err := auditlog.ParseKey(id, dest...); err != nil {
		return nil, err
	}
	for i := range dest {
		if dest[i], err = auditlog.NewCell(dest[i]).Value(); err != nil {
			return nil, err
		}
	}
	return dest, nil
}

// links returns the links of an edge of the rows, by the text of the row's key.
func (r *run) links(ctx context.Context, ex dialect.ExecQuerier, e *auditlog.Edge, lock locking, rows []*auditlog.Row) (map[string]Links, error) {
	holder := e.HolderType()
	s := r.table(holder, lock)
	keys := make([]any, len(rows))
	for i, row := range rows {
		keys[i] = row.Key[0]
	}
	s.Where(sql.In(s.C(e.Column), keys...)).OrderBy(s.Columns(holder.Key...)...)
	out := make(map[string]Links)
	return out, r.scan(ctx, ex, holder, s, func(row *auditlog.Row) {
		owner, target := row.Ref(e.Column), row.Ref(e.Target)
		if owner.Value == nil || target.Value == nil {
			return
		}
		if out[owner.Text] == nil {
			out[owner.Text] = make(Links)
		}
		out[owner.Text][string(Canonical(target.JSON))] = struct{}{}
	})
}

// An entity as it is in the tables.
type live struct {
	*auditlog.Row
	edges map[string]Links
}

// live returns rows with the links of their recorded edges.
func (r *run) live(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, lock locking, rows []*auditlog.Row) ([]live, error) {
	out := make([]live, len(rows))
	for i, row := range rows {
		out[i] = live{row, make(map[string]Links, len(t.Edges))}
	}
	if len(rows) == 0 {
		return out, nil
	}
	for _, e := range t.Edges {
		links, err := r.links(ctx, ex, e, lock, rows)
		if err != nil {
			return nil, err
		}
		for i, row := range rows {
			out[i].edges[e.Name] = links[row.Text]
		}
	}
	return out, nil
}

func ids(rows []*auditlog.Row) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row.ID
	}
	return out
}
