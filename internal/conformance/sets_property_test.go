package conformance

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqljson"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

// A noted is what was there after a transaction.
type noted struct {
	entry *ent.AuditLog
	rows  string
	users [][]int
	docs  [][]string
}

// Whatever is done, a set as of a past moment is what the tables held then, and predicates select what they selected then: ent's own queries, asked at the time, are the oracle.
func TestSetsAreWhatWasThere(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			e := newEnv(t, b, db)
			var userPreds []predicate.User
			var docPreds []predicate.Doc
			for range 4 {
				userPreds = append(userPreds, drawTree(rt, userLeaves, user.And, user.Or, user.Not, 2))
				docPreds = append(docPreds, drawTree(rt, docLeaves, doc.And, doc.Or, doc.Not, 2))
			}
			var moments []noted
			for range rapid.IntRange(1, 6).Draw(rt, "transactions") {
				before := e.client.AuditLog.Query().CountX(e.ctx)
				tx, err := e.client.Tx(e.ctx)
				require.NoError(rt, err)
				func() {
					defer tx.Rollback() //nolint:errcheck // what is drawn ends by panics
					for range rapid.IntRange(1, 4).Draw(rt, "operations") {
						rapid.SampledFrom(setOperations).Draw(rt, "operation")(rt, e, tx.Client())
					}
					require.NoError(rt, tx.Commit())
				}()
				if e.client.AuditLog.Query().CountX(e.ctx) == before {
					continue
				}
				m := noted{entry: e.newest(), rows: setText(t, e.client.User.Query().WithGroups().Order(user.ByID()).AllX(e.ctx), e.client.Doc.Query().Order(doc.ByID()).AllX(e.ctx))}
				for _, p := range userPreds {
					m.users = append(m.users, e.client.User.Query().Where(p).Order(user.ByID()).IDsX(e.ctx))
				}
				for _, p := range docPreds {
					m.docs = append(m.docs, e.client.Doc.Query().Where(p).Order(doc.ByID()).IDsX(e.ctx))
				}
				moments = append(moments, m)
			}
			for _, m := range moments {
				users, docs := e.client.User.At(m.entry), e.client.Doc.AsOf(m.entry.OccurredAt)
				us, err := users.Query().BatchSize(2).With(user.EdgeGroups).All(e.ctx)
				require.NoError(rt, err)
				ds, err := docs.Query().All(e.ctx)
				require.NoError(rt, err)
				require.Equal(rt, m.rows, setText(t, us, ds))
				for i, p := range userPreds {
					got, err := users.Query().Where(p).BatchSize(3).IDs(e.ctx)
					require.NoError(rt, err)
					require.ElementsMatch(rt, m.users[i], got)
				}
				for i, p := range docPreds {
					got, err := docs.Query().Where(p).IDs(e.ctx)
					require.NoError(rt, err)
					require.ElementsMatch(rt, m.docs[i], got)
				}
			}
		})
	})
}

// setText writes entities with their groups.
func setText(t *testing.T, users []*ent.User, docs []*ent.Doc) string {
	var b strings.Builder
	for _, u := range users {
		var groups []string
		for _, g := range u.Edges.Groups {
			groups = append(groups, g.ID.String())
		}
		fmt.Fprintln(&b, userText(u), u.Email, set(groups))
	}
	for _, d := range docs {
		fmt.Fprintln(&b, jsonOf(t, d), d.Price)
	}
	return b.String()
}

func set(ids []string) string {
	m := map[string]bool{}
	for _, id := range ids {
		m[id] = true
	}
	return fmt.Sprint(m)
}

// drawTree draws a predicate.
func drawTree[P any](t *rapid.T, leaf func(*rapid.T) P, and, or func(...P) P, not func(P) P, depth int) P {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 || kind > 2 {
		return leaf(t)
	}
	if kind == 0 {
		return not(drawTree(t, leaf, and, or, not, depth-1))
	}
	x, y := drawTree(t, leaf, and, or, not, depth-1), drawTree(t, leaf, and, or, not, depth-1)
	if kind == 1 {
		return and(x, y)
	}
	return or(x, y)
}

var (
	setTexts = []string{"", "a", "A", "ab", "ä", "a b ", "x'y", "50%", "10", "9"}
	setAges  = []int{-1, 0, 1, 9, 10}
	setTimes = []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 500_000_000, time.UTC), time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
)

func userLeaves(t *rapid.T) predicate.User {
	text, age := rapid.SampledFrom(setTexts).Draw(t, "text"), rapid.SampledFrom(setAges).Draw(t, "age")
	return rapid.SampledFrom([]predicate.User{
		user.NameEQ(text), user.NameNEQ(text), user.NameContains(text), user.NameContainsFold(text), user.NameEqualFold(text), user.NameHasPrefix(text), user.NameGT(text),
		user.AgeEQ(age), user.AgeGT(age), user.AgeLTE(age), user.AgeIn(age, 1), user.AgeNotIn(age, 9), user.AgeIsNil(), user.NickIsNil(), user.NickNotNil(), user.NickEQ(text),
		user.HasGroups(), user.HasFollowing(), user.HasFollowers(), user.IDIn(), user.IDGT(0), user.EmailHasSuffix("1"),
		func(s *entsql.Selector) { s.Where(entsql.ColumnsEQ(s.C(user.FieldName), s.C(user.FieldNick))) },
	}).Draw(t, "predicate")
}

