package bench

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
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

func (v *variant) entries(t *testing.T) int {
	t.Helper()
	var n int
	require.NoError(t, v.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM audit_logs").Scan(&n))
	return n
}

// A result is of an operation and a variant.
type result struct {
	name              string
	statements, trips int
	allocs            uint64          // of one repetition
	times             []time.Duration // by round
}

type results struct {
	name string
	all  []*result
}

func measure(ctx context.Context, b *testing.B, op operation, variants []*variant) results {
	b.Helper()
	run := func(v *variant, times int) time.Duration {
		if op.prepare != nil {
			require.NoError(b, op.prepare(ctx, v), v.name)
		}
		v.delay.Store(int64(*delay))
		defer v.delay.Store(0)
		begin := time.Now()
		for range times {
			require.NoError(b, op.run(ctx, v), v.name)
		}
		return time.Since(begin)
	}
	out := results{name: op.name}
	for _, v := range variants {
		run(v, op.times) // and statements are prepared, and what is cached is in the caches
		r := &result{name: v.name}
		if op.prepare != nil {
			require.NoError(b, op.prepare(ctx, v))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v.statements.Store(0)
		v.trips.Store(0)
		require.NoError(b, op.run(ctx, v))
		r.statements, r.trips = int(v.statements.Load()), int(v.trips.Load())
		runtime.ReadMemStats(&after)
		r.allocs = after.Mallocs - before.Mallocs
		out.all = append(out.all, r)
	}
	for range *writeRounds {
		for _, i := range rand.Perm(len(variants)) {
			out.all[i].times = append(out.all[i].times, run(variants[i], op.times)/time.Duration(op.times))
		}
	}
	return out
}

// show prints tables of what operations cost in each variant.
func show(database string, all []results) {
	var head, rule strings.Builder
	for _, r := range all[0].all[1:] {
		head.WriteString(" " + r.name + " |")
		rule.WriteString(" --- |")
	}
	fmt.Printf("\n%s, %d rounds, %s added to a round trip: times the bare client's, the median (and the extremes)\n\n| operation | bare |%s\n| --- | --- |%s\n", database, *writeRounds, *delay, &head, &rule)
	for _, op := range all {
		fmt.Printf("| %s | %s |", op.name, medianTime(op.all[0].times).Round(time.Microsecond))
		for _, r := range op.all[1:] {
			ratios := r.ratios(op.all[0])
			fmt.Printf(" %.2f (%.2f–%.2f) |", median(ratios), ratios[0], ratios[len(ratios)-1])
		}
		fmt.Println()
	}
	fmt.Printf("\ntimes the log by hand: the 95%% interval of the median\n\n| operation | bare |%s\n| --- | --- |%s\n", &head, &rule)
	for _, op := range all {
		hand := op.all[slices.IndexFunc(op.all, func(r *result) bool { return r.name == byHandName })]
		fmt.Printf("| %s |", op.name)
		for _, r := range op.all {
			low, high := interval(r.ratios(hand))
			fmt.Printf(" %.2f–%.2f |", low, high)
		}
		fmt.Println()
	}
	fmt.Printf("\nstatements / round trips / allocations of one\n\n| operation | bare |%s\n| --- | --- |%s\n", &head, &rule)
	for _, op := range all {
		fmt.Printf("| %s |", op.name)
		for _, r := range op.all {
			fmt.Printf(" %d / %d / %d |", r.statements, r.trips, r.allocs)
		}
		fmt.Println()
	}
}

// ratios returns the ratios of each round to another's, sorted.
func (r *result) ratios(to *result) []float64 {
	out := make([]float64, len(r.times))
	for i, t := range r.times {
		out[i] = float64(t) / float64(to.times[i])
	}
	slices.Sort(out)
	return out
}

func medianTime(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2]
}

// interval returns the values between which the median lies with a confidence of at least 95%, by the ranks of the sorted values: each is as likely to be
// below the median as above it.
func interval(sorted []float64) (low, high float64) {
	n := len(sorted)
	p := 1.0
	for range n {
		p /= 2
	}
	rank, tail := 0, p // tail is the probability that at most rank values are below the median
	for k := 1; k < n/2 && tail+p*float64(n-k+1)/float64(k) <= 0.025; k++ {
		p *= float64(n-k+1) / float64(k)
		tail += p
		rank = k
	}
	return sorted[rank], sorted[n-1-rank]
}

// fresh empties the tables and fills them anew.
func (v *variant) fresh(ctx context.Context) error {
	for _, table := range []string{"accounts", "audit_logs"} {
		query := "TRUNCATE TABLE " + table
		if v.Dialect() == dialect.SQLite {
			query = "DELETE FROM " + table
		}
		if _, err := v.DB().ExecContext(ctx, query); err != nil {
			return err
		}
	}
	var err error
	if v.ids, err = v.fill(ctx, thousand, 1000); err != nil {
		return err
	}
	if _, err = v.fill(ctx, myriad, 10_000); err != nil {
		return err
	}
	for _, query := range map[string][]string{
		dialect.Postgres: {"VACUUM ANALYZE accounts", "VACUUM ANALYZE audit_logs"},
		dialect.MySQL:    {"ANALYZE TABLE accounts", "ANALYZE TABLE audit_logs"},
		dialect.SQLite:   {"ANALYZE"},
	}[v.Dialect()] {
		if _, err := v.DB().ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// fill makes so many accounts of a region by plain SQL, and returns their ids.
func (v *variant) fill(ctx context.Context, region, many int) ([]int, error) {
	for first := 0; first < many; first += 1000 {
		var values []string
		for n := first; n < min(many, first+1000); n++ {
			values = append(values, fmt.Sprintf("('An account', 'account%d@example.com', 'Vienna', 0, TRUE, %d)", n, region))
		}
		if _, err := v.DB().ExecContext(ctx, "INSERT INTO accounts (name, email, city, balance, active, region) VALUES "+strings.Join(values, ", ")); err != nil {
			return nil, err
		}
	}
	rows, err := v.DB().QueryContext(ctx, fmt.Sprintf("SELECT id FROM accounts WHERE region = %d ORDER BY id", region))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// some returns so many accounts, others each time.
func (v *variant) some(many int) []int {
	ids := make([]int, many)
	for i := range ids {
		ids[i] = v.ids[v.next%len(v.ids)]
		v.next++
	}
	return ids
}

func (v *variant) more() int64 {
	v.balance++
	return v.balance
}
