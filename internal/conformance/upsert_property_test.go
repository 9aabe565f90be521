package conformance

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/keys/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/keys/ent/number"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A twin is an audited database of numbers, and another that ent alone writes. A number has two unique texts: a, which the database fills by a default, and b, which
// may be NULL.
type twin struct {
	*keysEnv
	bare *stdsql.DB
}

// eachTwin runs f as a subtest with twins in every way of writing, on every database, or on those of the given dialects.
func eachTwin(t *testing.T, f func(*testing.T, *twin), dialects ...string) {
	for _, b := range append(slices.Clip(backends), apart) {
		if len(dialects) > 0 && !slices.Contains(dialects, b.dialect) {
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			e := &twin{keysEnv: &keysEnv{ctx: context.Background(), backend: b, db: b.open(t)}, bare: b.open(t)}
			for _, db := range []*stdsql.DB{e.db, e.bare} {
				require.NoError(t, ent.NewClient(ent.Driver(sql.OpenDB(b.dialect, db))).Schema.Create(e.ctx))
			}
			e.client = ent.NewClient(ent.Driver(e.driver()))
			f(t, e)
		})
	}
}

// driver returns that of the audited database, for this way of writing.
func (e *twin) driver() dialect.Driver {
	drv := sql.OpenDB(e.backend.dialect, e.db)
	if e.backend.name == apart.name {
		return testdb.Unprepared{Driver: drv}
	}
	return drv
}

// empty removes all numbers.
func (e *twin) empty(t *testing.T) {
	t.Helper()
	for _, db := range []*stdsql.DB{e.db, e.bare} {
		testdb.Exec(t, db, "DELETE FROM numbers")
	}
	testdb.Exec(t, e.db, "DELETE FROM audit_logs")
}

// same requires that the numbers are those of the twin, and that the log accounts for them.
func (e *twin) same(t require.TestingT, why string) {
	var rows [2][]string
	for i, db := range []*stdsql.DB{e.bare, e.db} {
		found, err := db.Query("SELECT COALESCE(a, '-'), COALESCE(b, '-'), hits FROM numbers ORDER BY id")
		require.NoError(t, err)
		defer found.Close()
		for found.Next() {
			var a, b, hits string
			require.NoError(t, found.Scan(&a, &b, &hits))
			rows[i] = append(rows[i], strings.Join([]string{a, b, hits}, "/"))
		}
		require.NoError(t, found.Err())
	}
	require.Equal(t, rows[0], rows[1], why)
	report, err := sqlaudit.Reconcile(e.ctx, ent.NewClient(ent.Driver(sql.OpenDB(e.backend.dialect, e.db))))
	require.NoError(t, err)
	require.Empty(t, report.Differences, why)
}

// numbers are rows to upsert: a, b and hits, with "-" for what is not given.
type numbers [][3]string

// alone upserts numbers as ent does it without the extension.
func (e *twin) alone(rows numbers, opts ...sql.ConflictOption) error {
	var given []map[string]any
	for _, r := range rows {
		row := map[string]any{"hits": r[2]}
		for i, c := range []string{"a", "b"} {
			if r[i] != "-" {
				row[c] = r[i]
			}
		}
		given = append(given, row)
	}
	return upsertAlone(e.ctx, sql.OpenDB(e.backend.dialect, e.bare), "numbers", given, opts...)
}

// audited upserts numbers with it.
func (e *twin) audited(c *ent.NumberClient, rows numbers, opts ...sql.ConflictOption) error {
	creates := make([]*ent.NumberCreate, len(rows))
	for i, r := range rows {
		hits, err := strconv.Atoi(r[2])
		if err != nil {
			return err
		}
		creates[i] = c.Create().SetHits(hits)
		if r[0] != "-" {
			creates[i].SetA(r[0])
		}
		if r[1] != "-" {
			creates[i].SetB(r[1])
		}
	}
	if len(rows) == 1 {
		return creates[0].OnConflict(opts...).Exec(e.ctx)
	}
	return c.CreateBulk(creates...).OnConflict(opts...).Exec(e.ctx)
}

