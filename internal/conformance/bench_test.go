package conformance

import (
	"context"
	"testing"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/plain"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/twin"
)

// Each operation is measured on an untracked type and on a tracked one of the same shape, side by side. Read the ratio of the
// two, not the times: those are the machine's.
func BenchmarkMutation(b *testing.B) {
	const many = 1000
	ops := []struct {
		name           string
		bare, recorded func(context.Context, *ent.Client) error
	}{
		{"create",
			func(ctx context.Context, c *ent.Client) error { return c.Plain.Create().SetName("n").Exec(ctx) },
			func(ctx context.Context, c *ent.Client) error { return c.Twin.Create().SetName("n").Exec(ctx) }},
		{"create 1000",
			func(ctx context.Context, c *ent.Client) error {
				return c.Plain.MapCreateBulk(make([]int, many), func(c *ent.PlainCreate, _ int) { c.SetName("m") }).Exec(ctx)
			},
			func(ctx context.Context, c *ent.Client) error {
				return c.Twin.MapCreateBulk(make([]int, many), func(c *ent.TwinCreate, _ int) { c.SetName("m") }).Exec(ctx)
			}},
		{"update one",
			func(ctx context.Context, c *ent.Client) error {
				return c.Plain.UpdateOneID(1).SetName(next()).Exec(ctx)
			},
			func(ctx context.Context, c *ent.Client) error {
				return c.Twin.UpdateOneID(1).SetName(next()).Exec(ctx)
			}},
		{"update 1000",
			func(ctx context.Context, c *ent.Client) error {
				return c.Plain.Update().Where(plain.IDLTE(many)).SetName(next()).Exec(ctx)
			},
			func(ctx context.Context, c *ent.Client) error {
				return c.Twin.Update().Where(twin.IDLTE(many)).SetName(next()).Exec(ctx)
			}},
	}
	for _, backend := range backends {
		b.Run(backend.name, func(b *testing.B) {
			db := backend.open(b)
			client := ent.NewClient(ent.Driver(entsql.OpenDB(backend.dialect, db)))
			ctx := context.Background()
			if err := client.Schema.Create(ctx); err != nil {
				b.Fatal(err)
			}
			fill(ctx, b, client, many)
			for _, op := range ops {
				for _, v := range []struct {
					name string
					do   func(context.Context, *ent.Client) error
				}{{"bare", op.bare}, {"audited", op.recorded}} {
					b.Run(op.name+"/"+v.name, func(b *testing.B) {
						b.ReportAllocs()
						for b.Loop() {
							if err := v.do(ctx, client); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
			}
		})
	}
}

func fill(ctx context.Context, b *testing.B, client *ent.Client, n int) {
	b.Helper()
	if err := client.Plain.MapCreateBulk(make([]int, n), func(c *ent.PlainCreate, _ int) { c.SetName("m") }).Exec(ctx); err != nil {
		b.Fatal(err)
	}
	if err := client.Twin.MapCreateBulk(make([]int, n), func(c *ent.TwinCreate, _ int) { c.SetName("m") }).Exec(ctx); err != nil {
		b.Fatal(err)
	}
}

var counter int

// next returns a name that differs from the last one, so that each update changes something.
func next() string {
	counter++
	return string(rune('a'+counter%26)) + string(rune('a'+counter/26%26))
}
