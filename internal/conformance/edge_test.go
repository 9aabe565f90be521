package conformance

import (
	"context"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/account"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/node"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tag"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tagging"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

func TestEdge(t *testing.T) { runWrites(t, edgeCases) }

func (e *env) group(name string) *ent.Group {
	return e.client.Group.Create().SetName(name).SaveX(e.ctx)
}

var edgeCases = []testCase{
	{"many to many, created with", "the entity, and the one at the other end", func(t *testing.T, e *env) {
		g, h := e.group("g"), e.group("h")
		u := e.client.User.Create().SetName("u").SetEmail("u").AddGroups(g, h).SaveX(e.ctx)
		entries := e.log(t)[2:]
		require.Equal(t, []string{"create User", "update Group", "update Group"}, brief(entries))
		require.ElementsMatch(t, []uuid.UUID{g.ID, h.ID}, u.QueryHistory().OnlyX(e.ctx).Changes()[5].New)
		require.Equal(t, "[] → ["+idText(t, u.ID)+"]", entries[1].Change("users"))
	}},
	{"many to many, from either side", "the links that came and went, on both sides", func(t *testing.T, e *env) {
		u, g, h := e.user("u"), e.group("g"), e.group("h")
		u.Update().AddGroups(g, h).ExecX(e.ctx)
		require.Equal(t, []string{"update User", "update Group", "update Group"}, brief(e.log(t)[3:]))
		g.Update().RemoveUsers(u).ExecX(e.ctx)
		require.Equal(t, []string{"update Group", "update User"}, brief(e.log(t)[6:]))
		require.Equal(t, "["+jsonOf(t, g.ID)+"] → []", e.last(t).Change("groups"))
		u.Update().ClearGroups().ExecX(e.ctx)
		require.Len(t, e.log(t), 10)
	}},
	{"what is there, and what is not", "a link that is added again, or removed without being there, leaves nothing", func(t *testing.T, e *env) {
		u, g, h := e.user("u"), e.group("g"), e.group("h")
		u.Update().AddGroups(g).ExecX(e.ctx)
		n := len(e.log(t))
		e.client.User.UpdateOneID(u.ID).AddGroups(g).ExecX(e.ctx)
		e.client.User.UpdateOneID(u.ID).RemoveGroups(h).ExecX(e.ctx)
		h.Update().ClearUsers().ExecX(e.ctx)
		require.Len(t, e.log(t), n)
		e.client.User.UpdateOneID(u.ID).AddGroups(g, h).ExecX(e.ctx)
		require.Equal(t, "[] → ["+jsonOf(t, h.ID)+"]", e.log(t)[n].Change("groups"))
		e.client.User.UpdateOneID(u.ID).ClearGroups().AddGroups(h).ExecX(e.ctx)
		require.Equal(t, "["+jsonOf(t, g.ID)+"] → []", e.log(t)[n+2].Change("groups"))
	}},
	{"of many at once", "each entity has its own links", func(t *testing.T, e *env) {
		e.user("a")
		e.user("b")
		g := e.group("g")
		require.Equal(t, 2, e.client.User.Update().AddGroups(g).SaveX(e.ctx))
		require.Equal(t, []string{"update User", "update User", "update Group"}, brief(e.log(t)[3:]))
		e.client.User.Update().Where(user.Name("a")).SetAge(4).ClearGroups().ExecX(e.ctx)
		require.Equal(t, []string{"update User", "update Group"}, brief(e.log(t)[6:]))
		require.Equal(t, "null → 4", e.log(t)[6].Change("age"))
		e.client.User.Update().RemoveGroups(g).ExecX(e.ctx)
		require.Equal(t, []string{"update User", "update Group"}, brief(e.log(t)[8:]))
	}},
	{"in bulk", "the links of each created entity", func(t *testing.T, e *env) {
		g, h := e.group("g"), e.group("h")
		e.client.User.CreateBulk(
			e.client.User.Create().SetName("a").SetEmail("a").AddGroups(g, h),
			e.client.User.Create().SetName("b").SetEmail("b").AddGroups(h),
			e.client.User.Create().SetName("c").SetEmail("c"),
		).ExecX(e.ctx)
		require.Equal(t, []string{"create User", "create User", "create User", "update Group", "update Group"}, brief(e.log(t)[2:]))
	}},
	{"both ways", "an edge that is its own inverse", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		a.Update().AddFriends(b).ExecX(e.ctx)
		require.Equal(t, []string{"update User", "update User"}, brief(e.log(t)[2:]))
		b.Update().AddFriends(a).ExecX(e.ctx)
		require.Len(t, e.log(t), 4)
		b.Update().RemoveFriends(a).ExecX(e.ctx)
		require.Len(t, e.log(t), 6)
		e.client.User.UpdateOneID(a.ID).AddFriendIDs(a.ID).ExecX(e.ctx)
		require.Equal(t, "[] → ["+idText(t, a.ID)+"]", e.last(t).Change("friends"))
	}},
	{"to its own type", "each end under the name that it has there", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		a.Update().AddFollowing(b).ExecX(e.ctx)
		entries := e.log(t)[2:]
		require.Equal(t, "[] → ["+idText(t, b.ID)+"]", entries[0].Change("following"))
		require.Equal(t, "[] → ["+idText(t, a.ID)+"]", entries[1].Change("followers"))
		b.Update().ClearFollowers().ExecX(e.ctx)
		require.Len(t, e.log(t), 6)
	}},
	{"an untracked end", "the tracked one is recorded, from either side and by deletion", func(t *testing.T, e *env) {
		g := e.group("g")
		r := e.client.Room.Create().SetName("r").AddGroups(g).SaveX(e.ctx)
		require.Equal(t, "[] → ["+idText(t, r.ID)+"]", e.last(t).Change("rooms"))
		r.Update().ClearGroups().ExecX(e.ctx)
		r.Update().AddGroups(g).ExecX(e.ctx)
		e.client.Room.Update().SetName("s").ExecX(e.ctx)
		e.client.Room.DeleteOne(r).ExecX(e.ctx)
		require.Equal(t, "["+idText(t, r.ID)+"] → []", e.last(t).Change("rooms"))
		require.Len(t, e.log(t), 5)
	}},
	{"deleted", "the links go with an entity, in its entry and in those of the other ends", func(t *testing.T, e *env) {
		g, h := e.group("g"), e.group("h")
		u := e.client.User.Create().SetName("u").SetEmail("u").AddGroups(g, h).SaveX(e.ctx)
		n := len(e.log(t))
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		entries := e.log(t)[n:]
		require.Equal(t, []string{"delete User", "update Group", "update Group"}, brief(entries))
		require.NotEmpty(t, entries[0].Old["groups"])
	}},
	{"beside a field", "that alone is recorded of the row, and then the link too", func(t *testing.T, e *env) {
		s := e.client.Shelf.Create().SetName("s").SaveX(e.ctx)
		b := e.client.Book.Create().SetAuthor("a").SetTitle("t").SaveX(e.ctx)
		e.client.Book.Update().SetAuthor("b").ExecX(e.ctx)
		e.client.Book.Update().SetAuthor("c").SetShelf(s).ExecX(e.ctx)
		b.Update().SetAuthor("d").ClearShelf().ExecX(e.ctx)
		require.Equal(t, []string{"update Book", "update Book", "update Shelf", "update Book", "update Shelf"}, brief(e.log(t)[2:]))
	}},
	{"through a type with an id", "the entity that the edge goes through, and both its ends", func(t *testing.T, e *env) {
		u := e.user("u")
		team := e.client.Team.Create().SetSlug("t").AddMembers(u).SaveX(e.ctx)
		require.Equal(t, []string{"create Team", "create Membership", "update User"}, brief(e.log(t)[1:]))
		e.client.Membership.Update().SetRole("lead").ExecX(e.ctx)
		require.Equal(t, `"member" → "lead"`, e.last(t).Change("role"))
		team.Update().RemoveMembers(u).ExecX(e.ctx)
		require.Equal(t, []string{"update Team", "delete Membership", "update User"}, brief(e.log(t)[5:]))
		e.client.Membership.Create().SetTeam(team).SetUser(u).SetRole("r").ExecX(e.ctx)
		require.Equal(t, []string{"create Membership", "update Team", "update User"}, brief(e.log(t)[8:]))
		require.Equal(t, "t", e.log(t)[9].Resource)
		v := e.user("v")
		e.client.Membership.Update().SetUserID(v.ID).ExecX(e.ctx)
		require.ElementsMatch(t, []string{"update Membership", "update User", "update User", "update Team"}, brief(e.log(t)[12:]))
		e.client.Team.DeleteOne(team).ExecX(e.ctx)
		require.ElementsMatch(t, []string{"delete Team", "delete Membership", "update User"}, brief(e.log(t)[16:]))
	}},
	{"through a composite id", "which is written readably, and unambiguously", func(t *testing.T, e *env) {
		tag1, p := e.client.Tag.Create().SetID("a/b%").SaveX(e.ctx), e.client.Post.Create().SetTitle("p").SaveX(e.ctx)
		p.Update().AddTags(tag1).ExecX(e.ctx)
		require.Equal(t, []string{"update Post", "create Tagging", "update Tag"}, brief(e.log(t)[2:]))
		require.Equal(t, idText(t, p.ID)+"/a%2Fb%25", e.log(t)[3].Resource)
		tg := e.client.Tagging.Query().OnlyX(e.ctx)
		tg.Update().SetWeight(3).ExecX(e.ctx)
		require.Equal(t, "1 → 3", e.last(t).Change("weight"))
		e.client.Tagging.Update().Where(tagging.Weight(3)).AddWeight(2).ExecX(e.ctx)
		require.Equal(t, "3 → 5", e.last(t).Change("weight"))
		e.inTx(t, func(tx *ent.Tx) { // a part of the id cannot be changed, and nothing of the attempt stays
			require.ErrorContains(t, tx.Tagging.Update().SetPostID(p.ID+1000).Exec(e.ctx), "cannot change ids")
			tx.Tagging.Update().SetPostID(p.ID).ExecX(e.ctx)
		})
		require.Equal(t, 3, tg.QueryHistory().CountX(e.ctx))
		require.Equal(t, 3, e.client.Tagging.Query().QueryHistory().CountX(e.ctx))
		require.Equal(t, 1, e.client.Tagging.Query().Where(tagging.HasHistory()).CountX(e.ctx))
		require.Equal(t, 5, tg.QueryHistory().Order(ent.Desc("id")).FirstX(e.ctx).QueryTagging().OnlyX(e.ctx).Weight)
		require.Equal(t, 5, e.client.Tagging.QueryHistory().QueryTagging().OnlyX(e.ctx).Weight)
		e.client.Tag.DeleteOne(tag1).ExecX(e.ctx)
		require.ElementsMatch(t, []string{"delete Tag", "delete Tagging", "update Post"}, brief(e.log(t)[7:]))
		e.client.Tag.CreateBulk(e.client.Tag.Create().SetID("x").AddPosts(p), e.client.Tag.Create().SetID("y")).ExecX(e.ctx)
		e.client.Tagging.CreateBulk(e.client.Tagging.Create().SetPost(p).SetTagID("y")).ExecX(e.ctx)
		require.Equal(t, 2, e.client.Tagging.Delete().Where(tagging.PostID(p.ID)).ExecX(e.ctx))
		require.Equal(t, 2, e.client.Tag.Query().Where(tag.IDIn("x", "y")).CountX(e.ctx))
	}},
	{"one to many, on both sides", "the row that holds the foreign key, and the entity whose edge is named", func(t *testing.T, e *env) {
		s := e.client.Shelf.Create().SetName("s").SaveX(e.ctx)
		b := e.client.Book.Create().SetAuthor("a").SetTitle("t").SetShelf(s).SaveX(e.ctx)
		require.Equal(t, []string{"create Book", "update Shelf"}, brief(e.log(t)[1:]))
		r := e.client.Shelf.Create().SetName("r").SaveX(e.ctx)
		b.Update().SetShelf(r).ExecX(e.ctx)
		require.Equal(t, []string{"update Book", "update Shelf", "update Shelf"}, brief(e.log(t)[4:]))
		r.Update().ClearBooks().ExecX(e.ctx)
		s.Update().AddBooks(b).ExecX(e.ctx)
		require.Equal(t, []string{"update Shelf", "update Book", "update Shelf", "update Book"}, brief(e.log(t)[7:]))
		e.client.Book.DeleteOne(b).ExecX(e.ctx)
		require.Equal(t, []string{"delete Book", "update Shelf"}, brief(e.log(t)[11:]))
		e.client.Book.CreateBulk(
			e.client.Book.Create().SetAuthor("a").SetTitle("1").SetShelf(s), e.client.Book.Create().SetAuthor("a").SetTitle("2").SetShelf(s),
		).ExecX(e.ctx)
		require.Equal(t, []string{"create Book", "create Book", "update Shelf"}, brief(e.log(t)[13:]))
		e.client.Shelf.DeleteOne(s).ExecX(e.ctx)
		require.Equal(t, []string{"delete Shelf", "update Book", "update Book"}, brief(e.log(t)[16:]))
	}},
	{"one to many, untracked", "the entity whose edge it is, whoever writes the foreign key", func(t *testing.T, e *env) {
		b, c := e.client.Box.Create().SetLabel("b").SaveX(e.ctx), e.client.Box.Create().SetLabel("c").SaveX(e.ctx)
		require.Empty(t, e.log(t))
		s := e.client.Shelf.Create().SetName("s").AddBoxes(b).SaveX(e.ctx)
		require.Equal(t, []string{"create Shelf"}, brief(e.log(t)))
		require.Equal(t, "["+idText(t, b.ID)+"]", string(e.last(t).New["boxes"]))
		s.Update().AddBoxes(c).ExecX(e.ctx)
		e.client.Box.DeleteOne(b).ExecX(e.ctx)
		require.Equal(t, "["+idText(t, b.ID)+"] → []", e.last(t).Change("boxes"))
		e.client.Box.Update().SetLabel("d").ExecX(e.ctx)
		require.Len(t, e.log(t), 3)
		e.client.Shelf.DeleteOne(s).ExecX(e.ctx)
		require.Equal(t, "["+idText(t, c.ID)+"]", string(e.last(t).Old["boxes"]))
		require.Equal(t, 0, e.client.Box.Query().CountX(e.ctx), "it went with the shelf")
	}},
	{"to one", "by the row that holds the foreign key", func(t *testing.T, e *env) {
		l := e.client.Lamp.Create().SaveX(e.ctx)
		s := e.client.Shelf.Create().SetName("s").SetLamp(l).SaveX(e.ctx)
		e.client.Lamp.DeleteOne(l).ExecX(e.ctx)
		require.Equal(t, []string{"delete Lamp", "update Shelf"}, brief(e.log(t)[2:]))
		require.Equal(t, idText(t, l.ID)+" → null", e.last(t).Change("lamp"))
		require.Equal(t, 3, s.QueryHistory().CountX(e.ctx)+1)
	}},
	{"ids of every kind", "as their own text", func(t *testing.T, e *env) {
		a := e.client.Account.Create().SetID("DE1").SaveX(e.ctx)
		b := e.client.Account.Create().SetID("DE2").AddLinked(a).SaveX(e.ctx)
		require.Equal(t, `["DE1"]`, string(e.log(t)[1].New["linked"]))
		require.Len(t, b.QueryHistory().OnlyX(e.ctx).Changes(), 4)
		e.client.Token.Create().SetID([]byte{0, 255}).SetScope("s").ExecX(e.ctx)
		require.Equal(t, "00ff", e.last(t).Resource)
		e.client.Token.Update().SetScope("t").ExecX(e.ctx)
		e.client.Token.Delete().ExecX(e.ctx)
		require.Len(t, e.log(t), 6)
	}},
	{"to itself, in one mutation", "rows that the mutation itself creates or changes are there for its edges", func(t *testing.T, e *env) {
		account := e.client.Account.Create
		e.client.Account.CreateBulk(account().SetID("a"), account().SetID("b").AddBranchIDs("a")).ExecX(e.ctx)
		account().SetID("c").AddBranchIDs("c").ExecX(e.ctx)
		d := account().SetID("d").SetHeadID("a").SaveX(e.ctx)
		d.Update().ClearHead().AddBranchIDs("d").ExecX(e.ctx)
		require.Equal(t, `"a" → "d"`, e.last(t).Change("head"))
		require.Equal(t, []kinds.IBAN{"b", "c", "d"}, e.heads(t, "a", "c", "d"))
	}},
	{"a condition of the foreign key", "the update of the row itself is not taken for that of the edge's other side", func(t *testing.T, e *env) {
		unset := func(column string) func(*sql.Selector) {
			return func(s *sql.Selector) { s.Where(sql.IsNull(column)) }
		}
		a, b := e.user("a"), e.user("b")
		e.client.User.UpdateOneID(a.ID).Where(unset(user.SpouseColumn)).SetSpouseID(b.ID).ExecX(e.ctx)
		require.Equal(t, 2, e.client.User.Query().Where(user.HasSpouse()).CountX(e.ctx))
		var ids []int
		for range 4 {
			ids = append(ids, e.client.Node.Create().SetName("n").SaveX(e.ctx).ID)
		}
		e.client.Node.UpdateOneID(ids[0]).Where(unset(node.MentorColumn)).SetParentID(ids[1]).SetMentorID(ids[2]).AddPupilIDs(ids[3]).ExecX(e.ctx)
		n := e.client.Node.Query().Where(node.ID(ids[0])).WithParent().WithMentor().OnlyX(e.ctx)
		require.Equal(t, ids[1], n.Edges.Parent.ID)
		require.Equal(t, ids[2], n.Edges.Mentor.ID)
	}},
	{"set and cleared, to itself", "those that the update makes point there are cleared, as by ent alone", func(t *testing.T, e *env) {
		a, b := e.client.Node.Create().SetName("a").SaveX(e.ctx), e.client.Node.Create().SetName("b").SaveX(e.ctx)
		e.client.Node.Update().Where(node.IDIn(a.ID, b.ID)).SetParentID(a.ID).ClearChildren().ExecX(e.ctx)
		require.Equal(t, 0, e.client.Node.Query().Where(node.HasParent()).CountX(e.ctx))
	}},
	{"a delete by links that it takes away", "what met the condition at first goes, also where the database looks again as it goes", func(t *testing.T, e *env) {
		chain := func() {
			o := e.client.Node.Create().SetName("o").SaveX(e.ctx)
			a := e.client.Node.Create().SetName("a").SetMentor(o).SaveX(e.ctx)
			e.client.Node.Create().SetName("b").SetMentor(a).ExecX(e.ctx)
		}
		chain()
		require.Equal(t, 2, e.client.Node.Delete().Where(node.HasMentor()).ExecX(e.ctx))
		require.Equal(t, 1, e.client.Node.Delete().ExecX(e.ctx))
		if e.backend.dialect == dialect.MySQL {
			chain()
			e.exec(t, "DELETE FROM nodes WHERE node_pupils IS NOT NULL") // as bare ent does
			require.Equal(t, 2, e.client.Node.Query().CountX(e.ctx))
			for _, table := range []string{"nodes", "audit_logs"} {
				e.exec(t, "DELETE FROM "+table)
			}
		}
	}},
	{"very many at the far end", "more than a statement can name are cleared where nobody else can write, and refused elsewhere", func(t *testing.T, e *env) {
		shelf := e.client.Shelf.Create().SetName("s").SaveX(e.ctx)
		e.exec(t, "INSERT INTO boxes (label, shelf_boxes) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) "+
			"SELECT 'b', "+idText(t, shelf.ID)+" FROM n a CROSS JOIN n b")
		err := shelf.Update().ClearBoxes().Exec(e.ctx)
		if e.backend.dialect == dialect.SQLite {
			require.NoError(t, err)
			require.False(t, shelf.QueryBoxes().ExistX(e.ctx))
		} else {
			require.ErrorIs(t, err, sqlaudit.ErrTooManyRows)
		}
		for _, table := range []string{"boxes", "shelves", "audit_logs"} { // what was written around ent
			e.exec(t, "DELETE FROM "+table)
		}
	}},
}

