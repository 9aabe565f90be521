package replay

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Client is a generated client.
type Client interface {
	AuditSource() auditlog.Source
}

// An Option says what Replay, Reconcile or Baseline is to do, and how. Each names those that heed it; the others pass it over.
type Option func(*config)

type config struct {
	types    []string
	ids      []string
	batch    int
	joined   []string
	finding  func(Finding)
	progress func(Progress)
}

// Types names the types to read, by their labels in the log, present or former: the types' names unless the mixin says otherwise. The default is every tracked type. All
// heed it. A label that no tracked type has is a *auditlog.ValueError.
func Types(labels ...string) Option {
	return func(c *config) { c.types = append(c.types, labels...) }
}

// IDs names the entities to replay, by their ids in the log. The default is every entity. Replay heeds it.
func IDs(ids ...string) Option {
	return func(c *config) { c.ids = append(c.ids, ids...) }
}

// BatchSize sets how many entities Reconcile and Baseline read at a time, and how many entries Replay does: at least 1, at most 10,000, by
// default 500.
func BatchSize(n int) Option {
	return func(c *config) { c.batch = n }
}

// Joined names edges to many that were added to the recorded ones when there were entities already. By default an edge of
// which the log says something is taken to be known, and what differs to have been written around ent. Of the edges
// named here Baseline records what is there beside that, once for each entity: unless a baseline entry of it has the edge already.
// An edge is named for every one of the types that has it. What the log says of the time before that entry stays as it is: an entity whose beginning it has had no
// links by the edge.
func Joined(edges ...string) Option {
	return func(c *config) { c.joined = append(c.joined, edges...) }
}

// OnFinding has Replay hand on findings as it comes upon them, and not collect them.
func OnFinding(f func(Finding)) Option {
	return func(c *config) { c.finding = f }
}

// OnProgress has Reconcile and Baseline say how far they are after each batch, outside of its transaction. To stop there, cancel the context.
func OnProgress(f func(Progress)) Option {
	return func(c *config) { c.progress = f }
}

// Progress is how far a run is with a type. Each type is counted by itself.
type Progress struct {
	Type     string // the label
	Entities int    // rows read
	Entries  int    // entries written; of Reconcile, those read
	Found    int    // differences found
}

// String returns the progress on one line.
func (p Progress) String() string {
	return fmt.Sprintf("%s: %d entities, %d entries, %d differences", p.Type, p.Entities, p.Entries, p.Found)
}

const (
	defaultBatch = 500
	maxBatch     = 10_000 // SQLite takes 32,766 parameters
)

// A run is one call on a client.
type run struct {
	config
	auditlog.Source
	dialect string
	drv     *auditdriver.Driver
	tx      *auditdriver.Tx // that the client is within, or nil
	types   []*auditlog.Type
}

func newRun(c Client, opts []Option) (*run, error) {
	r := &run{config: config{batch: defaultBatch}, Source: c.AuditSource()}
	for _, o := range opts {
		o(&r.config)
	}
	if r.batch < 1 || r.batch > maxBatch {
		return nil, &auditlog.ValueError{Name: "batch size", Reason: fmt.Sprintf("%d is not between 1 and %d", r.batch, maxBatch)}
	}
	if r.Driver == nil {
		return nil, fmt.Errorf("%w (it has none)", auditlog.ErrDriver)
	}
	r.dialect = r.Driver.Dialect()
	var err error
	if r.drv, r.tx, err = auditdriver.Find(r.Driver, r.Inner); err != nil {
		return nil, err
	}
	if err := r.Schema.Err(); err != nil {
		return nil, err
	}
	for _, label := range r.config.types {
		if r.Schema.Label(label) == nil {
			return nil, &auditlog.ValueError{Name: "type", Reason: fmt.Sprintf("no tracked type has the label %q", label)}
		}
	}
	for _, t := range r.Schema.Types() {
		if t.Tracked() && (len(r.config.types) == 0 || slices.ContainsFunc(r.config.types, t.Named)) {
			r.types = append(r.types, t)
		}
	}
	for _, name := range r.joined {
		if !slices.ContainsFunc(r.types, func(t *auditlog.Type) bool { return t.Edge(name) != nil }) {
			return nil, &auditlog.ValueError{Name: "edge", Reason: fmt.Sprintf("none of the types has a recorded edge %q that leads to many", name)}
		}
	}
	return r, nil
}

// snapshot calls f with a transaction in which all reads see one state of the database: the client's own, if it is within one, with the
// isolation that it was begun with.
func (r *run) snapshot(ctx context.Context, f func(dialect.ExecQuerier) error) error {
	if r.tx != nil {
		return f(r.tx)
	}
	tx, err := r.drv.Snapshot(ctx)
	if err != nil {
		return err
	}
	return ended(f(tx), tx)
}
