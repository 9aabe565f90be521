package search

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

var duration = flag.Duration("search.duration", 0, "search for this long on each database, and require each row of the table often; 0 searches a bounded while")

// judges compare the log with the tables: one by plain SQL, one the library's own.
var judges = []func(*judge, *base){
	func(j *judge, b *base) { oracle.Reconcile(j, b.db) },
	func(j *judge, b *base) {
		report, err := sqlaudit.Reconcile(context.Background(), b.clients[clientPlain])
		if err != nil {
			j.Errorf("reconcile: %v", err)
			return
		}
		for _, d := range report.Differences {
			j.Errorf("reconcile: %s", d)
		}
	},
}

const (
	// boundedRuns is how many sequences a bounded search runs: some 2,000 operations, a few seconds.
	boundedRuns = 25
	// boundedRow is how often such a search must have drawn and executed each row of the table. The rarest, a failure within a
	// transaction that is then committed, comes about once in a sequence.
	boundedRow = 10
	// longRow is the same for a long search.
	longRow = 100
)

// Whatever is done, the log accounts for the tables.
func TestSearch(t *testing.T) {
	for _, d := range []testdb.Database{testdb.SQLite, testdb.Postgres, testdb.MariaDB} {
		t.Run(d.Name, func(t *testing.T) {
			b := open(t, d)
			if *duration == 0 {
				check(t, b, boundedRuns, 0)
				b.counts.report(t, b.dialect, boundedRow)
				return
			}
			for start, round := time.Now(), uint64(0); time.Since(start) < *duration; round++ {
				check(t, b, 8*boundedRuns, round)
			}
			b.counts.report(t, b.dialect, longRow)
		})
	}
}

// check runs some sequences. The seed is another in each round.
func check(t *testing.T, b *base, runs int, round uint64) {
	seed := flag.Lookup("rapid.seed").Value.String()
	n, err := strconv.ParseUint(seed, 10, 64)
	require.NoError(t, err)
	if n == 0 {
		n = rand.Uint64() //nolint:gosec // a seed
	}
	n += round << 32
	t.Logf("%d sequences with -rapid.seed=%d", runs, n)
	for name, value := range map[string]string{"rapid.checks": strconv.Itoa(runs), "rapid.seed": strconv.FormatUint(n, 10)} {
		restore := flag.Lookup(name).Value.String()
		require.NoError(t, flag.Set(name, value))
		defer func() { require.NoError(t, flag.Set(name, restore)) }()
	}
	rapid.Check(t, func(rt *rapid.T) { b.run(rt, t, drawProgram(rt)) })
}

// run runs a program on emptied tables, and judges what it leaves.
func (b *base) run(rt *rapid.T, t *testing.T, p program) {
	j := &judge{TB: t}
	j.try(func() {
		b.clear(j)
		b.populate(j)
	})
	sessions := make([]*session, len(p.sessions))
	var wg sync.WaitGroup
	for i, blocks := range p.sessions {
		s := &session{base: b, number: i + 1, concurrent: len(p.sessions) > 1}
		sessions[i] = s
		if !s.concurrent {
			s.run(blocks)
			break
		}
		wg.Go(func() { s.run(blocks) })
	}
	wg.Wait()
	b.counts.settle(b.live)
	verdict := ""
	for _, s := range sessions {
		if len(s.failures) > 0 {
			verdict = "an operation did what it was not to do"
		}
	}
	j.try(func() { b.counts.entries += len(oracle.Log(j, b.db)) })
	for _, reconcile := range judges {
		j.try(func() { reconcile(j, b) })
	}
	if len(j.findings) > 0 {
		verdict = "the log does not account for the tables"
	}
	if verdict == "" {
		return
	}
	var account strings.Builder
	for _, s := range sessions {
		for _, n := range s.notes {
			fmt.Fprintf(&account, "%d| %s\n", s.number, n)
		}
	}
	account.WriteString(strings.Join(j.findings, "\n"))
	rt.Log(account.String())
	if len(sessions) > 1 { // rapid may not get to see it again
		b.told.Do(func() { t.Log(account.String()) })
	}
	rt.Fatal(verdict) // it is the same for every sequence that fails so, as rapid asks for it to be while it shrinks one
}

// A judge is what a judge of the log reports to. What it finds is kept.
type judge struct {
	testing.TB
	findings []string
}

func (*judge) Helper() {}

func (j *judge) Errorf(format string, args ...any) {
	j.findings = append(j.findings, fmt.Sprintf(format, args...))
}

// FailNow ends what try has begun.
func (*judge) FailNow() { panic(errUnjudged) }

var errUnjudged = errors.New("search: cannot be judged further")

func (j *judge) try(f func()) {
	defer func() {
		if r := recover(); r != nil && r != any(errUnjudged) {
			panic(r)
		}
	}()
	f()
}
