package bench

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
)

var million = flag.Int("million", 1_000_000, "rows of BenchmarkMemory's update")

// How much more of the heap is live at the peak of one update of many rows than before it, sampled after collections.
func BenchmarkMemory(b *testing.B) {
	const region = leaving + 1
	for _, d := range databases {
		b.Run(d.Name, func(b *testing.B) {
			ctx := sqlaudit.NewContext(context.Background(), sqlaudit.Actor{ID: actor})
			fmt.Printf("\n%s, an update of %d rows:\n", d.Name, *million)
			for _, v := range open(b, d) {
				if v.name == byHandName || v.name == "triggers" {
					continue
				}
				_, err := v.fill(ctx, region, *million)
				require.NoError(b, err)
				peak, begin := heapPeak(), time.Now()
				require.NoError(b, matched(*million)(v.UpdateRegion(ctx, region, 1)))
				took := time.Since(begin)
				fmt.Printf("%s: %d MiB, %s\n", v.name, peak()>>20, took.Round(time.Second))
			}
		})
	}
}
