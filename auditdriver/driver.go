// Package auditdriver keeps a mutation and its record in one database transaction.
//
// Its Driver stands between the generated client and the driver that the application chose. Generated code puts it there
// when a client is made, so nothing needs to be called. Statements pass through it unchanged. What it adds is
// that its transactions (Tx) carry the entries of what is changed in them.
package auditdriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Driver is a dialect.Driver whose transactions carry a record. It forwards BeginTx, ExecContext and
// QueryContext where the driver beneath has them, and is as safe for concurrent use as that driver is.
type Driver struct {
	dialect.Driver
	writer  *auditlog.Writer
	paths   paths
	checked sync.Map // see Remember

	prepares bool
	// outer is set where the driver beneath is built on a transaction: its commit is not ours to see.
	outer atomic.Pointer[Tx]
}

var _ dialect.Driver = (*Driver)(nil)

// New returns a driver over drv that writes entries with writer. A driver built on a bare *sql.Tx is
// supported, and one whose Tx is ent's NopTx: entries are then written as soon as their change is made.
func New(drv dialect.Driver, writer *auditlog.Writer) *Driver {
	d := &Driver{Driver: drv, writer: writer, prepares: prepares(drv)}
	if inTransaction(drv) {
		d.within(false)
	}
	return d
}

// within notes that the driver beneath is built on a transaction, and returns that. Where it is joined, those that are begun in it are none of their own: see joins.
func (d *Driver) within(joined bool) *Tx {
	tx := d.newTx(context.Background(), openTx{d.Driver})
	tx.through, tx.joined = true, joined
	d.outer.CompareAndSwap(nil, tx)
	return d.outer.Load()
}

// Writer returns what writes the driver's entries.
func (d *Driver) Writer() *auditlog.Writer { return d.writer }

// Prepares reports whether the database keeps the plans of statements: the driver beneath leads to a *sql.DB, as ent's own does, of
// pgx, which prepares what it runs. (It does not in the modes "exec" and "simple_protocol", which no caller can see: there
// a long statement costs more planning, and is right all the same.)
func (d *Driver) Prepares() bool { return d.prepares }

func prepares(drv dialect.Driver) bool {
	switch d := drv.(type) {
	case *dialect.DebugDriver:
		return prepares(d.Driver)
	case *entsql.Driver:
		if _, ok := d.ExecQuerier.(*sql.DB); !ok {
			return false
		}
	}
	db, _ := databaseOf(drv)
	return db != nil && drv.Dialect() == dialect.Postgres && fmt.Sprintf("%T", db.Driver()) == "*stdlib.Driver"
}

// databaseOf returns what drv says that it is built on, or nil if it does not say. It reports false if drv cannot, as ent's own, which panics then, on something else.
func databaseOf(drv dialect.Driver) (db *sql.DB, ok bool) {
	if d, is := drv.(*dialect.DebugDriver); is {
		return databaseOf(d.Driver)
	}
	d, says := drv.(interface{ DB() *sql.DB })
	if !says {
		return nil, true
	}
	defer func() { ok = recover() == nil }()
	return d.DB(), true
}

// openTx is the transaction that a driver is built on. It is not ours to end.
type openTx struct{ dialect.Driver }

// Commit implements dialect.Tx.
func (openTx) Commit() error { return nil }

// Rollback implements dialect.Tx.
func (openTx) Rollback() error { return nil }

// ExecContext forwards to the driver.
func (tx openTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return execContext(ctx, tx.Driver, query, args)
}

// QueryContext is like ExecContext, for statements that return rows.
func (tx openTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return queryContext(ctx, tx.Driver, query, args)
}

// newBase begins a transaction of the driver beneath.
func (d *Driver) newBase(ctx context.Context) (dialect.Tx, error) {
	drv, ok := d.Driver.(*entsql.Driver)
	if !ok {
		return d.Driver.Tx(ctx)
	}
	switch ex := drv.ExecQuerier.(type) {
	case *sql.DB:
		return d.Driver.Tx(ctx)
	case *sql.Conn: // ent's own driver panics
		return d.beginConn(ctx, ex, nil)
	default:
		return nil, fmt.Errorf("%w (a driver on %T cannot begin a transaction)", auditlog.ErrDriver, ex)
	}
}

func inTransaction(drv dialect.Driver) bool {
	switch drv := drv.(type) {
	case *entsql.Driver:
		_, ok := drv.ExecQuerier.(*sql.Tx)
		return ok
	case *dialect.DebugDriver:
		return inTransaction(drv.Driver)
	}
	return false
}

// Exec implements dialect.Driver.
func (d *Driver) Exec(ctx context.Context, query string, args, v any) error {
	return d.ex().Exec(ctx, query, args, v)
}

// Query implements dialect.Driver.
func (d *Driver) Query(ctx context.Context, query string, args, v any) error {
	return d.ex().Query(ctx, query, args, v)
}

// ex returns what statements outside of a transaction go to.
func (d *Driver) ex() dialect.ExecQuerier {
	if outer := d.outer.Load(); outer != nil {
		return outer
	}
	return d.Driver
}

// Tx implements dialect.Driver.
func (d *Driver) Tx(ctx context.Context) (dialect.Tx, error) {
	return d.begin(ctx, d.newBase)
}