// both upserts numbers on both sides.
func (e *twin) both(t *testing.T, rows numbers, opts ...sql.ConflictOption) {
	t.Helper()
	require.NoError(t, e.alone(rows, opts...), "ent alone")
	require.NoError(t, e.audited(e.client.Number, rows, opts...))
	e.same(t, fmt.Sprint(rows))
}

// setHits has an upsert set hits to what an expression says.
func setHits(expr string) sql.ConflictOption {
	return sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("hits", sql.Expr(expr)) })
}

// Whatever is upserted, what is there afterwards is what ent alone makes of it, and the log says so. Where ent alone fails, it fails.
func TestUpsertAsBare(t *testing.T) {
	eachTwin(t, func(t *testing.T, e *twin) {
		mysql := e.backend.dialect == dialect.MySQL
		updates := map[string]sql.ConflictOption{
			"nothing": sql.DoNothing(), "ignore": sql.ResolveWithIgnore(), "add": setHits("numbers.hits + 1"),
			"excluded":   sql.ResolveWith(func(u *sql.UpdateSet) { u.SetExcluded("hits") }),
			"another a":  sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("a", "5") }),
			"b without":  sql.ResolveWith(func(u *sql.UpdateSet) { u.SetNull("b").Set("hits", 7) }),
			"b for a":    sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("a", sql.Expr("numbers.b")) }),
			"all but id": sql.ResolveWith(func(u *sql.UpdateSet) { u.SetExcluded("a").SetExcluded("b").SetExcluded("hits") }),
		}
		names := make([]string, 0, len(updates))
		for name := range updates {
			names = append(names, name)
		}
		slices.Sort(names)
		value := rapid.SampledFrom([]string{"-", "0", "1", "2", "3"})
		rapid.Check(t, func(rt *rapid.T) {
			e.empty(t)
			for range rapid.IntRange(2, 6).Draw(rt, "upserts") {
				rows := make(numbers, rapid.SampledFrom([]int{1, 1, 2, 3, 4}).Draw(rt, "many"))
				for i := range rows {
					rows[i] = [3]string{value.Draw(rt, "a"), value.Draw(rt, "b"), rapid.SampledFrom([]string{"0", "3", "9"}).Draw(rt, "hits")}
				}
				name := rapid.SampledFrom(names).Draw(rt, "update")
				opts := []sql.ConflictOption{updates[name]}
				if by := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "by"); !mysql {
					opts = append(opts, sql.ConflictColumns(by))
				}
				if where := rapid.SampledFrom([]string{"", "numbers.hits < 3", "numbers.hits < 9 -- it's\n"}).Draw(rt, "where"); where != "" && !mysql && name != "nothing" {
					opts = append(opts, sql.UpdateWhere(sql.ExprP(where)))
				}
				aerr := e.audited(e.client.Number, rows, opts...)
				if errors.Is(aerr, sqlaudit.ErrUpsert) && mysql { // README says when
					e.empty(t)
					continue
				}
				require.Equal(rt, fmt.Sprint(e.alone(rows, opts...)), strings.TrimPrefix(fmt.Sprint(aerr), "ent: constraint failed: "), "%v", rows)
				e.same(rt, fmt.Sprint(name, rows))
			}
		})
	})
}

// What follows was found so, or beside other writers.

