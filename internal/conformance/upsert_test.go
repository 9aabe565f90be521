package conformance

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/book"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/tagging"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

func TestUpsert(t *testing.T) { runWrites(t, upsertCases) }

var upsertCases = []testCase{
	{"insert branch", "what is inserted is a create", func(t *testing.T, e *env) {
		id := e.client.User.Create().SetName("a").SetEmail("a@x").OnConflictColumns(user.FieldEmail).UpdateNewValues().IDX(e.ctx)
		l := e.last(t)
		require.Equal(t, "create", l.Action)
		require.Equal(t, idText(t, id), l.Resource)
		require.Len(t, e.log(t), 1)
	}},
	{"update branch", "what conflicts is an update, with the values that were there", func(t *testing.T, e *env) {
		u := e.client.User.Create().SetName("a").SetEmail("a@x").SetAge(1).SaveX(e.ctx)
		id := e.client.User.Create().SetName("b").SetEmail("a@x").SetAge(1).OnConflictColumns(user.FieldEmail).UpdateNewValues().IDX(e.ctx)
		require.Equal(t, u.ID, id)
		l := e.last(t)
		require.Equal(t, "update", l.Action)
		require.JSONEq(t, `{"name":"a"}`, jsonOf(t, l.Old))
		require.JSONEq(t, `{"name":"b"}`, jsonOf(t, l.New))
	}},
	{"ignore", "a row that is kept as it is leaves no entry", func(t *testing.T, e *env) {
		e.user("a")
		e.client.User.Create().SetName("b").SetEmail("a@example.com").OnConflictColumns(user.FieldEmail).Ignore().ExecX(e.ctx)
		require.Len(t, e.log(t), 1)
	}},
	{"custom update", "the value that landed, an increment included", func(t *testing.T, e *env) {
		e.client.Book.Create().SetAuthor("a").SetTitle("t").SetCopies(2).ExecX(e.ctx)
		for range 2 {
			e.client.Book.Create().SetAuthor("a").SetTitle("t").OnConflictColumns(book.FieldAuthor, book.FieldTitle).
				Update(func(u *ent.BookUpsert) { u.AddCopies(5) }).ExecX(e.ctx)
		}
		require.Equal(t, "7 → 12", e.last(t).Change("copies"))
		require.Len(t, e.log(t), 3)
	}},
	{"bulk", "row by row: created, updated, kept", func(t *testing.T, e *env) {
		e.client.User.Create().SetName("kept").SetEmail("kept@x").SaveX(e.ctx)
		e.client.User.Create().SetName("old").SetEmail("changed@x").SaveX(e.ctx)
		e.client.User.CreateBulk(
			e.client.User.Create().SetName("kept").SetEmail("kept@x"),
			e.client.User.Create().SetName("new").SetEmail("changed@x"),
			e.client.User.Create().SetName("first").SetEmail("first@x"),
		).OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(e.ctx)
		entries := e.log(t)[2:]
		require.ElementsMatch(t, []string{"create User", "update User"}, brief(entries))
	}},
	{"by the id", "a key that the caller gives", func(t *testing.T, e *env) {
		for _, n := range []string{"1", "2"} {
			e.client.Card.Create().SetID("c").SetNumber(n).OnConflictColumns("id").UpdateNewValues().ExecX(e.ctx)
		}
		require.Equal(t, []string{"create Card", "update Card"}, brief(e.log(t)))
		require.Equal(t, `"1" → "2"`, e.last(t).Change("number"))
		e.client.Card.CreateBulk(
			e.client.Card.Create().SetID("c").SetNumber("3"), e.client.Card.Create().SetID("d").SetNumber("4"),
		).OnConflictColumns("id").UpdateNewValues().ExecX(e.ctx)
		require.ElementsMatch(t, []string{"update Card", "create Card"}, brief(e.log(t)[2:]))
	}},
	{"composite id", "an entity that goes through others, and their edges", func(t *testing.T, e *env) {
		p, tag := e.client.Post.Create().SetTitle("p").SaveX(e.ctx), e.client.Tag.Create().SetID("t").SaveX(e.ctx)
		for _, w := range []int{1, 2} {
			e.client.Tagging.Create().SetPost(p).SetTag(tag).SetWeight(w).OnConflictColumns(tagging.FieldPostID, tagging.FieldTagID).UpdateNewValues().ExecX(e.ctx)
		}
		require.Equal(t, []string{"create Tagging", "update Post", "update Tag", "update Tagging"}, brief(e.log(t)[2:]))
		require.Equal(t, "1 → 2", e.last(t).Change("weight"))
	}},
	{"edges", "of the row that there is, whichever branch it took", func(t *testing.T, e *env) {
		e.user("a")
		g := e.client.Group.Create().SetName("g").SaveX(e.ctx)
		p := e.client.Pet.Create().SetName("p").SaveX(e.ctx)
		e.client.User.Create().SetName("b").SetEmail("a@example.com").AddGroups(g).AddPets(p).OnConflictColumns(user.FieldEmail).UpdateName().ExecX(e.ctx)
		require.ElementsMatch(t, []string{"update User", "update Group", "update Pet"}, brief(e.log(t)[3:]))
		e.client.User.Create().SetName("b").SetEmail("a@example.com").AddGroups(g).OnConflictColumns(user.FieldEmail).UpdateName().ExecX(e.ctx)
		require.Len(t, e.log(t), 6, "the link was there")
	}},
	{"an own foreign key", "an edge of another type to the row", func(t *testing.T, e *env) {
		s := e.client.Shelf.Create().SetName("s").SaveX(e.ctx)
		b := e.client.Book.Create().SetAuthor("a").SetTitle("t").SaveX(e.ctx)
		e.client.Book.Create().SetAuthor("a").SetTitle("t").SetShelf(s).OnConflictColumns(book.FieldAuthor, book.FieldTitle).UpdateNewValues().ExecX(e.ctx)
		entries := e.log(t)[2:]
		if len(entries) > 0 { // UpdateNewValues sets what was proposed, the foreign key included
			require.ElementsMatch(t, []string{"update Book", "update Shelf"}, brief(entries))
			require.Equal(t, s.ID, b.QueryShelf().OnlyIDX(e.ctx))
		}
	}},
	{"the id set anew", "an update that would give a row another id is refused, and nothing of it stays", func(t *testing.T, e *env) {
		g := e.group("0")
		anew := []sql.ConflictOption{sql.ConflictColumns(group.FieldName), sql.ResolveWithNewValues()} // the id too
		many := func(c *ent.GroupClient) *ent.GroupCreateBulk {
			return c.MapCreateBulk(make([]int, 12), func(c *ent.GroupCreate, i int) { c.SetName(fmt.Sprint(i)) })
		}
		require.ErrorIs(t, e.client.Group.Create().SetName("0").OnConflict(anew...).Exec(e.ctx), sqlaudit.ErrUpsert)
		require.ErrorIs(t, many(e.client.Group).OnConflict(anew...).Exec(e.ctx), sqlaudit.ErrUpsert)
		tx := e.begin(t, e.client)
		require.ErrorContains(t, tx.Group.Create().SetName("0").OnConflict(anew...).Exec(e.ctx), "SetIgnore")
		require.ErrorIs(t, tx.Commit(), sqlaudit.ErrIncomplete)
		require.Len(t, e.log(t), 1)
		itself := append(anew, sql.ResolveWith(func(u *sql.UpdateSet) { u.SetIgnore(group.FieldID) }))
		e.client.Group.Create().SetName("0").SetSize(7).OnConflict(itself...).ExecX(e.ctx)
		require.Equal(t, g.ID.String(), e.last(t).Resource)
		many(e.client.Group).OnConflict(itself...).ExecX(e.ctx)
		require.Len(t, e.log(t), 14)
	}},
	{"in a transaction", "with the others of it", func(t *testing.T, e *env) {
		e.inTx(t, func(tx *ent.Tx) {
			tx.User.Create().SetName("a").SetEmail("a@x").ExecX(e.ctx)
			tx.User.Create().SetName("b").SetEmail("a@x").OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(e.ctx)
			tx.User.Create().SetName("c").SetEmail("c@x").OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(e.ctx)
		})
		require.Equal(t, []string{"create User", "update User", "create User"}, brief(e.log(t)))
	}},
	{"of an untracked type", "it is as ever", func(t *testing.T, e *env) {
		e.client.Plain.Create().SetName("p").OnConflictColumns("id").Ignore().ExecX(e.ctx)
		require.Empty(t, e.log(t))
	}},
}

