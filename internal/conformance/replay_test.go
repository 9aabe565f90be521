package conformance

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
	"github.com/sqlaudit/sqlaudit/replay"
)

// exec runs a statement around ent. Arguments stand in it as %v.
func (e *env) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	query = fmt.Sprintf(query, args...)
	if e.backend.dialect == dialect.MySQL { // a word of its own
		query = strings.ReplaceAll(query, " groups", " `groups`")
	}
	testdb.Exec(t, e.db, query)
}

// baseline runs Baseline in small batches and returns how many entries it wrote.
func (e *env) baseline(t *testing.T, opts ...sqlaudit.ReplayOption) int {
	t.Helper()
	progress, err := sqlaudit.Baseline(e.ctx, e.client, append([]sqlaudit.ReplayOption{sqlaudit.BatchSize(2)}, opts...)...)
	require.NoError(t, err)
	n := 0
	for _, p := range progress {
		n += p.Entries
	}
	return n
}

// around does something around ent, expects the differences, and takes it back.
func (e *env) around(t *testing.T, do, undo string, want ...string) {
	t.Helper()
	e.exec(t, "%s", do)
	require.ElementsMatch(t, want, e.differences(t))
	e.exec(t, "%s", undo)
	require.Empty(t, e.differences(t))
}

func TestReplay(t *testing.T) { runCases(t, replayCases) }

var replayCases = []testCase{
	{"the state", "fields and links of what is there", func(t *testing.T, e *env) {
		u, g := e.user("a"), e.group("g")
		e.client.User.DeleteOne(e.user("b")).ExecX(e.ctx)
		u.Update().AddGroups(g).SetAge(3).SetPassword("x").ExecX(e.ctx)
		s, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.Types("User", "Group"))
		require.NoError(t, err)
		require.Empty(t, s.Findings)
		require.Equal(t, 2, s.Len())
		got := s.Entity("User", idText(t, u.ID))
		require.JSONEq(t, `{"name":"a","email":"a@example.com","age":3,"nick":null,"spouse":null}`, jsonOf(t, got.Fields))
		require.Equal(t, `["`+g.ID.String()+`"]`, jsonOf(t, got.Edges["groups"].IDs()))
		require.Equal(t, "["+idText(t, u.ID)+"]", jsonOf(t, s.Entity("Group", g.ID.String()).Edges["users"].IDs()))
		e.user("c")
		one, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.Types("User"), sqlaudit.IDs(idText(t, u.ID)))
		require.NoError(t, err)
		require.Equal(t, 1, one.Len())
		none, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.IDs([]string{}...))
		require.NoError(t, err)
		require.Equal(t, 3, none.Len(), "no ids given are all")
	}},
	{"pages", "the log is read in pages, and never as a whole", func(t *testing.T, e *env) {
		for i := range 7 {
			e.user(fmt.Sprint(i))
		}
		e.probe.reset()
		s, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.Types("User"), sqlaudit.BatchSize(3))
		require.NoError(t, err)
		require.Equal(t, 7, s.Len())
		calls := e.probe.noted()
		require.Equal(t, []string{"BEGIN", "SELECT log", "SELECT log", "SELECT log", "SELECT log", "ROLLBACK"}, calls, "the newest baseline, and 3 + 3 + 1")
		for _, query := range e.probe.calls[2:5] {
			require.Contains(t, query, "LIMIT 3")
		}
	}},
	{"a broken chain", "a finding, and not an error", func(t *testing.T, e *env) {
		u := e.user("a")
		e.exec(t, "UPDATE users SET age = 5")
		u.Update().SetAge(6).ExecX(e.ctx)
		var found []string
		s, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.OnFinding(func(f sqlaudit.Finding) { found = append(found, f.String()) }))
		require.NoError(t, err)
		require.Empty(t, s.Findings)
		require.Len(t, found, 1)
		require.Contains(t, found[0], "age: the value before was another: null, not 5")
		require.Equal(t, "6", string(s.Entity("User", idText(t, u.ID)).Fields["age"]))
		require.Len(t, e.differences(t), 1, "and the row is as the log says")
		e.exec(t, "DELETE FROM audit_logs WHERE action = 'update'")
		e.exec(t, "UPDATE users SET age = NULL")
	}},
	{"within a transaction", "what the transaction has done is seen, and Baseline is refused", func(t *testing.T, e *env) {
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.Create().SetName("a").SetEmail("a").ExecX(e.ctx)
			report, err := sqlaudit.Reconcile(e.ctx, tx.Client())
			require.NoError(t, err)
			require.True(t, report.OK(), report)
			require.Contains(t, report.String(), "User: 1 entities, 1 entries, 0 differences")
			_, err = sqlaudit.Baseline(e.ctx, tx.Client())
			require.ErrorIs(t, err, sqlaudit.ErrInTransaction)
		})
		report, err := sqlaudit.Reconcile(e.ctx, e.client.Debug(), sqlaudit.Types("User"))
		require.NoError(t, err)
		require.Len(t, report.Types, 1)
	}},
	{"options that do not fit", "an error says which", func(t *testing.T, e *env) {
		var ve *sqlaudit.ValueError
		_, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.Types("Nobody"))
		require.ErrorAs(t, err, &ve)
		_, err = sqlaudit.Reconcile(e.ctx, e.client, sqlaudit.BatchSize(0))
		require.ErrorAs(t, err, &ve)
		_, err = sqlaudit.Baseline(e.ctx, e.client, sqlaudit.Types("Pet"), sqlaudit.Joined("groups"))
		require.ErrorAs(t, err, &ve)
		_, err = sqlaudit.Reconcile(e.ctx, ent.NewClient())
		require.ErrorIs(t, err, sqlaudit.ErrDriver)
		ctx, cancel := context.WithCancel(e.ctx)
		cancel()
		_, err = sqlaudit.Reconcile(ctx, e.client)
		require.ErrorIs(t, err, context.Canceled)
	}},
}

