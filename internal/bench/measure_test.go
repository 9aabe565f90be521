package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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
// below the median as above it. Of fewer than six there are only the extremes, which say less.
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

// turns of what byTurns compares.
const turns = 10

// byTurns times each of two functions by turns, whose order is drawn, and returns the ratios of the second to the first, sorted.
func byTurns(b *testing.B, first, second func()) []float64 {
	b.Helper()
	timed := func(f func()) float64 {
		begin := time.Now()
		f()
		return time.Since(begin).Seconds()
	}
	first()
	second()
	ratios := make([]float64, turns)
	for i := range ratios {
		var a, c float64
		if rand.IntN(2) == 0 {
			a = timed(first)
			c = timed(second)
		} else {
			c = timed(second)
			a = timed(first)
		}
		ratios[i] = c / a
	}
	slices.Sort(ratios)
	return ratios
}

// The ranks are those of tables of the sign test.
func TestInterval(t *testing.T) {
	for n, want := range map[int][2]float64{6: {1, 6}, 12: {3, 10}, 30: {10, 21}, 100: {40, 61}} {
		sorted := make([]float64, n)
		for i := range sorted {
			sorted[i] = float64(i + 1)
		}
		low, high := interval(sorted)
		require.Equal(t, want, [2]float64{low, high}, n)
	}
}