// DO NOTHING and a condition of the update are PostgreSQL's and SQLite's.
func TestUpsertConditions(t *testing.T) {
	runWrites(t, []testCase{
		{"do nothing", "ent's own error where nothing was inserted, and no entry", func(t *testing.T, e *env) {
			e.user("a")
			err := e.client.User.Create().SetName("b").SetEmail("a@example.com").OnConflictColumns(user.FieldEmail).DoNothing().Exec(e.ctx)
			require.ErrorIs(t, err, stdsql.ErrNoRows)
			e.client.User.Create().SetName("c").SetEmail("c@x").OnConflictColumns(user.FieldEmail).DoNothing().ExecX(e.ctx)
			require.Equal(t, []string{"create User", "create User"}, brief(e.log(t)))
		}},
		{"update where", "the rows for which the caller's condition holds, alone", func(t *testing.T, e *env) {
			for name, age := range map[string]int{"a": 1, "b": 5} {
				e.client.User.Create().SetName(name).SetEmail(name).SetAge(age).ExecX(e.ctx)
			}
			set := func(email string) error {
				return e.client.User.Create().SetName("z").SetEmail(email).OnConflict(
					sql.ConflictColumns(user.FieldEmail), sql.ResolveWithNewValues(),
					sql.UpdateWhere(sql.ExprP(`"users"."age" > 3 OR "users"."name" = 'WHERE'`)),
				).Exec(e.ctx)
			}
			require.ErrorIs(t, set("a"), stdsql.ErrNoRows)
			require.NoError(t, set("b"))
			require.Len(t, e.log(t), 3)
			require.Equal(t, `"b" → "z"`, e.last(t).Change("name"))
		}},
	}, dialect.SQLite, dialect.Postgres)
}

