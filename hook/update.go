package hook

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
)

// updating begins an update, unless it cannot touch what is recorded.
func (o *operation) updating(ctx context.Context, spec *sqlgraph.UpdateSpec) (err error) {
	add, clear := o.links(spec.Edges.Add, false), o.links(spec.Edges.Clear, true)
	joins := o.joined(spec.Edges.Add, spec.Edges.Clear)
	touches := o.touches(spec)
	if !touches && len(add)+len(clear)+len(joins) == 0 {
		return nil
	}
	o.updates, o.joins, o.setsOwn = true, joins, len(columnsSet(spec))+len(spec.Modifiers) > 0
	if one := oneOf(spec.Node); touches && o.base.Dialect() == dialect.Postgres && onlyOwn(o.target.Type, spec) {
		if begun, err := o.beginReturning(ctx, o.strength(spec), columnsSet(spec), one != nil); begun || err != nil {
			o.took(updatePath(one))
			return err
		}
	}
	var tells *table // whose rows ent's statement tells
	if touches && o.base.Dialect() == dialect.SQLite && oneOf(spec.Node) == nil && onlyOwn(o.target.Type, spec) {
		tab, err := o.tableOf(ctx, o.target.Type)
		if err != nil {
			return err
		}
		if tab.plain {
			tells = tab
		}
	}
	if err := o.begin(ctx); err != nil {
		return err
	}
	if err := o.tx.Lock(ctx); err != nil {
		return err
	}
	if tells != nil {
		o.returning = &returning{table: tells}
		if err := o.readPartSQLite(ctx, tells, columnsSet(spec)); err != nil {
			return err
		}
	}
	o.modified(spec)
	owners, err := o.readUpdated(ctx, spec, touches)
	if err != nil {
		return err
	}
	if o.target.Type.Tracked() && !touches {
		o.owners = owners
	}
	for _, j := range joins {
		j.own(func() [][]any { return owners })
	}
	return o.readLinks(ctx, append(clear, add...), owners) // in the order in which ent writes them
}

// readUpdated reads the rows that an update matches, narrows it to them, and returns their keys. They are locked if the update may change what is
// recorded of them; where it changes edges in other tables alone, ent does not lock them either, and for a named one there is
// nothing to read.
func (o *operation) readUpdated(ctx context.Context, spec *sqlgraph.UpdateSpec, touches bool) ([][]any, error) {
	t := o.target.Type
	// An update of one entity names it in its specification. Without columns to set, ent changes that entity's edges whether
	// or not it matches the predicate.
	one := oneOf(spec.Node)
	o.took(updatePath(one))
	if one != nil && !touches {
		return [][]any{one}, nil
	}
	lock := lockNone
	if touches {
		lock = o.strength(spec)
	}
	var (
		predicate = asStatement(spec.Predicate)
		rows      []*auditlog.Row
		err       error
	)
	switch {
	case one != nil:
		rows, err = o.readKeys(ctx, t, lock, t.Key, [][]any{one}, predicate)
	case external(spec): // ent selects the ids first, by the whole predicate
		rows, err = o.read(ctx, t, lock, spec.Predicate)
	default:
		rows, err = o.matched(ctx, lock, predicate)
	}
	if err != nil && one == nil && external(spec) {
		err = fmt.Errorf("querying table %s: %w", spec.Node.Table, err) // as ent does
	}
	if err != nil {
		return nil, err
	}
	if touches {
		if err := keepsIDs(t, spec, rows); err != nil {
			return nil, err
		}
		o.add(t, rows)
	}
	if one != nil {
		o.nobody = len(rows) == 0 // one that comes meanwhile would change unrecorded
		o.tells = !o.nobody && touches
		return [][]any{one}, nil
	}
	own := spec.Predicate
	if spec.Predicate, err = o.narrow(rows, own); err == nil && external(spec) && own != nil {
		narrowed := spec.Predicate
		spec.Predicate = func(s *sql.Selector) {
			own(s)
			if p := s.P(); p != nil {
				s.SetP(enclosed(p))
			}
			narrowed(s)
		}
	}
	return keysOf(rows), err
}

