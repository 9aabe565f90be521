package hook

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"entgo.io/ent/dialect/sql/sqlgraph"
)

// A transaction that an operation begins is longer than the statement of ent's that it stands for, and so is more often the one that the database rolls back for
// another's sake: by a deadlock, or because rows changed after its snapshot. Nobody can know of it before ent's first statement has returned. So
// where the database rolls it back up to there, it is begun again, once: as if it had come later. A transaction of the user's never is.

// outrun reports whether the database has rolled back the operation's own transaction for another's sake, before ent learnt of anything in it.
func (o *operation) outrun(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil || !o.autocommit && !o.own() {
		return false
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState() == "40001" || state.SQLState() == "40P01"
	}
	return strings.Contains(err.Error(), "Error 1213 ")
}

// restart begins the operation again.
func (o *operation) restart(ctx context.Context) error {
	o.took(PathBegunAgain)
	o.images, o.adds, o.going, o.looked = nil, nil, nil, false
	if c := o.create; c != nil {
		c.ids, c.rows = nil, nil
	}
	if o.autocommit {
		return nil
	}
	o.release()
	err := o.rollback(nil)
	o.tx, o.end, o.phase = nil, nil, idle
	if err != nil {
		return err
	}
	return o.begin(ctx)
}

// outset runs ent's statement, and once more where it was the first of all and the operation is to begin again.
func (o *operation) outset(ctx context.Context, statement func() error) error {
	first := o.issued == 1 && !o.looked
	err := statement()
	if !first || !o.outrun(ctx, err) {
		return err
	}
	if err := o.restart(ctx); err != nil {
		return err
	}
	return statement()
}

// reads runs what an operation reads before ent's first statement, and once more where it is to begin again.
func (o *operation) reads(ctx context.Context, read func() error) error {
	err := read()
	if !o.outrun(ctx, err) {
		return err
	}
	if err := o.restart(ctx); err != nil {
		return err
	}
	return read()
}

// remember returns what makes the specification of an update what it is now.
func remember(spec *sqlgraph.UpdateSpec) func() {
	predicate := spec.Predicate
	nodes := make([][]driver.Value, len(spec.Edges.Clear))
	for i, e := range spec.Edges.Clear {
		nodes[i] = e.Target.Nodes
	}
	return func() {
		spec.Predicate = predicate
		for i, e := range spec.Edges.Clear {
			e.Target.Nodes = nodes[i]
		}
	}
}
