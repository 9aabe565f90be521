package bench

import (
	"context"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	audited "github.com/sqlaudit/sqlaudit/internal/bench/audited/accounts"
	_ "github.com/sqlaudit/sqlaudit/internal/bench/audited/ent/runtime"
	bare "github.com/sqlaudit/sqlaudit/internal/bench/bare/accounts"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// databases of the benchmarks.
var databases = []testdb.Database{testdb.SQLite, testdb.Postgres, testdb.MariaDB}

// accounts is what makes the changes: a client that keeps a log or none, or one beside which a log is kept by hand.
type accounts interface {
	Create(ctx context.Context, n, region int) (int, error)
	CreateBulk(ctx context.Context, many, region int) ([]int, error)
	Update(ctx context.Context, id int, balance int64) error
	UpdateRegion(ctx context.Context, region int, balance int64) (int, error)
	UpdateEach(ctx context.Context, ids []int, balance int64) error
	Delete(ctx context.Context, id int) error
	DeleteRegion(ctx context.Context, region int) (int, error)
}

// A variant is a way to keep a log, or none, in a database of its own.
type variant struct {
	name string
	accounts
	*probe

	ids     []int // of the region of a thousand
	next    int   // in ids
	leaving []int // those of the region that the next deletions are of
	balance int64
}

const byHandName = "by hand"

// open returns the variants on a kind of database.
func open(b testing.TB, d testdb.Database) []*variant {
	b.Helper()
	variantOf := func(name string, on func(*probe) accounts) *variant {
		p := newProbe(b, d)
		require.NoError(b, audited.On(p.Driver).Migrate(context.Background()))
		return &variant{name: name, accounts: on(p), probe: p}
	}
	all := []*variant{
		variantOf("bare", func(p *probe) accounts { return bare.On(p) }),
		variantOf("audited", func(p *probe) accounts { return audited.On(p) }),
	}
	if d.Dialect == dialect.Postgres {
		all = append(all, variantOf("audited, portable", func(p *probe) accounts { return audited.On(unprepared{p}) }))
	}
	return append(all,
		variantOf(byHandName, func(p *probe) accounts { return hand{bare.On(p), p} }),
		variantOf("triggers", func(p *probe) accounts {
			for _, s := range triggers[d.Dialect] {
				testdb.Exec(b, p.DB(), s)
			}
			return bare.On(p)
		}))
}

// unprepared hides which database the driver leads to, so that a mutation and its record are statements of their own.
type unprepared struct{ *probe }

// DB hides the driver's.
func (unprepared) DB() {}