// onesClause returns what follows the columns where ent reads the entity that it has updated.
func onesClause(b *sql.DialectBuilder, t *auditlog.Type, schema string) string {
	ids := make([]*sql.Predicate, len(t.Key))
	for i, c := range t.Key {
		ids[i] = sql.EQ(c, 0) // which stands as a parameter
	}
	query, _ := b.Select("c").From(b.Table(t.Table).Schema(schema)).Where(sql.And(ids...)).Query()
	_, table, _ := strings.Cut(query, " FROM ")
	return " FROM " + table
}

// readsUpdated reports whether a query is ent's read of the entity that it has updated, where that is the only row of its type that may have changed. It
// returns the query up to the end of its columns.
func (o *operation) readsUpdated(query string) (columns string, ok bool) {
	if !o.tells {
		return "", false
	}
	if im := o.image(o.target.Type); len(im.rows) != 1 || len(im.fresh) > 0 {
		return "", false
	}
	return strings.CutSuffix(query, o.words(o.target.Type).one)
}

// readUpdatedByEnt runs ent's read of the entity that it has updated, which is the last that it does, so that it also says what became of the row. On MariaDB and
// MySQL it is a locking one, of a row that is locked: a plain one sees the transaction's snapshot, which may be older.
func (o *operation) readUpdatedByEnt(ctx context.Context, columns string, args any, v *sql.Rows) error {
	t := o.target.Type
	w := o.words(t)
	query := columns + ", " + w.all + w.one
	if o.base.Dialect() == dialect.MySQL {
		query += " FOR UPDATE"
	}
	cells, err := t.Cells()
	if err != nil {
		return auditlog.Failed("read "+t.Table, err)
	}
	if err := o.ex.Query(ctx, query, args, v); err != nil {
		return err
	}
	v.ColumnScanner = &shared{ColumnScanner: v.ColumnScanner, op: o, cells: cells}
	return nil
}

// shared are rows that ent reads the first columns of, and the operation the others.
type shared struct {
	sql.ColumnScanner
	op    *operation
	cells *auditlog.Cells
}

// Columns implements sql.ColumnScanner.
func (s *shared) Columns() ([]string, error) {
	columns, err := s.ColumnScanner.Columns()
	return columns[:max(0, len(columns)-len(s.cells.Dest()))], err
}

// ColumnTypes implements sql.ColumnScanner.
func (s *shared) ColumnTypes() ([]*stdsql.ColumnType, error) {
	types, err := s.ColumnScanner.ColumnTypes()
	return types[:max(0, len(types)-len(s.cells.Dest()))], err
}

// Scan implements sql.ColumnScanner.
func (s *shared) Scan(dest ...any) error {
	t, own := s.op.target.Type, s.cells.Dest()
	if err := s.ColumnScanner.Scan(append(dest, slices.Repeat([]any{passed{}}, len(own))...)...); err != nil {
		return err
	}
	err := s.ColumnScanner.Scan(append(slices.Repeat([]any{passed{}}, len(dest)), own...)...)
	var r *auditlog.Row
	if err == nil {
		r, err = s.cells.Row(s.op.base.Dialect())
	}
	if err != nil {
		s.op.failure = auditlog.Failed("read "+t.Table, err)
		return s.op.failure
	}
	s.op.are(t, []*auditlog.Row{r}, true)
	return nil
}

// passed is what a column is scanned into that somebody else reads.
type passed struct{}

// Scan implements sql.Scanner.
func (passed) Scan(any) error { return nil }

// updatePath returns the path of an update of the row that it names, if it does.
func updatePath(one []any) auditdriver.Path {
	if one != nil {
		return PathUpdateOne
	}
	return PathUpdate
}