// heads returns the heads of accounts.
func (e *env) heads(t *testing.T, ids ...kinds.IBAN) []kinds.IBAN {
	t.Helper()
	out := make([]kinds.IBAN, len(ids))
	for i, id := range ids {
		out[i] = e.client.Account.Query().Where(account.ID(id)).QueryHead().OnlyIDX(e.ctx)
	}
	return out
}

// A link that another transaction adds or removes between the read and ent's statement is not taken for this one's.
func TestEdgeRace(t *testing.T) {
	runWrites(t, []testCase{
		{"added meanwhile", "the link came by the other", func(t *testing.T, e *env) {
			u, g := e.user("u"), e.group("g")
			e.interleave(t, "INSERT INTO "+sqlIdent(e.backend.dialect, "group_users"), func(c *ent.Client) {
				c.Group.UpdateOneID(g.ID).AddUserIDs(u.ID).ExecX(context.Background())
			})
			e.client.User.UpdateOneID(u.ID).AddGroups(g).ExecX(e.ctx)
			require.Len(t, e.log(t), 4)
			require.Equal(t, 1, u.QueryGroups().CountX(e.ctx))
		}},
		{"one that comes to an edge being cleared", "it stays, with its record", func(t *testing.T, e *env) {
			s := e.client.Shelf.Create().SetName("s").SaveX(e.ctx)
			e.client.Book.Create().SetAuthor("a").SetTitle("1").SetShelf(s).ExecX(e.ctx)
			other := e.client.Book.Create().SetAuthor("a").SetTitle("2").SaveX(e.ctx)
			if e.backend.dialect == dialect.Postgres { // MariaDB keeps the gap of a foreign key that it has read
				e.interleave(t, `UPDATE "books" SET "shelf_books" = NULL`, func(c *ent.Client) {
					c.Book.UpdateOneID(other.ID).SetShelfID(s.ID).ExecX(context.Background())
				})
			}
			s.Update().ClearBooks().ExecX(e.ctx)
			require.Equal(t, e.backend.dialect == dialect.Postgres, s.QueryBooks().ExistX(e.ctx))
		}},
	}, dialect.Postgres, dialect.MySQL)
}