// A row of a bulk meets one that comes after it, by what the database fills.
func TestUpsertOrder(t *testing.T) {
	eachTwin(t, func(t *testing.T, e *twin) {
		opts := []sql.ConflictOption{setHits("numbers.hits + 10")}
		e.both(t, numbers{{"1", "3", "0"}}, opts...)
		e.both(t, numbers{{"-", "3", "1"}, {"-", "0", "4"}}, opts...)
		e.both(t, numbers{{"-", "4", "1"}, {"-", "3", "4"}, {"-", "5", "4"}}, opts...)
		e.empty(t)
		e.both(t, numbers{{"7", "2", "0"}}, opts...)
		another := sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("a", "5") })
		e.both(t, numbers{{"-", "2", "0"}, {"-", "2", "2"}, {"-", "0", "0"}}, another) // in another order the keys would clash
		e.empty(t)
		e.both(t, numbers{{"1", "1", "0"}}, opts...)
		e.both(t, numbers{{"1", "-", "0"}, {"2", "-", "0"}, {"3", "-", "0"}}, setHits("(SELECT COUNT(*) FROM numbers AS n)"))
	}, dialect.MySQL)
}

// A row makes room for another of the same bulk, though it is passed over at first.
func TestUpsertRoom(t *testing.T) {
	all := sql.ResolveWith(func(u *sql.UpdateSet) { u.SetExcluded("a").SetExcluded("b") })
	eachTwin(t, func(t *testing.T, e *twin) {
		e.both(t, numbers{{"0", "1", "0"}, {"2", "1", "0"}, {"0", "2", "0"}}, sql.ConflictColumns("b"), all)
	}, dialect.SQLite)
	eachTwin(t, func(t *testing.T, e *twin) {
		p := &probe{Driver: sql.OpenDB(e.backend.dialect, e.db)}
		client, done := ent.NewClient(ent.Driver(p)), false
		p.fault = func(_ int, call string) error {
			if !done && strings.HasPrefix(call, `INSERT INTO "numbers"`) {
				done = true
				e.client.Number.Create().SetA("1").SetB("5").ExecX(e.ctx)
			}
			return nil
		}
		opts := []sql.ConflictOption{sql.ConflictColumns("a"), sql.ResolveWith(func(u *sql.UpdateSet) { u.SetExcluded("b") })}
		require.NoError(t, e.alone(numbers{{"1", "5", "0"}}, opts...))
		rows := numbers{{"1", "6", "0"}, {"2", "5", "0"}}
		require.NoError(t, e.alone(rows, opts...), "ent alone")
		require.NoError(t, e.audited(client.Number, rows, opts...))
		require.True(t, done)
		e.same(t, "a row came in between")
	}, dialect.Postgres)
}

// A condition need not hold twice, and SQLite takes more than one clause: no row is updated whose values were not read.
func TestUpsertUnread(t *testing.T) {
	eachTwin(t, func(t *testing.T, e *twin) {
		e.client.Number.Create().SetHits(1).ExecX(e.ctx) // a is filled by the database
		for i := range 20 {
			err := e.audited(e.client.Number, numbers{{"-", fmt.Sprint(2 * i), "0"}, {"-", fmt.Sprint(2*i + 1), "0"}},
				sql.ConflictColumns("a"), setHits("numbers.hits + 1"), sql.UpdateWhere(sql.ExprP("random() % 2 = 0")))
			require.NoError(t, err)
		}
		report, err := sqlaudit.Reconcile(e.ctx, e.client)
		require.NoError(t, err)
		require.Empty(t, report.Differences)
		e.empty(t)
		e.client.Number.Create().SetA("1").SetB("1").ExecX(e.ctx)
		for _, opts := range [][]sql.ConflictOption{
			{sql.ConflictColumns("a"), setHits("9 ON CONFLICT (b) DO NOTHING")},
			{sql.ConflictColumns("a"), setHits("9"), sql.UpdateWhere(sql.ExprP("TRUE on\nconflict DO NOTHING"))},
		} {
			require.ErrorIs(t, e.audited(e.client.Number, numbers{{"1", "2", "0"}}, opts...), sqlaudit.ErrUpsert)
		}
	}, dialect.SQLite)
}

