package conformance

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
)

func TestBaseline(t *testing.T) { runCases(t, baselineCases) }

const groupA = "00000000-0000-0000-0000-00000000000a"

// old inserts n users with ids from 1, and a group that the odd ones are in, around ent.
func (e *env) old(t *testing.T, n int) {
	t.Helper()
	e.exec(t, "INSERT INTO groups (id, name, size) VALUES ('%s', 'old', 0)", groupA)
	for i := 1; i <= n; i++ {
		e.exec(t, "INSERT INTO users (id, name, email, age) VALUES (%d, 'u%d', 'u%d', 1)", i, i, i)
		if i%2 == 1 {
			e.exec(t, "INSERT INTO group_users (group_id, user_id) VALUES ('%s', %d)", groupA, i)
		}
	}
}

// dropKey removes a key from the values of entries, as if what it names had not been recorded then.
func (e *env) dropKey(t *testing.T, key, where string) {
	t.Helper()
	for _, column := range []string{"old_values", "new_values"} {
		remove := map[string]string{
			dialect.SQLite: "json_remove(%[1]s, '$.%[2]s')", dialect.MySQL: "JSON_REMOVE(%[1]s, '$.%[2]s')", dialect.Postgres: "%[1]s - '%[2]s'",
		}[e.backend.dialect]
		e.exec(t, "UPDATE audit_logs SET %s = %s WHERE %s", column, fmt.Sprintf(remove, column, key), where)
	}
}

