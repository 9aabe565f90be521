package bench

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sqlaudit/sqlaudit/example/ent"
	"github.com/sqlaudit/sqlaudit/example/ent/customer"
)

// A set as of a past moment, in the middle of the log: how long it takes to stream, and how much more memory is in use at its peak than before, sampled after collections.
func BenchmarkAsOfSet(b *testing.B) {
	eachLarge(b, func(b *testing.B, l large) {
		ctx := context.Background()
		past := l.client.Customer.AsOf(begun.Add(rounds/2*time.Hour - time.Minute))
		prefix := fmt.Sprint(rounds/2-1) + "-"
		for _, v := range []struct {
			name string
			q    *ent.CustomerPastQuery
			want int
		}{
			{"all", past.Query(), *entities},
			{"predicate", past.Query().Where(customer.NameHasSuffix("7")), *entities / 10},
		} {
			b.Run(v.name, func(b *testing.B) {
				peak := heapPeak()
				for b.Loop() {
					n := 0
					for t, err := range v.q.Stream(ctx) {
						if err != nil {
							b.Fatal(err)
						}
						if n++; !strings.HasPrefix(t.Name, prefix) {
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