// What triggers do beside the insert, they do as often as with ent alone: also where it does nothing, and where the row that it meets is found by trying it.
func TestUpsertTriggerOnce(t *testing.T) {
	eachTwin(t, func(t *testing.T, e *twin) {
		for _, db := range []*stdsql.DB{e.db, e.bare} {
			testdb.Exec(t, db, "CREATE TABLE tries (n INT)")
			switch e.backend.dialect {
			case dialect.SQLite:
				testdb.Exec(t, db, "CREATE TRIGGER try BEFORE INSERT ON numbers BEGIN INSERT INTO tries VALUES (1); END")
			case dialect.MySQL:
				testdb.Exec(t, db, "CREATE TRIGGER try BEFORE INSERT ON numbers FOR EACH ROW INSERT INTO tries VALUES (1)")
			default:
				testdb.Exec(t, db, "CREATE FUNCTION try() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tries VALUES (1); RETURN NEW; END $$")
				testdb.Exec(t, db, "CREATE TRIGGER try BEFORE INSERT ON numbers FOR EACH ROW EXECUTE FUNCTION try()")
			}
		}
		tries := func(db *stdsql.DB) (n int) {
			require.NoError(t, db.QueryRow("SELECT COUNT(*) FROM tries").Scan(&n))
			return n
		}
		never := sql.UpdateWhere(sql.ExprP("numbers.hits < 0"))
		for i, upsert := range []struct {
			rows numbers
			opts []sql.ConflictOption
			none bool // nothing is inserted or updated, and ent has no id
		}{
			{rows: numbers{{"-", "1", "0"}}, opts: []sql.ConflictOption{sql.ConflictColumns("a"), setHits("9")}},
			{rows: numbers{{"-", "2", "0"}}, opts: []sql.ConflictOption{sql.ConflictColumns("a"), setHits("numbers.hits + 1")}}, // a is filled by the database
			{rows: numbers{{"x", "1", "0"}}, opts: []sql.ConflictOption{sql.ConflictColumns("b"), setHits("numbers.hits + 1")}},
			{rows: numbers{{"-", "3", "0"}}, opts: []sql.ConflictOption{sql.ConflictColumns("a"), setHits("5"), never}, none: true},
			{rows: numbers{{"x", "1", "0"}}, opts: []sql.ConflictOption{sql.ConflictColumns("b"), setHits("5"), never}, none: true},
			{rows: numbers{{"-", "4", "0"}, {"y", "5", "0"}}, opts: []sql.ConflictOption{sql.ConflictColumns("a"), setHits("numbers.hits + 1")}},
		} {
			if upsert.none && e.backend.dialect == dialect.MySQL { // which has no condition of an update
				continue
			}
			alone, audited := e.alone(upsert.rows, upsert.opts...), e.audited(e.client.Number, upsert.rows, upsert.opts...)
			if upsert.none {
				require.ErrorIs(t, alone, stdsql.ErrNoRows)
				require.ErrorIs(t, audited, stdsql.ErrNoRows)
			} else {
				require.NoError(t, alone)
				require.NoError(t, audited)
			}
			require.Equal(t, tries(e.bare), tries(e.db), "%d: %v", i, upsert.rows)
			e.same(t, fmt.Sprint(upsert.rows))
		}
	})
}

