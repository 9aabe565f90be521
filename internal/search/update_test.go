package search

import (
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqljson"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/book"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/lamp"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/node"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

// whichUsers returns a predicate of users.
func (c *call) whichUsers() predicate.User {
	switch c.n(11) {
	case 0:
		return user.Name(c.name())
	case 1:
		return user.AgeLT(c.small())
	case 2:
		return user.HasPets()
	case 3:
		return user.HasPetsWith(pet.Name(c.name()))
	case 4:
		return user.HasGroups()
	case 5:
		return user.Or(user.Name(c.name()), user.AgeIsNil())
	case 6:
		return user.Not(user.HasSpouse())
	case 7:
		return user.And(user.NameIn("a", "b"), user.Not(user.AgeGT(2)))
	case 8:
		return user.HasFollowersWith(user.Name(c.name()))
	case 9:
		return user.IDIn(c.users()...)
	default:
		return user.EmailContainsFold("1")
	}
}

// countUsers returns how many users a predicate matches.
func (c *call) countUsers(p predicate.User) int {
	n, err := c.client.User.Query().Where(p).Count(c.ctx)
	if err != nil {
		panic(poolError{err})
	}
	return n
}

// stale returns an entity, changed behind its back.
func (c *call) stale() (*ent.User, error) {
	u, err := c.client.User.Get(c.ctx, c.user())
	if err != nil {
		return nil, err
	}
	return u, c.client.User.UpdateOneID(u.ID).SetAge(c.small()).SetName(c.name()).Exec(c.ctx)
}

var updateOps = []op{
	{name: "update User by id", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).SetName(c.name()).SetAge(c.small()).Exec(c.ctx)
	}},
	{name: "update stale User", rows: in(rowUpdate), run: func(c *call) error {
		u, err := c.stale()
		if err != nil {
			return err
		}
		return u.Update().SetName(c.name()).SetAge(c.small()).SetEmail(c.email()).Exec(c.ctx)
	}},
	{name: "update Users by predicate", rows: in(rowUpdate), run: func(c *call) error {
		p := c.whichUsers()
		want := c.countUsers(p)
		n, err := c.client.User.Update().Where(p).SetName(c.name()).Save(c.ctx)
		return c.count("update", want, true, n, err)
	}},
	{name: "update Users by the changed column", rows: in(rowUpdate, rowValue), run: func(c *call) error {
		p := user.AgeGTE(c.small())
		want := c.countUsers(p)
		n, err := c.client.User.Update().Where(p).AddAge(oneOf(c.args, 1, -1, 2)).Save(c.ctx)
		return c.count("update", want, true, n, err)
	}},
	{name: "update User by id and predicate", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).Where(c.whichUsers()).SetAge(c.small()).Exec(c.ctx)
	}},
	{name: "update a unique column", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.User.Update().Where(c.whichUsers()).SetEmail(c.email()).Exec(c.ctx)
	}},
	{name: "update Pets by edge predicate", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.Pet.Update().Where(pet.HasOwnerWith(c.whichUsers())).SetName(c.name()).SetKind(pet.KindDog).Exec(c.ctx)
	}},
	{name: "update Nodes by parent's name", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.Node.Update().Where(node.HasParentWith(node.Name(c.name()))).SetName(c.name()).Exec(c.ctx)
	}},
	{name: "update untracked columns", rows: in(rowUpdate), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.Doc.UpdateOneID(c.doc()).SetDraft(c.text()).Exec(c.ctx)
		}
		return c.client.User.Update().Where(c.whichUsers()).SetSeen(c.text()).Exec(c.ctx)
	}},
	{name: "update nothing", rows: in(rowUpdate), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.User.UpdateOneID(c.user()).Exec(c.ctx)
		}
		return c.client.User.Update().Where(c.whichUsers()).Exec(c.ctx)
	}},
	{name: "update a sensitive field", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).SetPassword(c.text()).Exec(c.ctx)
	}},
	{name: "update Card", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.Card.UpdateOneID(c.card()).SetNumber(c.text()).SetOwnerID(c.user()).Exec(c.ctx)
	}},
	{name: "update Books of two unique columns", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.Book.Update().Where(book.Author(c.name())).SetTitle(c.name()).Exec(c.ctx)
	}},
	{name: "update Books by shelf", rows: in(rowUpdate), run: func(c *call) error {
		return c.client.Book.Update().Where(book.HasShelf()).AddCopies(1).Exec(c.ctx)
	}},
	{name: "update an untracked type", rows: in(rowUpdate), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.Room.UpdateOneID(c.room()).SetName(c.name()).Exec(c.ctx)
		}
		return c.client.Box.Update().SetLabel(c.name()).Exec(c.ctx)
	}},
	{name: "update a Pet's values", rows: in(rowUpdate, rowKind), run: func(c *call) error {
		b := c.client.Pet.UpdateOneID(c.pet()).SetName(c.text()).SetChip(c.uuid())
		if c.seldom(3) {
			b.ClearChip()
		}
		return b.Exec(c.ctx)
	}},
	{name: "update a validator refuses", rows: in(rowUpdate), fails: true, run: func(c *call) error {
		return c.client.Pet.UpdateOneID(c.pet()).SetKind("cow").Exec(c.ctx)
	}},
	{name: "add to one", rows: in(rowValue), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).AddAge(c.small()).Exec(c.ctx)
	}},
	{name: "add to a large number", rows: in(rowValue), run: func(c *call) error {
		return c.client.Doc.UpdateOneID(c.doc()).AddViews(oneOf[int64](c.args, 1, -1, 1<<40)).AddScore(0.1).AddLength(5).Exec(c.ctx)
	}},
	{name: "append", rows: in(rowValue), run: func(c *call) error {
		return c.client.Doc.UpdateOneID(c.doc()).AppendTags([]string{c.text()}).Exec(c.ctx)
	}},
	{name: "append to many", rows: in(rowValue), run: func(c *call) error {
		return c.client.Doc.Update().AppendTags([]string{"z", c.text()}).Exec(c.ctx)
	}},
	{name: "clear", rows: in(rowValue), run: func(c *call) error {
		return c.client.User.Update().Where(c.whichUsers()).ClearAge().ClearNick().ClearPassword().Exec(c.ctx)
	}},
	{name: "set to a nil pointer", rows: in(rowValue), run: func(c *call) error {
		nick := c.text()
		b := c.client.User.UpdateOneID(c.user()).SetNillableNick(nil).SetNillableAge(nil)
		if c.seldom(2) {
			b.SetNillableNick(&nick)
		}
		return b.Exec(c.ctx)
	}},
	{name: "update default", rows: in(rowValue), run: func(c *call) error {
		return c.client.Doc.UpdateOneID(c.doc()).SetTitle(c.text()).Exec(c.ctx)
	}},
	{name: "modify many", rows: in(rowValue), run: func(c *call) error {
		age := c.small()
		return c.client.User.Update().Where(c.whichUsers()).Modify(func(u *sql.UpdateBuilder) { u.Set(user.FieldAge, age) }).Exec(c.ctx)
	}},
	{name: "modify one", rows: in(rowValue), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).SetName(c.name()).Modify(func(u *sql.UpdateBuilder) {
			u.Set(user.FieldNick, sql.Expr(user.FieldEmail))
		}).Exec(c.ctx)
	}},
	{name: "modify a document", rows: in(rowValue), run: func(c *call) error {
		add := c.text()
		return c.client.Doc.Update().Modify(func(u *sql.UpdateBuilder) { sqljson.Append(u, doc.FieldTags, []string{add}) }).Exec(c.ctx)
	}},
	{name: "modify a foreign key", rows: in(rowValue, rowEdge), run: func(c *call) error {
		shelf := c.shelf()
		return c.client.Book.Update().Where(book.Author(c.name())).Modify(func(u *sql.UpdateBuilder) { u.Set(book.ShelfColumn, shelf) }).Exec(c.ctx)
	}},
	{name: "a trigger changes one", rows: in(rowValue), run: func(c *call) error {
		return c.client.Lamp.UpdateOneID(c.lamp()).SetWatts(oneOf(c.args, 40, 99, 101, 5000)).Exec(c.ctx)
	}},
	{name: "a trigger changes many", rows: in(rowValue), run: func(c *call) error {
		return c.client.Lamp.Update().Where(lamp.WattsGT(40)).AddWatts(oneOf(c.args, 20, 60, -30)).Exec(c.ctx)
	}},
}
