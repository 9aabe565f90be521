package search

import (
	"context"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/plain"
)

// twice runs save two times, as a builder may be saved.
func twice(save func(context.Context) error, ctx context.Context) error {
	if err := save(ctx); err != nil {
		return err
	}
	return save(ctx)
}

var clientOps = []op{
	{name: "client.Mutate, create", rows: in(rowClient), run: func(c *call) error {
		_, err := c.client.Mutate(c.ctx, c.linkUser(c.newUser()).Mutation())
		return err
	}},
	{name: "client.Mutate, update", rows: in(rowClient), run: func(c *call) error {
		_, err := c.client.Mutate(c.ctx, c.client.User.UpdateOneID(c.user()).AddAge(1).AddGroupIDs(c.groups()...).Mutation())
		return err
	}},
	{name: "client.Mutate, update many", rows: in(rowClient), run: func(c *call) error {
		b := c.client.Pet.Update().SetName(c.name())
		_, err := c.client.Mutate(c.ctx, b.Mutation())
		return err
	}},
	{name: "a create saved twice", rows: in(rowClient), run: func(c *call) error {
		switch c.n(3) {
		case 0:
			return twice(c.client.Twin.Create().SetName(c.name()).Exec, c.ctx)
		case 1:
			return twice(c.newUser().Exec, c.ctx)
		default:
			return twice(c.client.Shelf.Create().SetName(c.name()).AddBookIDs(c.book()).Exec, c.ctx)
		}
	}},
	{name: "an update saved twice", rows: in(rowClient), run: func(c *call) error {
		switch c.n(3) {
		case 0:
			return twice(c.client.User.UpdateOneID(c.user()).AddAge(1).AddGroupIDs(c.group()).Exec, c.ctx)
		case 1:
			return twice(c.client.User.Update().Where(c.whichUsers()).AddAge(1).SetName(c.name()).Exec, c.ctx)
		default:
			return twice(c.client.User.UpdateOneID(c.user()).ClearPets().AddPetIDs(c.pet()).Exec, c.ctx)
		}
	}},
	{name: "a delete saved twice", rows: in(rowClient, rowDelete), run: func(c *call) error {
		d := c.client.User.Delete().Where(c.whichUsers())
		return twice(func(ctx context.Context) error { return affected(d.Exec(ctx)) }, c.ctx)
	}},
	{name: "a bulk saved twice", rows: in(rowClient, rowCreate), run: func(c *call) error {
		return twice(c.client.Twin.CreateBulk(many(c, func() *ent.TwinCreate { return c.client.Twin.Create().SetName(c.name()) })...).Exec, c.ctx)
	}},
	{name: "an upsert saved twice", rows: in(rowClient, rowUpsert), run: func(c *call) error {
		return twice(byEmail(c.newUser()).UpdateNewValues().Exec, c.ctx)
	}},
	{name: "a type with nothing to record", rows: in(rowClient), run: func(c *call) error {
		switch c.n(3) {
		case 0:
			return c.client.Plain.Create().SetName(c.text()).Exec(c.ctx)
		case 1:
			return c.client.Plain.Update().Where(plain.Name(c.text())).SetName(c.text()).Exec(c.ctx)
		default:
			return affected(c.client.Plain.Delete().Exec(c.ctx))
		}
	}},
	{name: "an entity by what Save returned", rows: in(rowClient, rowUpdate), run: func(c *call) error {
		u, err := c.newUser().Save(c.ctx)
		if err != nil {
			return err
		}
		if u, err = u.Update().AddAge(1).Save(c.ctx); err != nil {
			return err
		}
		return u.Update().SetName(c.name()).AddFriendIDs(u.ID).Exec(c.ctx)
	}},
}
