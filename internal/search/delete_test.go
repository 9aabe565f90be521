package search

import (
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/badge"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/book"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/node"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
)

// affected drops the count of a delete.
func affected(_ int, err error) error { return err }

var deleteOps = []op{
	{name: "delete User by id", rows: in(rowDelete), run: func(c *call) error { return c.client.User.DeleteOneID(c.user()).Exec(c.ctx) }},
	{name: "delete stale User", rows: in(rowDelete), run: func(c *call) error {
		u, err := c.stale()
		if err != nil {
			return err
		}
		return c.client.User.DeleteOne(u).Exec(c.ctx)
	}},
	{name: "delete Users by predicate", rows: in(rowDelete), run: func(c *call) error {
		p := c.whichUsers()
		want := c.countUsers(p)
		n, err := c.client.User.Delete().Where(p).Exec(c.ctx)
		return c.count("delete", want, false, n, err)
	}},
	{name: "delete User by id and predicate", rows: in(rowDelete), run: func(c *call) error {
		return c.client.User.DeleteOneID(c.user()).Where(c.whichUsers()).Exec(c.ctx)
	}},
	{name: "delete Node and what is below", rows: in(rowDelete), run: func(c *call) error { return c.client.Node.DeleteOneID(c.node()).Exec(c.ctx) }},
	{name: "delete Nodes by predicate", rows: in(rowDelete), run: func(c *call) error {
		p := node.Name(c.name())
		if c.seldom(2) {
			p = node.HasParentWith(p)
		}
		return affected(c.client.Node.Delete().Where(p).Exec(c.ctx))
	}},
	{name: "delete Pets", rows: in(rowDelete), run: func(c *call) error {
		if c.seldom(2) {
			return affected(c.client.Pet.Delete().Where(pet.HasOwnerWith(c.whichUsers())).Exec(c.ctx))
		}
		return c.client.Pet.DeleteOneID(c.pet()).Exec(c.ctx)
	}},
	{name: "delete Card", rows: in(rowDelete), run: func(c *call) error { return c.client.Card.DeleteOneID(c.card()).Exec(c.ctx) }},
	{name: "delete Group", rows: in(rowDelete, rowEdge), run: func(c *call) error { return c.client.Group.DeleteOneID(c.group()).Exec(c.ctx) }},
	{name: "delete Room", rows: in(rowDelete, rowEdge), run: func(c *call) error { return c.client.Room.DeleteOneID(c.room()).Exec(c.ctx) }},
	{name: "delete Shelf", rows: in(rowDelete, rowEdge), run: func(c *call) error { return c.client.Shelf.DeleteOneID(c.shelf()).Exec(c.ctx) }},
	{name: "delete Books", rows: in(rowDelete, rowEdge), run: func(c *call) error {
		if c.seldom(2) {
			return affected(c.client.Book.Delete().Where(book.Author(c.name())).Exec(c.ctx))
		}
		return c.client.Book.DeleteOneID(c.book()).Exec(c.ctx)
	}},
	{name: "delete Box", rows: in(rowDelete, rowEdge), run: func(c *call) error { return c.client.Box.DeleteOneID(c.box()).Exec(c.ctx) }},
	{name: "delete Lamp", rows: in(rowDelete), run: func(c *call) error { return c.client.Lamp.DeleteOneID(c.lamp()).Exec(c.ctx) }},
	{name: "delete Org", rows: in(rowDelete), run: func(c *call) error { return c.client.Org.DeleteOneID(c.org()).Exec(c.ctx) }},
	{name: "delete Site", rows: in(rowDelete), run: func(c *call) error { return c.client.Site.DeleteOneID(c.site()).Exec(c.ctx) }},
	{name: "delete Badges", rows: in(rowDelete), run: func(c *call) error {
		return affected(c.client.Badge.Delete().Where(badge.TextNEQ(c.text())).Exec(c.ctx))
	}},
	{name: "delete Docs", rows: in(rowDelete), run: func(c *call) error {
		if c.seldom(4) {
			return affected(c.client.Doc.Delete().Exec(c.ctx))
		}
		return c.client.Doc.DeleteOneID(c.doc()).Exec(c.ctx)
	}},
}
