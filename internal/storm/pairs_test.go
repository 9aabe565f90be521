package storm

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	bare "github.com/sqlaudit/sqlaudit/internal/storm/bare/load"
)

var (
	pairs     = flag.Int("pairs", 10, "pairs of loads in TestPairs")
	pairSteps = flag.Int("pairsteps", 10, "steps of each writer in TestPairs")
)

// enough is how many steps of each writer make loads that have a spread to compare with: make storm takes more.
const enough = 20

// openBare returns the load without a log on an empty database of the setting.
func (s setting) openBare(t *testing.T) stepper {
	t.Helper()
	drv := entsql.OpenDB(s.db.Dialect, s.db.Open(t, s.params))
	require.NoError(t, bare.Create(t.Context(), drv))
	l, err := bare.Open(t.Context(), drv, true)
	require.NoError(t, err)
	return l
}

// A side is what the loads of one kind came to.
type side struct {
	deadlocks []int // by load
	byStep    map[string]map[string]int
}

func (s *side) add(t *tally) {
	s.deadlocks = append(s.deadlocks, t.count(deadlock))
	if s.byStep == nil {
		s.byStep = map[string]map[string]int{}
	}
	for name, byKind := range t.counts {
		if s.byStep[name] == nil {
			s.byStep[name] = map[string]int{}
		}
		for kind, n := range byKind {
			s.byStep[name][kind] += n
		}
	}
}

func (s *side) sum() int {
	n := 0
	for _, d := range s.deadlocks {
		n += d
	}
	return n
}

// The same loads are run with and without a log, in turns. Auditing adds no deadlocks and no serialization failures beyond what the
// bare loads differ by among themselves: the audited loads' mean is not above the highest of the bare ones. Nor does it add SQLITE_BUSY
// to operations that never met it without.
//
// Loads that are too short to have a spread stay below twice the bare mean.
func TestPairs(t *testing.T) {
	for _, s := range settings {
		if s.busy { // also without auditing, and of each operation
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			var without, with side
			for p := range *pairs {
				for turn := range 2 {
					t.Run(fmt.Sprint(p, turn), func(t *testing.T) {
						var (
							l  stepper
							to = &without
						)
						if turn == p%2 { // either goes first
							l = s.openBare(t)
						} else {
							l, _ = s.open(t)
							to = &with
						}
						to.add(race(t.Context(), l, *seed+uint64(p), *pairSteps)) //nolint:gosec // small
					})
				}
			}
			t.Log(table(&without, &with))
			if *pairSteps < enough {
				require.LessOrEqual(t, with.sum(), 2*without.sum()+2**pairs, "the audited mean against twice the bare one")
			} else {
				require.LessOrEqual(t, with.sum(), slices.Max(without.deadlocks)**pairs, "the audited mean against the bare maximum")
			}
			for name, byKind := range with.byStep {
				if byKind[busy] > 0 {
					require.NotZero(t, without.byStep[name][busy], "SQLITE_BUSY: %s", name)
				}
			}
		})
	}
}

func table(without, with *side) string {
	var b strings.Builder
	fmt.Fprintf(&b, "deadlocks and serialization failures of %d steps", writers**pairSteps)
	for _, k := range []struct {
		name string
		*side
	}{{"bare", without}, {"audited", with}} {
		fmt.Fprintf(&b, "\n%-8s", k.name)
		for _, n := range k.deadlocks {
			fmt.Fprintf(&b, "%6d", n)
		}
		fmt.Fprintf(&b, "   mean %.1f", float64(k.sum())/float64(len(k.deadlocks)))
	}
	fmt.Fprintf(&b, "\n%-32s%10s%10s%12s%14s", "all loads", "deadlocks", "audited", "busy, bare", "busy, audited")
	for _, name := range slices.Sorted(maps.Keys(with.byStep)) {
		w, a := without.byStep[name], with.byStep[name]
		fmt.Fprintf(&b, "\n%-32s%10d%10d%12d%14d", name, w[deadlock], a[deadlock], w[busy], a[busy])
	}
	return b.String()
}