// PostgreSQL does not let an upsert meet a row twice.
func TestUpsertTwice(t *testing.T) {
	runWrites(t, []testCase{{"the same key twice in a bulk", "the link is the second's alone, also where the database returns the row for both", func(t *testing.T, e *env) {
		first, second := e.client.Shelf.Create().SetName("1").SaveX(e.ctx), e.client.Shelf.Create().SetName("2").SaveX(e.ctx)
		books := make([]*ent.BookCreate, 12)
		for i := range books {
			books[i] = e.client.Book.Create().SetAuthor("a").SetTitle(fmt.Sprint(i % 11)).SetShelf(first)
		}
		books[11].SetShelf(second)
		e.client.Book.CreateBulk(books...).OnConflictColumns(book.FieldAuthor, book.FieldTitle).UpdateNewValues().ExecX(e.ctx)
		require.Len(t, e.log(t), 2+11+2)
		require.Equal(t, 1, second.QueryBooks().CountX(e.ctx))
	}}}, dialect.SQLite, dialect.MySQL)
}

// A row that another transaction adds between the read of what may conflict and ent's insert is seen, and read, by another try.
func TestUpsertRace(t *testing.T) {
	runWrites(t, []testCase{
		{"one", "the row that came in between is updated, with its old values", func(t *testing.T, e *env) {
			e.race(t, "INSERT INTO \"users\"", func(c *ent.Client) {
				c.User.Create().SetName("first").SetEmail("k").ExecX(context.Background())
			}, func() {
				e.client.User.Create().SetName("second").SetEmail("k").OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(e.ctx)
			})
			require.Equal(t, `"first" → "second"`, e.last(t).Change("name"))
		}},
		{"bulk", "all of it is undone and done again", func(t *testing.T, e *env) {
			e.race(t, "INSERT INTO \"users\"", func(c *ent.Client) {
				c.User.Create().SetName("first").SetEmail("k").SetAge(1).ExecX(context.Background())
			}, func() {
				e.client.User.CreateBulk(
					e.client.User.Create().SetName("x").SetEmail("x"), e.client.User.Create().SetName("y").SetEmail("k").SetAge(2),
				).OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(e.ctx)
			})
			require.Len(t, e.log(t), 3)
		}},
		{"composite", "also where ent asks for no id back", func(t *testing.T, e *env) {
			p, tag := e.client.Post.Create().SetTitle("p").SaveX(e.ctx), e.client.Tag.Create().SetID("t").SaveX(e.ctx)
			e.interleave(t, "INSERT INTO \"taggings\"", func(c *ent.Client) {
				c.Tagging.Create().SetPost(p).SetTag(tag).SetWeight(1).ExecX(context.Background())
			})
			e.client.Tagging.Create().SetPost(p).SetTag(tag).SetWeight(2).OnConflictColumns("post_id", "tag_id").UpdateNewValues().ExecX(e.ctx)
			require.Equal(t, "1 → 2", e.last(t).Change("weight"))
		}},
	}, dialect.Postgres)
}