func docLeaves(t *rapid.T) predicate.Doc {
	text, at := rapid.SampledFrom(setTexts).Draw(t, "text"), rapid.SampledFrom(setTimes).Draw(t, "time")
	return rapid.SampledFrom([]predicate.Doc{
		doc.TitleEQ(text), doc.TitleHasSuffix(text), doc.ScoreGT(0.3), doc.ScoreEQ(0.1), doc.ScoreIsNil(), doc.Published(true), doc.ViewsGT(5), doc.LengthLT(time.Minute),
		doc.PriceEQ(kinds.Cents(5)), doc.PriceIsNil(), doc.LevelEQ(kinds.High), doc.LevelIsNil(), doc.DueGT(at), doc.DueEQ(at), doc.DueLTE(at), doc.DueIsNil(),
		doc.BodyEQ([]byte{0, 255}), doc.BodyIsNil(), doc.IDEQ("d1"), doc.IDIn("d1", "d2"),
		func(s *entsql.Selector) { s.Where(sqljson.ValueEQ(s.C(doc.FieldMeta), "a", sqljson.Path("source"))) },
		func(s *entsql.Selector) { s.Where(sqljson.HasKey(s.C(doc.FieldMeta), sqljson.Path("source"))) },
		func(s *entsql.Selector) { s.Where(sqljson.LenGT(s.C(doc.FieldTags), 1)) },
	}).Draw(t, "predicate")
}

// setOperations change users and docs.
var setOperations = []func(*rapid.T, *env, *ent.Client){
	func(t *rapid.T, e *env, c *ent.Client) {
		n := c.User.Query().CountX(e.ctx)
		c.User.Create().SetName(rapid.SampledFrom(setTexts).Draw(t, "name")).SetEmail(uuid.NewString()).SetAge(rapid.SampledFrom(setAges).Draw(t, "age")).ExecX(e.ctx)
		if n == 0 {
			c.Group.Create().SetName(uuid.NewString()).ExecX(e.ctx)
		}
	},
	func(t *rapid.T, e *env, c *ent.Client) {
		ids := c.User.Query().Order(user.ByID()).IDsX(e.ctx)
		if len(ids) == 0 {
			return
		}
		u := c.User.UpdateOneID(rapid.SampledFrom(ids).Draw(t, "user"))
		switch rapid.IntRange(0, 8).Draw(t, "change") {
		case 0:
			u.SetName(rapid.SampledFrom(setTexts).Draw(t, "name"))
		case 1:
			u.AddAge(1)
		case 2:
			u.ClearAge()
		case 3:
			u.SetNick(rapid.SampledFrom(setTexts).Draw(t, "nick"))
		case 4:
			u.ClearNick().ClearSpouse()
		case 5:
			u.ClearGroups()
		case 6:
			u.SetSeen("untracked").ClearGroups()
			c.Group.Update().Where(group.Not(group.HasUsers())).AddUserIDs(ids[0]).ExecX(e.ctx)
		case 7:
			u.ClearFollowers()
		case 8:
			u.ClearFollowing().AddFollowingIDs(rapid.SampledFrom(ids).Draw(t, "following"))
		}
		u.ExecX(e.ctx)
	},
	func(t *rapid.T, e *env, c *ent.Client) {
		if ids := c.User.Query().Order(user.ByID()).IDsX(e.ctx); len(ids) > 0 {
			c.User.DeleteOneID(rapid.SampledFrom(ids).Draw(t, "user")).ExecX(e.ctx)
		}
	},
	func(t *rapid.T, e *env, c *ent.Client) {
		id := rapid.SampledFrom([]string{"d1", "d2", "D1", "d 3"}).Draw(t, "doc")
		if c.Doc.Query().Where(doc.ID(id)).ExistX(e.ctx) {
			c.Doc.DeleteOneID(id).ExecX(e.ctx)
			return
		}
		d := c.Doc.Create().SetID(id).SetTitle(rapid.SampledFrom(setTexts).Draw(t, "title")).SetViews(int64(rapid.IntRange(0, 10).Draw(t, "views")))
		if rapid.Bool().Draw(t, "filled") {
			d.SetScore(rapid.SampledFrom([]float64{0.1, 0.3, 1e300}).Draw(t, "score")).SetPublished(true).SetLength(time.Second).SetPrice(kinds.Cents(5)).SetLevel(kinds.High).
				SetDue(rapid.SampledFrom(setTimes).Draw(t, "due")).SetBody([]byte{0, 255}).SetMeta(kinds.Meta{Source: rapid.SampledFrom(setTexts).Draw(t, "source")}).SetTags([]string{"x", "y"})
		}
		d.ExecX(e.ctx)
	},
	func(t *rapid.T, e *env, c *ent.Client) {
		c.Doc.Update().Where(doc.ViewsLT(5)).SetTitle(rapid.SampledFrom(setTexts).Draw(t, "title")).SetDue(rapid.SampledFrom(setTimes).Draw(t, "due")).AddViews(1).ExecX(e.ctx)
	},
}