func TestReconcile(t *testing.T) { runCases(t, reconcileCases) }

var reconcileCases = []testCase{
	{"rows", "what is inserted, updated or deleted around ent", func(t *testing.T, e *env) {
		u := e.user("a")
		e.around(t, "INSERT INTO users (id, name, email) VALUES (900, 'x', 'x')", "DELETE FROM users WHERE id = 900",
			"User 900: is there, but not in the log")
		e.around(t, "UPDATE users SET name = 'b', age = 4, password = 'p'", "UPDATE users SET name = 'a', age = NULL, password = NULL",
			fmt.Sprintf(`User %d: name is "b", and "a" in the log`, u.ID), fmt.Sprintf(`User %d: age is 4, and ∅ in the log`, u.ID))
		e.around(t, "DELETE FROM users", fmt.Sprintf("INSERT INTO users (id, name, email) VALUES (%d, 'a', 'a@example.com')", u.ID),
			fmt.Sprintf("User %d: is not there, but in the log", u.ID))
	}},
	{"what came around ent and went by it", "the log says that it went, and not that it came", func(t *testing.T, e *env) {
		e.exec(t, "INSERT INTO cards (id, card_number) VALUES ('c', '1')")
		require.Equal(t, 1, e.baseline(t))
		e.exec(t, "INSERT INTO cards (id, card_number) VALUES ('d', '1')")
		e.client.Card.DeleteOneID("d").ExecX(e.ctx)
		got := e.differences(t)
		require.Len(t, got, 1)
		require.Contains(t, got[0], "Card d: the log breaks at the delete of Card d")
		require.Contains(t, got[0], "it is not known to be there")
		e.exec(t, "DELETE FROM audit_logs WHERE action = 'delete'")
	}},
	{"typed", "a difference has the values as the field's own type", func(t *testing.T, e *env) {
		e.client.Pet.Create().SetID(uuid.Max).SetName("p").SaveX(e.ctx)
		e.client.Doc.Create().SetID("d").SetTitle("t").SetPrice(kinds.Cents(5)).ExecX(e.ctx)
		u := e.user("u")
		e.exec(t, "UPDATE docs SET price = 7")
		e.exec(t, "UPDATE pets SET user_pets = %d", u.ID)
		report, err := sqlaudit.Reconcile(e.ctx, e.client)
		require.NoError(t, err)
		require.Equal(t, []sqlaudit.Difference{
			{Kind: replay.DifferentField, Type: "Doc", ID: "d", Change: sqlaudit.Change{Field: "price", Old: kinds.Cents(5), New: kinds.Cents(7)}},
			{Kind: replay.DifferentField, Type: "Pet", ID: uuid.Max.String(), Change: sqlaudit.Change{Field: "owner", New: u.ID}},
		}, report.Differences)
		e.exec(t, "UPDATE docs SET price = 5")
		e.exec(t, "UPDATE pets SET user_pets = NULL")
	}},
	{"links", "of a join table and of a foreign key, on each side that has them", func(t *testing.T, e *env) {
		u, g := e.user("u"), e.group("g")
		user, group := idText(t, u.ID), g.ID.String()
		insert := fmt.Sprintf("INSERT INTO group_users (group_id, user_id) VALUES ('%s', %s)", group, user)
		e.around(t, insert, "DELETE FROM group_users",
			fmt.Sprintf("User %s: groups leads to %s, but not in the log", user, group), fmt.Sprintf("Group %s: users leads to %s, but not in the log", group, user))
		u.Update().AddGroups(g).ExecX(e.ctx)
		e.around(t, "DELETE FROM group_users", insert,
			fmt.Sprintf("User %s: groups does not lead to %s, but does in the log", user, group), fmt.Sprintf("Group %s: users does not lead to %s, but does in the log", group, user))
		s := e.client.Shelf.Create().SetName("s").SaveX(e.ctx)
		b := e.client.Book.Create().SetAuthor("a").SetTitle("t").SaveX(e.ctx)
		e.around(t, fmt.Sprintf("UPDATE books SET shelf_books = %d", s.ID), "UPDATE books SET shelf_books = NULL",
			fmt.Sprintf("Shelf %d: books leads to %d, but not in the log", s.ID, b.ID), fmt.Sprintf("Book %d: shelf is %d, and ∅ in the log", b.ID, s.ID))
	}},
	{"composite ids and ids of bytes", "they are found in the tables by what the log calls them", func(t *testing.T, e *env) {
		p := e.client.Post.Create().SetTitle("p").SaveX(e.ctx)
		for _, id := range []string{"a/b%", "c", "d", "e"} {
			e.client.Tag.Create().SetID(id).AddPosts(p).ExecX(e.ctx)
			e.client.Token.Create().SetID(append([]byte{255}, id...)).SetScope("s").ExecX(e.ctx)
			e.client.Team.Create().SetSlug(id).ExecX(e.ctx)
			e.client.Page.Create().SetID(kinds.Path{Folder: id, File: "f"}).SetText("t").ExecX(e.ctx)
		}
		require.Empty(t, e.differences(t))
		e.around(t, "UPDATE taggings SET weight = 4 WHERE tag_id = 'a/b%'", "UPDATE taggings SET weight = 1",
			"Tagging "+idText(t, p.ID)+"/a%2Fb%25: weight is 4, and 1 in the log")
	}},
	{"removed entries", "the log that is not whole is found out", func(t *testing.T, e *env) {
		u, g := e.user("u"), e.group("g")
		u.Update().SetAge(1).ExecX(e.ctx)
		u.Update().SetAge(2).ExecX(e.ctx)
		u.Update().AddGroups(g).ExecX(e.ctx)
		id := idText(t, u.ID)
		all := e.log(t)
		lose := func(n int, want ...string) {
			t.Helper()
			e.exec(t, "DELETE FROM audit_logs WHERE id = '%s'", all[n].ID)
			got := e.differences(t)
			require.Len(t, got, len(want), got)
			for i := range want {
				require.Contains(t, got[i], want[i])
			}
		}
		lose(2, "User "+id+": the log breaks at the update of User "+id+" ("+all[3].ID+"): age: the value before was another: null, not 1")
		lose(3, "age is 2, and ∅ in the log")
		lose(4, "age is 2", "User "+id+": groups leads to "+g.ID.String())
		lose(0, "User "+id+": is there, but not in the log")
		e.exec(t, "DELETE FROM audit_logs")
		require.Equal(t, 2, e.baseline(t))
	}},
	{"documents", "every kind of field, in the forms in which the databases keep them", func(t *testing.T, e *env) {
		d := e.client.Doc.Create().SetID("d").SetTitle("<é>\u2028\"\\").SetBody([]byte{0, 255}).SetMeta(kinds.Meta{Source: "s<", Counts: map[string]int{"b": 1, "a": 2}}).
			SetTags([]string{"x", "<y>"}).SetExtra(map[string]any{"z": 1e-9, "a": 1e21, "m": 1.50, "n": nil, "o": map[string]any{"y": 1, "x": []any{}}}).
			SetScore(1e-7).SetViews(1 << 60).SetPrice(kinds.Cents(1)).SetLevel(kinds.High).SaveX(e.ctx)
		d.Update().SetScore(1e300).SetTags([]string{}).ExecX(e.ctx)
		e.client.Account.Create().SetID("DE").SetBalance(kinds.ParseDecimal("1.5000")).ExecX(e.ctx)
		require.Empty(t, e.differences(t))
		if e.backend.dialect != dialect.Postgres { // which keeps no text of it
			e.exec(t, `UPDATE docs SET extra = '{"o": {"x": [], "y": 1.0}, "n":null, "m":15e-1,"a":1000000000000000000000,"z":0.000000001}'`)
			require.Empty(t, e.differences(t), "another text of the same document is no difference")
		}
		e.exec(t, `UPDATE docs SET extra = '{"m": 1.51}', meta = NULL, tags = 'null', score = 0, body = NULL`)
		require.Len(t, e.differences(t), 5)
		e.client.Doc.Delete().ExecX(e.ctx)
		require.Len(t, e.differences(t), 5, "the delete does not continue what was there before")
		e.exec(t, "DELETE FROM audit_logs")
		e.client.Account.Delete().ExecX(e.ctx)
		e.exec(t, "DELETE FROM audit_logs")
	}},
	{"one by one", "differences come as a sequence that can be left, between transactions", func(t *testing.T, e *env) {
		for i := range 6 {
			e.exec(t, "INSERT INTO memos (text, deleted) VALUES ('%d', false)", i)
		}
		e.db.SetMaxOpenConns(1)
		defer e.db.SetMaxOpenConns(0)
		ctx, cancel := context.WithTimeout(e.ctx, time.Minute)
		defer cancel()
		n := 0
		var last sqlaudit.Progress
		for d, err := range sqlaudit.Differences(e.ctx, e.client, sqlaudit.Types("Memo"), sqlaudit.BatchSize(2), sqlaudit.OnProgress(func(p sqlaudit.Progress) { last = p })) {
			require.NoError(t, err)
			require.Equal(t, replay.ExtraEntity, d.Kind)
			e.client.User.Create().SetName(d.ID).SetEmail(d.ID).ExecX(ctx) // the one connection is free
			if n++; n == 3 {
				break
			}
		}
		require.Equal(t, 3, n)
		require.Equal(t, 4, last.Entities)
		e.exec(t, "DELETE FROM memos")
	}},
	{"while others write", "nothing that ent does is a difference", func(t *testing.T, e *env) {
		e.user("u0")
		g := e.group("g")
		e.atEachRead(t, func(n int) {
			c := e.other()
			u := c.User.Create().SetName(fmt.Sprint(n)).SetEmail(fmt.Sprint(n)).AddGroups(g).SaveX(context.Background())
			if n%2 == 0 {
				c.User.DeleteOne(u).ExecX(context.Background())
			}
			c.User.Update().AddAge(1).ExecX(context.Background())
			c.User.Update().Where().SetNick(fmt.Sprint(n)).ExecX(context.Background())
		})
		report, err := sqlaudit.Reconcile(e.ctx, e.client, sqlaudit.BatchSize(2), sqlaudit.Types("User", "Group"))
		require.NoError(t, err)
		require.Empty(t, report.Differences)
		require.Greater(t, len(e.log(t)), 10, "others wrote")
	}},
}

