package hook

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// On PostgreSQL ent's own statement can say what the rows were and are: an insert and a delete by RETURNING, an update by being joined to
// the read that locks its rows. It takes no further round trip then, and locks are held for less. That is so where the statement
// is the only one to change these rows: the table has no triggers or rules of its own and is not partitioned, and the mutation changes nothing
// in other tables. On MariaDB and SQLite inserts and deletes can, and on SQLite an update of many can say what the rows are. Elsewhere rows are read before and after.

// A returning is a statement of ent's that returns the rows that it changes.
type returning struct {
	table *table
	lock  strength        // of an update
	set   map[string]bool // the columns that it sets
	done  bool
}

// beginReturning begins ent's update or delete if it is to return the rows that it changes, or to be one statement with its record. It reports
// whether it is. An update of one entity is nested: ent reads the entity after it, in a transaction.
func (o *operation) beginReturning(ctx context.Context, lock strength, set map[string]bool, nested bool) (bool, error) {
	t := o.target.Type
	tab, err := o.tableOf(ctx, t)
	if err != nil || !tab.plain {
		return false, err
	}
	o.returning = &returning{table: tab, lock: lock, set: set}
	whole := o.whole(tab, set, o.stamp)
	if whole != nil {
		whole.lock, whole.set, whole.one = lock, set, nested || o.single
	}
	if whole != nil && o.tx == nil && !nested {
		o.statement = whole
		o.beginAutocommit()
		return true, nil
	}
	if err := o.begin(ctx); err != nil {
		return true, err
	}
	if !o.tx.Pending() { // else what waits would have to be written first, for each such update once
		o.statement = whole
	}
	return true, nil
}

// few is how many rows SQLite reads again faster than it tells whether there are triggers.
const few = 8

// spares reports whether statements are not asked for their rows, there being few.
func (o *operation) spares(areFew bool) bool { return areFew && o.base.Dialect() == dialect.SQLite }

// onlyOwn reports whether an update changes nothing but columns of its rows, and no key.
func onlyOwn(t *auditlog.Type, spec *sqlgraph.UpdateSpec) bool {
	set := columnsSet(spec)
	return len(spec.Modifiers) == 0 && !external(spec) && !slices.ContainsFunc(t.Key, func(c string) bool { return set[c] })
}

// changing runs ent's update or delete of rows of the target's type so that it returns them, or records them.
func (o *operation) changing(ctx context.Context, query string, args, v any) error {
	n, err := o.recorded(ctx, query, args)
	if err == nil && o.statement == nil {
		o.took(PathReturning)
		run := o.deleteReturning
		if o.updates {
			run = o.updateReturning
		}
		n, err = run(ctx, query, args)
	}
	if err != nil {
		return err
	}
	o.returning.done = true
	if res, ok := v.(*sql.Result); ok {
		*res = driver.RowsAffected(n)
	}
	return nil
}

// recorded runs ent's update or delete as one statement with its record, if it is to. If the table is not plain any more, the operation goes on
// without.
func (o *operation) recorded(ctx context.Context, query string, args any) (n int, err error) {
	switch {
	case o.statement == nil:
		return 0, nil
	case len(args.([]any)) > maxParams:
		return 0, o.fallBack(ctx)
	}
	o.took(PathStatement)
	if o.updates {
		n, err = o.updateWhole(ctx, query, args)
	} else {
		n, err = o.deleteWhole(ctx, query, args)
	}
	if err == nil && o.statement.stale {
		o.forgetTable()
		return 0, o.fallBack(ctx)
	}
	return n, o.ofLog(err)
}

// updateReturning joins ent's update to a read that locks its rows: by that lock, what it returns is what was there. On SQLite they have been read.
func (o *operation) updateReturning(ctx context.Context, query string, args any) (int, error) {
	t := o.target.Type
	if o.base.Dialect() == dialect.SQLite { // where nobody has written since the rows were read
		list, args := o.lines(args)
		return o.returned(ctx, query+"\nRETURNING "+list, args, 1, func(rows []*auditlog.Row, plain bool) error {
			o.are(t, rows, plain)
			return nil
		})
	}
	r := o.returning
	if p := o.partOf(r.table, r.set); p != nil {
		n, plain, err := o.updatePart(ctx, query, args, p)
		if err != nil || plain {
			return n, err
		}
		o.readFull()
	}
	text := r.table.text(textKey{kind: 'U', query: query, lock: r.lock}, func() string {
		old, update := o.joinedUpdate(query, r.lock, false)
		return old + " " + update + `, "__old"."__plain"`
	})
	return o.returned(ctx, text, args, 2, o.wasAndIs)
}

// wasAndIs notes a row as it was and as it is.
func (o *operation) wasAndIs(rows []*auditlog.Row, plain bool) error {
	t := o.target.Type
	o.add(t, rows[:1])
	o.are(t, rows[1:], plain)
	return o.hold(t, rows[0])
}

// joinedUpdate returns a common table expression that locks the rows that an update of ent's matches, and the update of those, which returns them as they were
// and are.
func (o *operation) joinedUpdate(query string, lock strength, plain bool) (old, update string) {
	w := o.words(o.target.Type)
	old, update, join := o.locked(query, w.columns, lock, plain)
	var b strings.Builder
	b.WriteString(update + ` FROM "__old" WHERE ` + join + " RETURNING ")
	for i := range w.columns {
		fmt.Fprintf(&b, `"__old"."__o%d", `, i)
	}
	return old, b.String() + w.list
}

