package hook

import (
	"context"
	"errors"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// State is what a mutation keeps for its record. Generated code holds one in each mutation whose type is described, and asks
// it for the driver to write with at the last moment before ent writes: there the specification of what ent is about to
// do is complete.
type State struct{ run *run }

// A run is one passage of a mutation through the hook. Ent copies mutations.
type run struct {
	target Target
	stamp  auditlog.Stamp
	single bool       // a deletion by id
	op     *operation // the last one: a hook may have ent write more than once
	over   bool       // the mutation has left the hook
}

// leave ends the run.
func (r *run) leave(ctx context.Context) {
	if r.op != nil {
		r.op.abandon(ctx) // where a panic passes through
	}
	r.op, r.over = nil, true
}

// outcome returns what a mutation returns that ended with v and err.
func (r *run) outcome(v ent.Value, err error) (ent.Value, error) {
	switch o := r.op; {
	case o == nil:
	case o.failure != nil:
		return nil, o.failure
	case o.unknown != nil:
		return v, errors.Join(err, o.unknown)
	}
	return v, err
}

// begin returns a new operation of the run. It fails if the mutation is in none, or if drv does not lead to where the mutation's own
// driver does.
func (r *run) begin(drv dialect.Driver) (*operation, error) {
	if r == nil || r.over {
		return nil, auditlog.ErrHookMissing
	}
	o := &operation{target: r.target, stamp: r.stamp, single: r.single, base: drv}
	r.op = o
	var err error
	o.drv, o.tx, err = r.target.find(drv)
	return o, err
}

// check fails where begin would, and begins nothing.
func (r *run) check(drv dialect.Driver) error {
	if r == nil || r.over {
		return auditlog.ErrHookMissing
	}
	_, _, err := r.target.find(drv)
	return err
}

// Creating returns the driver with which to insert what spec will hold by the time of ent's first statement. It refuses to write if the
// mutation did not come through the hook, as one that another hook has put in the place of the first. Tracked says
// whether the type is.
func (s *State) Creating(spec *sqlgraph.CreateSpec, drv dialect.Driver, tracked bool) dialect.Driver {
	drv = Base(drv)
	if err := s.run.check(drv); err != nil {
		return refuser{Driver: drv, all: tracked || !errors.Is(err, auditlog.ErrHookMissing), err: err}
	}
	return &recording{Driver: drv, run: s.run, spec: spec} // one of a bulk, which has another, writes nothing
}

// CreatingBulk returns the driver with which to insert what spec holds for mutations with the given states.
// The operation of the last one, which is the innermost, records them all.
func CreatingBulk(states []*State, spec *sqlgraph.BatchCreateSpec, drv dialect.Driver) (dialect.Driver, error) {
	drv = Base(drv)
	if len(states) == 0 {
		return drv, nil
	}
	c := &creation{specs: spec.Nodes, batch: spec, stamps: make([]auditlog.Stamp, len(states))}
	for i, s := range states {
		if err := s.run.check(drv); err != nil {
			return nil, err
		}
		c.stamps[i] = s.run.stamp
	}
	last, err := states[len(states)-1].run.begin(drv)
	if err != nil {
		return nil, err
	}
	last.create = c
	return &recording{Driver: drv, op: last}, nil
}

// Updating reads and locks the rows that ent is about to update as spec says, narrows spec to them, and returns the driver to
// update with.
func (s *State) Updating(ctx context.Context, spec *sqlgraph.UpdateSpec, drv dialect.Driver) (dialect.Driver, error) {
	o, err := s.run.begin(Base(drv))
	if err != nil {
		return nil, err
	}
	undo := remember(spec)
	if err := o.orAgain(ctx, func() error {
		undo()
		return o.updating(ctx, spec)
	}); err != nil {
		return nil, o.fails(err)
	}
	return o.driver(), nil
}

// Deleting reads and locks the rows that ent is about to delete by predicates, and those that the database will change
// or delete with them. It returns the driver to delete with, and predicates that match the rows read alone, or nil to keep those given.
func Deleting[P ~func(*sql.Selector)](ctx context.Context, s *State, drv dialect.Driver, predicates []P) (dialect.Driver, []P, error) {
	o, err := s.run.begin(Base(drv))
	if err != nil {
		return nil, nil, err
	}
	var own func(*sql.Selector)
	if len(predicates) > 0 {
		own = func(s *sql.Selector) {
			for _, p := range predicates {
				p(s)
			}
		}
	}
	var where func(*sql.Selector)
	if err := o.orAgain(ctx, func() (err error) {
		where, err = o.deleting(ctx, own)
		return err
	}); err != nil {
		return nil, nil, o.fails(err)
	}
	if where == nil {
		return o.driver(), nil, nil
	}
	return o.driver(), []P{where}, nil
}

// driver returns the driver to write with: the one beneath where the operation has not begun, there being nothing to record.
func (o *operation) driver() dialect.Driver {
	if o.phase == idle {
		o.took(PathUntouched)
		o.phase = done
		return o.base
	}
	return &recording{Driver: o.base, op: o}
}

// A refuser is a driver on which nothing is written. Of an untracked type it lets pass what concerns no other table, for which ent
// begins no transaction.
type refuser struct {
	dialect.Driver
	all bool
	err error
}

// Exec implements dialect.Driver.
func (r refuser) Exec(ctx context.Context, query string, args, v any) error {
	if r.all {
		return r.err
	}
	return r.Driver.Exec(ctx, query, args, v)
}

// Query implements dialect.Driver.
func (r refuser) Query(ctx context.Context, query string, args, v any) error {
	if r.all {
		return r.err
	}
	return r.Driver.Query(ctx, query, args, v)
}

// Tx implements dialect.Driver.
func (r refuser) Tx(context.Context) (dialect.Tx, error) { return nil, r.err }
