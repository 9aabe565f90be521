package search

import (
	"context"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/account"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/page"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/token"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

func (c *call) account() kinds.IBAN {
	return pick(c, c.client.Account.Query().Order(account.ByID()).IDs, "missing")
}

func (c *call) token() []byte {
	return pick(c, func(ctx context.Context) ([][]byte, error) {
		return c.client.Token.Query().Order(token.ByID()).IDs(ctx)
	}, []byte("missing"))
}

func (c *call) page() kinds.Path {
	return pick(c, c.client.Page.Query().Order(page.ByID()).IDs, kinds.Path{Folder: "m"})
}

// newDoc returns a builder with some values of every kind.
func (c *call) newDoc() *ent.DocCreate {
	b := c.client.Doc.Create().SetID(c.textID()).SetTitle(c.text())
	for range 1 + c.n(3) {
		switch c.n(12) {
		case 0:
			b.SetBody(c.binary())
		case 1:
			b.SetMeta(c.meta())
		case 2:
			b.SetTags(c.tagList())
		case 3:
			b.SetExtra(c.extra())
		case 4:
			b.SetScore(c.float())
		case 5:
			b.SetPublished(true).SetViews(int64(c.number()))
		case 6:
			b.SetLength(0)
		case 7:
			b.SetPrice(kinds.Cents(int64(c.number())))
		case 8:
			b.SetLevel(oneOf(c.args, kinds.Low, kinds.High))
		case 9:
			b.SetDue(c.moment())
		case 10:
			b.SetLink(c.link())
		default:
			b.SetRevision(int64(c.number())).SetDraft(c.text())
		}
	}
	return b
}

func (c *call) newAccount() *ent.AccountCreate {
	b := c.client.Account.Create().SetID(c.iban()).SetBalance(c.decimal())
	if c.seldom(2) {
		b.SetVersion(int64(c.number()))
	}
	return b
}

func (c *call) newToken() *ent.TokenCreate {
	return c.client.Token.Create().SetID(c.binary()).SetScope(c.text())
}

func (c *call) newPage() *ent.PageCreate {
	return c.client.Page.Create().SetID(c.path()).SetText(c.text())
}

var kindOps = []op{
	{name: "create Doc", rows: in(rowKind), run: func(c *call) error { return c.newDoc().Exec(c.ctx) }},
	{name: "create Docs in bulk", rows: in(rowKind, rowCreate), run: func(c *call) error {
		return c.client.Doc.CreateBulk(c.newDoc(), c.newDoc()).Exec(c.ctx)
	}},
	{name: "update bytes", rows: in(rowKind), run: func(c *call) error {
		return c.client.Doc.UpdateOneID(c.doc()).SetBody(c.binary()).Exec(c.ctx)
	}},
	{name: "update documents", rows: in(rowKind), run: func(c *call) error {
		return c.client.Doc.UpdateOneID(c.doc()).SetMeta(c.meta()).SetTags(c.tagList()).SetExtra(c.extra()).Exec(c.ctx)
	}},
	{name: "update documents of many", rows: in(rowKind), run: func(c *call) error {
		return c.client.Doc.Update().Where(doc.MetaNotNil()).SetExtra(c.extra()).ClearMeta().Exec(c.ctx)
	}},
	{name: "update a float", rows: in(rowKind), run: func(c *call) error {
		return c.client.Doc.UpdateOneID(c.doc()).SetScore(c.float()).Exec(c.ctx)
	}},
	{name: "update numbers", rows: in(rowKind), run: func(c *call) error {
		return c.client.Doc.Update().SetViews(int64(c.number())).SetPrice(kinds.Cents(int64(c.number()))).Exec(c.ctx)
	}},
	{name: "update a number at the limits", rows: in(rowKind), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).SetAge(c.number()).Exec(c.ctx)
	}},
	{name: "update a time", rows: in(rowKind), run: func(c *call) error {
		return c.client.Doc.UpdateOneID(c.doc()).SetDue(c.moment()).Exec(c.ctx)
	}},
	{name: "update enum and link", rows: in(rowKind), run: func(c *call) error {
		return c.client.Doc.UpdateOneID(c.doc()).SetLevel(oneOf(c.args, kinds.Low, kinds.High)).SetLink(c.link()).Exec(c.ctx)
	}},
	{name: "clear what is optional", rows: in(rowKind, rowValue), run: func(c *call) error {
		b := c.client.Doc.UpdateOneID(c.doc())
		switch c.n(3) {
		case 0:
			b.ClearBody().ClearMeta().ClearTags()
		case 1:
			b.ClearExtra().ClearScore().ClearLength().ClearPrice()
		default:
			b.ClearLevel().ClearDue().ClearLink()
		}
		return b.Exec(c.ctx)
	}},
	{name: "update text", rows: in(rowKind), run: func(c *call) error {
		return c.client.User.UpdateOneID(c.user()).SetName(c.text()).SetNick(c.text()).Exec(c.ctx)
	}},
	{name: "create Account", rows: in(rowKind), run: func(c *call) error { return c.newAccount().Exec(c.ctx) }},
	{name: "create Account with links", rows: in(rowKind, rowEdge), run: func(c *call) error {
		return c.newAccount().AddLinkedIDs(c.account()).Exec(c.ctx)
	}},
	{name: "update Account", rows: in(rowKind), run: func(c *call) error {
		return c.client.Account.UpdateOneID(c.account()).SetBalance(c.decimal()).AddVersion(1).Exec(c.ctx)
	}},
	{name: "delete Account", rows: in(rowKind, rowDelete), run: func(c *call) error { return c.client.Account.DeleteOneID(c.account()).Exec(c.ctx) }},
	{name: "create Token", rows: in(rowKind), run: func(c *call) error { return c.newToken().Exec(c.ctx) }},
	{name: "create Tokens in bulk", rows: in(rowKind, rowCreate), run: func(c *call) error {
		return c.client.Token.CreateBulk(many(c, c.newToken)...).Exec(c.ctx)
	}},
	{name: "update Token", rows: in(rowKind), run: func(c *call) error {
		if c.seldom(3) {
			return c.client.Token.Update().SetScope(c.text()).Exec(c.ctx)
		}
		return c.client.Token.UpdateOneID(c.token()).SetScope(c.text()).Exec(c.ctx)
	}},
	{name: "delete Token", rows: in(rowKind, rowDelete), run: func(c *call) error { return c.client.Token.DeleteOneID(c.token()).Exec(c.ctx) }},
	{name: "create Page", rows: in(rowKind), run: func(c *call) error { return c.newPage().Exec(c.ctx) }},
	{name: "create Pages in bulk", rows: in(rowKind, rowCreate), run: func(c *call) error {
		return c.client.Page.CreateBulk(many(c, c.newPage)...).Exec(c.ctx)
	}},
	{name: "update Page", rows: in(rowKind), run: func(c *call) error {
		return c.client.Page.UpdateOneID(c.page()).SetText(c.text()).Exec(c.ctx)
	}},
	{name: "delete Page", rows: in(rowKind, rowDelete), run: func(c *call) error { return c.client.Page.DeleteOneID(c.page()).Exec(c.ctx) }},
}
