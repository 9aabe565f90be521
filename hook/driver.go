package hook

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"

	stdsql "database/sql"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
)

// recording is the driver with which ent makes one operation. A statement by itself, and a transaction, is the whole of what ent
// does: when it ends, the operation is closed. After that, it is the driver beneath.
type recording struct {
	dialect.Driver
	op *operation // nil until ent writes what spec says

	run  *run
	spec *sqlgraph.CreateSpec
}

// Base returns the driver that ent would use if nothing were recorded.
func Base(drv dialect.Driver) dialect.Driver {
	switch d := drv.(type) {
	case *recording:
		return Base(d.Driver)
	case refuser:
		return Base(d.Driver)
	}
	return drv
}

// End ends the operation of a driver that ent was given, if ent did not: there was nothing to write, or it failed or panicked between two
// statements.
func End(ctx context.Context, drv dialect.Driver) {
	if r, ok := drv.(*recording); ok && r.op != nil {
		r.op.abandon(ctx)
	}
}

// start begins the operation, if it has not begun yet: that is so of creations alone. It reports whether statements are those of an open one.
func (r *recording) start(ctx context.Context) (bool, error) {
	if r.op == nil {
		o, err := r.run.begin(r.Driver)
		if err != nil {
			return false, err
		}
		o.createsOne(r.spec)
		r.op = o
	}
	if r.op.phase == idle {
		relevant, err := r.op.beforeCreate(ctx)
		if err != nil {
			return false, err
		}
		if !relevant {
			r.op.phase = done
		}
	}
	return r.op.phase == open, nil
}

// Exec implements dialect.Driver.
func (r *recording) Exec(ctx context.Context, query string, args, v any) error {
	on, err := r.start(ctx)
	if err != nil {
		return err
	}
	if !on {
		return r.Driver.Exec(ctx, query, args, v)
	}
	return r.op.close(ctx, r.op.exec(ctx, query, args, v))
}

// Query implements dialect.Driver.
func (r *recording) Query(ctx context.Context, query string, args, v any) error {
	on, err := r.start(ctx)
	if err != nil {
		return err
	}
	if !on {
		return r.Driver.Query(ctx, query, args, v)
	}
	return r.op.close(ctx, r.op.query(ctx, query, args, v))
}

// Tx implements dialect.Driver.
func (r *recording) Tx(ctx context.Context) (dialect.Tx, error) {
	on, err := r.start(ctx)
	if err != nil {
		return nil, err
	}
	if !on {
		return r.Driver.Tx(ctx)
	}
	return &recordingTx{op: r.op, ctx: ctx}, nil
}

// recordingTx is what ent takes for its own transaction.
type recordingTx struct {
	op  *operation
	ctx context.Context
}

// Exec implements dialect.Tx.
func (t *recordingTx) Exec(ctx context.Context, query string, args, v any) error {
	return t.op.exec(ctx, query, args, v)
}

// Query implements dialect.Tx.
func (t *recordingTx) Query(ctx context.Context, query string, args, v any) error {
	return t.op.query(ctx, query, args, v)
}

// Commit implements dialect.Tx.
func (t *recordingTx) Commit() error { return t.op.close(t.ctx, nil) }

// Rollback implements dialect.Tx.
func (t *recordingTx) Rollback() error {
	if t.op.phase != open {
		return nil
	}
	return t.op.ending(func() error {
		if t.op.own() {
			return t.op.end.Rollback()
		}
		t.op.salvage(context.WithoutCancel(t.ctx))
		return nil
	})
}

// exec runs one of ent's statements.
func (o *operation) exec(ctx context.Context, query string, args, v any) error {
	return o.issue(ctx, func() error { return o.dispatch(ctx, query, args, v) })
}

// issue runs a statement that may change something.
func (o *operation) issue(ctx context.Context, statement func() error) error {
	if err := ctx.Err(); err != nil { // nothing is issued any more
		return err
	}
	o.issued++
	o.last = errPanic // until it returns
	if o.first() {
		o.last = o.orAgain(ctx, statement)
	} else {
		o.last = statement()
	}
	if ours(o.last) { // ent might take it for a constraint error of the entity
		o.failure = o.last
	}
	return o.last
}

