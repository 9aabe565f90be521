package conformance

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

// Writers race on few rows, with bulk updates that match what others insert, and the log still replays to the tables. What the
// database itself refuses (a deadlock, a serialization failure) is refused as a whole.
func TestStorm(t *testing.T) {
	const (
		writers = 8
		steps   = 60
	)
	eachWay(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		for i := range 4 {
			e.user(fmt.Sprint("u", i))
		}
		var (
			wg      sync.WaitGroup
			mu      sync.Mutex
			refused = map[string]int{}
		)
		for w := range writers {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 1))
				ctx := sqlaudit.NewContext(context.Background(), sqlaudit.Actor{ID: w})
				for i := range steps {
					if err := step(ctx, e.client, rnd, fmt.Sprintf("w%d-%d", w, i)); err != nil {
						mu.Lock()
						refused[kindOf(err)]++
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		t.Logf("%d entries, refused: %v", len(e.log(t)), refused)
		for kind := range refused {
			require.Contains(t, []string{"deadlock", "constraint"}, kind)
		}
		e.reconcile(t)
	})
}

// step makes one change, or some in a transaction.
func step(ctx context.Context, c *ent.Client, rnd *rand.Rand, name string) error {
	switch rnd.IntN(12) {
	case 0:
		return c.User.Create().SetName(name).SetEmail(name).SetAge(rnd.IntN(3)).Exec(ctx)
	case 1:
		return c.User.Update().Where(user.AgeLT(3)).AddAge(1).Exec(ctx)
	case 2:
		return c.User.Update().Where(user.NameHasPrefix("u")).AddAge(1).Exec(ctx)
	case 3:
		_, err := c.User.Delete().Where(user.AgeGT(3), user.NameHasPrefix("w")).Exec(ctx)
		return err
	case 4:
		return c.User.CreateBulk(
			c.User.Create().SetName(name).SetEmail(name+"a").SetAge(1),
			c.User.Create().SetName(name).SetEmail(name+"b").SetAge(2),
		).Exec(ctx)
	case 5:
		return c.User.Update().Where(user.NameIn("u0", "u3")).SetNick(name).Exec(ctx)
	case 6: // a pet for somebody who may be on the way out
		id, err := c.User.Query().Where(user.NameHasPrefix("w")).FirstID(ctx)
		if err != nil {
			return ignoreNotFound(err)
		}
		return c.Pet.Create().SetName(name).SetOwnerID(id).Exec(ctx)
	case 7: // pets move, from their own side and from their owners'
		return c.Pet.Update().Where(pet.HasOwnerWith(user.NameHasPrefix("w"))).ClearOwner().Exec(ctx)
	case 8:
		id, err := c.Pet.Query().Where(pet.Not(pet.HasOwner())).FirstID(ctx)
		if err != nil {
			return ignoreNotFound(err)
		}
		return c.User.Update().Where(user.Name("u0")).AddPetIDs(id).Exec(ctx)
	case 9:
		return c.User.Update().Where(user.Name("u0")).ClearPets().Exec(ctx)
	case 10: // a card that is created and deleted again and again
		if rnd.IntN(2) == 0 {
			return c.Card.Create().SetID("card").SetNumber(name).Exec(ctx)
		}
		_, err := c.Card.Delete().Where(card.ID("card")).Exec(ctx)
		return err
	}
	tx, err := c.Tx(ctx)
	if err != nil {
		return err
	}
	err = tx.User.Update().Where(user.Name("u1")).AddAge(1).Exec(ctx)
	if err == nil {
		err = tx.User.Update().Where(user.Name("u2")).SetNick(name).Exec(ctx)
	}
	if err != nil || rnd.IntN(4) == 0 {
		if rerr := tx.Rollback(); rerr != nil {
			return fmt.Errorf("%w: %w", err, rerr)
		}
		return err
	}
	return tx.Commit()
}

func ignoreNotFound(err error) error {
	if ent.IsNotFound(err) {
		return nil
	}
	return err
}

func kindOf(err error) string {
	switch s := err.Error(); {
	case strings.Contains(s, "40P01"), strings.Contains(s, "40001"), strings.Contains(s, "Error 1213"):
		return "deadlock"
	case ent.IsConstraintError(err):
		return "constraint"
	default:
		return s
	}
}
