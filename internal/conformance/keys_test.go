package conformance

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/keys/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/keys/ent/price"
	_ "github.com/sqlaudit/sqlaudit/internal/conformance/keys/ent/runtime"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A keysEnv is what a case of unique keys runs in: empty tables of their schema, and a client on them.
type keysEnv struct {
	ctx     context.Context
	backend backend
	db      *stdsql.DB
	client  *ent.Client
}

// eachKeys runs f as a subtest in every way of writing, on every database, or on those of the given dialects. In the end the log accounts for the tables.
func eachKeys(t *testing.T, f func(*testing.T, *keysEnv), dialects ...string) {
	for _, b := range append(slices.Clip(backends), apart) {
		if len(dialects) > 0 && !slices.Contains(dialects, b.dialect) {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			e := &keysEnv{ctx: context.Background(), backend: b, db: b.open(t)}
			drv := sql.OpenDB(b.dialect, e.db)
			plain := ent.NewClient(ent.Driver(drv))
			require.NoError(t, plain.Schema.Create(e.ctx))
			if e.client = plain; b.name == apart.name {
				e.client = ent.NewClient(ent.Driver(testdb.Unprepared{Driver: drv}))
			}
			f(t, e)
			report, err := sqlaudit.Reconcile(e.ctx, plain)
			require.NoError(t, err)
			require.Empty(t, report.Differences)
		})
	}
}

// log returns the entries, in order, in brief.
func (e *keysEnv) log(t *testing.T) []string {
	t.Helper()
	return brief(oracle.Log(t, e.db))
}

// A type without fields has nothing that differs.
func TestUpsertOfIDs(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		for range 2 {
			e.client.Label.Create().SetID("a").OnConflictColumns("id").Ignore().ExecX(e.ctx)
		}
		e.client.Label.CreateBulk(e.client.Label.Create().SetID("a"), e.client.Label.Create().SetID("b")).OnConflictColumns("id").Ignore().ExecX(e.ctx)
		require.Equal(t, []string{"create Label", "create Label"}, e.log(t))
	})
}

// A column that the database fills is part of a unique key.
func TestUpsertDefault(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		slug := func(slug, title string) *ent.SlugCreate { return e.client.Slug.Create().SetSlug(slug).SetTitle(title) }
		for _, title := range []string{"1", "2", "2"} {
			slug("s", title).OnConflictColumns("tenant", "slug").UpdateNewValues().ExecX(e.ctx)
		}
		e.client.Slug.CreateBulk(slug("t", "3"), slug("s", "3")).OnConflictColumns("tenant", "slug").UpdateNewValues().ExecX(e.ctx)
		require.Equal(t, []string{"create Slug", "update Slug"}, e.log(t)[:2])
		require.ElementsMatch(t, []string{"update Slug", "create Slug"}, e.log(t)[2:])
		require.Equal(t, []string{"3", "3"}, e.client.Slug.Query().Select("title").StringsX(e.ctx))
	})
}

// On MariaDB a row may conflict by a column that the database fills, with another than it does by one that is given.
func TestUpsertDefaultFirst(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		number := func(b string) *ent.NumberCreate { return e.client.Number.Create().SetB(b) }
		other := number("other").SaveX(e.ctx) // a is filled
		number("1").SetA("1").ExecX(e.ctx)
		number("2").SetA("2").ExecX(e.ctx)
		hit := func(u *ent.NumberUpsert) { u.AddHits(1) }
		number("1").OnConflict().Update(hit).ExecX(e.ctx)
		require.Equal(t, 1, e.client.Number.GetX(e.ctx, other.ID).Hits)
		require.Equal(t, "update Number", e.log(t)[3])
		require.ErrorIs(t, e.client.Number.CreateBulk(number("1"), number("2")).OnConflict().Update(hit).Exec(e.ctx), sqlaudit.ErrUpsert)
	}, dialect.MySQL)
}

// A number is unique as it is rounded, and so is a time.
func TestUpsertRounded(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		hit := func(u *ent.PriceUpsert) { u.AddHits(1) }
		for range 2 {
			e.client.Price.Create().SetAmount(1.239).OnConflictColumns("amount").Update(hit).ExecX(e.ctx)
		}
		e.client.Price.CreateBulk(e.client.Price.Create().SetAmount(4), e.client.Price.Create().SetAmount(1.239)).OnConflictColumns("amount").Update(hit).ExecX(e.ctx)
		require.ElementsMatch(t, []string{"create Price", "update Price", "create Price", "update Price"}, e.log(t))
		for range 2 {
			e.client.Moment.Create().SetAt(time.Unix(1_700_000_000, 123456789)).OnConflictColumns("at").Update(func(u *ent.MomentUpsert) { u.AddHits(1) }).ExecX(e.ctx)
		}
		require.Equal(t, []string{"create Moment", "update Moment"}, e.log(t)[4:])
		require.Equal(t, 2, e.client.Price.Query().Where(price.AmountLT(2)).OnlyX(e.ctx).Hits)
	})
}

// A text may be unique by its beginning.
func TestUpsertPrefix(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		for _, code := range []string{"abcd", "abce"} {
			e.client.Code.Create().SetCode(code).OnConflict().Update(func(u *ent.CodeUpsert) { u.AddHits(1) }).ExecX(e.ctx)
		}
		require.Equal(t, []string{"create Code", "update Code"}, e.log(t))
	}, dialect.MySQL)
}

// What is given of many rows and what they are read by are together more parameters than a statement of SQLite's takes.
func TestUpsertOfMany(t *testing.T) {
	eachKeys(t, func(t *testing.T, e *keysEnv) {
		for i, n := range []int{11_000, 16_000} {
			upsert := func(hits int) {
				if i == 0 {
					e.client.Price.MapCreateBulk(make([]int, n), func(c *ent.PriceCreate, i int) { c.SetAmount(float64(i)).SetHits(hits) }).OnConflictColumns("amount").UpdateNewValues().ExecX(e.ctx)
					return
				}
				e.client.Label.MapCreateBulk(make([]int, n), func(c *ent.LabelCreate, i int) { c.SetID(fmt.Sprint(i)) }).OnConflictColumns("id").Ignore().ExecX(e.ctx)
			}
			upsert(1)
			upsert(2)
		}
		require.Equal(t, 11_000, e.client.Price.Query().Where(price.Hits(2)).CountX(e.ctx))
		require.Len(t, e.log(t), 11_000+11_000+16_000)
	}, dialect.SQLite)
}
