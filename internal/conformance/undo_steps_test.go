package conformance

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/book"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/box"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/lamp"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/node"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/post"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/room"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/shelf"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tag"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/team"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

// A drawer draws changes of the conformance types that succeed.
type drawer struct {
	*rapid.T
	ctx context.Context
	n   int
}

// pick draws one of a list, or none: the zero value.
func pick[T any](d *drawer, list []T, what string) (v T, ok bool) {
	i := rapid.IntRange(-1, len(list)-1).Draw(d.T, what)
	if i < 0 {
		return v, false
	}
	return list[i], true
}

func (d *drawer) coin(what string) bool { return rapid.Bool().Draw(d.T, what) }

func (d *drawer) name() string {
	d.n++
	return fmt.Sprint("n", d.n)
}

// step makes one change with a client, in one mutation or two.
func (d *drawer) step(c *ent.Client) error {
	kinds := []func(*ent.Client) error{d.newUser, d.user, d.links, d.spouse, d.pet, d.card, d.group, d.shelf, d.book, d.node, d.member, d.tagging, d.doc}
	return kinds[rapid.IntRange(0, len(kinds)-1).Draw(d.T, "kind")](c)
}

func (d *drawer) users(c *ent.Client) []int { return c.User.Query().Order(user.ByID()).IDsX(d.ctx) }

func (d *drawer) newUser(c *ent.Client) error {
	name := d.name()
	b := c.User.Create().SetName(name).SetEmail(name)
	if d.coin("age") {
		b.SetAge(rapid.IntRange(0, 2).Draw(d.T, "age"))
	}
	if id, ok := pick(d, d.users(c), "friend"); ok {
		b.AddFriendIDs(id).AddFollowingIDs(id)
	}
	if id, ok := pick(d, c.Group.Query().Order(group.ByName()).IDsX(d.ctx), "group"); ok {
		b.AddGroupIDs(id)
	}
	if id, ok := pick(d, c.Pet.Query().Where(pet.Not(pet.HasOwner())).Order(pet.ByName()).IDsX(d.ctx), "pet"); ok {
		b.AddPetIDs(id)
	}
	return b.Exec(d.ctx)
}

func (d *drawer) user(c *ent.Client) error {
	id, ok := pick(d, d.users(c), "user")
	if !ok {
		_, err := c.User.Update().AddAge(1).Save(d.ctx)
		return err
	}
	switch rapid.IntRange(0, 3).Draw(d.T, "do") {
	case 0:
		return c.User.DeleteOneID(id).Exec(d.ctx)
	case 1:
		return c.User.UpdateOneID(id).SetEmail(d.name()).ClearAge().Exec(d.ctx)
	default:
		return c.User.UpdateOneID(id).SetName(d.name()).SetNick("").SetAge(0).Exec(d.ctx)
	}
}

func (d *drawer) links(c *ent.Client) error {
	id, ok := pick(d, d.users(c), "user")
	if !ok {
		return nil
	}
	u := c.User.UpdateOneID(id)
	if other, ok := pick(d, d.users(c), "other"); ok {
		if d.coin("add") {
			u.AddFriendIDs(other).AddFollowerIDs(other)
		} else {
			u.RemoveFriendIDs(other).ClearFollowing()
		}
	}
	if g, ok := pick(d, c.Group.Query().Order(group.ByName()).IDsX(d.ctx), "group"); ok {
		if d.coin("add") {
			u.AddGroupIDs(g)
		} else {
			u.RemoveGroupIDs(g)
		}
	}
	return u.Exec(d.ctx)
}

func (d *drawer) spouse(c *ent.Client) error {
	id, ok := pick(d, d.users(c), "user")
	if !ok {
		return nil
	}
	if err := c.User.UpdateOneID(id).ClearSpouse().Exec(d.ctx); err != nil {
		return err
	}
	other, ok := pick(d, c.User.Query().Where(user.Not(user.HasSpouse()), user.IDNEQ(id)).Order(user.ByID()).IDsX(d.ctx), "other")
	if !ok {
		return nil
	}
	return c.User.UpdateOneID(id).SetSpouseID(other).Exec(d.ctx)
}

func (d *drawer) pet(c *ent.Client) error {
	pets := c.Pet.Query().Order(pet.ByName()).IDsX(d.ctx)
	id, ok := pick(d, pets, "pet")
	owner, owned := pick(d, d.users(c), "owner")
	switch {
	case !ok && owned:
		return c.Pet.Create().SetName(d.name()).SetOwnerID(owner).Exec(d.ctx)
	case !ok:
		return c.Pet.Create().SetName(d.name()).SetChip(uuid.New()).Exec(d.ctx)
	case owned:
		return c.Pet.UpdateOneID(id).SetOwnerID(owner).SetKind("dog").Exec(d.ctx)
	case d.coin("clear"):
		return c.Pet.UpdateOneID(id).ClearOwner().Exec(d.ctx)
	}
	return c.Pet.DeleteOneID(id).Exec(d.ctx)
}

