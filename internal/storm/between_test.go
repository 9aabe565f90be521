package storm

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
)

// stray is a pet that is not there at first.
var stray = uuid.UUID{15: 1}

// A gate is a driver that calls between once, ahead of the first statement with a prefix. It makes a race certain.
type gate struct {
	*entsql.Driver
	prefix  string
	between func()
}

func (g *gate) pass(query string) {
	if between := g.between; between != nil && strings.HasPrefix(strings.NewReplacer("`", "", `"`, "").Replace(query), g.prefix) {
		g.between = nil
		between()
	}
}

// Tx implements dialect.Driver.
func (g *gate) Tx(ctx context.Context) (dialect.Tx, error) {
	tx, err := g.Driver.Tx(ctx)
	return gatedTx{tx, g}, err
}

type gatedTx struct {
	dialect.Tx
	gate *gate
}

func (tx gatedTx) Exec(ctx context.Context, query string, args, v any) error {
	tx.gate.pass(query)
	return tx.Tx.Exec(ctx, query, args, v)
}

func (tx gatedTx) Query(ctx context.Context, query string, args, v any) error {
	tx.gate.pass(query)
	return tx.Tx.Query(ctx, query, args, v)
}

// Between the read of the old values and ent's statement another transaction commits a row that the statement matches.
func TestBetween(t *testing.T) {
	type fixture struct {
		client, other *ent.Client
		users         [2]int
	}
	cases := []struct {
		name, reason string
		prefix       string
		settings     []setting // where the other transaction need not wait
		do           func(context.Context, fixture) error
		between      func(context.Context, fixture) error
	}{
		{"a row for an update", "it is not updated unrecorded", "UPDATE users", []setting{postgres("read committed"), mariadb("READ-COMMITTED")},
			func(ctx context.Context, x fixture) error { // with friends, it is not one statement with its record
				return x.client.User.Update().SetNick("n").ClearFriends().Exec(ctx)
			},
			func(ctx context.Context, x fixture) error {
				return x.other.User.Create().SetName("w").SetEmail("w").Exec(ctx)
			}},
		{"a row for a delete", "it is not deleted unrecorded", "DELETE FROM users", []setting{postgres("read committed"), mariadb("READ-COMMITTED")},
			func(ctx context.Context, x fixture) error {
				_, err := x.client.User.Delete().Exec(ctx)
				return err
			},
			func(ctx context.Context, x fixture) error {
				return x.other.User.Create().SetName("w").SetEmail("w").Exec(ctx)
			}},
		{"a link that is there no more", "one that a snapshot shows did not come", "INSERT INTO memberships", []setting{postgres("repeatable read"), mariadb("READ-COMMITTED")},
			func(ctx context.Context, x fixture) error {
				return x.client.Team.Update().AddMemberIDs(x.users[0]).Exec(ctx)
			},
			func(ctx context.Context, x fixture) error {
				_, err := x.other.Membership.Delete().Exec(ctx)
				return err
			}},
		{"a pet for an owner who gives them away", "its owner is not cleared unrecorded", "UPDATE pets", []setting{postgres("read committed")},
			func(ctx context.Context, x fixture) error {
				return x.client.User.UpdateOneID(x.users[0]).ClearPets().Exec(ctx)
			},
			func(ctx context.Context, x fixture) error {
				return x.other.Pet.Update().SetOwnerID(x.users[0]).Exec(ctx)
			}},
		{"a pet that is given an owner", "it is not given one unrecorded", "UPDATE pets", []setting{postgres("read committed"), mariadb("READ-COMMITTED")},
			func(ctx context.Context, x fixture) error {
				err := x.client.User.UpdateOneID(x.users[0]).AddPetIDs(stray).Exec(ctx)
				if ent.IsConstraintError(err) { // the pet was not there as it was asked for
					return nil
				}
				return err
			},
			func(ctx context.Context, x fixture) error {
				return x.other.Pet.Create().SetID(stray).SetName("s").Exec(ctx)
			}},
	}
	for _, c := range cases {
		for _, s := range c.settings {
			t.Run(c.name+"/"+s.name, func(t *testing.T) {
				db := s.db.Open(t, s.params)
				drv := entsql.OpenDB(s.db.Dialect, db)
				g := &gate{Driver: drv, prefix: c.prefix}
				x := fixture{client: ent.NewClient(ent.Driver(g)), other: ent.NewClient(ent.Driver(drv))}
				require.NoError(t, x.other.Schema.Create(t.Context()))
				for i, name := range []string{"a", "b"} {
					u, err := x.other.User.Create().SetName(name).SetEmail(name).Save(t.Context())
					require.NoError(t, err)
					x.users[i] = u.ID
				}
				require.NoError(t, x.other.Pet.Create().SetName("p").Exec(t.Context()))
				require.NoError(t, x.other.Team.Create().SetSlug("t").AddMemberIDs(x.users[0]).Exec(t.Context()))
				g.between = func() { require.NoError(t, c.between(t.Context(), x)) }
				require.NoError(t, c.do(t.Context(), x))
				require.Nil(t, g.between, "nothing came between")
				oracle.Reconcile(t, db)
				if t.Failed() {
					t.Log(c.reason)
				}
			})
		}
	}
}