var baselineCases = []testCase{
	{"rows from before", "each gets an entry with all that there is, made by whom the context says", func(t *testing.T, e *env) {
		e.old(t, 5)
		require.Len(t, e.differences(t), 6)
		ctx := sqlaudit.WithReason(sqlaudit.NewContext(e.ctx, sqlaudit.Actor{ID: "ops"}), "from today")
		var seen []sqlaudit.Progress
		progress, err := sqlaudit.Baseline(ctx, e.client, sqlaudit.BatchSize(2), sqlaudit.Types("User", "Group"), sqlaudit.OnProgress(func(p sqlaudit.Progress) { seen = append(seen, p) }))
		require.NoError(t, err)
		require.Equal(t, []sqlaudit.Progress{{Type: "Group", Entities: 1, Entries: 1}, {Type: "User", Entities: 5, Entries: 5}}, progress)
		require.Equal(t, []sqlaudit.Progress{
			{Type: "Group", Entities: 1, Entries: 1},
			{Type: "User", Entities: 2, Entries: 2}, {Type: "User", Entities: 4, Entries: 4}, {Type: "User", Entities: 5, Entries: 5},
		}, seen)
		entries := e.log(t)
		require.Equal(t, []string{"baseline Group", "baseline User"}, brief(entries[:2]))
		require.Equal(t, "ops", entries[1].ActorID)
		require.Equal(t, "from today", entries[1].Reason)
		require.Equal(t, entries[1].TxID, entries[2].TxID, "a batch is a transaction")
		require.NotEqual(t, entries[2].TxID, entries[3].TxID)
		require.Nil(t, entries[1].Old)
		require.JSONEq(t, `{"name":"u1","email":"u1","age":1,"nick":null,"spouse":null,"groups":["`+groupA+`"],"teams":[],"friends":[],"following":[],"followers":[]}`, jsonOf(t, entries[1].New))
		require.Empty(t, entries[1].Redacted)
		changes := e.client.User.QueryHistory().Where(auditlog.ResourceID("1")).OnlyX(e.ctx).Changes()
		require.Equal(t, `name: ∅ → "u1"`, changes[0].String())
		require.Equal(t, "groups: ∅ → ["+groupA+"]", changes[5].String())
		require.Equal(t, 0, e.baseline(t), "the second run writes nothing")
		require.Len(t, e.log(t), 6)
	}},
	{"what is recorded", "nothing is written for it, without links and with some", func(t *testing.T, e *env) {
		u, g := e.user("a"), e.group("g")
		e.user("b")
		u.Update().AddGroups(g).SetPassword("p").ExecX(e.ctx)
		u.Update().RemoveGroups(g).ExecX(e.ctx)
		require.Equal(t, 0, e.baseline(t))
	}},
	{"what went around ent", "it is not put right", func(t *testing.T, e *env) {
		u, g, h := e.user("a"), e.group("g"), e.group("h")
		u.Update().AddGroups(g).SetAge(1).ExecX(e.ctx)
		n := len(e.log(t))
		e.exec(t, "UPDATE users SET age = 9, nick = 'n'")
		e.exec(t, "INSERT INTO group_users (group_id, user_id) VALUES ('%s', %d)", h.ID, u.ID)
		e.exec(t, "DELETE FROM group_users WHERE group_id = '%s'", g.ID)
		e.baseline(t, sqlaudit.Types("User"))
		require.Len(t, e.log(t), n)
		require.Len(t, e.differences(t, sqlaudit.Types("User")), 4)
		e.exec(t, "UPDATE users SET age = 1, nick = NULL")
		e.exec(t, "DELETE FROM group_users")
		e.exec(t, "INSERT INTO group_users (group_id, user_id) VALUES ('%s', %d)", g.ID, u.ID)
	}},
	{"a second life", "a row that is there again after its delete is unknown", func(t *testing.T, e *env) {
		e.client.Card.Create().SetID("c").SetNumber("1").ExecX(e.ctx)
		e.client.Card.DeleteOneID("c").ExecX(e.ctx)
		e.exec(t, "INSERT INTO cards (id, card_number) VALUES ('c', '2')")
		require.Equal(t, []string{"Card c: is there, but not in the log"}, e.differences(t))
		require.Equal(t, 1, e.baseline(t))
		require.JSONEq(t, `{"number":"2","owner_id":null}`, jsonOf(t, e.last(t).New))
	}},
	{"changed ahead of it", "what is known is repeated where it holds, and the life begins", func(t *testing.T, e *env) {
		e.old(t, 4)
		e.client.User.UpdateOneID(1).SetAge(2).ExecX(e.ctx)
		e.client.User.UpdateOneID(2).AddGroupIDs(e.client.Group.Query().OnlyIDX(e.ctx)).ExecX(e.ctx)
		e.client.User.UpdateOneID(3).ClearGroups().ExecX(e.ctx)
		e.client.User.DeleteOneID(4).ExecX(e.ctx)
		require.NotEmpty(t, e.differences(t), "the log has no beginning for them")
		e.exec(t, "INSERT INTO twins (id, name) VALUES (1, 'a')")
		e.client.Twin.UpdateOneID(1).SetName("b").ExecX(e.ctx)
		require.Equal(t, 5, e.baseline(t))
		for _, l := range e.log(t) {
			if l.Action == "baseline" && l.Resource == "2" {
				require.Equal(t, "[]", string(l.New["groups"]), "the link is known by its coming")
			}
			if l.Action == "baseline" && l.Type == "Twin" {
				require.JSONEq(t, `{"name":"b"}`, jsonOf(t, l.New))
			}
		}
		require.Empty(t, e.differences(t))
		require.Equal(t, 0, e.baseline(t))
		s, err := sqlaudit.Replay(e.ctx, e.client)
		require.NoError(t, err)
		require.Empty(t, s.Findings)
	}},
	{"a field that joined", "it alone is recorded", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		e.client.User.Update().SetAge(3).ExecX(e.ctx)
		e.dropKey(t, "age", "action = 'create'")
		e.exec(t, "DELETE FROM audit_logs WHERE action = 'update'")
		a.Update().SetAge(4).ExecX(e.ctx)
		require.Equal(t, []string{fmt.Sprintf("User %d: age is 3, and the log says nothing of it", b.ID)}, e.differences(t))
		require.Equal(t, 1, e.baseline(t))
		l := e.last(t)
		require.Equal(t, idText(t, b.ID), l.Resource)
		require.JSONEq(t, `{"age":3}`, jsonOf(t, l.New))
		require.Equal(t, 0, e.baseline(t))
		require.Empty(t, e.differences(t))
		e.exec(t, "DELETE FROM audit_logs") // the oracle wants every field in a create
		e.exec(t, "DELETE FROM users")
	}},
	{"an edge that joined", "its links are recorded where no entry speaks of them, and where it is named also beside others", func(t *testing.T, e *env) {
		a, b, c, d := e.user("a"), e.user("b"), e.user("c"), e.user("d")
		g, h := e.group("g"), e.group("h")
		for _, u := range []*ent.User{a, b, c} {
			u.Update().AddGroups(g).ExecX(e.ctx)
		}
		e.dropKey(t, "groups", "resource_type = 'User'")
		e.exec(t, "DELETE FROM audit_logs WHERE resource_type = 'User' AND action = 'update'")
		b.Update().AddGroups(h).ExecX(e.ctx)
		c.Update().RemoveGroups(g).ExecX(e.ctx)
		require.Len(t, e.differences(t), 3, "a's link, b's, and c's, of which the log did not know")
		require.Equal(t, 1, e.baseline(t), "a's")
		require.Equal(t, idText(t, a.ID), e.last(t).Resource)
		require.Equal(t, 2, e.baseline(t, sqlaudit.Joined("groups")))
		entries := e.log(t)
		require.JSONEq(t, `{"groups":["`+g.ID.String()+`"]}`, jsonOf(t, entries[len(entries)-2].New))
		require.JSONEq(t, `{"groups":[]}`, jsonOf(t, entries[len(entries)-1].New))
		require.Empty(t, e.differences(t))
		require.Equal(t, 0, e.baseline(t, sqlaudit.Joined("groups")))
		e.exec(t, "INSERT INTO group_users (group_id, user_id) VALUES ('%s', %d)", h.ID, a.ID)
		require.Equal(t, 0, e.baseline(t, sqlaudit.Types("User"), sqlaudit.Joined("groups")), "what its baseline has is known")
		require.Len(t, e.differences(t), 2)
		_ = d
		e.exec(t, "DELETE FROM audit_logs")
		e.exec(t, "DELETE FROM group_users")
		e.exec(t, "DELETE FROM groups")
		e.exec(t, "DELETE FROM users")
	}},
	{"stopped and run again", "a run goes on where the one before was stopped", func(t *testing.T, e *env) {
		e.old(t, 5)
		ctx, cancel := context.WithCancel(e.ctx)
		progress, err := sqlaudit.Baseline(ctx, e.client, sqlaudit.Types("User"), sqlaudit.BatchSize(2), sqlaudit.OnProgress(func(p sqlaudit.Progress) {
			if p.Entries == 4 {
				cancel()
			}
		}))
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []sqlaudit.Progress{{Type: "User", Entities: 4, Entries: 4}}, progress)
		require.Len(t, e.log(t), 4)
		require.Equal(t, 2, e.baseline(t), "the fifth user, and the group")
	}},
	{"nothing to repeat", "a life begins also where every known value is another in the table", func(t *testing.T, e *env) {
		e.exec(t, "INSERT INTO twins (id, name) VALUES (1, 'a')")
		e.client.Twin.UpdateOneID(1).SetName("b").ExecX(e.ctx)
		e.exec(t, "UPDATE twins SET name = 'c'")
		require.Equal(t, 1, e.baseline(t))
		require.JSONEq(t, `{}`, jsonOf(t, e.last(t).New))
		require.Equal(t, []string{`Twin 1: name is "c", and "b" in the log`}, e.differences(t))
		require.Equal(t, 0, e.baseline(t))
		e.exec(t, "UPDATE twins SET name = 'b'")
	}},
	{"a deadlock", "the batch is tried again, and written once", func(t *testing.T, e *env) {
		e.old(t, 3)
		inserts := 0
		e.probe.fault = func(_ int, call string) error {
			if isInsert(call) {
				if inserts++; inserts <= 2 {
					return deadlocked{}
				}
			}
			return nil
		}
		require.Equal(t, 4, e.baseline(t))
		require.Len(t, e.log(t), 4)
		e.probe.reset()
	}},
	{"a fault in a batch", "it leaves nothing, and those before it stay", func(t *testing.T, e *env) {
		e.old(t, 4)
		inserts := 0
		e.probe.fault = func(_ int, call string) error {
			if isInsert(call) {
				if inserts++; inserts == 2 {
					return errFault
				}
			}
			return nil
		}
		_, err := sqlaudit.Baseline(e.ctx, e.client, sqlaudit.Types("User"), sqlaudit.BatchSize(2))
		require.ErrorIs(t, err, errFault)
		require.ErrorIs(t, err, sqlaudit.ErrIncomplete)
		require.Len(t, e.log(t), 2)
		e.probe.reset()
		require.Equal(t, 3, e.baseline(t))
	}},
	{"everything", "rows of every type", func(t *testing.T, e *env) {
		u := e.user("u")
		e.client.Doc.Create().SetID("d").SetTitle("t").SetTags([]string{"a"}).ExecX(e.ctx)
		e.client.Card.Create().SetID("c").SetNumber("1").SetOwner(u).ExecX(e.ctx)
		e.client.Site.Create().SetCode("S").SetCity("c").ExecX(e.ctx)
		e.client.Team.Create().SetSlug("t").AddMembers(u).ExecX(e.ctx)
		e.client.Post.Create().SetTitle("p").AddTags(e.client.Tag.Create().SetID("x/y").SaveX(e.ctx)).ExecX(e.ctx)
		e.client.Shelf.Create().SetName("s").AddBoxes(e.client.Box.Create().SetLabel("b").SaveX(e.ctx)).
			AddBooks(e.client.Book.Create().SetAuthor("a").SetTitle("t").SaveX(e.ctx)).ExecX(e.ctx)
		e.client.Token.Create().SetID([]byte{0, 255}).SetScope("s").ExecX(e.ctx)
		e.client.Account.Create().SetID("DE2").AddLinked(e.client.Account.Create().SetID("DE1").SaveX(e.ctx)).ExecX(e.ctx)
		e.exec(t, "DELETE FROM audit_logs")
		want := len(e.differences(t))
		require.Equal(t, 14, want)
		require.Equal(t, want, e.baseline(t))
		require.Equal(t, 0, e.baseline(t))
	}},
}

