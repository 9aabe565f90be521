package storm

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"flag"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/storm/load"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// What the operations of TestLost work on.
type world struct {
	user       int
	pet, group uuid.UUID
}

type lostOperation struct {
	name     string
	do       func(context.Context, *ent.Client, world) error
	together bool // only a transaction makes it one operation
}

var lostOperations = []lostOperation{
	{"create", func(ctx context.Context, c *ent.Client, _ world) error {
		return c.User.Create().SetName("n").SetEmail("n@x").SetAge(1).Exec(ctx)
	}, false},
	{"create with edges", func(ctx context.Context, c *ent.Client, w world) error {
		return c.User.Create().SetName("n").SetEmail("n@x").AddPetIDs(w.pet).Exec(ctx)
	}, false},
	{"create bulk", func(ctx context.Context, c *ent.Client, _ world) error {
		return c.User.CreateBulk(c.User.Create().SetName("n").SetEmail("n@x"), c.User.Create().SetName("m").SetEmail("m@x")).Exec(ctx)
	}, false},
	{"update one", func(ctx context.Context, c *ent.Client, w world) error {
		return c.User.UpdateOneID(w.user).SetAge(5).Exec(ctx)
	}, false},
	{"update one with edges", func(ctx context.Context, c *ent.Client, w world) error {
		return c.User.UpdateOneID(w.user).SetAge(5).ClearCard().AddPetIDs(w.pet).Exec(ctx)
	}, false},
	{"update many", func(ctx context.Context, c *ent.Client, _ world) error { return c.User.Update().SetAge(5).Exec(ctx) }, false},
	{"delete one", func(ctx context.Context, c *ent.Client, w world) error { return c.User.DeleteOneID(w.user).Exec(ctx) }, false},
	{"delete many", func(ctx context.Context, c *ent.Client, _ world) error {
		_, err := c.User.Delete().Exec(ctx)
		return err
	}, false},
	{"two mutations", func(ctx context.Context, c *ent.Client, w world) error {
		return errors.Join(c.User.UpdateOneID(w.user).SetAge(5).Exec(ctx), c.Pet.UpdateOneID(w.pet).SetName("q").Exec(ctx))
	}, true},
	{"upsert", func(ctx context.Context, c *ent.Client, _ world) error {
		return c.User.CreateBulk(c.User.Create().SetName("n").SetEmail("n@x"), c.User.Create().SetName("m").SetEmail("a@x")).
			OnConflictColumns("email").UpdateNewValues().Exec(ctx)
	}, false},
	{"edges to many", func(ctx context.Context, c *ent.Client, w world) error {
		return c.User.UpdateOneID(w.user).SetAge(5).AddGroupIDs(w.group).ClearFriends().Exec(ctx)
	}, false},
}

var everyLoss = flag.Bool("everyloss", false, "lose the connection in every way with each statement in TestLost, not in one after the other")

