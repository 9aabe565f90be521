package hook

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// State is what a mutation keeps for its record. Generated code holds one in each mutation whose type is described, and asks
// it for the driver to write with at the last moment before ent writes: there the specification of what ent is about to
// do is complete.
type State struct{ run *run }

// A run is one passage of a mutation through the hook, and its operation: the last one, if ent is made to write more than once. It is nil once
// the mutation has left the hook. Ent copies mutations.
type run struct{ op *operation }

// begin returns a new operation of the run that the mutation is in. It fails if there is none, or if drv does not lead to where the mutation's own
// driver does.
func (s *State) begin(drv dialect.Driver) (*operation, error) {
	if s.run == nil || s.run.op == nil {
		return nil, auditlog.ErrHookMissing
	}
	s.run.op = s.run.op.fresh()
	return s.run.op, s.run.op.on(drv)
}

// check fails where begin would, and begins nothing.
func (s *State) check(drv dialect.Driver) error {
	if s.run == nil || s.run.op == nil {
		return auditlog.ErrHookMissing
	}
	_, _, err := s.run.op.target.find(drv)
	return err
}

// Creating returns the driver with which to insert what spec will hold by the time of ent's first statement. It refuses to write if the
// mutation did not come through the hook, as one that another hook has put in the place of the first. Tracked says
// whether the type is.
func (s *State) Creating(spec *sqlgraph.CreateSpec, drv dialect.Driver, tracked bool) dialect.Driver {
	drv = Base(drv)
	o, err := s.begin(drv)
	if err != nil {
		return refuser{Driver: drv, all: tracked || o != nil, err: err}
	}
	one := &struct { // one allocation
		creation
		spec  [1]*sqlgraph.CreateSpec
		stamp [1]auditlog.Stamp
	}{spec: [1]*sqlgraph.CreateSpec{spec}, stamp: [1]auditlog.Stamp{o.stamp}}
	one.specs, one.stamps = one.spec[:], one.stamp[:]
	return o.creating(&one.creation)
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
		if err := s.check(drv); err != nil {
			return nil, err
		}
		c.stamps[i] = s.run.op.stamp
	}
	last, err := states[len(states)-1].begin(drv)
	if err != nil {
		return nil, err
	}
	return last.creating(c), nil
}

// Updating reads and locks the rows that ent is about to update as spec says, narrows spec to them, and returns the driver to
// update with.
func (s *State) Updating(ctx context.Context, spec *sqlgraph.UpdateSpec, drv dialect.Driver) (dialect.Driver, error) {
	o, err := s.begin(Base(drv))
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
	o, err := s.begin(Base(drv))
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