// deadlocked is an error as databases give it to the one that they have chosen.
type deadlocked struct{}

func (deadlocked) Error() string    { return "Error 1213 (40001): Deadlock found" }
func (deadlocked) SQLState() string { return "40P01" }

// Rows and their links are locked until their entries are written, so that neither changes nor new links come in between.
func TestBaselineLocks(t *testing.T) {
	runCases(t, []testCase{{"locks", "no other can lock the row, its links, or refer to it", func(t *testing.T, e *env) {
		e.old(t, 3)
		share := "LOCK IN SHARE MODE NOWAIT"
		if e.backend.dialect == dialect.Postgres {
			share = "FOR KEY SHARE NOWAIT"
		}
		tried := 0
		e.probe.fault = func(_ int, call string) error {
			if !isInsert(call) {
				return nil
			}
			for _, query := range []string{
				"SELECT id FROM users WHERE id = 1 FOR UPDATE NOWAIT", "SELECT id FROM users WHERE id = 2 " + share,
				"SELECT user_id FROM group_users WHERE user_id = 1 FOR UPDATE NOWAIT",
			} {
				tried++
				_, err := e.db.Exec(query)
				assert.Error(t, err, query) // not require: the batch is to end
			}
			return nil
		}
		e.baseline(t, sqlaudit.Types("User"), sqlaudit.BatchSize(10))
		require.Equal(t, 3, tried)
		e.probe.reset()
		e.baseline(t)
	}}}, dialect.Postgres, dialect.MySQL)
}

