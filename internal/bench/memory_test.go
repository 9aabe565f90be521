package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
)

var million = flag.Int("million", 1_000_000, "rows of BenchmarkMemory's larger update")

// mostHeld is a little fewer accounts than are held of one mutation where it and its record are apart.
const mostHeld = 180_000

// How much more of the heap is live at the peak of one update of many rows than before it, sampled after collections. An update whose rows would take more
// than they are given is refused before it writes.
func BenchmarkMemory(b *testing.B) {
	for _, d := range databases {
		b.Run(d.Name, func(b *testing.B) {
			ctx := sqlaudit.NewContext(context.Background(), sqlaudit.Actor{ID: actor})
			variants := open(b, d)
			for i, many := range []int{mostHeld, *million} {
				region := leaving + 1 + i
				fmt.Printf("\n%s, an update of %d rows:\n", d.Name, many)
				for _, v := range variants {
					if v.name == byHandName || v.name == "triggers" {
						continue
					}
					_, err := v.fill(ctx, region, many)
					require.NoError(b, err)
					peak, begin := heapPeak(), time.Now()
					err = matched(many)(v.UpdateRegion(ctx, region, 1))
					took, refused := time.Since(begin), ""
					if many == *million && errors.Is(err, sqlaudit.ErrTooManyRows) {
						err, refused = nil, ", refused"
					}
					require.NoError(b, err)
					fmt.Printf("%s: %d MiB, %s%s\n", v.name, peak()>>20, took.Round(time.Second/10), refused)
				}
			}
		})
	}
}
