package bench

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
)

var (
	writeRounds = flag.Int("rounds", 30, "rounds of BenchmarkWrite, in each of which every variant does every operation")
	delay       = flag.Duration("delay", 0, "what each round trip of BenchmarkWrite takes longer, as to a database that is on another machine")
)

// The regions of the accounts. New accounts are in a region of their own, so that the others stay as large as they are.
const (
	thousand = 1 + iota
	myriad
	made
	leaving
)

// An operation is measured with as many repetitions as make it long enough.
type operation struct {
	name    string
	times   int
	prepare func(context.Context, *variant) error // before each measurement, which it is no part of
	run     func(context.Context, *variant) error
}

const (
	writers = 8
	ofOne   = 20
)

var operations = []operation{
	{name: "create", times: ofOne, run: func(ctx context.Context, v *variant) error {
		_, err := v.Create(ctx, 1, made)
		return err
	}},
	{name: "update one", times: ofOne, run: func(ctx context.Context, v *variant) error { return v.Update(ctx, v.some(1)[0], v.more()) }},
	{name: "delete one", times: ofOne,
		prepare: func(ctx context.Context, v *variant) (err error) {
			v.leaving, err = v.fill(ctx, leaving, ofOne)
			return err
		},
		run: func(ctx context.Context, v *variant) error {
			id := v.leaving[0]
			v.leaving = v.leaving[1:]
			return v.Delete(ctx, id)
		}},
	{name: "transaction of 10 updates", times: 3, run: func(ctx context.Context, v *variant) error { return v.UpdateEach(ctx, v.some(10), v.more()) }},
	{name: "update one, 8 writers", times: 1, run: func(ctx context.Context, v *variant) error {
		var (
			wg   sync.WaitGroup
			errs = make([]error, writers)
		)
		for w := range writers {
			ids, balance := v.some(ofOne), v.more()
			wg.Go(func() {
				for _, id := range ids {
					if errs[w] == nil {
						errs[w] = v.Update(ctx, id, balance)
					}
				}
			})
		}
		wg.Wait()
		return cmp.Or(errs...)
	}},
	{name: "create 1,000", times: 1, run: func(ctx context.Context, v *variant) error {
		_, err := v.CreateBulk(ctx, 1000, made)
		return err
	}},
	{name: "update 1,000", times: 1, run: func(ctx context.Context, v *variant) error {
		return matched(1000)(v.UpdateRegion(ctx, thousand, v.more()))
	}},
	{name: "update 10,000", times: 1, run: func(ctx context.Context, v *variant) error {
		return matched(10_000)(v.UpdateRegion(ctx, myriad, v.more()))
	}},
	{name: "delete 1,000", times: 1,
		prepare: func(ctx context.Context, v *variant) error {
			_, err := v.fill(ctx, leaving, 1000)
			return err
		},
		run: func(ctx context.Context, v *variant) error { return matched(1000)(v.DeleteRegion(ctx, leaving)) }},
}

// matched fails where an operation was of another number of rows than it is to be measured with.
func matched(want int) func(int, error) error {
	return func(n int, err error) error {
		if err == nil && n != want {
			return fmt.Errorf("%d accounts instead of %d", n, want)
		}
		return err
	}
}

// Each variant does the same operations, in turns whose order is drawn, on a database of its own. Read the ratios to the bare client, which are medians of
// those of each round, and the round trips. The times are the machine's.
func BenchmarkWrite(b *testing.B) {
	for _, d := range databases {
		b.Run(d.Name, func(b *testing.B) {
			ctx := sqlaudit.NewContext(context.Background(), sqlaudit.Actor{ID: actor})
			variants := open(b, d)
			var all []results
			for _, op := range operations {
				for _, v := range variants {
					require.NoError(b, v.fresh(ctx), v.name)
				}
				all = append(all, measure(ctx, b, op, variants))
			}
			show(d.Name, all)
		})
	}
}

// What is measured is the same: each way to keep a log makes as many entries of an operation as the others.
func TestOperations(t *testing.T) {
	for _, d := range databases {
		t.Run(d.Name, func(t *testing.T) {
			ctx := sqlaudit.NewContext(t.Context(), sqlaudit.Actor{ID: actor})
			variants := open(t, d)
			for _, op := range operations {
				var entries []int
				for _, v := range variants {
					require.NoError(t, v.fresh(ctx), v.name)
					if op.prepare != nil {
						require.NoError(t, op.prepare(ctx, v), v.name)
					}
					before := v.entries(t)
					require.NoError(t, op.run(ctx, v), "%s, %s", op.name, v.name)
					entries = append(entries, v.entries(t)-before)
				}
				require.Zero(t, entries[0], "%s, bare", op.name)
				require.Positive(t, entries[1], op.name)
				require.Equal(t, slices.Repeat(entries[1:2], len(entries)-1), entries[1:], op.name)
			}
		})
	}
}