// locked takes a statement of ent's apart: a common table expression that locks the rows that it matches in the order of their keys, as all that
// locks many does, the statement without its condition, and the condition that a row is one of those. They say whether the table is plain, or, if plain is set, are
// none where it is not.
func (o *operation) locked(query string, columns []string, lock strength, plain bool) (old, statement, join string) {
	t := o.target.Type
	where := ""
	statement = query
	if at := clause(dialect.Postgres, query, 0, " WHERE "); at >= 0 {
		statement, where = query[:at], query[at:]
	}
	switch {
	case plain && where == "":
		where = " WHERE " + o.returning.table.sure
	case plain:
		where = " WHERE (" + where[len(" WHERE "):] + "\n) AND " + o.returning.table.sure
	}
	list := make([]string, len(columns), len(columns)+1)
	for i, c := range columns {
		list[i] = fmt.Sprintf(`%s AS "__o%d"`, c, i)
	}
	if !plain {
		list = append(list, o.plain(t)+` AS "__plain"`)
	}
	keys := o.words(t).columns[:len(t.Key)]
	old = `WITH "__old" AS MATERIALIZED (SELECT ` + strings.Join(list, ", ") + " FROM " + o.ident(t) + where + "\nORDER BY " + strings.Join(keys, ", ") + lock.clause() + ")"
	joins := make([]string, len(keys))
	for i, k := range keys {
		joins[i] = fmt.Sprintf(`%s = "__old"."__o%d"`, k, i)
	}
	return old, statement, strings.Join(joins, " AND ")
}

// clause returns the clause of PostgreSQL's that locks with the strength.
func (s strength) clause() string {
	if s == lockUpdate {
		return " FOR NO KEY UPDATE"
	}
	return " FOR UPDATE"
}

func (o *operation) deleteReturning(ctx context.Context, query string, args any) (int, error) {
	t := o.target.Type
	list, args := o.lines(args)
	returning := "\nRETURNING " + list // a line of its own: a condition of the user's may end in a comment
	if o.base.Dialect() == dialect.Postgres {
		ents := query
		query = o.returning.table.text(textKey{kind: 'D', query: ents}, func() string {
			old, statement, join := o.locked(ents, o.words(t).columns[:len(t.Key)], lockKey, false)
			return old + " " + statement + ` USING "__old" WHERE ` + join + returning
		})
	} else {
		query += returning
	}
	gone := true
	n, err := o.returned(ctx, query, args, 1, func(rows []*auditlog.Row, plain bool) error {
		o.add(t, rows)
		gone = gone && plain
		return o.hold(t, rows[0])
	})
	if gone {
		o.deleted = n
	}
	return n, err
}

// returned runs a statement that returns rows of the target's type, so many to a line, and whether the table is plain. It returns how many lines
// there were.
func (o *operation) returned(ctx context.Context, query string, args any, parts int, each func(rows []*auditlog.Row, plain bool) error) (int, error) {
	rows := &sql.Rows{}
	if err := o.ex.Query(ctx, query, args, rows); err != nil {
		return 0, err
	}
	defer rows.Close()
	line, err := o.newLine(parts)
	if err != nil {
		return 0, err
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := line.scan(rows, each); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}

// A line is what a statement returns of a row that it changes: rows of the target's type, and whether the table is plain.
type line struct {
	op    *operation
	cells []*auditlog.Cells
	dest  []any
	plain bool
}

// newLine returns a line of so many rows. What is given comes ahead of them.
func (o *operation) newLine(parts int, ahead ...any) (*line, error) {
	l := &line{op: o, cells: make([]*auditlog.Cells, parts), dest: ahead}
	for i := range l.cells {
		var err error
		if l.cells[i], err = o.target.Type.Cells(); err != nil {
			return nil, auditlog.Failed("read "+o.target.Type.Table, err)
		}
		l.dest = append(l.dest, l.cells[i].Dest()...)
	}
	l.dest = append(l.dest, &l.plain)
	return l, nil
}

// scan scans the line that rows are at.
func (l *line) scan(rows *sql.Rows, each func(rows []*auditlog.Row, plain bool) error) error {
	t := l.op.target.Type
	if err := rows.Scan(l.dest...); err != nil {
		return auditlog.Failed("read "+t.Table, err)
	}
	list := make([]*auditlog.Row, len(l.cells))
	for i, c := range l.cells {
		var err error
		if list[i], err = c.Row(l.op.base.Dialect()); err != nil {
			return auditlog.Failed("read "+t.Table, err)
		}
	}
	if !l.plain {
		l.op.forgetTable()
	}
	return each(list, l.plain)
}

// lines returns what a statement with the given arguments returns of each row of the target's type, for a line to scan, and the arguments that it then has. On
// MariaDB that is one at least: see auditlog.Digits.
func (o *operation) lines(args any) (list string, with any) {
	w := o.words(o.target.Type)
	if own, ok := args.([]any); ok && len(own) == 0 && o.base.Dialect() == dialect.MySQL {
		return w.list + ", ?", []any{true}
	}
	return w.list + ", " + w.plain, args
}

// insertKeyed runs ent's insert where it asks for no id, so that it returns the rows.
func (o *operation) insertKeyed(ctx context.Context, query string, args any) (int, error) {
	c := o.create
	c.plain = true
	list, args := o.lines(args)
	return o.returned(ctx, query+"\nRETURNING "+list, args, 1, c.are)
}