// The connection is lost with each statement of each operation, and with its commit. Whether or not the statement was done, the
// database then holds the change and its entries, or neither; and nobody is told that it holds them when it does not.
func TestLost(t *testing.T) {
	losses := []loss{
		{when: before, err: driver.ErrBadConn}, // database/sql tries again where nothing can have happened
		{when: before, err: errLost},
		{when: after, err: errLost},
		{when: among, err: errLost},
	}
	for _, s := range []setting{{name: "sqlite", db: testdb.SQLite}, {name: "postgres", db: testdb.Postgres}, {name: "postgres, unprepared", db: testdb.Postgres, apart: true}, {name: "mariadb", db: testdb.MariaDB}} {
		d := s.db
		t.Run(s.name, func(t *testing.T) {
			source := d.Source(t, nil)
			db := d.Connect(t, source)
			l := &lossy{driver: db.Driver(), source: source}
			pool := sql.OpenDB(l)
			t.Cleanup(func() { require.NoError(t, pool.Close()) })
			require.NoError(t, load.Create(t.Context(), entsql.OpenDB(d.Dialect, db)))
			client := ent.NewClient(ent.Driver(s.driver(pool)))
			for i, op := range lostOperations {
				for _, how := range []string{"alone", "in the user's transaction"} {
					if how == "alone" && op.together {
						continue
					}
					t.Run(op.name+", "+how, func(t *testing.T) {
						statements := 0 // of the last run
						// run returns the statement with which the connection was lost, how many entries stay, and the operation's error.
						run := func(x *loss) (lost string, kept int, err error) {
							w := newWorld(t, db, client)
							base := len(oracle.Log(t, db))
							l.arm(x)
							if how == "alone" {
								err = op.do(t.Context(), client, w)
							} else {
								err = inTx(t.Context(), client, w, op.do)
							}
							lost, statements = l.what(), l.counted()
							l.arm(nil)
							oracle.Reconcile(t, db)
							kept = len(oracle.Log(t, db)) - base
							if t.Failed() {
								t.Fatalf("%+v: %s", x, lost)
							}
							return lost, kept, err
						}
						_, full, err := run(nil)
						require.NoError(t, err)
						require.NotZero(t, full)
						single := statements == 1
						rounds := 1
						if *everyLoss {
							rounds = len(losses)
						}
						for round := range rounds {
							at := 1
							for ; ; at++ {
								x := losses[(i+at+round)%len(losses)]
								x.at = at
								lost, kept, err := run(&x)
								done := kept == full
								if lost == "" {
									require.NoError(t, err)
									break
								}
								require.True(t, done || kept == 0, "lost %s: %s: %d of %d entries", x.when, lost, kept, full)
								require.False(t, ent.IsConstraintError(err))
								committed := lost == "COMMIT" && x.when != before
								if !single || x.when == before { // else the database may have been done with it, or not
									require.Equal(t, committed || err == nil, done, "lost %s: %s: %v", x.when, lost, err)
								}
								if errors.Is(x.err, errLost) {
									require.ErrorIs(t, err, errLost, "lost %s: %s", x.when, lost)
								}
							}
							least := 4
							if s.name == "postgres" { // where a mutation and its record are one, between that which begins and the commit
								least = 3
							}
							require.True(t, single || at > least)
						}
					})
				}
			}
		})
	}
}

// newWorld empties the tables, and fills them through the client whose connections come and go.
func newWorld(t *testing.T, db *sql.DB, client *ent.Client) world {
	t.Helper()
	for _, table := range []string{"cards", "pets", "group_users", "user_friends"} {
		testdb.Exec(t, db, "DELETE FROM "+table)
	}
	for _, typ := range []interface {
		Exec(context.Context) (int, error)
	}{client.Group.Delete(), client.User.Delete()} {
		_, err := typ.Exec(t.Context())
		require.NoError(t, err)
	}
	testdb.Exec(t, db, "DELETE FROM audit_logs")
	ctx := t.Context()
	users, err := client.User.CreateBulk(client.User.Create().SetName("a").SetEmail("a@x"), client.User.Create().SetName("b").SetEmail("b@x")).Save(ctx)
	require.NoError(t, err)
	require.NoError(t, client.Card.Create().SetID("c").SetNumber("1").SetOwner(users[0]).Exec(ctx))
	p, err := client.Pet.Create().SetName("p").Save(ctx)
	require.NoError(t, err)
	g, err := client.Group.Create().SetName("g").Save(ctx)
	require.NoError(t, err)
	require.NoError(t, users[0].Update().AddFriends(users[1]).Exec(ctx))
	return world{users[0].ID, p.ID, g.ID}
}

// inTx runs do in a transaction and commits it whether or not do failed, as a careless user might.
func inTx(ctx context.Context, client *ent.Client, w world, do func(context.Context, *ent.Client, world) error) error {
	tx, err := client.Tx(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, tx.Client(), w), tx.Commit())
}