// race has another client do something that op meets: right before the first of op's statements that begins as said, or, where op is one statement,
// in a transaction that ends while that statement waits for it.
func (e *env) race(t *testing.T, statement string, do func(*ent.Client), op func()) {
	t.Helper()
	if !e.backend.prepares {
		e.interleave(t, statement, do)
		op()
		return
	}
	tx := e.begin(t, ent.NewClient(ent.Driver(sql.OpenDB(e.backend.dialect, e.db))))
	do(tx.Client())
	done := make(chan struct{})
	go func() {
		defer close(done)
		op()
	}()
	e.awaitLock(t)
	require.NoError(t, tx.Commit())
	<-done
}

// interleave has another client do something right before the first statement of this one that begins as said.
func (e *env) interleave(t *testing.T, statement string, do func(*ent.Client)) {
	t.Helper()
	done := false
	e.probe.mu.Lock()
	defer e.probe.mu.Unlock()
	e.probe.fault = func(_ int, call string) error {
		if !done && len(call) > len(statement) && call[:len(statement)] == statement {
			done = true
			do(ent.NewClient(ent.Driver(sql.OpenDB(e.backend.dialect, e.db))))
		}
		return nil
	}
	t.Cleanup(func() { require.True(t, done, "nothing came in between") })
}

// On MariaDB ent's statement is taken apart.
func TestUpsertMariaDB(t *testing.T) {
	upsert := func(c *ent.UserClient, names, emails []string) *ent.UserUpsertBulk {
		return c.MapCreateBulk(emails, func(c *ent.UserCreate, i int) { c.SetName(names[i]).SetEmail(emails[i]) }).OnConflict().UpdateNewValues()
	}
	first := func(c *ent.Client) { c.User.Create().SetName("first").SetEmail("k").ExecX(context.Background()) }
	runWrites(t, []testCase{
		{"a race for one", "the row that came in between is updated, with its old values", func(t *testing.T, e *env) {
			e.interleave(t, "INSERT INTO `users`", first)
			e.client.User.Create().SetName("second").SetEmail("k").OnConflict().UpdateNewValues().ExecX(e.ctx)
			require.Equal(t, `"first" → "second"`, e.last(t).Change("name"))
		}},
		{"a race at read committed", "where no gap is kept", func(t *testing.T, e *env) {
			tx, err := e.client.BeginTx(e.ctx, &sql.TxOptions{Isolation: stdsql.LevelReadCommitted})
			require.NoError(t, err)
			e.interleave(t, "INSERT INTO `users`", first)
			upsert(tx.User, []string{"x", "second"}, []string{"x", "k"}).ExecX(e.ctx)
			require.NoError(t, tx.Commit())
			require.ElementsMatch(t, []string{"create User", "create User", "update User"}, brief(e.log(t)))
		}},
		{"the same key twice in a bulk", "the second is an update of the first, and one entry says what landed", func(t *testing.T, e *env) {
			upsert(e.client.User, []string{"a", "b", "c"}, []string{"k", "k", "l"}).ExecX(e.ctx)
			require.Equal(t, []string{"create User", "create User"}, brief(e.log(t)))
			require.Equal(t, `"b"`, string(e.log(t)[0].New["name"]))
		}},
		{"keys that the database alone takes for equal", "the row is found by its comparison", func(t *testing.T, e *env) {
			testdb.Exec(t, e.db, "ALTER TABLE users MODIFY email varchar(255) COLLATE utf8mb4_general_ci")
			defer testdb.Exec(t, e.db, "ALTER TABLE users MODIFY email varchar(255) COLLATE utf8mb4_bin")
			e.client.User.Create().SetName("a").SetEmail("K").ExecX(e.ctx)
			upsert(e.client.User, []string{"b", "c"}, []string{"k", "l"}).ExecX(e.ctx)
			require.Equal(t, []string{"create User", "update User", "create User"}, brief(e.log(t)))
			e.client.User.Create().SetName("d").SetEmail("K").OnConflict().UpdateName().ExecX(e.ctx)
			require.Equal(t, `"b" → "d"`, e.last(t).Change("name"))
		}},
		{"a race for another key", "the database updates the row that came in between, and not the one that was there", func(t *testing.T, e *env) {
			there := e.group("k")
			id := uuid.New()
			e.interleave(t, "INSERT INTO `groups`", func(c *ent.Client) {
				c.Group.Create().SetID(id).SetName("later").SetSize(1).ExecX(context.Background())
			})
			e.client.Group.Create().SetID(id).SetName("k").SetSize(5).OnConflict().Update(func(u *ent.GroupUpsert) { u.AddSize(5) }).ExecX(e.ctx)
			require.Equal(t, []string{"create Group", "create Group", "update Group"}, brief(e.log(t)))
			require.Equal(t, id.String(), e.last(t).Resource)
			require.Equal(t, "1 → 6", e.last(t).Change("size"))
			e.client.Group.Create().SetID(uuid.New()).SetName("k").SetSize(5).OnConflict().Update(func(u *ent.GroupUpsert) { u.SetSize(7) }).ExecX(e.ctx)
			require.Equal(t, there.ID.String(), e.last(t).Resource)
		}},
		{"a value that another row has", "the constraint's own error, and not another try", func(t *testing.T, e *env) {
			g, h := e.group("g"), e.group("h")
			for _, more := range [][]*ent.GroupCreate{nil, {e.client.Group.Create().SetName("i")}} {
				err := e.client.Group.CreateBulk(append(more, e.client.Group.Create().SetID(g.ID).SetName(h.Name))...).OnConflict().UpdateNewValues().Exec(e.ctx)
				require.True(t, ent.IsConstraintError(err), err)
				require.NotErrorIs(t, err, sqlaudit.ErrUpsert)
			}
		}},
		{"no unique field", "a bulk of rows that cannot conflict", func(t *testing.T, e *env) {
			e.client.Twin.CreateBulk(e.client.Twin.Create().SetName("a"), e.client.Twin.Create().SetName("b")).OnConflict().UpdateNewValues().ExecX(e.ctx)
			require.Equal(t, []string{"create Twin", "create Twin"}, brief(e.log(t)))
		}},
	}, dialect.MySQL)
}