// As many rows are not the same: one that was passed over goes, and another comes.
func TestUpsertTold(t *testing.T) {
	eachTwin(t, func(t *testing.T, e *twin) {
		p, inserts := &probe{Driver: sql.OpenDB(e.backend.dialect, e.db)}, 0
		client := ent.NewClient(ent.Driver(p))
		e.client.Price.Create().SetAmount(1.239).SetHits(9).ExecX(e.ctx) // stored as 1.24
		p.fault = func(_ int, call string) error {
			if strings.HasPrefix(call, `INSERT INTO "prices"`) {
				if inserts++; inserts == 3 { // after the first try, and the question
					e.client.Price.Delete().ExecX(e.ctx)
					e.client.Price.Create().SetAmount(4).ExecX(e.ctx)
				}
			}
			return nil
		}
		require.NoError(t, client.Price.CreateBulk(client.Price.Create().SetAmount(1.239), client.Price.Create().SetAmount(4)).
			OnConflict(sql.ConflictColumns("amount"), sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("hits", sql.Expr("prices.hits + 1")) }), sql.UpdateWhere(sql.ExprP("prices.hits < 5"))).Exec(e.ctx))
		prices := e.client.Price.Query().AllX(e.ctx)
		slices.SortFunc(prices, func(p, q *ent.Price) int { return int(p.Amount - q.Amount) })
		require.Len(t, prices, 2)
		require.Equal(t, 1, prices[1].Hits, "the row that came in between is updated")
	}, dialect.Postgres)
}

// What an upsert of many locks is the rows that it meets, and not all of a small table. An index is one of those that are there by then.
func TestUpsertLocksRows(t *testing.T) {
	eachTwin(t, func(t *testing.T, e *twin) {
		for i := range 4 {
			require.NoError(t, e.audited(e.client.Number, numbers{{fmt.Sprint(i), fmt.Sprint(i), "0"}}, setHits("numbers.hits + 1")))
		}
		for _, rows := range []numbers{{{"0", "-", "0"}, {"1", "-", "0"}, {"2", "-", "0"}}, {{"-", "0", "0"}, {"-", "1", "0"}, {"-", "2", "0"}}} {
			tx, err := e.client.Tx(e.ctx)
			require.NoError(t, err)
			t.Cleanup(func() { _ = tx.Rollback() }) // if it is not committed
			require.NoError(t, e.audited(tx.Number, rows, setHits("numbers.hits + 1")))
			ctx, cancel := context.WithTimeout(e.ctx, 10*time.Second)
			require.NoError(t, e.client.Number.Update().Where(number.A("3")).AddHits(1).Exec(ctx), "it does not wait")
			cancel()
			require.NoError(t, tx.Commit())
		}
		testdb.Exec(t, e.db, "ALTER TABLE numbers RENAME INDEX a TO renamed")
		require.NoError(t, e.audited(e.client.Number, numbers{{"1", "-", "0"}, {"2", "-", "0"}}, setHits("9")))
		require.Equal(t, 2, e.client.Number.Query().Where(number.Hits(9)).CountX(e.ctx))
	}, dialect.MySQL)
}

// A row that an upsert finds by two of its keys is locked by the first, as ent's statement locks it: who comes by the other waits.
func TestUpsertTwoKeys(t *testing.T) {
	const writers, steps = 6, 50
	eachTwin(t, func(t *testing.T, e *twin) {
		rows := func(k int) numbers { return numbers{{fmt.Sprint("a", k), fmt.Sprint("b", k), "0"}} }
		for k := range 2 {
			require.NoError(t, e.audited(e.client.Number, rows(k), setHits("numbers.hits + 1")))
		}
		errs := make(chan error, writers)
		for w := range writers {
			go func() {
				errs <- func() error {
					for step := range steps {
						tx, err := e.client.Tx(e.ctx)
						if err != nil {
							return err
						}
						if k := (w/2 + step) % 2; w%2 == 0 {
							err = e.audited(tx.Number, rows(k), setHits("numbers.hits + 1"))
						} else {
							err = tx.Number.Update().Where(number.B(fmt.Sprint("b", k))).AddHits(1).Exec(e.ctx)
						}
						if err != nil {
							return errors.Join(err, tx.Rollback())
						}
						if err := tx.Commit(); err != nil {
							return err
						}
					}
					return nil
				}()
			}()
		}
		for range writers {
			require.NoError(t, <-errs)
		}
		hits := 0
		for _, n := range e.client.Number.Query().AllX(e.ctx) {
			hits += n.Hits
		}
		require.Equal(t, writers*steps, hits)
	}, dialect.MySQL)
}