func isInsert(call string) bool {
	return strings.HasPrefix(call, "INSERT") || strings.HasPrefix(call, "WITH")
}

// Baseline is exact while others change, link, unlink, create and delete the very rows.
func TestBaselineStorm(t *testing.T) {
	const (
		rows    = 60
		writers = 4
	)
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		e.old(t, rows)
		var (
			wg      sync.WaitGroup
			mu      sync.Mutex
			refused = map[string]int{}
			done    = make(chan struct{})
		)
		started := make(chan struct{}, writers)
		for w := range writers {
			wg.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(w), 2))
				c := e.other()
				for i := 0; ; i++ {
					if err := oldStep(context.Background(), c, rnd, fmt.Sprintf("w%d-%d", w, i), rows); err != nil {
						mu.Lock()
						refused[kindOf(err)]++
						mu.Unlock()
					}
					if i == 0 {
						started <- struct{}{}
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		for range writers {
			<-started
		}
		n := e.baseline(t, sqlaudit.Types("User", "Group"))
		close(done)
		wg.Wait()
		t.Logf("%d baseline entries among %d, refused: %v", n, len(e.log(t)), refused)
		for kind := range refused {
			require.Contains(t, []string{"deadlock", "constraint"}, kind)
		}
		require.NotZero(t, n)
		require.Empty(t, e.differences(t))
		oracle.Reconcile(t, e.db)
		require.Equal(t, 0, e.baseline(t))
	})
}

// oldStep makes one change to rows from before. The last of them is never deleted.
func oldStep(ctx context.Context, c *ent.Client, rnd *rand.Rand, name string, rows int) error {
	id := 1 + rnd.IntN(rows)
	g, err := c.Group.Query().Where(group.Name("old")).OnlyID(ctx)
	if err != nil {
		return err
	}
	one := c.User.Update().Where(user.ID(id))
	switch rnd.IntN(7) {
	case 0:
		return one.AddAge(1).Exec(ctx)
	case 1:
		return c.Group.Update().AddUserIDs(id).Where(group.HasUsersWith(user.ID(rows))).Exec(ctx)
	case 2:
		return one.AddGroupIDs(g).Exec(ctx)
	case 3:
		return one.RemoveGroupIDs(g).SetNick(name).Exec(ctx)
	case 4:
		return one.ClearFriends().Exec(ctx)
	case 5:
		return c.User.Create().SetName(name).SetEmail(name).AddGroupIDs(g).Exec(ctx)
	default:
		if id == rows || rnd.IntN(4) > 0 {
			return one.AddFriendIDs(rows).Exec(ctx)
		}
		_, err := c.User.Delete().Where(user.ID(id)).Exec(ctx)
		return err
	}
}
