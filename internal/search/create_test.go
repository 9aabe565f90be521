package search

import (
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
)

// newUser returns a builder with what is required, and some of the rest.
func (c *call) newUser() *ent.UserCreate {
	b := c.client.User.Create().SetEmail(c.email()).SetName(c.name())
	if c.seldom(3) {
		b.SetAge(c.small())
	}
	if c.seldom(4) {
		b.SetNick(c.text()).SetPassword(c.text())
	}
	return b
}

// linkUser adds edges of every kind to a builder, some of them.
func (c *call) linkUser(b *ent.UserCreate) *ent.UserCreate {
	switch c.n(8) {
	case 0:
		b.AddPetIDs(c.pets()...)
	case 1:
		b.AddGroupIDs(c.groups()...).AddPetIDs(c.pet())
	case 2:
		b.SetSpouseID(c.user())
	case 3:
		b.SetCardID(c.card())
	case 4:
		b.AddFriendIDs(c.users()...).AddFollowingIDs(c.users()...)
	case 5:
		b.AddTeamIDs(c.teams()...)
	case 6:
		b.AddBadgeIDs(c.badges()...).AddFollowerIDs(c.users()...)
	default:
		b.AddGroupIDs(c.groups()...).AddFriendIDs(c.user()).SetSpouseID(c.user())
	}
	return b
}

func (c *call) newPet() *ent.PetCreate {
	b := c.client.Pet.Create().SetID(c.uuid()).SetName(c.name()).SetKind(oneOf(c.args, pet.KindCat, pet.KindDog))
	if c.seldom(3) {
		b.SetChip(c.uuid())
	}
	return b
}

func (c *call) newGroup() *ent.GroupCreate {
	return c.client.Group.Create().SetID(c.uuid()).SetName(c.text()).SetSize(c.small())
}

func (c *call) newBook() *ent.BookCreate {
	return c.client.Book.Create().SetAuthor(c.name()).SetTitle(c.name()).SetCopies(c.small())
}

func (c *call) newCard() *ent.CardCreate {
	return c.client.Card.Create().SetID(c.textID()).SetNumber(c.text())
}

func (c *call) newNode() *ent.NodeCreate { return c.client.Node.Create().SetName(c.name()) }

// many returns one to four of what f returns.
func many[T any](c *call, f func() T) []T {
	out := make([]T, 1+c.n(4))
	for i := range out {
		out[i] = f()
	}
	return out
}