// A row may conflict by a unique index that the schema does not declare, on SQLite also where the upsert names none.
func TestUpsertUndeclared(t *testing.T) {
	eachWay(t, func(t *testing.T, b backend, db *stdsql.DB) {
		e := newEnv(t, b, db)
		testdb.Exec(t, db, "CREATE UNIQUE INDEX undeclared ON cards (card_number)")
		card := func(id string) *ent.CardCreate { return e.client.Card.Create().SetID(id).SetNumber("1") }
		card("a").ExecX(e.ctx)
		set := sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("card_number", sql.Expr(u.Table().C("card_number")+" || '1'")) })
		targets := [][]sql.ConflictOption{{sql.ConflictColumns("card_number"), set}}
		if b.dialect == dialect.SQLite {
			targets = append(targets, []sql.ConflictOption{set})
		}
		for _, opts := range targets {
			for _, create := range []interface{ Exec(context.Context) error }{
				card("b").OnConflict(opts...),
				e.client.Card.CreateBulk(e.client.Card.Create().SetID("c").SetNumber("2"), card("d")).OnConflict(opts...),
			} {
				testdb.Exec(t, db, "DELETE FROM audit_logs")
				testdb.Exec(t, db, "DELETE FROM cards")
				card("a").ExecX(e.ctx)
				require.NoError(t, create.Exec(e.ctx))
				require.Contains(t, brief(e.log(t)), "update Card")
				require.Equal(t, "11", e.client.Card.GetX(e.ctx, "a").Number)
				e.reconcile(t)
			}
		}
	}, dialect.SQLite, dialect.Postgres)
}

