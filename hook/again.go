package hook

import (
	"context"
	"database/sql/driver"
	"errors"

	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditdriver"
)

// A transaction that an operation begins is longer than the statement of ent's that it stands for, and so is more often the one that the database rolls back for
// another's sake: by a deadlock, or because rows changed after its snapshot. Nobody can know of it before ent's first statement has returned. So
// where the database rolls it back up to there, it is begun again, once: as if it had come later. A transaction of the user's never is.

// orAgain runs what an operation does first, and once more from the beginning if the database has rolled back its own transaction for another's sake.
func (o *operation) orAgain(ctx context.Context, do func() error) error {
	err := do()
	if !auditdriver.Outrun(err) || ctx.Err() != nil || !o.autocommit && !o.own() {
		return err
	}
	if rerr := o.restart(ctx); rerr != nil {
		return errors.Join(err, rerr)
	}
	return do()
}

// first reports whether ent's statement, which has just been issued, is the first of all.
func (o *operation) first() bool { return o.issued == 1 && !o.hasRead }

// restart begins the operation again.
func (o *operation) restart(ctx context.Context) error {
	o.took(PathBegunAgain)
	o.readFull()
	o.images, o.adds, o.going, o.hasRead, o.held = nil, nil, nil, false, 0
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
