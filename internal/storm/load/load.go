// Package load makes changes that race on few rows. The package of the same name in internal/storm/bare makes the same ones
// without a log: it is this file with other imports.
package load

import (
	"context"
	"fmt"
	"math/rand/v2"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

// A Load is a client and the rows that its writers fight over. It is safe for concurrent use.
type Load struct {
	client *ent.Client
	users  []int // of those that are never deleted
}

// Open returns the load on a driver whose tables are there. The first to come, who says fill, makes the rows.
func Open(ctx context.Context, drv dialect.Driver, fill bool) (*Load, error) {
	l := &Load{client: ent.NewClient(ent.Driver(drv))}
	if fill {
		if err := l.fill(ctx); err != nil {
			return nil, err
		}
	}
	var err error
	l.users, err = l.client.User.Query().Where(user.NameHasPrefix("u")).Order(user.ByName()).IDs(ctx)
	return l, err
}

// Create creates the tables.
func Create(ctx context.Context, drv dialect.Driver) error {
	return ent.NewClient(ent.Driver(drv)).Schema.Create(ctx)
}

func (l *Load) fill(ctx context.Context) error {
	for i := range 4 {
		name := fmt.Sprint("u", i)
		u, err := l.client.User.Create().SetName(name).SetEmail(name + "@x").SetAge(i).Save(ctx)
		if err != nil {
			return err
		}
		if err := l.client.Pet.Create().SetID(petID(i)).SetName("p").SetOwner(u).Exec(ctx); err != nil {
			return err
		}
		if err := l.client.Card.Create().SetID(cardID(i)).SetNumber("0").SetOwner(u).Exec(ctx); err != nil {
			return err
		}
	}
	return l.client.Team.Create().SetSlug("t").Exec(ctx)
}

// petID returns one of four ids.
func petID(i int) uuid.UUID { return uuid.UUID{0: 1, 15: byte(i % 4)} }

// cardID returns one of four ids.
func cardID(i int) string { return fmt.Sprint("c", i%4) }

// An operation is one mutation. Its values come from rnd and name, which is unique, and not from what it reads.
type operation struct {
	name   string
	weight int
	do     func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, name string) error
}

var operations = []operation{
	// Bulk updates race with inserts that match them.
	{"create", 3, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.User.Create().SetName("w").SetEmail(name).SetAge(rnd.IntN(3)).Exec(ctx)
	}},
	{"create bulk", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.User.CreateBulk(
			c.User.Create().SetName("w").SetEmail(name+"a").SetAge(rnd.IntN(3)),
			c.User.Create().SetName("w").SetEmail(name+"b").SetAge(rnd.IntN(3)),
		).Exec(ctx)
	}},
	{"update many", 3, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.Update().Where(user.AgeLT(rnd.IntN(4))).AddAge(1).Exec(ctx)
	}},
	{"update many by name", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.User.Update().Where(user.NameIn(fmt.Sprint("u", rnd.IntN(4)), fmt.Sprint("u", rnd.IntN(4)))).SetNick(name).Exec(ctx)
	}},
	{"update one", 3, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.UpdateOneID(l.users[rnd.IntN(4)]).AddAge(1).Exec(ctx)
	}},
	{"delete many", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		_, err := c.User.Delete().Where(user.AgeGT(rnd.IntN(4)), user.Name("w")).Exec(ctx)
		return err
	}},
	// Updates race with deletes and with new lives of the same id.
	{"create card", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.Card.Create().SetID(cardID(rnd.IntN(4))).SetNumber(name).Exec(ctx)
	}},
	{"create pet", 2, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.Pet.Create().SetID(petID(rnd.IntN(4))).SetName(name).SetOwnerID(l.users[rnd.IntN(4)]).Exec(ctx)
	}},
	{"update card", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.Card.UpdateOneID(cardID(rnd.IntN(4))).SetNumber(name).Exec(ctx)
	}},
	{"update cards", 1, func(ctx context.Context, _ *Load, c *ent.Client, _ *rand.Rand, name string) error {
		return c.Card.Update().Where(card.NumberNEQ("0")).SetNumber(name).Exec(ctx)
	}},
	{"delete card", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Card.DeleteOneID(cardID(rnd.IntN(4))).Exec(ctx)
	}},
	{"delete pets", 1, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		_, err := c.Pet.Delete().Where(pet.IDIn(petID(rnd.IntN(4)), petID(rnd.IntN(4)))).Exec(ctx)
		return err
	}},
	// Edges race from both sides.
	{"pet to owner", 2, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Pet.UpdateOneID(petID(rnd.IntN(4))).SetOwnerID(l.users[rnd.IntN(4)]).Exec(ctx)
	}},
	{"pets without owner", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Pet.Update().Where(pet.HasOwnerWith(user.Name(fmt.Sprint("u", rnd.IntN(4))))).ClearOwner().Exec(ctx)
	}},
	{"owner to pets", 3, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.UpdateOneID(l.users[rnd.IntN(4)]).AddPetIDs(petID(rnd.IntN(4))).Exec(ctx)
	}},
	{"owner without pets", 2, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.UpdateOneID(l.users[rnd.IntN(4)]).ClearPets().Exec(ctx)
	}},
	{"card to owner", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Card.UpdateOneID(cardID(rnd.IntN(4))).SetOwnerID(l.users[rnd.IntN(4)]).Exec(ctx)
	}},
	{"owner to card", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.UpdateOneID(l.users[rnd.IntN(4)]).ClearCard().SetCardID(cardID(rnd.IntN(4))).Exec(ctx)
	}},
	{"spouse", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.UpdateOneID(l.users[rnd.IntN(4)]).ClearSpouse().SetSpouseID(l.users[rnd.IntN(4)]).Exec(ctx)
	}},
}

// upserts race on one key.
var upserts = []operation{
	{"upsert", 3, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.User.Create().SetName("w").SetEmail(key(rnd)).SetNick(name).SetAge(rnd.IntN(5)).
			OnConflictColumns(user.FieldEmail).UpdateNewValues().Exec(ctx)
	}},
	{"upsert, adding", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.Create().SetName("w").SetEmail(key(rnd)).SetAge(1).
			OnConflictColumns(user.FieldEmail).Update(func(u *ent.UserUpsert) { u.AddAge(1) }).Exec(ctx)
	}},
	{"upsert, ignoring", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.Create().SetName("w").SetEmail(key(rnd)).SetAge(1).OnConflictColumns(user.FieldEmail).Ignore().Exec(ctx)
	}},
	{"upsert bulk", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.User.CreateBulk(
			c.User.Create().SetName("w").SetEmail("k0@x").SetNick(name).SetAge(rnd.IntN(5)),
			c.User.Create().SetName("w").SetEmail("k1@x").SetNick(name).SetAge(rnd.IntN(5)),
		).OnConflictColumns(user.FieldEmail).UpdateNewValues().Exec(ctx)
	}},
	{"upsert card", 2, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.Card.Create().SetID(cardID(rnd.IntN(4))).SetNumber(name).OnConflictColumns(card.FieldID).UpdateNewValues().Exec(ctx)
	}},
}

// key returns one of two unique values that upserts share.
func key(rnd *rand.Rand) string { return fmt.Sprintf("k%d@x", rnd.IntN(2)) }
