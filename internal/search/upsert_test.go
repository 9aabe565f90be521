package search

import (
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/account"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/book"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/membership"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/page"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tagging"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/token"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

// byEmail returns an upsert of users by their email, and byTitle one of books by two columns.
func byEmail(b *ent.UserCreate) *ent.UserUpsertOne { return b.OnConflictColumns(user.FieldEmail) }

func byTitle(b *ent.BookCreate) *ent.BookUpsertOne {
	return b.OnConflictColumns(book.FieldAuthor, book.FieldTitle)
}

// theirDialects are those with DO NOTHING and with a condition of the update.
var theirDialects = []string{dialect.SQLite, dialect.Postgres}

var upsertOps = []op{
	{name: "upsert User, new values", rows: in(rowUpsert), run: func(c *call) error { return byEmail(c.newUser()).UpdateNewValues().Exec(c.ctx) }},
	{name: "upsert User, ignore", rows: in(rowUpsert), run: func(c *call) error { return byEmail(c.newUser()).Ignore().Exec(c.ctx) }},
	{name: "upsert User, do nothing", rows: in(rowUpsert), only: theirDialects, run: func(c *call) error {
		return byEmail(c.newUser()).DoNothing().Exec(c.ctx)
	}},
	{name: "upsert User, custom", rows: in(rowUpsert, rowValue), run: func(c *call) error {
		return byEmail(c.newUser()).Update(func(u *ent.UserUpsert) {
			switch c.n(3) {
			case 0:
				u.SetName(c.name()).ClearNick()
			case 1:
				u.AddAge(1)
			default:
				u.UpdateName().ClearAge()
			}
		}).Exec(c.ctx)
	}},
	{name: "upsert User with edges", rows: in(rowUpsert, rowEdge), run: func(c *call) error {
		return byEmail(c.linkUser(c.newUser())).UpdateName().Exec(c.ctx)
	}},
	{name: "upsert User where", rows: in(rowUpsert), only: theirDialects, run: func(c *call) error {
		return c.newUser().OnConflict(sql.ConflictColumns(user.FieldEmail), sql.ResolveWithNewValues(), sql.UpdateWhere(sql.ExprP(`"users"."age" > 1`))).Exec(c.ctx)
	}},
	{name: "upsert User, id", rows: in(rowUpsert), run: func(c *call) error {
		_, err := byEmail(c.newUser()).UpdateNewValues().ID(c.ctx)
		return err
	}},
	{name: "upsert Users in bulk, new values", rows: in(rowUpsert), run: func(c *call) error {
		return c.client.User.CreateBulk(many(c, c.newUser)...).OnConflictColumns(user.FieldEmail).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Users in bulk, ignore", rows: in(rowUpsert), run: func(c *call) error {
		return c.client.User.CreateBulk(many(c, c.newUser)...).OnConflictColumns(user.FieldEmail).Ignore().Exec(c.ctx)
	}},
	{name: "upsert Users in bulk, do nothing", rows: in(rowUpsert), only: theirDialects, run: func(c *call) error {
		return c.client.User.CreateBulk(many(c, c.newUser)...).OnConflictColumns(user.FieldEmail).DoNothing().Exec(c.ctx)
	}},
	{name: "upsert Users in bulk, custom", rows: in(rowUpsert, rowValue), run: func(c *call) error {
		return c.client.User.CreateBulk(many(c, c.newUser)...).OnConflictColumns(user.FieldEmail).
			Update(func(u *ent.UserUpsert) { u.AddAge(2).UpdateName() }).Exec(c.ctx)
	}},
	{name: "upsert Book by two columns", rows: in(rowUpsert), run: func(c *call) error {
		b := c.newBook()
		if c.seldom(2) {
			b.SetShelfID(c.shelf())
		}
		return byTitle(b).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Book, add", rows: in(rowUpsert, rowValue), run: func(c *call) error {
		return byTitle(c.newBook()).Update(func(u *ent.BookUpsert) { u.AddCopies(c.small()) }).Exec(c.ctx)
	}},
	{name: "upsert Books in bulk with shelf", rows: in(rowUpsert, rowEdge), run: func(c *call) error {
		return c.client.Book.CreateBulk(many(c, func() *ent.BookCreate { return c.newBook().SetShelfID(c.shelf()) })...).
			OnConflictColumns(book.FieldAuthor, book.FieldTitle).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Card by id", rows: in(rowUpsert), run: func(c *call) error {
		b := c.newCard()
		if c.seldom(2) {
			b.SetOwnerID(c.user())
		}
		return b.OnConflictColumns(card.FieldID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Cards in bulk by id", rows: in(rowUpsert), run: func(c *call) error {
		return c.client.Card.CreateBulk(many(c, c.newCard)...).OnConflictColumns(card.FieldID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Card by any key", rows: in(rowUpsert), run: func(c *call) error {
		return c.newCard().OnConflict(sql.ConflictColumns(card.FieldOwnerID), sql.ResolveWithNewValues()).Exec(c.ctx)
	}},
	{name: "upsert Pet by id", rows: in(rowUpsert, rowKind), run: func(c *call) error {
		return c.newPet().SetOwnerID(c.user()).OnConflictColumns(pet.FieldID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Group by name, with users", rows: in(rowUpsert, rowEdge), run: func(c *call) error {
		return c.newGroup().AddUserIDs(c.users()...).OnConflictColumns(group.FieldName).Update(func(u *ent.GroupUpsert) { u.AddSize(1) }).Exec(c.ctx)
	}},
	{name: "upsert Groups in bulk by id", rows: in(rowUpsert), run: func(c *call) error {
		return c.client.Group.CreateBulk(many(c, c.newGroup)...).OnConflictColumns(group.FieldID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Doc by id", rows: in(rowUpsert, rowKind), run: func(c *call) error {
		return c.newDoc().OnConflictColumns(doc.FieldID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Membership by two columns", rows: in(rowUpsert, rowThrough), run: func(c *call) error {
		return c.client.Membership.Create().SetTeamID(c.team()).SetUserID(c.user()).SetRole(c.name()).
			OnConflictColumns(membership.FieldTeamID, membership.FieldUserID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Tagging by composite id", rows: in(rowUpsert, rowThrough), run: func(c *call) error {
		return c.newTagging().OnConflictColumns(tagging.FieldPostID, tagging.FieldTagID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Taggings in bulk", rows: in(rowUpsert, rowThrough), run: func(c *call) error {
		return c.client.Tagging.CreateBulk(many(c, c.newTagging)...).OnConflictColumns(tagging.FieldPostID, tagging.FieldTagID).
			Update(func(u *ent.TaggingUpsert) { u.AddWeight(1) }).Exec(c.ctx)
	}},
	{name: "upsert Accounts in bulk by id", rows: in(rowUpsert, rowKind), run: func(c *call) error {
		return c.client.Account.CreateBulk(many(c, c.newAccount)...).OnConflictColumns(account.FieldID).UpdateNewValues().Exec(c.ctx)
	}},
	// Ent inserts, and then fails to take the id that the database returns for one of the Go type.
	{name: "upsert Account by id", rows: in(rowUpsert, rowKind), fails: true, run: func(c *call) error {
		return c.newAccount().OnConflictColumns(account.FieldID).Update(func(u *ent.AccountUpsert) { u.AddVersion(1).UpdateBalance() }).Exec(c.ctx)
	}},
	{name: "upsert Token by id", rows: in(rowUpsert, rowKind), run: func(c *call) error {
		return c.newToken().OnConflictColumns(token.FieldID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert Page by id", rows: in(rowUpsert, rowKind), run: func(c *call) error {
		return c.newPage().OnConflictColumns(page.FieldID).UpdateNewValues().Exec(c.ctx)
	}},
	{name: "upsert User by any key", rows: in(rowUpsert), only: []string{dialect.SQLite, dialect.MySQL}, run: func(c *call) error {
		return c.newUser().OnConflict(sql.ResolveWithIgnore()).Exec(c.ctx)
	}},
}