// A trigger may change the key that is given.
func TestUpsertTrigger(t *testing.T) {
	lower := func(t *testing.T, e *env) {
		if e.backend.dialect == dialect.MySQL {
			testdb.Exec(t, e.db, "CREATE TRIGGER lower_email BEFORE INSERT ON users FOR EACH ROW SET NEW.email = lower(NEW.email)")
			t.Cleanup(func() { testdb.Exec(t, e.db, "DROP TRIGGER lower_email") })
			return
		}
		testdb.Exec(t, e.db, "CREATE FUNCTION lower_email() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.email := lower(NEW.email); RETURN NEW; END $$")
		testdb.Exec(t, e.db, "CREATE TRIGGER lower_email BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION lower_email()")
		t.Cleanup(func() { testdb.Exec(t, e.db, "DROP FUNCTION lower_email() CASCADE") })
	}
	upsert := func(e *env, name string, emails ...string) {
		if len(emails) == 1 {
			e.client.User.Create().SetName(name).SetEmail(emails[0]).OnConflictColumns(user.FieldEmail).UpdateName().ExecX(e.ctx)
			return
		}
		e.client.User.MapCreateBulk(emails, func(c *ent.UserCreate, i int) { c.SetName(name).SetEmail(emails[i]) }).OnConflictColumns(user.FieldEmail).UpdateName().ExecX(e.ctx)
	}
	runWrites(t, []testCase{
		{"a key that is there as the trigger makes it", "its row is updated", func(t *testing.T, e *env) {
			lower(t, e)
			upsert(e, "a", "K")
			upsert(e, "b", "K")
			upsert(e, "c", "L", "K")
			require.ElementsMatch(t, []string{"create User", "update User", "create User", "update User"}, brief(e.log(t)))
			require.Equal(t, 2, e.client.User.Query().Where(user.Name("c")).CountX(e.ctx))
		}},
		{"a key that is there as it is given", "the row that has it is not the one that the trigger makes", func(t *testing.T, e *env) {
			for _, email := range []string{"K", "L"} {
				e.client.User.Create().SetName("old").SetEmail(email).ExecX(e.ctx)
			}
			lower(t, e)
			upsert(e, "new", "K")
			upsert(e, "newer", "K")
			upsert(e, "newest", "L")
			require.Equal(t, []string{"create User", "create User", "create User", "update User", "create User"}, brief(e.log(t)))
		}},
		{"a key that is there as both", "the row is updated that the trigger makes of it", func(t *testing.T, e *env) {
			for _, email := range []string{"K", "L", "k", "l"} {
				e.client.User.Create().SetName("old").SetEmail(email).ExecX(e.ctx)
			}
			lower(t, e)
			upsert(e, "new", "K")
			require.Equal(t, []string{"update User"}, brief(e.log(t)[4:]))
			bulk := e.client.User.MapCreateBulk([]string{"K", "L"}, func(c *ent.UserCreate, i int) { c.SetName("newer").SetEmail([]string{"K", "L"}[i]) })
			if err := bulk.OnConflictColumns(user.FieldEmail).UpdateName().Exec(e.ctx); e.backend.dialect == dialect.MySQL {
				require.ErrorIs(t, err, sqlaudit.ErrUpsert) // the rows of what is given are there too
			} else {
				require.NoError(t, err)
				require.Len(t, e.log(t), 7)
			}
		}},
	}, dialect.Postgres, dialect.MySQL)
}

