package bench

import (
	"context"
	"fmt"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/example/ent"
)

// What writes take on a large log, times what they take on one that begins empty.
func BenchmarkWriteOnLarge(b *testing.B) {
	eachLarge(b, func(b *testing.B, l large) {
		ctx := context.Background()
		empty := ent.NewClient(ent.Driver(entsql.OpenDB(l.Dialect, l.Open(b, nil))))
		require.NoError(b, empty.Schema.Create(ctx))
		if l.Dialect == dialect.Postgres { // whose plans depend on what it knows of a table
			_, err := l.db.ExecContext(ctx, "ANALYZE")
			require.NoError(b, err)
		}
		n := 0
		writes := func(c *ent.Client) func() {
			return func() {
				for range 200 {
					n++
					made := c.Customer.Create().SetName("a").SetEmail(fmt.Sprintf("%d@example.org", n)).SaveX(ctx)
					made.Update().SetName("b").ExecX(ctx)
					c.Customer.DeleteOne(made).ExecX(ctx)
				}
			}
		}
		ratios := byTurns(b, writes(empty), writes(l.client))
		fmt.Printf("%s: creating, updating and deleting with %d entries there, %d rounds: %.2f (%.2f–%.2f) times with none\n",
			l.Name, rounds**entities+users*changes, turns, median(ratios), ratios[0], ratios[turns-1])
	})
}