// keepsIDs returns an error if an update sets a part of a composite id to another value than rows have: the log names entities by their ids.
func keepsIDs(t *auditlog.Type, spec *sqlgraph.UpdateSpec, rows []*auditlog.Row) error {
	set := &sqlgraph.CreateSpec{Fields: append(slices.Clone(spec.Fields.Set), spec.Fields.Add...), Edges: spec.Edges.Add}
	for i, column := range t.Key {
		v := given(set, column)
		if v == nil {
			continue
		}
		text, err := auditlog.IDString(v)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if was, err := auditlog.IDString(r.Key[i]); err != nil || was != text {
				return fmt.Errorf("sqlaudit: %s %s would become another: an update cannot change ids: delete the entity and create it anew", t.Name, r.Text)
			}
		}
	}
	return nil
}

// oneOf returns the primary key of the row that an update of one entity names, or nil.
func oneOf(n *sqlgraph.NodeSpec) []any {
	if n.ID != nil && n.ID.Value != nil {
		return []any{n.ID.Value}
	}
	if len(n.CompositeID) == 2 && n.CompositeID[0].Value != nil {
		return []any{n.CompositeID[0].Value, n.CompositeID[1].Value}
	}
	return nil
}

// asStatement returns a predicate that takes of p what an UPDATE or DELETE of ent's takes of it: its conditions, without limit,
// order or joins.
func asStatement(p func(*sql.Selector)) func(*sql.Selector) {
	if p == nil {
		return nil
	}
	return func(s *sql.Selector) {
		table := s.Table()
		scratch := sql.Dialect(s.Dialect()).Select().From(table).WithContext(s.Context())
		p(scratch)
		if where := scratch.P(); where != nil {
			s.Where(where)
		}
	}
}

// external reports whether an update also writes other tables.
func external(spec *sqlgraph.UpdateSpec) bool {
	for _, edges := range [][]*sqlgraph.EdgeSpec{spec.Edges.Add, spec.Edges.Clear} {
		for _, e := range edges {
			if e.Rel == sqlgraph.M2M || e.Rel == sqlgraph.O2M || e.Rel == sqlgraph.O2O && !e.Inverse {
				return true
			}
		}
	}
	return false
}

// strength returns how the rows of an update are locked: as PostgreSQL's own UPDATE would lock them, since a weaker lock that is raised later
// can deadlock.
func (o *operation) strength(spec *sqlgraph.UpdateSpec) strength {
	unique := o.target.Type.Unique
	if len(spec.Modifiers) > 0 && len(unique) > 0 {
		return lockKey
	}
	set := columnsSet(spec)
	for _, columns := range unique {
		for _, c := range columns {
			if set[c] {
				return lockKey
			}
		}
	}
	return lockUpdate
}

// touches reports whether an update may change a recorded column of its own rows. A modifier may set any.
func (o *operation) touches(spec *sqlgraph.UpdateSpec) bool {
	t := o.target.Type
	if len(spec.Modifiers) > 0 {
		return t.Recorded()
	}
	for c := range columnsSet(spec) {
		if t.Records(c) {
			return true
		}
	}
	return false
}

// columnsSet returns the columns of its own rows that an update sets, but for what modifiers set.
func columnsSet(spec *sqlgraph.UpdateSpec) map[string]bool {
	set := make(map[string]bool)
	for _, fields := range [][]*sqlgraph.FieldSpec{spec.Fields.Set, spec.Fields.Add, spec.Fields.Clear} {
		for _, f := range fields {
			set[f.Column] = true
		}
	}
	for _, edges := range [][]*sqlgraph.EdgeSpec{spec.Edges.Add, spec.Edges.Clear} {
		for _, e := range edges {
			if e.Rel == sqlgraph.M2O || e.Rel == sqlgraph.O2O && (e.Inverse || e.Bidi) {
				set[e.Columns[0]] = true
			}
		}
	}
	return set
}
