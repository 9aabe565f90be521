package auditdriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Unit is one mutation and its record. It travels in the mutation's context, by which the driver knows its
// statements. Until Engage is called they pass as if there were no unit. A Unit is used by one goroutine at a time.
type Unit struct {
	drv *Driver
	tx  *Tx
	own bool // the transaction is the unit's, not the user's
	// joined says that the transaction is that of the unit in whose context this one began.
	joined bool

	// exclusive says that no code of the user's runs within the unit, so that it can take its turn.
	exclusive bool

	engaged   bool
	preparing bool
	prepared  bool
	spoiled   bool // ent rolled back what it takes for a transaction of its own
	watching  bool
	done      bool
	holding   bool // the transaction's turn
	issued    int
	before    func(context.Context) error
}

type unitKey struct{}

func unitFrom(ctx context.Context) *Unit {
	u, _ := ctx.Value(unitKey{}).(*Unit)
	return u
}

// NewUnit returns a unit for a mutation that runs on drv, and the context that it travels in. Inner gives the
// transaction beneath a driver of the generated package, or nil. NewUnit opens nothing. It fails with
// auditlog.ErrDriver if drv does not lead to a Driver or a Tx.
//
// Exclusive says that no code of the user's runs between the unit's first statement and its end. In the user's transaction such a
// unit waits until another's is over.
func NewUnit(ctx context.Context, drv dialect.Driver, inner func(dialect.Driver) dialect.Tx, exclusive bool) (context.Context, *Unit, error) {
	u := &Unit{exclusive: exclusive}
	if parent := unitFrom(ctx); parent != nil && parent.holding {
		u.exclusive = false // it is within the parent's turn
	}
	if err := u.attach(ctx, drv, inner); err != nil {
		return ctx, nil, err
	}
	return context.WithValue(ctx, unitKey{}, u), u, nil
}

// Runs reports whether drv leads to where the unit's statements go.
func (u *Unit) Runs(drv dialect.Driver, inner func(dialect.Driver) dialect.Tx) bool {
	var other Unit
	if other.attach(context.Background(), drv, inner) != nil || other.drv != u.drv {
		return false
	}
	if u.own || other.own { // a transaction that is open on the driver is not the driver itself
		return other.own == u.own || u.joined
	}
	return other.tx == u.tx
}

func (u *Unit) attach(ctx context.Context, at dialect.ExecQuerier, inner func(dialect.Driver) dialect.Tx) error {
	switch d := at.(type) {
	case *Driver:
		u.drv = d
		switch parent := d.unit(ctx); {
		case parent != nil && parent.tx != nil:
			u.tx, u.joined = parent.tx, true
		case d.outer != nil:
			u.tx = d.outer
		default:
			u.own = true
		}
		return nil
	case *Tx:
		u.drv, u.tx = d.drv, d
		return nil
	case *dialect.DebugDriver:
		return u.attach(ctx, d.Driver, inner)
	case *dialect.DebugTx:
		return u.attach(ctx, d.Tx, inner)
	case dialect.Driver:
		if tx := inner(d); tx != nil {
			return u.attach(ctx, tx, inner)
		}
	}
	return fmt.Errorf("%w (got %T)", auditlog.ErrDriver, at)
}

// Engage makes the unit's further statements share a transaction. Before, which may be nil, is called
// once, ahead of the first of them, with that transaction open; the unit's context may be used in it.
func (u *Unit) Engage(before func(context.Context) error) {
	u.engaged, u.before = true, before
	u.prepared, u.watching = false, false
}

// Engaged reports whether anything of the mutation is to be recorded.
func (u *Unit) Engaged() bool { return u.engaged }

// Active reports whether the unit has a transaction open, the user's or its own.
func (u *Unit) Active() bool { return u.engaged && u.tx != nil }

// Own reports whether the transaction is the unit's own.
func (u *Unit) Own() bool { return u.own }

// open returns the transaction of the unit's statements, and begins it if it is the unit's own.
func (u *Unit) open(ctx context.Context) (*Tx, error) {
	if u.tx == nil {
		tx, err := u.drv.newBase(ctx)
		if err != nil {
			return nil, fmt.Errorf("starting a transaction: %w", err)
		}
		u.tx = u.drv.newTx(ctx, tx)
	}
	return u.tx, nil
}

// prepare is called ahead of each statement of the unit.
func (u *Unit) prepare(ctx context.Context) error {
	if u.prepared {
		if u.watching {
			u.issued++
		}
		return nil
	}
	if u.preparing { // a statement of before
		return nil
	}
	if u.exclusive && !u.own && !u.holding {
		if err := u.tx.takeTurn(ctx); err != nil {
			return err
		}
		u.holding = true
	}
	if err := errors.Join(u.tx.usable(), u.tx.refuses()); err != nil {
		return err
	}
	if u.before == nil {
		u.prepared = true
		return nil
	}
	u.preparing = true
	err := u.before(ctx)
	u.preparing = false
	if err != nil {
		return err // as will every further statement, until the unit is engaged again
	}
	u.prepared = true
	u.Watch(true)
	return u.prepare(ctx)
}

// Watch starts or stops the counting of the unit's statements, to tell ent's from those of the record.
func (u *Unit) Watch(on bool) { u.watching = on }

// Issued returns how many statements the mutation has issued while they were counted, whether or not they succeeded.
func (u *Unit) Issued() int { return u.issued }

// Lock takes the write lock of a database that has only one. To be called before the first read of a mutation.
func (u *Unit) Lock(ctx context.Context) error {
	tx, err := u.open(ctx)
	if err != nil {
		return err
	}
	if err := u.prepare(ctx); err != nil {
		return err
	}
	return tx.Lock(ctx)
}

// Record adds entries to the transaction's.
func (u *Unit) Record(ctx context.Context, entries []*auditlog.Entry) error {
	return u.tx.Record(ctx, entries)
}

// Fail makes the user's Commit fail: see Tx.Fail.
func (u *Unit) Fail(err error) {
	if u.tx != nil {
		u.tx.Fail(err)
	}
}

func (u *Unit) end() {
	u.done = true
	if u.holding {
		u.holding = false
		<-u.tx.turn
	}
}

// Commit ends the unit, and commits its transaction with the entries that were recorded if it is the unit's own.
func (u *Unit) Commit() error {
	u.end()
	if !u.own || u.tx == nil {
		return nil
	}
	if u.spoiled {
		u.tx.Fail(errors.New("a part of the mutation was rolled back, and the mutation did not fail"))
	}
	return u.tx.Commit()
}

// Rollback ends the unit, and rolls back its transaction if it is its own. It returns err, joined with
// the rollback's error.
func (u *Unit) Rollback(err error) error {
	u.end()
	if !u.own || u.tx == nil {
		return err
	}
	if rerr := u.tx.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
		return errors.Join(err, fmt.Errorf("rolling back: %w", rerr))
	}
	return err
}
