package storm

import (
	"database/sql"
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/storm/load"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

var kills = flag.Int("kills", 3, "processes to kill in TestKill, on each database")

// A process that writes is killed with SIGKILL, again and again on the same database, at any moment: after a random number of reports
// from its writers, none of which waits for the kill. Each time every row has its record and every record its row, and what the process has
// reported as created is recorded.
func TestKill(t *testing.T) {
	binary, err := os.Executable()
	require.NoError(t, err)
	for _, s := range []setting{
		postgres("read committed"), postgres("read committed").unprepared(), mariadb("REPEATABLE-READ"), {name: "sqlite", db: testdb.SQLite},
	} {
		t.Run(s.name, func(t *testing.T) {
			source := s.db.Source(t, s.params)
			db := s.db.Connect(t, source)
			drv := entsql.OpenDB(s.db.Dialect, db)
			require.NoError(t, load.Create(t.Context(), drv))
			_, err := load.Open(t.Context(), drv, true)
			require.NoError(t, err)
			rnd := rand.New(rand.NewPCG(*seed, 0))
			operations, entries := 0, 0
			for k := range *kills {
				j := job{Driver: s.db.Driver, Dialect: s.db.Dialect, Source: source, Seed: *seed<<32 + uint64(k), Writers: 8, Apart: s.apart} //nolint:gosec // small
				p := j.start(t, binary)
				var created []string
				for n := 1 + rnd.IntN(150); ; n-- {
					if n == 0 {
						for range rnd.IntN(2000) {
							runtime.Gosched()
						}
						require.NoError(t, p.cmd.Process.Kill())
					}
					r, ok := p.next() // also those that were on their way
					if !ok {
						break
					}
					operations++
					if r.op == "create" && r.err == "" {
						created = append(created, r.name)
					}
				}
				require.ErrorContains(t, p.cmd.Wait(), "killed")
				entries += check(t, db, created)
				if t.Failed() {
					t.Fatalf("after kill %d", k+1)
				}
			}
			t.Logf("%d kills, %d operations, %d entries", *kills, operations, len(oracle.Log(t, db)))
			require.NotZero(t, entries)
		})
	}
}

// check judges one state of the database: the transactions of a process that is dead may still be ending. It returns the number of
// entries.
func check(t *testing.T, db *sql.DB, created []string) int {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // it has only read
	oracle.Reconcile(t, tx)
	log := oracle.Log(t, tx)
	recorded := map[string]bool{}
	for _, e := range log {
		if e.Action == "create" && e.Type == "User" {
			recorded[string(e.New["email"])] = true
		}
	}
	for _, name := range created {
		require.True(t, recorded[`"`+name+`"`], "%s was created and is not recorded", name)
	}
	return len(log)
}