// On a deadlock MariaDB rolls the transaction back, and what follows in it would be committed by itself. The deadlock may come with
// the rows of a query, not with the query.
func TestDeadlockIgnored(t *testing.T) {
	for _, s := range []setting{mariadb("REPEATABLE-READ"), mariadb("READ-COMMITTED")} {
		for _, what := range []string{"update", "query"} {
			t.Run(s.name+"/"+what, func(t *testing.T) {
				db := s.db.Open(t, s.params)
				client := ent.NewClient(ent.Driver(entsql.OpenDB(s.db.Dialect, db)))
				ctx := t.Context()
				require.NoError(t, client.Schema.Create(ctx))
				var users [2]int
				for i, name := range []string{"a", "b"} {
					u, err := client.User.Create().SetName(name).SetEmail(name).Save(ctx)
					require.NoError(t, err)
					users[i] = u.ID
				}
				var txs [2]*ent.Tx
				for i := range txs {
					var err error
					txs[i], err = client.Tx(ctx)
					require.NoError(t, err)
					require.NoError(t, txs[i].User.UpdateOneID(users[i]).SetAge(1).Exec(ctx))
				}
				var (
					wg   sync.WaitGroup
					errs [2]error
				)
				for i, tx := range txs {
					wg.Go(func() {
						var err error
						if other := users[1-i]; what == "update" {
							err = tx.User.UpdateOneID(other).SetAge(2).Exec(ctx)
						} else {
							_, err = tx.User.Query().ForUpdate().All(ctx)
						}
						// A careless user goes on.
						next := tx.User.Create().SetName("c").SetEmail([]string{"c0", "c1"}[i]).Exec(ctx)
						errs[i] = errors.Join(err, next, tx.Commit())
					})
				}
				wg.Wait()
				require.Error(t, errors.Join(errs[:]...), "there was no deadlock")
				oracle.Reconcile(t, db)
				for i, err := range errs {
					var n int
					require.NoError(t, db.QueryRowContext(ctx, "SELECT COUNT(*) FROM users WHERE email = ?", []string{"c0", "c1"}[i]).Scan(&n))
					require.Equal(t, err == nil, n == 1, "transaction %d: %v", i, err)
				}
			})
		}
	}
}

// An id is deleted by another transaction and used anew by one whose snapshot still has the old row, and so sees both.
func TestNewLifeInSnapshot(t *testing.T) {
	for _, s := range []setting{postgres("read committed"), postgres("repeatable read"), mariadb("REPEATABLE-READ")} {
		t.Run(s.name, func(t *testing.T) {
			db := s.db.Open(t, s.params)
			client := ent.NewClient(ent.Driver(entsql.OpenDB(s.db.Dialect, db)))
			ctx := t.Context()
			require.NoError(t, client.Schema.Create(ctx))
			require.NoError(t, client.Card.Create().SetID("c").SetNumber("old").Exec(ctx))
			tx, err := client.Tx(ctx)
			require.NoError(t, err)
			defer tx.Rollback()               //nolint:errcheck // it is committed
			_, err = tx.User.Query().All(ctx) // takes the snapshot
			require.NoError(t, err)
			require.NoError(t, client.Card.DeleteOneID("c").Exec(ctx))
			require.NoError(t, tx.Card.Create().SetID("c").SetNumber("new").Exec(ctx))
			require.NoError(t, tx.Commit())
			oracle.Reconcile(t, db)
		})
	}
}