func (d *drawer) card(c *ent.Client) error {
	ids := []string{"a", "b", "c"}
	id := ids[rapid.IntRange(0, 2).Draw(d.T, "card")]
	card, err := c.Card.Get(d.ctx, id)
	free := c.User.Query().Where(user.Not(user.HasCard())).Order(user.ByID()).IDsX(d.ctx)
	owner, owned := pick(d, free, "owner")
	switch {
	case ent.IsNotFound(err) && owned:
		return c.Card.Create().SetID(id).SetNumber(d.name()).SetOwnerID(owner).Exec(d.ctx)
	case ent.IsNotFound(err):
		return c.Card.Create().SetID(id).SetNumber("1").Exec(d.ctx)
	case err != nil:
		return err
	case owned:
		return card.Update().SetOwnerID(owner).SetNumber(d.name()).Exec(d.ctx)
	}
	return c.Card.DeleteOne(card).Exec(d.ctx)
}

func (d *drawer) group(c *ent.Client) error {
	id, ok := pick(d, c.Group.Query().Order(group.ByName()).IDsX(d.ctx), "group")
	if !ok {
		return c.Group.Create().SetName(d.name()).AddUserIDs(d.users(c)...).Exec(d.ctx)
	}
	rooms := c.Room.Query().Order(room.ByID()).IDsX(d.ctx)
	switch rapid.IntRange(0, 3).Draw(d.T, "do") {
	case 0:
		return c.Group.DeleteOneID(id).Exec(d.ctx)
	case 1:
		return c.Group.UpdateOneID(id).SetName(d.name()).AddSize(1).AddRoomIDs(rooms...).Exec(d.ctx)
	case 2:
		return c.Group.UpdateOneID(id).ClearRooms().ClearUsers().Exec(d.ctx)
	}
	return c.Group.UpdateOneID(id).AddUserIDs(d.users(c)...).Exec(d.ctx)
}

func (d *drawer) shelf(c *ent.Client) error {
	boxes := c.Box.Query().Order(box.ByID()).IDsX(d.ctx)
	var free []int
	for _, id := range boxes {
		if c.Shelf.Query().Where(shelf.HasBoxesWith(box.ID(id))).CountX(d.ctx) == 0 {
			free = append(free, id)
		}
	}
	lamps := c.Lamp.Query().Order(lamp.ByID()).IDsX(d.ctx)
	id, ok := pick(d, c.Shelf.Query().Order(shelf.ByID()).IDsX(d.ctx), "shelf")
	x, boxed := pick(d, free, "box")
	l, lit := pick(d, lamps, "lamp")
	if !ok {
		b := c.Shelf.Create().SetName(d.name())
		if boxed {
			b.AddBoxIDs(x)
		}
		if lit {
			b.SetLampID(l)
		}
		return b.Exec(d.ctx)
	}
	u := c.Shelf.UpdateOneID(id).SetName(d.name())
	switch rapid.IntRange(0, 3).Draw(d.T, "do") {
	case 0: // a box goes with its shelf, and is not tracked
		if c.Shelf.Query().Where(shelf.ID(id), shelf.HasBoxes()).CountX(d.ctx) == 0 {
			return c.Shelf.DeleteOneID(id).Exec(d.ctx)
		}
	case 1:
		u.ClearBoxes().ClearLamp()
	case 2:
		if lit {
			u.SetLampID(l)
		}
	}
	if boxed {
		u.AddBoxIDs(x)
	}
	return u.Exec(d.ctx)
}

func (d *drawer) book(c *ent.Client) error {
	id, ok := pick(d, c.Book.Query().Order(book.ByID()).IDsX(d.ctx), "book")
	s, shelved := pick(d, c.Shelf.Query().Order(shelf.ByID()).IDsX(d.ctx), "shelf")
	switch {
	case !ok:
		b := c.Book.Create().SetAuthor("a").SetTitle(d.name())
		if shelved {
			b.SetShelfID(s)
		}
		return b.Exec(d.ctx)
	case shelved && d.coin("other side"):
		if err := c.Book.UpdateOneID(id).ClearShelf().Exec(d.ctx); err != nil {
			return err
		}
		return c.Shelf.UpdateOneID(s).AddBookIDs(id).Exec(d.ctx)
	case shelved:
		return c.Book.UpdateOneID(id).SetShelfID(s).AddCopies(1).Exec(d.ctx)
	}
	return c.Book.DeleteOneID(id).Exec(d.ctx)
}

