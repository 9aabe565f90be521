package search

import (
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/memo"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/privacy"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/site"
)

var policyOps = []op{
	{name: "create Memos", rows: in(rowPolicy, rowCreate), run: func(c *call) error {
		return c.client.Memo.CreateBulk(many(c, func() *ent.MemoCreate { return c.client.Memo.Create().SetText(c.name()) })...).Exec(c.ctx)
	}},
	{name: "update hidden Memos too", rows: in(rowPolicy, rowUpdate), run: func(c *call) error {
		return c.client.Memo.Update().Where(memo.Text(c.name())).SetText(c.name()).Exec(c.ctx)
	}},
	{name: "delete Memo softly", rows: in(rowPolicy, rowDelete), run: func(c *call) error { return c.client.Memo.DeleteOneID(c.memo()).Exec(c.ctx) }},
	{name: "delete Memos softly", rows: in(rowPolicy, rowDelete), run: func(c *call) error {
		return affected(c.client.Memo.Delete().Where(memo.Text(c.name())).Exec(c.ctx))
	}},
	{name: "delete Memos for good", rows: in(rowPolicy, rowDelete), run: func(c *call) error {
		return affected(c.client.Memo.Delete().Where(memo.Deleted(true)).Exec(schema.WithDeleted(c.ctx)))
	}},
	{name: "a Memo that is denied", rows: in(rowPolicy), run: func(c *call) error {
		id := c.memo()
		denied := schema.Deny(c.ctx)
		switch c.n(4) {
		case 0:
			return c.client.Memo.Create().SetText(c.name()).Exec(denied)
		case 1:
			return c.client.Memo.UpdateOneID(id).SetText(c.name()).Exec(denied)
		case 2:
			return c.client.Memo.DeleteOneID(id).Exec(denied)
		default:
			return c.client.Memo.UpdateOneID(id).SetText(c.name()).Exec(privacy.DecisionContext(denied, privacy.Allow))
		}
	}},
	{name: "a hook changes the value", rows: in(rowPolicy, rowUpdate), run: func(c *call) error {
		return c.client.Site.UpdateOneID(c.site()).SetCity(oneOf(c.args, "Oslo", "rome", "veto", c.name())).Exec(c.ctx)
	}},
	{name: "a hook changes the value of many", rows: in(rowPolicy, rowUpdate), run: func(c *call) error {
		return c.client.Site.Update().Where(site.CityNEQ("ROME")).SetCity(oneOf(c.args, "Oslo", "rome", "veto")).SetEditedBy(c.small()).Exec(c.ctx)
	}},
	{name: "a hook that ctx asks for", rows: in(rowPolicy), run: func(c *call) error {
		ctx := withBehaviour(c.ctx, behaviours[c.n(len(behaviours))])
		switch c.n(8) {
		case 0:
			return c.client.Twin.Create().SetName(c.text()).Exec(ctx)
		case 1:
			return c.client.Twin.UpdateOneID(c.twin()).SetName(c.text()).Exec(ctx)
		case 2:
			return c.client.Twin.Update().SetName(c.text()).Exec(ctx)
		case 3:
			return c.client.Twin.DeleteOneID(c.twin()).Exec(ctx)
		case 4:
			return c.client.Org.Create().SetName(c.name()).AddSiteIDs(c.sites()...).Exec(ctx)
		case 5:
			return c.client.Org.UpdateOneID(c.org()).ClearSites().Exec(ctx)
		case 6:
			return c.client.Org.DeleteOneID(c.org()).Exec(ctx)
		default:
			return c.client.Room.UpdateOneID(c.room()).AddGroupIDs(c.groups()...).Exec(ctx)
		}
	}},
}