var createOps = []op{
	{name: "create User", rows: in(rowCreate), run: func(c *call) error { return c.newUser().Exec(c.ctx) }},
	{name: "create Pet", rows: in(rowCreate, rowKind), run: func(c *call) error { return c.newPet().Exec(c.ctx) }},
	{name: "create Pet with owner", rows: in(rowCreate), run: func(c *call) error { return c.newPet().SetOwnerID(c.user()).Exec(c.ctx) }},
	{name: "create User with edges", rows: in(rowCreate, rowEdge), run: func(c *call) error { return c.linkUser(c.newUser()).Exec(c.ctx) }},
	{name: "create Users in bulk", rows: in(rowCreate), run: func(c *call) error {
		return c.client.User.CreateBulk(many(c, c.newUser)...).Exec(c.ctx)
	}},
	{name: "create Users in bulk with edges", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.client.User.CreateBulk(many(c, func() *ent.UserCreate { return c.linkUser(c.newUser()) })...).Exec(c.ctx)
	}},
	{name: "create Pets by MapCreateBulk", rows: in(rowCreate), run: func(c *call) error {
		owner := c.user()
		return c.client.Pet.MapCreateBulk(make([]int, c.n(4)), func(b *ent.PetCreate, _ int) {
			b.SetID(c.uuid()).SetName(c.name()).SetOwnerID(owner)
		}).Exec(c.ctx)
	}},
	{name: "create Group with users and rooms", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.newGroup().AddUserIDs(c.users()...).AddRoomIDs(c.rooms()...).Exec(c.ctx)
	}},
	{name: "create Group", rows: in(rowCreate, rowKind), run: func(c *call) error { return c.newGroup().Exec(c.ctx) }},
	{name: "create Groups in bulk with edges", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.client.Group.CreateBulk(many(c, func() *ent.GroupCreate { return c.newGroup().AddUserIDs(c.users()...) })...).Exec(c.ctx)
	}},
	{name: "create Room with groups", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.client.Room.Create().SetName(c.name()).AddGroupIDs(c.groups()...).Exec(c.ctx)
	}},
	{name: "create Card with owner", rows: in(rowCreate, rowKind), run: func(c *call) error {
		b := c.newCard()
		if c.seldom(2) {
			b.SetOwnerID(c.user())
		}
		return b.Exec(c.ctx)
	}},
	{name: "create Badge", rows: in(rowCreate), run: func(c *call) error {
		return c.client.Badge.Create().SetText(c.text()).SetUserID(c.user()).Exec(c.ctx)
	}},
	{name: "create Node", rows: in(rowCreate), run: func(c *call) error { return c.newNode().Exec(c.ctx) }},
	{name: "create Node with parent", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.newNode().SetParentID(c.node()).SetMentorID(c.node()).Exec(c.ctx)
	}},
	{name: "create Node with children", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.newNode().AddChildIDs(c.nodes()...).AddPupilIDs(c.nodes()...).Exec(c.ctx)
	}},
	{name: "create Nodes in bulk with parent", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.client.Node.CreateBulk(many(c, func() *ent.NodeCreate { return c.newNode().SetParentID(c.node()) })...).Exec(c.ctx)
	}},
	{name: "create Shelf with books, boxes and lamp", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		b := c.client.Shelf.Create().SetName(c.name())
		switch c.n(4) {
		case 0:
			b.AddBookIDs(c.books()...)
		case 1:
			b.AddBoxIDs(c.boxes()...)
		case 2:
			b.SetLampID(c.lamp())
		}
		return b.Exec(c.ctx)
	}},
	{name: "create Book", rows: in(rowCreate), run: func(c *call) error {
		b := c.newBook()
		if c.seldom(2) {
			b.SetShelfID(c.shelf())
		}
		return b.Exec(c.ctx)
	}},
	{name: "create Books in bulk", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.client.Book.CreateBulk(many(c, func() *ent.BookCreate { return c.newBook().SetShelfID(c.shelf()) })...).Exec(c.ctx)
	}},
	{name: "create Box", rows: in(rowCreate), run: func(c *call) error {
		return c.client.Box.Create().SetLabel(c.name()).Exec(c.ctx)
	}},
	{name: "create Lamp", rows: in(rowCreate, rowValue), run: func(c *call) error {
		return c.client.Lamp.Create().SetWatts(oneOf(c.args, 40, 60, 99, 100, 101, 5000)).Exec(c.ctx) // a trigger allows 100
	}},
	{name: "create Org with sites", rows: in(rowCreate, rowEdge), run: func(c *call) error {
		return c.client.Org.Create().SetName(c.name()).AddSiteIDs(c.sites()...).Exec(c.ctx)
	}},
	{name: "create Site", rows: in(rowCreate, rowPolicy), run: func(c *call) error {
		b := c.client.Site.Create().SetCode(c.textID()).SetCity(oneOf(c.args, "oslo", "rome", "veto"))
		if c.seldom(3) {
			b.SetOrgID(c.org()).SetEditedBy(c.small())
		}
		return b.Exec(c.ctx)
	}},
	{name: "create Twins in bulk", rows: in(rowCreate, rowValue), run: func(c *call) error {
		return c.client.Twin.CreateBulk(many(c, func() *ent.TwinCreate { return c.client.Twin.Create().SetName(c.text()) })...).Exec(c.ctx)
	}},
	{name: "create a User whose validator or constraint fails", rows: in(rowCreate), fails: true, run: func(c *call) error {
		b := c.client.User.Create().SetName(c.name())
		if c.seldom(2) {
			b.SetEmail(c.email()).SetSpouseID(missingID)
		}
		return b.Exec(c.ctx)
	}},
}
