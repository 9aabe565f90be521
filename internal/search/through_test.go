package search

import (
	"context"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/membership"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tagging"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/team"
)

func (c *call) newTagging() *ent.TaggingCreate {
	b := c.client.Tagging.Create().SetPostID(c.post()).SetTagID(c.tag()).SetWeight(c.small())
	if c.seldom(3) {
		b.SetAt(c.moment())
	}
	return b
}

// tagging returns an entity with a composite id, or fails with a *ent.NotFoundError.
func (c *call) tagging() (*ent.Tagging, error) {
	list := all(c, func(ctx context.Context) ([]*ent.Tagging, error) {
		return c.client.Tagging.Query().Order(ent.Asc(tagging.FieldPostID, tagging.FieldTagID)).All(ctx)
	})
	if len(list) == 0 {
		return nil, &ent.NotFoundError{}
	}
	return list[c.n(len(list))], nil
}

var throughOps = []op{
	{name: "create Team with members", rows: in(rowThrough, rowCreate), run: func(c *call) error {
		b := c.client.Team.Create().SetSlug(c.textID())
		if c.seldom(2) {
			b.AddMemberIDs(c.users()...)
		}
		return b.Exec(c.ctx)
	}},
	{name: "members of a team", rows: in(rowThrough, rowEdge), run: func(c *call) error {
		b := c.client.Team.UpdateOneID(c.team())
		switch c.n(4) {
		case 0, 1:
			b.AddMemberIDs(c.users()...)
		case 2:
			b.RemoveMemberIDs(c.users()...)
		default:
			b.ClearMembers().AddMemberIDs(c.user())
		}
		return b.Exec(c.ctx)
	}},
	{name: "teams of a user", rows: in(rowThrough, rowEdge), run: func(c *call) error {
		b := c.client.User.UpdateOneID(c.user())
		switch c.n(3) {
		case 0:
			b.AddTeamIDs(c.teams()...)
		case 1:
			b.RemoveTeamIDs(c.teams()...).SetName(c.name())
		default:
			b.ClearTeams()
		}
		return b.Exec(c.ctx)
	}},
	{name: "teams of many users", rows: in(rowThrough, rowEdge), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.User.Update().Where(c.whichUsers()).RemoveTeamIDs(c.team()).Exec(c.ctx)
		}
		return c.client.User.Update().Where(c.whichUsers()).AddTeamIDs(c.team()).Exec(c.ctx)
	}},
	{name: "create Membership", rows: in(rowThrough, rowCreate), run: func(c *call) error {
		return c.client.Membership.Create().SetTeamID(c.team()).SetUserID(c.user()).SetRole(c.text()).Exec(c.ctx)
	}},
	{name: "update Memberships", rows: in(rowThrough, rowUpdate), run: func(c *call) error {
		return c.client.Membership.Update().Where(membership.HasTeamWith(team.IDGTE(c.team()))).SetRole(c.text()).Exec(c.ctx)
	}},
	{name: "move a Membership", rows: in(rowThrough, rowEdge), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.Membership.UpdateOneID(c.member()).SetTeamID(c.team()).Exec(c.ctx)
		}
		return c.client.Membership.UpdateOneID(c.member()).SetUserID(c.user()).SetRole(c.name()).Exec(c.ctx)
	}},
	{name: "delete Membership", rows: in(rowThrough, rowDelete), run: func(c *call) error {
		return c.client.Membership.DeleteOneID(c.member()).Exec(c.ctx)
	}},
	{name: "delete Team", rows: in(rowThrough, rowDelete), run: func(c *call) error { return c.client.Team.DeleteOneID(c.team()).Exec(c.ctx) }},
	{name: "create Tag", rows: in(rowThrough, rowCreate), run: func(c *call) error {
		b := c.client.Tag.Create().SetID(c.textID())
		if c.seldom(2) {
			b.SetTitle(c.text()).AddPostIDs(c.posts()...)
		}
		return b.Exec(c.ctx)
	}},
	{name: "create Post", rows: in(rowThrough, rowCreate), run: func(c *call) error {
		b := c.client.Post.Create().SetTitle(c.text())
		if c.seldom(2) {
			b.AddTagIDs(c.tags()...)
		}
		return b.Exec(c.ctx)
	}},
	{name: "tags of a post", rows: in(rowThrough, rowEdge), run: func(c *call) error {
		b := c.client.Post.UpdateOneID(c.post())
		switch c.n(4) {
		case 0, 1:
			b.AddTagIDs(c.tags()...)
		case 2:
			b.RemoveTagIDs(c.tags()...)
		default:
			b.ClearTags().AddTagIDs(c.tag())
		}
		return b.Exec(c.ctx)
	}},
	{name: "posts of a tag", rows: in(rowThrough, rowEdge), run: func(c *call) error {
		b := c.client.Tag.UpdateOneID(c.tag()).SetTitle(c.name())
		switch c.n(3) {
		case 0:
			b.AddPostIDs(c.posts()...)
		case 1:
			b.RemovePostIDs(c.posts()...).ClearTitle()
		default:
			b.ClearPosts()
		}
		return b.Exec(c.ctx)
	}},
	{name: "posts of many tags", rows: in(rowThrough, rowEdge), run: func(c *call) error {
		if c.seldom(2) {
			return c.client.Tag.Update().ClearPosts().Exec(c.ctx)
		}
		return c.client.Post.Update().AddTagIDs(c.tag()).Exec(c.ctx)
	}},
	{name: "create Taggings", rows: in(rowThrough, rowCreate), run: func(c *call) error {
		if c.seldom(3) {
			return c.client.Tagging.CreateBulk(many(c, c.newTagging)...).Exec(c.ctx)
		}
		return c.newTagging().Exec(c.ctx)
	}},
	{name: "update a Tagging", rows: in(rowThrough, rowUpdate), run: func(c *call) error {
		tg, err := c.tagging()
		if err != nil {
			return err
		}
		return tg.Update().SetWeight(c.small()).SetAt(c.moment()).Exec(c.ctx)
	}},
	{name: "update Taggings", rows: in(rowThrough, rowUpdate), run: func(c *call) error {
		return c.client.Tagging.Update().Where(tagging.WeightGTE(c.small())).AddWeight(1).Exec(c.ctx)
	}},
	{name: "move Taggings", rows: in(rowThrough, rowEdge), run: func(c *call) error {
		tg, err := c.tagging()
		if err != nil {
			return err
		}
		err = c.client.Tagging.Update().Where(tagging.PostID(tg.PostID), tagging.TagID(tg.TagID)).SetPostID(c.post()).Exec(c.ctx)
		return movedID(err)
	}},
	{name: "delete Taggings", rows: in(rowThrough, rowDelete), run: func(c *call) error {
		return affected(c.client.Tagging.Delete().Where(tagging.PostID(c.post())).Exec(c.ctx))
	}},
	{name: "delete Tag", rows: in(rowThrough, rowDelete), run: func(c *call) error { return c.client.Tag.DeleteOneID(c.tag()).Exec(c.ctx) }},
	{name: "delete Post", rows: in(rowThrough, rowDelete), run: func(c *call) error { return c.client.Post.DeleteOneID(c.post()).Exec(c.ctx) }},
}