func (o *operation) dispatch(ctx context.Context, query string, args, v any) error {
	if c := o.create; c != nil && !c.inserted {
		return o.insert(ctx, query, args, v)
	}
	if strings.HasPrefix(query, "UPDATE ") {
		if err := o.keepsCondition(query); err != nil {
			return err
		}
	}
	if j := o.joinOf(query, "INSERT INTO "); j != nil {
		return o.linksCome(ctx, j, query, args)
	}
	if j := o.joinOf(query, "DELETE FROM "); j != nil {
		return o.linksLeave(ctx, j, query, args)
	}
	if o.nobody && strings.HasPrefix(query, "UPDATE "+o.ident(o.target.Type)+" ") {
		o.nobody = false
		*v.(*sql.Result) = driver.RowsAffected(0)
		return nil
	}
	if r := o.returning; r != nil && !r.done {
		return o.changing(ctx, query, args, v)
	}
	if a := o.additionOf(query); a != nil {
		own, err := o.narrowAddition(a, args.([]any))
		if err != nil {
			return err
		}
		return o.ex.Exec(ctx, query, own, v)
	}
	if err := o.ex.Exec(ctx, query, args, v); err != nil {
		return err
	}
	if res, ok := v.(*sql.Result); ok && o.deletes {
		if n, err := (*res).RowsAffected(); err == nil {
			o.deleted = int(n)
		}
	}
	return nil
}

// query runs one of ent's statements that return rows.
func (o *operation) query(ctx context.Context, query string, args, v any) error {
	if c := o.create; c != nil && !c.inserted {
		return o.issue(ctx, func() error { return o.insertReturning(ctx, query, args, v) })
	}
	if columns, ok := o.readsUpdated(query); ok {
		return o.readUpdatedByEnt(ctx, columns, args, v.(*sql.Rows))
	}
	return o.ex.Query(ctx, query, args, v)
}

// buffered are rows of an id each that were read before ent reads them, so that their connection is free.
type buffered struct {
	columns []string
	types   []*stdsql.ColumnType
	ids     []any
	next    int
}

// bufferIDs reads the ids that ent's insert returns as the first column, by scan, and closes rows.
func bufferIDs(rows *sql.Rows, scan func(id *any) error) (*buffered, error) {
	defer rows.Close()
	b := &buffered{}
	var err error
	if b.columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	if b.types, err = rows.ColumnTypes(); err != nil {
		return nil, err
	}
	b.columns, b.types = b.columns[:1], b.types[:1]
	for rows.Next() {
		b.ids = append(b.ids, nil)
		if err := scan(&b.ids[len(b.ids)-1]); err != nil {
			return nil, err
		}
	}
	return b, rows.Err()
}

// scanID returns what scans the only column of rows.
func scanID(rows *sql.Rows) func(id *any) error {
	dest := make([]any, 1)
	return func(id *any) error {
		dest[0] = id
		return rows.Scan(dest...)
	}
}

var _ sql.ColumnScanner = (*buffered)(nil)

// Close implements sql.ColumnScanner.
func (b *buffered) Close() error { return nil }

// Columns implements sql.ColumnScanner.
func (b *buffered) Columns() ([]string, error) { return b.columns, nil }

// ColumnTypes implements sql.ColumnScanner.
func (b *buffered) ColumnTypes() ([]*stdsql.ColumnType, error) { return b.types, nil }

// Err implements sql.ColumnScanner.
func (b *buffered) Err() error { return nil }

// Next implements sql.ColumnScanner.
func (b *buffered) Next() bool {
	b.next++
	return b.next <= len(b.ids)
}

// NextResultSet implements sql.ColumnScanner.
func (b *buffered) NextResultSet() bool { return false }

// Scan implements sql.ColumnScanner, for what ent scans ids into.
func (b *buffered) Scan(dest ...any) error {
	if len(dest) != 1 {
		return fmt.Errorf("expected 1 destination argument in Scan, not %d", len(dest))
	}
	id := b.ids[b.next-1]
	switch d := dest[0].(type) {
	case *driver.Value:
		*d = id
	case stdsql.Scanner:
		return d.Scan(id)
	case *int64:
		if n, ok := id.(int64); ok {
			*d = n
			return nil
		}
		var n stdsql.NullInt64
		if err := n.Scan(id); err != nil {
			return err
		}
		*d = n.Int64
	default:
		return fmt.Errorf("sqlaudit: cannot scan an id into %s", reflect.TypeOf(d))
	}
	return nil
}
