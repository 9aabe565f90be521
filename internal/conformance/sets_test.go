package conformance

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/account"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/membership"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/shelf"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/site"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tagging"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// goldenPast compares the statements since the probe's reset with those in a file.
func goldenPast(t *testing.T, e *env, name string) {
	t.Helper()
	e.backend.golden(t, "past/"+name, strings.Join(e.probe.calls, "\n")+"\n")
}

func TestSets(t *testing.T) { runCases(t, setCases) }

var setCases = []testCase{
	{"as they were", "what was there, sorted by id, with predicates of the type", func(t *testing.T, e *env) {
		for i := range 12 {
			e.client.User.Create().SetName(string(rune('a' + i))).SetEmail(fmt.Sprint(i)).SetAge(i).ExecX(e.ctx)
		}
		then := e.newest()
		ids := e.client.User.Query().Order(user.ByID()).IDsX(e.ctx)
		e.client.User.Update().Where(user.AgeGT(3)).SetAge(0).ExecX(e.ctx)
		e.client.User.Delete().Where(user.AgeLT(2)).ExecX(e.ctx)
		past := e.client.User.At(then)
		got, err := past.Query().BatchSize(5).IDs(e.ctx)
		require.NoError(t, err)
		require.Equal(t, ids, got, "numbers are sorted as numbers")
		got, err = past.Query().Where(user.AgeGT(3)).Where(user.Or(user.NameEQ("f"), user.NameIn("h", "a"))).IDs(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []int{ids[5], ids[7]}, got)
		all, err := past.Query().Where(user.AgeGT(9)).All(e.ctx)
		require.NoError(t, err)
		require.Equal(t, "k 10, l 11", fmt.Sprintf("%s %d, %s %d", all[0].Name, all[0].Age, all[1].Name, all[1].Age))
		n, err := past.Query().Where(user.AgeGT(3)).Count(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 8, n)
		first, err := past.Query().BatchSize(2).First(e.ctx)
		require.NoError(t, err)
		require.Equal(t, ids[0], first.ID)
		only, err := past.Query().Where(user.Age(7)).Only(e.ctx)
		require.NoError(t, err)
		require.Equal(t, "h", only.Name)
		_, err = past.Query().Only(e.ctx)
		require.True(t, ent.IsNotSingular(err))
		for _, q := range []*ent.UserPastQuery{past.Query().Where(user.Age(70)), past.Query().Of(), e.client.User.AsOf(time.Time{}).Query()} {
			_, err = q.Only(e.ctx)
			require.True(t, ent.IsNotFound(err))
			_, err = q.First(e.ctx)
			require.True(t, ent.IsNotFound(err))
			exist, err := q.Exist(e.ctx)
			require.NoError(t, err)
			require.False(t, exist)
			none, err := q.All(e.ctx)
			require.NoError(t, err)
			require.Equal(t, []*ent.User{}, none)
		}
		exist, err := past.Query().Exist(e.ctx)
		require.NoError(t, err)
		require.True(t, exist)
		got, err = past.Query().Of(ids[3]).Of(ids[1], ids[3], 1<<40).Where(user.AgeGT(1)).IDs(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []int{ids[3]}, got)
		var streamed []int
		for u, err := range past.Query().BatchSize(5).Stream(e.ctx) {
			require.NoError(t, err)
			require.True(t, e.client.AuditLog.Query().ExistX(e.ctx), "the loop may use the client")
			streamed = append(streamed, u.ID)
		}
		require.ElementsMatch(t, ids, streamed)
		for _, err := range past.Query().BatchSize(5).Stream(e.ctx) {
			require.NoError(t, err)
			break
		}
		_, err = past.Query().BatchSize(0).All(e.ctx)
		var ve *sqlaudit.ValueError
		require.ErrorAs(t, err, &ve)
	}},
	{"edges as of then", "the neighbors, as they were at the same moment", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		g := e.client.Group.Create().SetName("g").AddUsers(a, b).SaveX(e.ctx)
		p := e.client.Pet.Create().SetName("p").SetOwner(a).SaveX(e.ctx)
		q := e.client.Pet.Create().SetName("q").SaveX(e.ctx)
		then := e.newest()
		g.Update().SetName("renamed").RemoveUsers(a).ExecX(e.ctx)
		e.client.User.UpdateOne(a).SetName("renamed").ExecX(e.ctx)
		p.Update().SetOwner(b).ExecX(e.ctx)
		e.client.User.DeleteOne(a).ExecX(e.ctx)

		users, err := e.client.User.At(then).Query().With(user.EdgeGroups, user.EdgeSpouse).All(e.ctx)
		require.NoError(t, err)
		require.Len(t, users, 2)
		for _, u := range users {
			groups, err := u.Edges.GroupsOrErr()
			require.NoError(t, err)
			require.Equal(t, "g", groups[0].Name)
			v, ok := groups[0].AuditVersion()
			require.True(t, ok)
			require.Equal(t, "Group", v.Type)
			_, err = u.Edges.SpouseOrErr()
			require.True(t, ent.IsNotFound(err), "it was loaded, and there was none")
			_, err = u.Edges.FriendsOrErr()
			require.True(t, ent.IsNotLoaded(err))
		}
		pets, err := e.client.Pet.At(then).Query().Where(pet.HasOwner()).With(pet.EdgeOwner).All(e.ctx)
		require.NoError(t, err)
		require.Len(t, pets, 1)
		require.Equal(t, "a", pets[0].Edges.Owner.Name)
		strays, err := e.client.Pet.At(then).Query().Where(pet.Not(pet.HasOwner())).IDs(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{q.ID}, strays)
		c := e.client.Card.Create().SetID("c").SetNumber("1").SetOwner(b).SaveX(e.ctx)
		cards, err := e.client.Card.Now().Query().With(card.EdgeOwner).All(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []any{c.ID, b.ID, b.ID}, []any{cards[0].ID, cards[0].OwnerID, cards[0].Edges.Owner.ID}, "an edge that is bound to a field")
		v, _ := cards[0].AuditVersion()
		owner, err := sqlaudit.EdgeIDs[int](v, card.EdgeOwner)
		require.NoError(t, err)
		require.Equal(t, []int{b.ID}, owner)
		_, err = sqlaudit.EdgeIDs[string](v, card.EdgeOwner)
		require.ErrorContains(t, err, "int")
		var ve *sqlaudit.ValueError
		for edge, want := range map[string]string{user.EdgePets: "not tracked", "nonsense": "does not exist"} {
			_, err = e.client.User.Now().Query().With(edge).All(e.ctx)
			require.ErrorAs(t, err, &ve)
			require.ErrorContains(t, err, want)
		}
		_, err = e.client.Shelf.Now().Query().With(shelf.EdgeBoxes).All(e.ctx)
		require.ErrorContains(t, err, "entities that are not tracked")
	}},
	{"predicates on edges", "links as of then, by tracked edges", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		g := e.client.Group.Create().SetName("g").AddUsers(a).SaveX(e.ctx)
		s := e.client.Shelf.Create().SetName("s").SaveX(e.ctx)
		e.client.Shelf.Create().SetName("none").ExecX(e.ctx)
		e.client.Book.Create().SetAuthor("a").SetTitle("t").SetShelf(s).ExecX(e.ctx)
		a.Update().AddFriends(b).AddFollowing(b).ExecX(e.ctx)
		then := e.newest()
		a.Update().RemoveGroups(g).ExecX(e.ctx)
		b.Update().AddGroups(g).ExecX(e.ctx)
		for _, c := range []struct {
			name string
			p    predicate.User
			want []int
		}{
			{"has", user.HasGroups(), []int{a.ID}},
			{"has not", user.Not(user.HasGroups()), []int{b.ID}},
			{"or", user.Or(user.HasGroups(), user.NameEQ("b")), []int{a.ID, b.ID}},
			{"both ways", user.HasFriends(), []int{a.ID, b.ID}},
			{"one way", user.HasFollowing(), []int{a.ID}},
			{"the other way", user.HasFollowers(), []int{b.ID}},
			{"twice", user.And(user.HasFollowing(), user.HasGroups()), []int{a.ID}},
			{"two of one table", user.Or(user.HasFollowing(), user.HasFollowers()), []int{a.ID, b.ID}},
			{"one of one table and not the other", user.And(user.HasFollowing(), user.Not(user.HasFollowers())), []int{a.ID}},
			{"three of two tables", user.And(user.NameEQ("b"), user.Not(user.HasFollowing()), user.HasFollowers(), user.HasFriends()), []int{b.ID}},
			{"again and again", user.And(user.HasFollowers(), user.Or(user.HasFollowing(), user.HasFollowers()), user.Not(user.HasFollowing())), []int{b.ID}},
		} {
			got, err := e.client.User.At(then).Query().Where(c.p).IDs(e.ctx)
			require.NoError(t, err, c.name)
			one, err := e.client.User.At(then).Query().BatchSize(1).Where(c.p).IDs(e.ctx)
			require.NoError(t, err, c.name)
			require.Equal(t, got, one, "also where no entity of the batch has links")
			require.Equal(t, c.want, got, c.name)
		}
		shelves, err := e.client.Shelf.Now().Query().Where(shelf.HasBooks()).IDs(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []int{s.ID}, shelves, "links that are rows of the entities at the other end")
	}},
	{"predicates on no field", "a list of no values is none", func(t *testing.T, e *env) {
		u := e.user("a")
		for name, c := range map[string]struct {
			p    predicate.User
			want []int
		}{
			"no id":               {user.IDIn(), []int{}},
			"no name":             {user.NameIn(), []int{}},
			"not one of no names": {user.Not(user.NameIn()), []int{u.ID}},
			"none of no names":    {user.NameNotIn(), []int{u.ID}},
		} {
			got, err := e.client.User.Now().Query().Where(c.p).IDs(e.ctx)
			require.NoError(t, err, name)
			require.Equal(t, c.want, got, name)
			require.ElementsMatch(t, c.want, e.client.User.Query().Where(c.p).IDsX(e.ctx), name)
		}
	}},
	{"predicates that are refused", "never today's data", func(t *testing.T, e *env) {
		e.client.User.Create().SetName("a").SetEmail("a").SetSeen("seen").SetPassword("p").ExecX(e.ctx)
		e.client.Site.Create().SetCode("S").SetCity("x").ExecX(e.ctx)
		raw := func(text string) predicate.User {
			return func(s *entsql.Selector) { s.Where(entsql.P(func(b *entsql.Builder) { b.WriteString(text) })) }
		}
		for name, p := range map[string]predicate.User{
			"untracked field":            user.Seen("seen"),
			"sensitive field":            user.Password("p"),
			"in an or":                   user.Or(user.NameEQ("a"), user.SeenEQ("x")),
			"of an untracked edge":       user.HasPets(),
			"of neighbors":               user.HasGroupsWith(group.Name("g")),
			"of neighbors by key":        user.HasSpouseWith(user.ID(1)),
			"of another row's key":       user.HasSpouse(),
			"of the history":             user.HasHistory(),
			"a join":                     func(s *entsql.Selector) { t := entsql.Table("pets"); s.Join(t).On(s.C("id"), t.C("user_pets")) },
			"a limit":                    func(s *entsql.Selector) { s.Limit(1) },
			"an order":                   func(s *entsql.Selector) { s.OrderBy(s.C("name")) },
			"an error":                   func(s *entsql.Selector) { s.AddError(fmt.Errorf("oops")) },
			"a subquery":                 raw("1 IN (SELECT 1)"),
			"any subquery of a tracked":  raw("(SELECT COUNT(*) FROM group_users) > 0"),
			"a subquery, in lower case":  raw("exists(select 1)"),
			"a table":                    raw("1 = ANY (TABLE users)"),
			"a function":                 raw("pg_sleep(1) IS NULL"),
			"a column without quotes":    raw("seen = 'x'"),
			"a column of another table":  raw("pets.name = 'x'"),
			"a comment":                  raw("1 = 1 -- "),
			"another comment":            raw("1 /* x */ = 1"),
			"an unknown character":       raw("1 = 1; 2"),
			"a string that does not end": raw("'x"),
			"dollar quotes":              raw("$$x$$ = 'x'"),
			"a string with escapes":      raw("E'\\'' = 'x'"),
			"a name that does not end":   raw("`x"),
			"another":                    raw(`"x`),
			"quotes that may be either":  raw(`"seen" = 'seen'`),
			"a variable":                 raw("@@version = 1"),
		} {
			_, err := e.client.User.Now().Query().Where(p).All(e.ctx)
			require.Error(t, err, name)
			if name != "an error" {
				require.ErrorIs(t, err, sqlaudit.ErrPredicate, name)
			}
		}
		_, err := e.client.User.Now().Query().Where(user.Seen("seen")).All(e.ctx)
		require.ErrorContains(t, err, `it names "seen", which is no tracked field`)
		_, err = e.client.User.Now().Query().Where(user.HasPets()).All(e.ctx)
		require.ErrorContains(t, err, "it reads another table")
		_, err = e.client.Site.Now().Query().Where(site.ID(1)).All(e.ctx)
		require.ErrorIs(t, err, sqlaudit.ErrPredicate, "the id is not what the log names it by")
		code, err := e.client.Site.Now().Query().Where(site.Code("S")).IDs(e.ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"S"}, code)
	}},
	{"predicates that are taken", "what reads nothing else", func(t *testing.T, e *env) {
		e.client.User.Create().SetName("a'b").SetEmail("a").SetAge(5).ExecX(e.ctx)
		raw := func(text string) predicate.User {
			return func(s *entsql.Selector) { s.Where(entsql.P(func(b *entsql.Builder) { b.WriteString(text) })) }
		}
		for _, text := range []string{
			"name = 'a''b'", "users.age + 1 > 5.5", "COALESCE(age, 0) BETWEEN 1 AND 10", "LOWER(name) LIKE 'a%'",
			"CASE WHEN age = 5 THEN TRUE ELSE FALSE END", "CAST(age AS CHAR(10)) = '5'", "length(name) = 3",
		} {
			if strings.HasPrefix(text, "users.age") {
				require.NotPanics(t, func() {
					_, err := e.client.User.Now().Query().Where(raw(text)).Count(e.ctx)
					require.ErrorIs(t, err, sqlaudit.ErrPredicate, "a table is named in quotes")
				})
				continue
			}
			n, err := e.client.User.Now().Query().Where(raw(text)).Count(e.ctx)
			require.NoError(t, err, text)
			require.Equal(t, 1, n, text)
		}
	}},
	{"what is not known", "is not taken to be NULL", func(t *testing.T, e *env) {
		e.exec(t, "INSERT INTO users (id, name, email, nick) VALUES (99, 'n', 'n@example.com', 'x')")
		e.client.User.UpdateOneID(99).SetAge(1).ExecX(e.ctx)
		n, err := e.client.User.Now().Query().Where(user.Age(1)).Count(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		for _, p := range []predicate.User{user.NickIsNil(), user.HasGroups()} {
			_, err = e.client.User.Now().Query().Where(p).Count(e.ctx)
			require.ErrorIs(t, err, sqlaudit.ErrUnknown)
			require.ErrorContains(t, err, "User 99")
		}
		e.baseline(t)
		n, err = e.client.User.Now().Query().Where(user.NickIsNil(), user.HasGroups()).Count(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 0, n)
	}},
	{"other types", "composite ids, and types by which the database compares", func(t *testing.T, e *env) {
		post := e.client.Post.Create().SetTitle("t").SaveX(e.ctx)
		for i, id := range []string{"a/b", "c"} {
			e.client.Tagging.Create().SetPost(post).SetTag(e.client.Tag.Create().SetID(id).SaveX(e.ctx)).SetWeight(i).ExecX(e.ctx)
		}
		links, err := e.client.Tagging.Now().Query().Where(tagging.TagID("a/b"), tagging.PostID(post.ID)).With(tagging.EdgeTag).All(e.ctx)
		require.NoError(t, err)
		require.Len(t, links, 1)
		require.Equal(t, "a/b", links[0].Edges.Tag.ID)
		for _, balance := range []string{"9.5000", "10.0000", "100.0000"} {
			e.client.Account.Create().SetID(kinds.IBAN(balance)).SetBalance(kinds.ParseDecimal(balance)).ExecX(e.ctx)
		}
		want := e.client.Account.Query().Where(account.BalanceGT(kinds.ParseDecimal("10.0000"))).Order(account.ByID()).IDsX(e.ctx)
		got, err := e.client.Account.Now().Query().Where(account.BalanceGT(kinds.ParseDecimal("10.0000"))).IDs(e.ctx)
		require.NoError(t, err)
		require.Equal(t, want, got, "decimals are compared as the table does")
		ms, err := e.client.Membership.Now().Query().Where(membership.RoleEQ("member")).All(e.ctx)
		require.NoError(t, err)
		require.Empty(t, ms)
	}},
	{"statements", "a constant number for each batch", func(t *testing.T, e *env) {
		g := e.group("g")
		count := func(p *ent.UserPast, name string) []string {
			e.probe.reset()
			users, err := p.Query().Where(user.AgeGT(0), user.HasGroups()).With(user.EdgeGroups).All(e.ctx)
			require.NoError(t, err)
			for _, u := range users {
				require.Len(t, u.Edges.Groups, 1)
			}
			if name != "" {
				goldenPast(t, e, name)
			}
			return e.probe.noted()
		}
		e.client.User.Create().SetName("u").SetEmail("u").SetAge(1).AddGroups(g).ExecX(e.ctx)
		one := count(e.client.User.At(e.newest()), "set")
		want := 7 // begin, the moment, ids, entries, predicates, neighbors, rollback
		if e.backend.dialect == dialect.MySQL {
			want++ // the types of columns
		}
		require.Len(t, one, want)
		emails := make([]string, 999)
		e.client.User.MapCreateBulk(emails, func(c *ent.UserCreate, i int) {
			c.SetName("n").SetEmail(fmt.Sprint(i)).SetAge(1).AddGroups(g)
		}).ExecX(e.ctx)
		require.Equal(t, one, count(e.client.User.At(e.newest()), ""), "as many for 1,000 entities as for one")
	}},
}

// A client that is told which database schemas its tables are in reads the past there.
func TestSetsInDatabaseSchemas(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		there := b.open(t)
		c := e.clientOf(t, there)
		g := c.Group.Create().SetName("g").SaveX(e.ctx)
		u := c.User.Create().SetName("u").SetEmail("u").AddGroups(g).SaveX(e.ctx)
		testdb.Exec(t, db, "DROP TABLE user_friends") // nothing is read where the connection looks by itself
		then := c.AuditLog.Query().Order(auditlog.ByID(entsql.OrderDesc())).FirstX(e.ctx)
		u.Update().SetName("v").RemoveGroups(g).ExecX(e.ctx)
		got, err := c.User.At(then).Query().Where(user.Name("u"), user.HasGroups(), user.Not(user.HasFriends())).With(user.EdgeGroups).All(e.ctx)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Len(t, got[0].Edges.Groups, 1)
	}, dialect.Postgres, dialect.MySQL)
}
