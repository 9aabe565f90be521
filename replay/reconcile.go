package replay

import (
	"context"
	"iter"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Report is what Reconcile has read and found.
type Report struct {
	Types       []Progress // of each type, in the order of generated code
	Differences []Difference
}

// OK reports whether tables and log are the same.
func (r *Report) OK() bool { return len(r.Differences) == 0 }

// String returns a line for each type and each difference.
func (r *Report) String() string {
	var b strings.Builder
	for _, t := range r.Types {
		b.WriteString(t.String() + "\n")
	}
	for _, d := range r.Differences {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

// Reconcile compares what the log implies with the live tables, and so finds what was written around ent. It returns all differences: see Differences
// for those of a database that may have many, and for what holds.
func Reconcile(ctx context.Context, c Client, opts ...Option) (*Report, error) {
	report := &Report{}
	seen := make(map[string]int)
	opts = append(opts, func(c *config) {
		own := c.progress
		c.progress = func(p Progress) {
			if _, ok := seen[p.Type]; !ok {
				seen[p.Type] = len(report.Types)
				report.Types = append(report.Types, Progress{})
			}
			report.Types[seen[p.Type]] = p
			if own != nil {
				own(p)
			}
		}
	})
	for d, err := range Differences(ctx, c, opts...) {
		if err != nil {
			return report, err
		}
		report.Differences = append(report.Differences, d)
	}
	return report, nil
}

// Differences is Reconcile as a sequence, which ends with the first error. It goes type by type: over the rows in the order of their keys, in
// batches, and then over the entities of the log whose rows are not there. It holds one batch of entities with their links, and never the log.
//
// Each batch is read in one transaction of its own in which rows, links and entries are of one state of the database (REPEATABLE READ, READ ONLY on PostgreSQL and
// MariaDB, a read transaction on SQLite). Entries commit with the changes they describe, so nothing that ent does meanwhile is a
// difference. Nothing is locked. Differences are handed on between the transactions. With the client of a transaction all is read in that
// one, which should then have been begun with that isolation.
//
// Values are compared as Canonical has them. Sensitive fields take no part. It heeds Types, BatchSize and OnProgress, and fails as Replay does.
func Differences(ctx context.Context, c Client, opts ...Option) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		r, err := newRun(c, opts)
		if err != nil {
			yield(Difference{}, err)
			return
		}
		for _, t := range r.types {
			if !r.reconcile(ctx, t, yield) {
				return
			}
		}
	}
}

// reconcile hands on the differences of a type. It returns false if that is to be the end.
func (r *run) reconcile(ctx context.Context, t *auditlog.Type, yield func(Difference, error) bool) bool {
	p := Progress{Type: t.Label}
	var (
		last *auditlog.Row
		id   string
	)
	for _, step := range []func(context.Context, dialect.ExecQuerier, *comparison) (bool, error){
		func(ctx context.Context, ex dialect.ExecQuerier, c *comparison) (bool, error) {
			return r.compareRows(ctx, ex, c, &last)
		},
		func(ctx context.Context, ex dialect.ExecQuerier, c *comparison) (bool, error) {
			return r.compareLog(ctx, ex, c, &id)
		},
	} {
		for more := true; more; {
			c := &comparison{typ: t, state: NewState(r.Schema), progress: p}
			err := r.snapshot(ctx, func(ex dialect.ExecQuerier) (err error) {
				more, err = step(ctx, ex, c)
				return err
			})
			if err != nil {
				yield(Difference{}, err)
				return false
			}
			p = c.progress
			p.Found += len(c.differences)
			if r.progress != nil {
				r.progress(p)
			}
			for _, d := range c.differences {
				if !yield(d, nil) {
					return false
				}
			}
		}
	}
	return true
}

// A comparison is that of one batch.
type comparison struct {
	typ         *auditlog.Type
	state       *State
	differences []Difference
	progress    Progress
}

// compareRows compares the next batch of rows, and moves last to its end.
func (r *run) compareRows(ctx context.Context, ex dialect.ExecQuerier, c *comparison, last **auditlog.Row) (more bool, err error) {
	rows, err := r.rows(ctx, ex, c.typ, false, *last)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	*last = rows[len(rows)-1]
	c.progress.Entities += len(rows)
	lives, err := r.live(ctx, ex, c.typ, false, rows)
	if err != nil {
		return false, err
	}
	if err := r.fold(ctx, ex, c, ids(rows)); err != nil {
		return false, err
	}
	for _, row := range lives {
		c.differences = append(c.differences, r.compare(c.typ, row, c.state.Entity(c.typ.Label, row.ID))...)
	}
	return len(rows) == r.batch, nil
}

// compareLog looks for the rows of the next batch of entities that the log has entries about, and moves last to its end.
func (r *run) compareLog(ctx context.Context, ex dialect.ExecQuerier, c *comparison, last *string) (more bool, err error) {
	ids, after, err := r.resources(ctx, ex, c.typ, *last)
	if err != nil || len(ids) == 0 {
		return false, err
	}
	*last = after
	there, err := r.there(ctx, ex, c.typ, ids)
	if err != nil {
		return false, err
	}
	var gone []string
	for _, id := range ids {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	if err := r.fold(ctx, ex, c, gone); err != nil {
		return false, err
	}
	for _, id := range gone {
		if c.state.Entity(c.typ.Label, id) != nil {
			c.differences = append(c.differences, Difference{Kind: MissingEntity, Type: c.typ.Label, ID: id})
		}
	}
	return len(ids) >= r.batch, nil
}

// fold folds the entries about entities, and notes where they break.
func (r *run) fold(ctx context.Context, ex dialect.ExecQuerier, c *comparison, ids []string) error {
	var doubts []Finding
	note := func(f Finding) {
		c.differences = append(c.differences, Difference{Kind: BrokenChain, Type: f.Type, ID: f.ID, Finding: &f})
	}
	err := r.entries(ctx, ex, c.typ, ids, func(e Entry) {
		c.progress.Entries++
		for _, f := range c.state.Add(e) {
			if f.Doubt {
				doubts = append(doubts, f)
			} else {
				note(f)
			}
		}
	})
	if err != nil {
		return err
	}
	if len(doubts) > 0 {
		var newest uuid.UUID
		if newest, err = r.baselined(ctx, ex, c.typ); err != nil {
			return err
		}
		for _, f := range doubts {
			if !excused(f, newest) {
				note(f)
			}
		}
	}
	for _, id := range ids {
		if e := c.state.Entity(c.typ.Label, id); e != nil {
			for _, f := range e.held {
				note(f)
			}
		}
	}
	return nil
}
