package replay

import (
	"context"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// Replay folds the log into the state that it implies. It reads pages of entries in the order of their ids, all of one state of the database, and
// holds no more than a page beside the state. Entries that do not continue the ones before them are findings, and never an error:
// they are in the state's Findings, or handed to OnFinding.
//
// It heeds Types, IDs, BatchSize and OnFinding. It fails with auditlog.ErrDriver for a client without the audit driver, with a *auditlog.ValueError for
// an option that does not fit or a codec that is wrong, and with the database's errors.
func Replay(ctx context.Context, c Client, opts ...Option) (*State, error) {
	r, err := newRun(c, opts)
	if err != nil {
		return nil, err
	}
	s := NewState(r.Schema)
	if r.finding == nil {
		r.finding = func(f Finding) { s.Findings = append(s.Findings, f) }
	}
	err = r.snapshot(ctx, func(ex dialect.ExecQuerier) error {
		for _, t := range r.types {
			if err := r.replay(ctx, ex, s, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for f := range s.Held() {
		r.finding(f)
	}
	return s, nil
}

func (r *run) replay(ctx context.Context, ex dialect.ExecQuerier, s *State, t *auditlog.Type) error {
	newest, err := r.baselined(ctx, ex, t)
	if err != nil {
		return err
	}
	ids := [][]string{nil}
	if r.ids != nil {
		ids = chunks(r.ids)
	}
	for _, ids := range ids {
		last := uuid.Nil
		for {
			n, err := r.page(ctx, ex, t, ids, last, func(e Entry) {
				last = e.ID
				for _, f := range s.Add(e) {
					if !excused(f, newest) {
						r.finding(f)
					}
				}
			})
			if err != nil {
				return err
			}
			if n < r.batch {
				break
			}
		}
	}
	return nil
}

func chunks(ids []string) (out [][]string) {
	for chunk := range auditlog.Chunks(ids) {
		out = append(out, chunk)
	}
	return out
}

// excused reports whether a finding about what was there before the log followed it says no more than that: the entity went
// before the newest baseline entry of its type, and so possibly before Baseline came to it.
func excused(f Finding, newest uuid.UUID) bool {
	return f.Doubt && f.Entry.String() < newest.String()
}