// What SQLite passes over in a bulk may be a row of the bulk itself.
func TestUpsertPassedOver(t *testing.T) {
	runWrites(t, []testCase{{"a trigger passes over a row", "ent's own error for one, and of a bulk the others come", func(t *testing.T, e *env) {
		testdb.Exec(t, e.db, "CREATE TRIGGER pass BEFORE INSERT ON users WHEN NEW.email = 'k' BEGIN SELECT RAISE(IGNORE); END")
		defer testdb.Exec(t, e.db, "DROP TRIGGER pass")
		err := e.client.User.Create().SetName("a").SetEmail("k").OnConflictColumns(user.FieldEmail).UpdateNewValues().Exec(e.ctx)
		require.ErrorIs(t, err, stdsql.ErrNoRows)
		bulk := func(c *ent.UserClient) error {
			return c.MapCreateBulk([]string{"k", "l"}, func(c *ent.UserCreate, i int) { c.SetName("a").SetEmail([]string{"k", "l"}[i]) }).
				OnConflictColumns(user.FieldEmail).UpdateNewValues().Exec(e.ctx)
		}
		require.NoError(t, bulk(e.client.User))
		require.Equal(t, []string{"create User"}, brief(e.log(t)))
		e.inTx(t, func(tx *ent.Tx) { require.NoError(t, bulk(tx.User)) })
		require.Len(t, e.log(t), 1)
	}}}, dialect.SQLite)
}

// On MariaDB the ids that the database gives need not follow one another, as on a cluster.
func TestUpsertIncrement(t *testing.T) {
	b := on(testdb.MariaDB)
	b.open = func(t testing.TB) *stdsql.DB {
		return testdb.MariaDB.Open(t, testdb.Params{"auto_increment_increment": "2"})
	}
	runOn(t, []backend{b}, []testCase{{"bulk", "each row under the id that it has", func(t *testing.T, e *env) {
		for range 2 {
			e.client.User.MapCreateBulk(make([]int, 3), func(c *ent.UserCreate, i int) { c.SetName("n").SetEmail(fmt.Sprint(i)) }).OnConflict().UpdateNewValues().ExecX(e.ctx)
		}
		require.Len(t, e.log(t), 3)
	}}})
}

// A driver that counts the rows that an update finds says of one that stays as it is what it says of one that has come.
func TestUpsertFoundRows(t *testing.T) {
	b := on(testdb.MariaDB)
	b.open = func(t testing.TB) *stdsql.DB { return testdb.MariaDB.Open(t, testdb.Params{"clientFoundRows": "true"}) }
	runOn(t, []backend{b}, []testCase{{"one", "it is told apart", func(t *testing.T, e *env) {
		for _, name := range []string{"a", "a", "b"} {
			e.client.User.Create().SetName(name).SetEmail("k").OnConflict().UpdateNewValues().ExecX(e.ctx)
		}
		require.Equal(t, []string{"create User", "update User"}, brief(e.log(t)))
	}}})
}

// MySQL and MariaDB resolve a conflict by any unique index: one that is not known could not be told.
func TestUpsertUnknownIndex(t *testing.T) {
	eachWay(t, func(t *testing.T, b backend, db *stdsql.DB) {
		e := newEnv(t, b, db)
		testdb.Exec(t, db, "CREATE UNIQUE INDEX unknown ON cards (card_number)")
		err := e.client.Card.Create().SetID("c").SetNumber("1").OnConflict(sql.ResolveWithNewValues()).Exec(e.ctx)
		require.ErrorIs(t, err, sqlaudit.ErrUpsert)
		require.ErrorContains(t, err, "unknown")
		require.Empty(t, e.log(t))
	}, dialect.MySQL)
}
