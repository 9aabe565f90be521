// Package storm holds the tests of what happens between writers: races, deadlocks, processes that are killed, and connections
// that are lost.
package storm

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	_ "github.com/sqlaudit/sqlaudit/internal/conformance/ent/runtime"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/storm/load"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

var (
	steps = flag.Int("steps", 60, "steps of each writer in TestStorm")
	seed  = flag.Uint64("seed", 1, "of the loads")
)

const writers = 16

// A setting is a database as applications configure it.
type setting struct {
	name   string
	db     testdb.Database
	params testdb.Params
	busy   bool // SQLITE_BUSY is to be expected
	apart  bool // a mutation and its record are never one statement
}

func (s setting) unprepared() setting {
	s.apart = true
	s.name += ", unprepared"
	return s
}

// driver returns the driver of the setting on a database.
func (s setting) driver(db *sql.DB) dialect.Driver {
	drv := entsql.OpenDB(s.db.Dialect, db)
	if s.apart {
		return testdb.Unprepared{Driver: drv}
	}
	return drv
}

var settings = []setting{
	postgres("read committed"),
	postgres("repeatable read"),
	postgres("serializable"),
	postgres("read committed").unprepared(),
	postgres("repeatable read").unprepared(),
	mariadb("REPEATABLE-READ"),
	mariadb("READ-COMMITTED"),
	{name: "sqlite", db: testdb.SQLite},
	{name: "sqlite, no busy timeout", db: testdb.SQLite, params: testdb.Params{"_busy_timeout": "0"}, busy: true},
}

// postgres returns a setting in which deadlocks do not take the second until the server looks for them, which is a parameter
// of superusers'.
func postgres(isolation string) setting {
	return setting{name: "postgres, " + isolation, db: testdb.Postgres, params: testdb.Params{
		"default_transaction_isolation": isolation, "deadlock_timeout": "20ms",
	}}
}

func mariadb(isolation string) setting {
	return setting{name: "mariadb, " + strings.ToLower(isolation), db: testdb.MariaDB, params: testdb.Params{"tx_isolation": "'" + isolation + "'"}}
}

// A stepper is a load, with or without a log.
type stepper interface {
	Step(ctx context.Context, rnd *rand.Rand, name string) (string, error)
}

// race lets all writers make n steps each of the load that seed stands for.
func race(ctx context.Context, l stepper, seed uint64, n int) *tally {
	var (
		wg sync.WaitGroup
		t  tally
	)
	for w := range uint64(writers) {
		wg.Go(func() {
			ctx := sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: w})
			for i := range uint64(n) {
				t.add(l.Step(ctx, rand.New(rand.NewPCG(seed, w<<32|i)), fmt.Sprintf("%d-%d-%d", seed, w, i)))
			}
		})
	}
	wg.Wait()
	return &t
}

// open returns the audited load on an empty database of the setting.
func (s setting) open(t *testing.T) (*load.Load, *sql.DB) {
	t.Helper()
	db := s.db.Open(t, s.params)
	drv := s.driver(db)
	require.NoError(t, load.Create(t.Context(), drv))
	l, err := load.Open(t.Context(), drv, true)
	require.NoError(t, err)
	return l, db
}

// Writers race on few rows: bulk updates with inserts that match them, updates with deletes and new lives of the same id, edges from both
// sides; alone and in transactions that are committed, rolled back, or committed after a failure. The log accounts
// for the tables to the last row, and what is refused is what the database itself refuses.
func TestStorm(t *testing.T) {
	for _, s := range settings {
		t.Run(s.name, func(t *testing.T) {
			l, db := s.open(t)
			tally := race(t.Context(), l, *seed, *steps)
			t.Logf("%d entries\n%s", len(oracle.Log(t, db)), tally)
			allowed := []string{deadlock, constraint, notFound, aborted}
			if s.busy {
				allowed = append(allowed, busy)
			}
			require.Subset(t, allowed, tally.kinds(), tally.firsts)
			if s.db.Name == testdb.SQLite.Name && !s.busy { // where none is refused for another's sake
				missing := tally.missing(load.Names())
				for again := *seed + 1; len(missing) > 0 && again <= *seed+20; again++ {
					more := race(t.Context(), l, again, *steps)
					require.Subset(t, allowed, more.kinds(), more.firsts)
					missing = more.missing(missing)
				}
				require.Empty(t, missing, "each operation succeeds now and then")
			}
			oracle.Reconcile(t, db)
			require.Greater(t, tally.count(""), writers, "steps are made")
		})
	}
}