func (d *drawer) node(c *ent.Client) error {
	nodes := c.Node.Query().Order(node.ByID()).IDsX(d.ctx)
	id, ok := pick(d, nodes, "node")
	other, has := pick(d, nodes, "other")
	switch {
	case !ok:
		b := c.Node.Create().SetName(d.name())
		if has {
			b.SetParentID(other).SetMentorID(other)
		}
		return b.Exec(d.ctx)
	case has && id > other: // a parent is older, so there are no circles of those
		return c.Node.UpdateOneID(id).SetParentID(other).Exec(d.ctx)
	case has: // of these there may be
		return c.Node.UpdateOneID(id).SetMentorID(other).SetName(d.name()).Exec(d.ctx)
	case d.coin("delete"):
		return c.Node.DeleteOneID(id).Exec(d.ctx)
	}
	return c.Node.UpdateOneID(id).ClearParent().ClearMentor().Exec(d.ctx)
}

func (d *drawer) member(c *ent.Client) error {
	id, ok := pick(d, d.users(c), "user")
	t := c.Team.Query().Order(team.ByID()).FirstX(d.ctx)
	if !ok {
		_, err := c.Membership.Delete().Exec(d.ctx)
		return err
	}
	if c.Team.Query().Where(team.HasMembersWith(user.ID(id))).CountX(d.ctx) > 0 {
		if d.coin("remove") {
			return t.Update().RemoveMemberIDs(id).Exec(d.ctx)
		}
		_, err := c.Membership.Update().SetRole(d.name()).Save(d.ctx)
		return err
	}
	if d.coin("edge") {
		return t.Update().AddMemberIDs(id).Exec(d.ctx)
	}
	return c.Membership.Create().SetTeam(t).SetUserID(id).SetRole("boss").Exec(d.ctx)
}

func (d *drawer) tagging(c *ent.Client) error {
	posts, tags := c.Post.Query().Order(post.ByID()).IDsX(d.ctx), c.Tag.Query().Order(tag.ByID()).IDsX(d.ctx)
	p, ok := pick(d, posts, "post")
	g, has := pick(d, tags, "tag")
	switch {
	case !ok && !has:
		return c.Tag.Create().SetID(d.name()).AddPostIDs(posts...).Exec(d.ctx)
	case !ok && d.coin("delete"):
		return c.Tag.DeleteOneID(g).Exec(d.ctx)
	case !ok:
		return c.Post.Create().SetTitle(d.name()).AddTagIDs(g).Exec(d.ctx)
	case !has:
		return c.Post.DeleteOneID(p).Exec(d.ctx)
	case c.Post.Query().Where(post.ID(p), post.HasTagsWith(tag.ID(g))).CountX(d.ctx) > 0:
		if d.coin("remove") {
			return c.Post.UpdateOneID(p).RemoveTagIDs(g).Exec(d.ctx)
		}
		_, err := c.Tagging.Update().AddWeight(1).Save(d.ctx)
		return err
	}
	return c.Tagging.Create().SetPostID(p).SetTagID(g).SetWeight(2).Exec(d.ctx)
}

// doc changes a document, also by integers that no float64 can hold.
func (d *drawer) doc(c *ent.Client) error {
	id, ok := pick(d, c.Doc.Query().Order(doc.ByID()).IDsX(d.ctx), "doc")
	extra := map[string]any{"n": rapid.Int64().Draw(d.T, "n")}
	switch {
	case !ok:
		name := d.name()
		return c.Doc.Create().SetID(name).SetTitle(name).SetExtra(extra).Exec(d.ctx)
	case d.coin("delete"):
		return c.Doc.DeleteOneID(id).Exec(d.ctx)
	}
	return c.Doc.UpdateOneID(id).SetExtra(extra).Exec(d.ctx)
}

// all makes some changes, in transactions of up to some steps each. It returns the id of the last one that changed something.
func (d *drawer) all(e *env, transactions, steps int) (last uuid.UUID, changed bool) {
	for range transactions {
		if id, ok := d.one(e, steps); ok {
			last, changed = id, true
		}
	}
	return last, changed
}

// one makes some changes in a transaction. It returns its id, and whether anything changed.
func (d *drawer) one(e *env, steps int) (uuid.UUID, bool) {
	before := e.newest().TxID
	tx, err := e.client.Tx(d.ctx)
	require.NoError(d, err)
	defer func() { _ = tx.Rollback() }()
	for range rapid.IntRange(1, steps).Draw(d.T, "steps") {
		if err := d.step(tx.Client()); err != nil { // what is drawn need not fit
			require.True(d, ent.IsConstraintError(err), err)
			return uuid.Nil, false
		}
	}
	require.NoError(d, tx.Commit())
	after := e.newest().TxID
	return after, after != before
}