// BeginTx is like Tx, with options.
func (d *Driver) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	drv, ok := d.Driver.(interface {
		BeginTx(context.Context, *sql.TxOptions) (dialect.Tx, error)
	})
	if !ok {
		return nil, fmt.Errorf("sqlaudit: %T does not support BeginTx", d.Driver)
	}
	tx, err := d.begin(ctx, func(ctx context.Context) (dialect.Tx, error) { return drv.BeginTx(ctx, opts) })
	if tx, ok := tx.(*Tx); ok && opts != nil {
		tx.SetIsolation(opts.Isolation)
	}
	return tx, err
}

// Snapshot begins a transaction that is only to read, and whose statements all see one state of the database. It is REPEATABLE
// READ, READ ONLY on PostgreSQL, MySQL and MariaDB; a transaction of SQLite is that from its first read on. It fails for drivers without BeginTx.
func (d *Driver) Snapshot(ctx context.Context) (dialect.Tx, error) {
	if d.Dialect() == dialect.SQLite {
		return d.Tx(ctx)
	}
	opts := &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	if drv, ok := d.Driver.(*entsql.Driver); ok {
		if conn, ok := drv.ExecQuerier.(*sql.Conn); ok { // ent's own driver panics
			return d.begin(ctx, func(ctx context.Context) (dialect.Tx, error) { return d.beginConn(ctx, conn, opts) })
		}
	}
	if _, ok := databaseOf(d.Driver); !ok {
		return d.Tx(ctx)
	}
	return d.BeginTx(ctx, opts)
}

// beginConn begins a transaction on a connection. It fails if a statement has begun one there: what this one commits would be that.
func (d *Driver) beginConn(ctx context.Context, conn *sql.Conn, opts *sql.TxOptions) (dialect.Tx, error) {
	on := &Tx{Tx: openTx{entsql.NewDriver(d.Dialect(), entsql.Conn{ExecQuerier: conn})}, drv: d, ctx: ctx}
	switch there, err := on.there(); {
	case there:
		return nil, errBegun
	case err != nil && sqlState(err) != noTransaction:
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &entsql.Tx{Conn: entsql.Conn{ExecQuerier: tx}, Tx: tx}, nil
}

var errBegun = errors.New("sqlaudit: a statement has begun a transaction on the client's connection, which the mutation's would end: begin it by the client's Tx, or build a client on a *sql.Tx")

func (d *Driver) begin(ctx context.Context, open func(context.Context) (dialect.Tx, error)) (dialect.Tx, error) {
	if outer := d.outer.Load(); outer != nil {
		if outer.joined {
			return outer, nil
		}
		return nil, fmt.Errorf("sqlaudit: the client is built on a transaction and cannot start another")
	}
	tx, err := open(ctx)
	if err != nil {
		return nil, err
	}
	if joins(tx) {
		return d.within(true), nil
	}
	return d.newTx(ctx, tx), nil
}

// joins reports whether a transaction is none: a driver whose Tx is ent's NopTx has ent take part in one that somebody else began.
func joins(tx dialect.Tx) bool {
	if d, is := tx.(*dialect.DebugTx); is {
		return joins(d.Tx)
	}
	return reflect.TypeOf(tx) == reflect.TypeOf(dialect.NopTx(nil))
}

// ExecContext forwards to the driver beneath, or to the transaction that it is built on.
func (d *Driver) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return execContext(ctx, d.ex(), query, args)
}

// QueryContext forwards to the driver beneath, or to the transaction that it is built on.
func (d *Driver) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return queryContext(ctx, d.ex(), query, args)
}

func execContext(ctx context.Context, ex any, query string, args []any) (sql.Result, error) {
	if ex, ok := ex.(interface {
		ExecContext(context.Context, string, ...any) (sql.Result, error)
	}); ok {
		return ex.ExecContext(ctx, query, args...)
	}
	return nil, fmt.Errorf("%s.ExecContext is not supported", kind(ex))
}

func queryContext(ctx context.Context, ex any, query string, args []any) (*sql.Rows, error) {
	if ex, ok := ex.(interface {
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}); ok {
		return ex.QueryContext(ctx, query, args...)
	}
	return nil, fmt.Errorf("%s.QueryContext is not supported", kind(ex))
}

// Find returns the audit driver that drv leads to and, if drv is within a transaction, that transaction. Inner gives
// the transaction beneath a driver of the generated package, or nil. It fails with auditlog.ErrDriver if drv does not lead to a Driver.
func Find(drv any, inner func(dialect.Driver) dialect.Tx) (*Driver, *Tx, error) {
	switch d := drv.(type) {
	case *Driver:
		return d, d.outer.Load(), nil
	case *Tx:
		return d.drv, d, nil
	case *dialect.DebugDriver:
		return Find(d.Driver, inner)
	case *dialect.DebugTx:
		return Find(d.Tx, inner)
	case dialect.Driver:
		if tx := inner(d); tx != nil {
			return Find(tx, inner)
		}
	}
	return nil, nil, fmt.Errorf("%w (got %T)", auditlog.ErrDriver, drv)
}

// kind returns what ent calls ex in its errors.
func kind(ex any) string {
	if _, ok := ex.(dialect.Tx); ok {
		return "Tx"
	}
	return "Driver"
}
