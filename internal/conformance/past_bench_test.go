package conformance

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/twin"
)

// A set as of a past moment, over 100,000 entities with 1,000,000 entries, in the middle of them: how long it takes to stream, and how much more memory is in use at its
// peak than before, sampled after collections.
func BenchmarkAsOfSet(b *testing.B) {
	const entities, rounds = 100_000, 10
	for _, backend := range backends {
		b.Run(backend.name, func(b *testing.B) {
			db := backend.open(b)
			client := ent.NewClient(ent.Driver(entsql.OpenDB(backend.dialect, db)))
			ctx := context.Background()
			if err := client.Schema.Create(ctx); err != nil {
				b.Fatal(err)
			}
			begun := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			for round := range rounds {
				fillLog(b, backend, db, begun.Add(time.Duration(round)*time.Hour), round, entities)
			}
			if backend.dialect == dialect.Postgres {
				if _, err := db.Exec("ANALYZE audit_logs"); err != nil {
					b.Fatal(err)
				}
			}
			past := client.Twin.AsOf(begun.Add((rounds/2)*time.Hour - time.Minute))
			for _, v := range []struct {
				name string
				q    *ent.TwinPastQuery
				want int
			}{
				{"all", past.Query(), entities},
				{"predicate", past.Query().Where(twin.NameHasSuffix("7")), entities / 10},
			} {
				b.Run(v.name, func(b *testing.B) {
					peak := heapPeak()
					for b.Loop() {
						n := 0
						for t, err := range v.q.Stream(ctx) {
							if err != nil {
								b.Fatal(err)
							}
							if n++; t.Name[:2] != fmt.Sprint(rounds/2-1)+"-" {
								b.Fatalf("%s is not of then", t.Name)
							}
						}
						if n != v.want {
							b.Fatalf("%d entities", n)
						}
					}
					b.ReportMetric(float64(peak())/(1<<20), "peak-MiB")
				})
			}
		})
	}
}

// heapPeak watches how much of the heap is live. It returns what ends that and says how much more there was at the peak than at the beginning.
func heapPeak() func() uint64 {
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	base := live()
	var peak atomic.Uint64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				peak.Store(max(peak.Load(), live()))
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-done
		return max(peak.Load(), base) - base
	}
}

// fillLog writes an entry about each of many twins, by plain SQL, in transactions of 1,000.
func fillLog(b *testing.B, backend backend, db *sql.DB, at time.Time, round, entities int) {
	b.Helper()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit
	const many = 1000
	for first := 1; first <= entities; first += many {
		insert := entsql.Dialect(backend.dialect).Insert("audit_logs").
			Columns("id", "tx_id", "occurred_at", "action", "resource_type", "resource_id", "old_values", "new_values")
		txID := uuid.Must(uuid.NewV7())
		for i := first; i < first+many; i++ {
			when := at.Add(time.Duration(i) * time.Microsecond)
			id := uuid.Must(uuid.NewV7())
			ms := uint64(when.UnixMilli()) //nolint:gosec // after 1970
			for k := range 6 {
				id[k] = byte(ms >> (40 - 8*k))
			}
			action, old := "update", any(fmt.Sprintf(`{"name":"%d-%d"}`, round-1, i))
			if round == 0 {
				action, old = "create", nil
			}
			insert.Values(id.String(), txID.String(), when, action, "Twin", fmt.Sprint(i), old, fmt.Sprintf(`{"name":"%d-%d"}`, round, i))
		}
		query, args := insert.Query()
		if _, err := tx.Exec(query, args...); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
