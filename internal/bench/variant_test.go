package bench

import (
	"context"
	"fmt"
	"strings"
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

// fresh empties the tables and fills them anew.
func (v *variant) fresh(ctx context.Context) error {
	for _, table := range []string{"accounts", "audit_logs"} {
		query := "TRUNCATE TABLE " + table
		if v.Dialect() == dialect.SQLite {
			query = "DELETE FROM " + table
		}
		if _, err := v.DB().ExecContext(ctx, query); err != nil {
			return err
		}
	}
	var err error
	if v.ids, err = v.fill(ctx, thousand, 1000); err != nil {
		return err
	}
	if _, err = v.fill(ctx, myriad, 10_000); err != nil {
		return err
	}
	for _, query := range map[string][]string{
		dialect.Postgres: {"VACUUM ANALYZE accounts", "VACUUM ANALYZE audit_logs"},
		dialect.MySQL:    {"ANALYZE TABLE accounts", "ANALYZE TABLE audit_logs"},
		dialect.SQLite:   {"ANALYZE"},
	}[v.Dialect()] {
		if _, err := v.DB().ExecContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// fill makes so many accounts of a region by plain SQL, and returns their ids.
func (v *variant) fill(ctx context.Context, region, many int) ([]int, error) {
	for first := 0; first < many; first += 1000 {
		var values []string
		for n := first; n < min(many, first+1000); n++ {
			values = append(values, fmt.Sprintf("('An account', 'account%d@example.com', 'Vienna', 0, TRUE, %d)", n, region))
		}
		if _, err := v.DB().ExecContext(ctx, "INSERT INTO accounts (name, email, city, balance, active, region) VALUES "+strings.Join(values, ", ")); err != nil {
			return nil, err
		}
	}
	rows, err := v.DB().QueryContext(ctx, fmt.Sprintf("SELECT id FROM accounts WHERE region = %d ORDER BY id", region))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []int
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// some returns so many accounts, others each time.
func (v *variant) some(many int) []int {
	ids := make([]int, many)
	for i := range ids {
		ids[i] = v.ids[v.next%len(v.ids)]
		v.next++
	}
	return ids
}

func (v *variant) more() int64 {
	v.balance++
	return v.balance
}

// entries returns how many the log has.
func (v *variant) entries(t *testing.T) int {
	t.Helper()
	var n int
	require.NoError(t, v.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM audit_logs").Scan(&n))
	return n
}
