package search

import (
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

var edgeOps = []op{
	{name: "add pets", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).AddPetIDs(c.pets()...).Exec(c.ctx)
	}},
	{name: "add a pet that is free", rows: in(rowEdge), run: func(c *call) error {
		ids := all(c, c.client.Pet.Query().Where(pet.Not(pet.HasOwner())).Order(pet.ByID()).IDs)
		return c.client.User.UpdateOneID(c.user()).AddPetIDs(ids...).Exec(c.ctx)
	}},
	{name: "remove pets", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).RemovePetIDs(c.pets()...).Exec(c.ctx)
	}},
	{name: "clear pets of many", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.Update().Where(c.whichUsers()).ClearPets().Exec(c.ctx)
	}},
	{name: "clear and add pets", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).ClearPets().AddPetIDs(c.pets()...).SetAge(c.small()).Exec(c.ctx)
	}},
	{name: "a column and a taken pet", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).SetName(c.name()).AddAge(1).AddPetIDs(c.pets()...).Exec(c.ctx)
	}},
	{name: "an entity and a taken pet", rows: in(rowCreate), run: func(c *call) error {
		return c.newUser().AddGroupIDs(c.groups()...).AddPetIDs(c.pets()...).Exec(c.ctx)
	}},
	{name: "a column, links and a taken book", rows: in(rowEdge), run: func(c *call) error {
		return c.client.Shelf.UpdateOneID(c.shelf()).SetName(c.name()).ClearBooks().AddBookIDs(c.books()...).SetLampID(c.lamp()).Exec(c.ctx)
	}},
	{name: "an org and taken sites", rows: in(rowEdge), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.Org.UpdateOneID(c.org()).SetName(c.name()).AddSiteIDs(c.sites()...).Exec(c.ctx)
		}
		return c.client.Org.UpdateOneID(c.org()).ClearSites().AddSiteIDs(c.sites()...).Exec(c.ctx)
	}},
	{name: "move a pet", rows: in(rowEdge), run: func(c *call) error {
		return c.client.Pet.UpdateOneID(c.pet()).SetOwnerID(c.user()).Exec(c.ctx)
	}},
	{name: "clear the owner of pets", rows: in(rowEdge), run: func(c *call) error {
		return c.client.Pet.Update().Where(pet.HasOwnerWith(c.whichUsers())).ClearOwner().Exec(c.ctx)
	}},
	{name: "marry", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.User.UpdateOneID(c.user()).SetSpouseID(c.user())
		if c.seldom(2) {
			b.ClearSpouse()
		}
		return b.Exec(c.ctx)
	}},
	{name: "divorce", rows: in(rowEdge), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.User.Update().Where(c.whichUsers()).ClearSpouse().Exec(c.ctx)
		}
		return c.client.User.UpdateOneID(c.user()).ClearSpouse().Exec(c.ctx)
	}},
	{name: "set card", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.User.UpdateOneID(c.user()).SetCardID(c.card())
		if c.seldom(2) {
			b.ClearCard()
		}
		return b.Exec(c.ctx)
	}},
	{name: "clear card", rows: in(rowEdge), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.Card.Update().ClearOwner().Exec(c.ctx)
		}
		return c.client.User.UpdateOneID(c.user()).Where(user.Name(c.name())).ClearCard().Exec(c.ctx)
	}},
	{name: "add groups", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).AddGroupIDs(c.groups()...).Exec(c.ctx)
	}},
	{name: "add groups to many", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.Update().Where(c.whichUsers()).AddGroupIDs(c.groups()...).Exec(c.ctx)
	}},
	{name: "remove groups", rows: in(rowEdge), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.User.Update().Where(c.whichUsers()).SetName(c.name()).RemoveGroupIDs(c.groups()...).Exec(c.ctx)
		}
		return c.client.User.UpdateOneID(c.user()).RemoveGroupIDs(c.groups()...).Exec(c.ctx)
	}},
	{name: "clear and add groups", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).ClearGroups().AddGroupIDs(c.groups()...).Exec(c.ctx)
	}},
	{name: "add users to a group", rows: in(rowEdge), run: func(c *call) error {
		return c.client.Group.UpdateOneID(c.group()).AddUserIDs(c.users()...).AddSize(1).Exec(c.ctx)
	}},
	{name: "remove and clear from a group", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.Group.UpdateOneID(c.group()).RemoveUserIDs(c.users()...)
		if c.seldom(2) {
			b.ClearUsers().RemoveRoomIDs(c.rooms()...)
		}
		return b.Exec(c.ctx)
	}},
	{name: "rooms of a group", rows: in(rowEdge), run: func(c *call) error {
		return c.client.Group.UpdateOneID(c.group()).AddRoomIDs(c.rooms()...).Exec(c.ctx)
	}},
	{name: "groups of a room", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.Room.UpdateOneID(c.room())
		switch c.n(3) {
		case 0:
			b.AddGroupIDs(c.groups()...)
		case 1:
			b.RemoveGroupIDs(c.groups()...)
		default:
			b.ClearGroups().AddGroupIDs(c.group())
		}
		return b.Exec(c.ctx)
	}},
	{name: "friends", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.User.UpdateOneID(c.user())
		switch c.n(4) {
		case 0, 1:
			b.AddFriendIDs(c.users()...)
		case 2:
			b.RemoveFriendIDs(c.users()...).AddFriendIDs(c.user())
		default:
			b.ClearFriends().AddFriendIDs(c.user())
		}
		return b.Exec(c.ctx)
	}},
	{name: "friends of many", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.User.Update().Where(c.whichUsers())
		switch c.n(3) {
		case 0:
			b.AddFriendIDs(c.user())
		case 1:
			b.RemoveFriendIDs(c.users()...)
		default:
			b.ClearFriends()
		}
		return b.Exec(c.ctx)
	}},
	{name: "following", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.User.UpdateOneID(c.user())
		switch c.n(4) {
		case 0, 1:
			b.AddFollowingIDs(c.users()...)
		case 2:
			b.AddFollowerIDs(c.users()...).RemoveFollowingIDs(c.users()...)
		default:
			b.ClearFollowers().AddFollowingIDs(c.user())
		}
		return b.Exec(c.ctx)
	}},
	{name: "parent", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.Node.UpdateOneID(c.node())
		if c.seldom(3) {
			return b.ClearParent().SetMentorID(c.node()).Exec(c.ctx)
		}
		return b.SetParentID(c.node()).Exec(c.ctx)
	}},
	{name: "children", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.Node.UpdateOneID(c.node())
		switch c.n(4) {
		case 0:
			b.AddChildIDs(c.nodes()...)
		case 1:
			b.RemoveChildIDs(c.nodes()...).AddPupilIDs(c.nodes()...)
		case 2:
			b.ClearChildren().AddChildIDs(c.node()).SetName(c.name())
		default:
			b.ClearPupils().SetParentID(c.node())
		}
		return b.Exec(c.ctx)
	}},
	{name: "children of many", rows: in(rowEdge), run: func(c *call) error {
		return c.client.Node.Update().ClearChildren().ClearMentor().Exec(c.ctx)
	}},
	{name: "books of a shelf", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.Shelf.UpdateOneID(c.shelf())
		switch c.n(3) {
		case 0:
			b.AddBookIDs(c.books()...)
		case 1:
			b.RemoveBookIDs(c.books()...)
		default:
			b.ClearBooks()
		}
		return b.Exec(c.ctx)
	}},
	{name: "shelf of a book", rows: in(rowEdge), run: func(c *call) error {
		if c.seldom(4) {
			return c.client.Book.Update().ClearShelf().Exec(c.ctx)
		}
		return c.client.Book.UpdateOneID(c.book()).SetShelfID(c.shelf()).Exec(c.ctx)
	}},
	{name: "boxes of a shelf", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.Shelf.UpdateOneID(c.shelf())
		switch c.n(3) {
		case 0:
			b.AddBoxIDs(c.boxes()...)
		case 1:
			b.RemoveBoxIDs(c.boxes()...).SetName(c.name())
		default:
			b.ClearBoxes().AddBoxIDs(c.box())
		}
		return b.Exec(c.ctx)
	}},
	{name: "lamp of a shelf", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.Shelf.UpdateOneID(c.shelf()).SetLampID(c.lamp())
		if c.seldom(3) {
			b.ClearLamp()
		}
		return b.Exec(c.ctx)
	}},
	{name: "sites of an org", rows: in(rowEdge), run: func(c *call) error {
		b := c.client.Org.UpdateOneID(c.org())
		switch c.n(3) {
		case 0:
			b.AddSiteIDs(c.sites()...)
		case 1:
			b.RemoveSiteIDs(c.sites()...)
		default:
			b.ClearSites()
		}
		return b.Exec(c.ctx)
	}},
	{name: "badges of a user", rows: in(rowEdge), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).AddBadgeIDs(c.badges()...).Exec(c.ctx)
	}},
	{name: "linked accounts", rows: in(rowEdge, rowKind), run: func(c *call) error {
		b := c.client.Account.UpdateOneID(c.account())
		switch c.n(3) {
		case 0:
			b.AddLinkedIDs(c.account(), c.account())
		case 1:
			b.RemoveLinkedIDs(c.account())
		default:
			b.ClearLinked().AddLinkedIDs(c.account())
		}
		return b.Exec(c.ctx)
	}},
}