// elsewhere is a client whose tables are all in one database schema.
type elsewhere struct{ auditlog.Source }

func (e elsewhere) AuditSource() auditlog.Source { return e.Source }

// Tables are read, and the log is written, in the database schemas that the client says.
func TestReplayInDatabaseSchema(t *testing.T) {
	runCases(t, []testCase{{"a schema", "the connection's own has no such tables", func(t *testing.T, e *env) {
		u := e.user("a")
		e.client.Group.Create().SetName("g").AddUsers(u).ExecX(e.ctx)
		e.exec(t, "INSERT INTO cards (id, card_number) VALUES ('c', '1')")
		var schema string
		require.NoError(t, e.db.QueryRow("SELECT current_schema()").Scan(&schema))
		db := testdb.Postgres.Connect(t, testdb.DSN(t, "SQLAUDIT_TEST_POSTGRES"))
		source := e.client.AuditSource()
		source.Driver = auditdriver.New(entsql.OpenDB(dialect.Postgres, db), auditlog.NewWriter(dialect.Postgres, schema, source.Table))
		source.SchemaOf = func(*auditlog.Type) string { return schema }
		source.TableSchema = schema
		report, err := sqlaudit.Reconcile(e.ctx, elsewhere{source})
		require.NoError(t, err)
		require.Len(t, report.Differences, 1, report)
		_, err = sqlaudit.Baseline(e.ctx, elsewhere{source})
		require.NoError(t, err)
		s, err := sqlaudit.Replay(e.ctx, elsewhere{source})
		require.NoError(t, err)
		require.NotNil(t, s.Entity("User", idText(t, u.ID)))
		require.Equal(t, 3, s.Len())
	}}}, dialect.Postgres)
}

// other returns another client on the same tables.
func (e *env) other() *ent.Client {
	return ent.NewClient(ent.Driver(entsql.OpenDB(e.backend.dialect, e.db)))
}

// atEachRead calls f ahead of the statements that e's client reads with, until it has been called 20 times.
func (e *env) atEachRead(t *testing.T, f func(n int)) {
	t.Helper()
	calls := 0
	e.probe.mu.Lock()
	defer e.probe.mu.Unlock()
	e.probe.fault = func(_ int, call string) error {
		if calls < 20 && strings.HasPrefix(call, "SELECT") {
			calls++
			f(calls)
		}
		return nil
	}
	t.Cleanup(func() { require.NotZero(t, calls) })
}
