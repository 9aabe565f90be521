package conformance

import (
	"database/sql"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/hook"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

func TestValue(t *testing.T) { runWrites(t, valueCases) }

// What PostgreSQL's catalogue said of a table is not true for ever, and a snapshot does not show what is true by now.
func TestCatalogue(t *testing.T) {
	known := func(e *env) { // what is asked once is asked here
		e.user("a")
		e.client.User.Update().SetAge(0).ExecX(e.ctx)
		e.client.User.Update().SetName("b").ExecX(e.ctx)
	}
	snapshot := func(t *testing.T, e *env) *ent.Tx {
		tx, err := e.client.BeginTx(e.ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		require.NoError(t, err)
		t.Cleanup(func() { _ = tx.Rollback() })
		tx.Room.Query().CountX(e.ctx)
		return tx
	}
	runWrites(t, []testCase{
		{"a trigger that a snapshot does not show", "it fires all the same", func(t *testing.T, e *env) {
			known(e)
			tx := snapshot(t, e)
			remove := e.ageUsers(t)
			tx.User.Update().SetName("bb").ExecX(e.ctx)
			require.NoError(t, tx.Commit())
			remove()
			require.Equal(t, "0 → 2", e.last(t).Change("age"))
		}},
		{"a transaction whose level is set by a statement", "its answer is its own", func(t *testing.T, e *env) {
			e.user("a")
			e.client.User.Update().SetAge(0).ExecX(e.ctx)
			e.client = ent.NewClient(ent.Driver(e.driver()))
			tx := e.begin(t, e.client)
			require.NoError(t, second(tx.ExecContext(e.ctx, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")))
			tx.Room.Query().CountX(e.ctx)
			remove := e.ageUsers(t)
			tx.User.Update().SetName("bb").ExecX(e.ctx)
			require.NoError(t, tx.Commit())
			remove()
			require.Equal(t, "0 → 2", e.last(t).Change("age"))
			before := e.paths()
			e.client.User.Update().SetName("b").ExecX(e.ctx)
			require.Zero(t, e.pathsSince(before)[hook.PathUpdate]-1)
			require.Equal(t, e.backend.prepares, e.pathsSince(before)[hook.PathStatement] == 1)
		}},
		{"a trigger that comes as an update is begun again", "it reads no less the second time", func(t *testing.T, e *env) {
			known(e)
			var remove func()
			e.outrunOnce(func() { remove = e.ageUsers(t) })
			e.client.User.Update().SetName("bb").ExecX(e.ctx)
			e.probe.reset()
			require.NotNil(t, remove)
			remove()
			require.Equal(t, "0 → 2", e.last(t).Change("age"))
			e.client.User.Update().SetName("b").ExecX(e.ctx)
			e.outrunOnce(func() {})
			e.client.User.Update().SetName("ccc").ExecX(e.ctx)
			e.probe.reset()
			defer e.ageUsers(t)()
			e.client.User.Update().SetName("dddd").ExecX(e.ctx)
			require.Equal(t, "2 → 4", e.last(t).Change("age"))
		}},
		{"a computed column that comes later", "when it was known that there is none", func(t *testing.T, e *env) {
			known(e)
			e.client.User.Update().SetAge(1).ExecX(e.ctx) // as will be computed
			defer e.computeAge(t)()
			e.client.User.Update().SetName("ccc").ExecX(e.ctx)
			require.Equal(t, "1 → 3", e.last(t).Change("age"))
			e.client.User.Delete().ExecX(e.ctx)
		}},
		{"a computed column that takes another's place", "under its name", func(t *testing.T, e *env) {
			testdb.Exec(t, e.db, "ALTER TABLE users ADD COLUMN length bigint GENERATED ALWAYS AS (length(name)) STORED")
			known(e)
			e.client.User.Update().SetAge(1).ExecX(e.ctx)
			testdb.Exec(t, e.db, "ALTER TABLE users RENAME age TO former")
			testdb.Exec(t, e.db, "ALTER TABLE users RENAME length TO age")
			e.client.User.Update().SetName("ccc").ExecX(e.ctx)
			require.Equal(t, "1 → 3", e.last(t).Change("age"))
			e.client.User.Delete().ExecX(e.ctx)
			testdb.Exec(t, e.db, "ALTER TABLE users DROP COLUMN age")
			testdb.Exec(t, e.db, "ALTER TABLE users RENAME former TO age")
		}},
		{"a column that is not there any more", "an update that does not set it goes on", func(t *testing.T, e *env) {
			known(e)
			testdb.Exec(t, e.db, "ALTER TABLE users RENAME nick TO other")
			e.client.User.Update().SetName("c").ExecX(e.ctx)
			testdb.Exec(t, e.db, "ALTER TABLE users RENAME other TO nick")
			require.Equal(t, `"b" → "c"`, e.last(t).Change("name"))
		}},
		{"a table that a snapshot does not show", "it is empty there, as it is for ent", func(t *testing.T, e *env) {
			e.client.Site.Create().SetCode("a").SetCity("b").ExecX(e.ctx)
			e.client.Site.Update().SetCity("c").ExecX(e.ctx)
			e.client.Site.Delete().ExecX(e.ctx)
			tx := snapshot(t, e)
			testdb.Exec(t, e.db, "CREATE TABLE sites2 (LIKE sites INCLUDING ALL)")
			testdb.Exec(t, e.db, "DROP TABLE sites")
			testdb.Exec(t, e.db, "ALTER TABLE sites2 RENAME TO sites")
			require.Zero(t, tx.Site.Update().SetCity("bb").SaveX(e.ctx))
			require.NoError(t, tx.Commit())
		}},
		{"what a level costs", "rows are read before and after", func(t *testing.T, e *env) {
			known(e)
			tx := snapshot(t, e)
			e.probe.reset()
			tx.User.Update().SetName("c").ExecX(e.ctx)
			require.NoError(t, tx.Commit())
			require.Equal(t, []string{"SELECT", "UPDATE", "SELECT", "INSERT log", "COMMIT"}, e.probe.noted())
		}},
	}, dialect.Postgres)
	anew := func(e *env) { // other connections, which have no plans
		e.db.SetMaxIdleConns(0)
		e.db.SetMaxIdleConns(2)
	}
	runCases(t, []testCase{ // where the two are apart the driver's plan returns the column, and fails, as that of ent's own read does
		{"a column of another type", "its values have another form", func(t *testing.T, e *env) {
			anew(e)
			known(e)
			e.client.User.Update().SetName("bbbbb").ExecX(e.ctx)
			testdb.Exec(t, e.db, "ALTER TABLE users ALTER COLUMN name TYPE char(5)")
			defer testdb.Exec(t, e.db, "ALTER TABLE users ALTER COLUMN name TYPE varchar")
			e.client.User.Update().SetName("c").ExecX(e.ctx)
			require.Equal(t, `"bbbbb" → "c    "`, e.last(t).Change("name"))
			e.client.User.Delete().ExecX(e.ctx)
		}},
		{"a column of another type, of one row", "that comes, and goes", func(t *testing.T, e *env) {
			known(e)
			u := e.user("u")
			for _, typ := range []string{"char(5)", "varchar"} { // each is known by the time of the other
				testdb.Exec(t, e.db, "ALTER TABLE users ALTER COLUMN name TYPE "+typ)
				anew(e)
				want := map[string]string{"char(5)": `"x    "`, "varchar": `"x"`}[typ]
				e.client.User.Create().SetName("x").SetEmail(typ).ExecX(e.ctx)
				require.Equal(t, want, string(e.last(t).New["name"]))
			}
			testdb.Exec(t, e.db, "ALTER TABLE users ALTER COLUMN name TYPE char(5)")
			e.client.User.DeleteOne(u).ExecX(e.ctx)
			require.Equal(t, `"u    "`, string(e.last(t).Old["name"]))
			testdb.Exec(t, e.db, "ALTER TABLE users ALTER COLUMN name TYPE varchar")
			for _, table := range []string{"users", "audit_logs"} { // whose values were changed around ent
				testdb.Exec(t, e.db, "DELETE FROM "+table)
			}
		}},
	}, dialect.Postgres)
}

// changes returns the changes of an entity's newest entry by field.
func changes(t *testing.T, e *env, q *ent.AuditLogQuery) map[string]sqlaudit.Change {
	t.Helper()
	entries := q.AllX(e.ctx)
	require.NotEmpty(t, entries)
	out := map[string]sqlaudit.Change{}
	for _, c := range entries[len(entries)-1].Changes() {
		require.NoError(t, c.Err)
		out[c.Field] = c
	}
	return out
}

var valueCases = []testCase{
	{"types", "values come back as the field's own Go type, as they landed in the row", func(t *testing.T, e *env) {
		due := time.Date(2026, 2, 3, 4, 5, 6, 0, time.FixedZone("", 7200))
		d := e.client.Doc.Create().SetID("d").SetTitle("t").SetBody([]byte{0, 255}).
			SetMeta(kinds.Meta{Source: "s", Counts: map[string]int{"a": 1}}).SetTags([]string{"x", "<y>"}).
			SetExtra(map[string]any{"k": "v"}).SetScore(0.1).SetPublished(true).SetViews(1 << 60).SetLength(time.Second).
			SetPrice(kinds.Cents(199)).SetLevel(kinds.High).SetDue(due).SaveX(e.ctx)
		link, err := url.Parse("https://example.com/a?b=c")
		require.NoError(t, err)
		d.Update().SetLink(link).ExecX(e.ctx)
		require.Equal(t, link, changes(t, e, d.QueryHistory())["link"].New)
		c := changes(t, e, d.QueryHistory().Where(auditlog.Action("create")))
		for field, want := range map[string]any{
			"title": "t", "body": []byte{0, 255}, "meta": kinds.Meta{Source: "s", Counts: map[string]int{"a": 1}}, "tags": []string{"x", "<y>"},
			"extra": map[string]any{"k": "v"}, "score": 0.1, "published": true, "views": int64(1 << 60), "length": time.Second,
			"price": kinds.Cents(199), "level": kinds.High, "revision": int64(1),
		} {
			require.Equal(t, want, c[field].New, field)
			require.Nil(t, c[field].Old)
		}
		require.True(t, due.Equal(c["due"].New.(time.Time)), c["due"].New)
		p := e.client.Pet.Create().SetName("p").SetKind(pet.KindDog).SetChip(uuid.Max).SaveX(e.ctx)
		c = changes(t, e, p.QueryHistory())
		require.Equal(t, pet.KindDog, c["kind"].New)
		require.Equal(t, uuid.Max, c["chip"].New)
		require.Nil(t, c["owner"].New)
		u := e.user("a")
		p.Update().SetOwner(u).ExecX(e.ctx)
		require.Equal(t, sqlaudit.Change{Field: "owner", New: u.ID}, changes(t, e, p.QueryHistory())["owner"])
	}},
	{"NULL", "it is neither the zero value nor the JSON document null", func(t *testing.T, e *env) {
		d := e.client.Doc.Create().SetID("d").SetTitle("t").SetScore(0).SetBody([]byte{}).SetTags(nil).SaveX(e.ctx)
		l := e.last(t)
		require.Equal(t, "0", string(l.New["score"]))
		require.Equal(t, `""`, string(l.New["body"]))
		require.JSONEq(t, `{"$json":null}`, string(l.New["tags"]))
		require.Equal(t, "null", string(l.New["meta"]))
		require.Nil(t, changes(t, e, d.QueryHistory())["meta"].New)
		require.Equal(t, []string(nil), changes(t, e, d.QueryHistory())["tags"].New)
		d.Update().ClearScore().ClearBody().ClearTags().ExecX(e.ctx)
		require.Len(t, e.last(t).New, 4, "the three, and the revision")
		p := e.client.Pet.Create().SetName("p").SetChip(uuid.Nil).SaveX(e.ctx)
		require.Equal(t, `"`+uuid.Nil.String()+`"`, string(e.last(t).New["chip"]))
		p.Update().ClearChip().ExecX(e.ctx)
		require.Equal(t, "null", string(e.last(t).New["chip"]))
	}},
	{"append", "an append records the whole document that came of it", func(t *testing.T, e *env) {
		d := e.client.Doc.Create().SetID("d").SetTitle("t").SetTags([]string{"a"}).SaveX(e.ctx)
		d.Update().AppendTags([]string{"b"}).ExecX(e.ctx)
		c := changes(t, e, d.QueryHistory())["tags"]
		require.Equal(t, []string{"a"}, c.Old)
		require.Equal(t, []string{"a", "b"}, c.New)
	}},
	{"documents that look like ours", "a document of the form of an escape is not mistaken for one", func(t *testing.T, e *env) {
		for _, doc := range []map[string]any{{"$json": nil}, {"$bytes": "AA=="}, {"$x": "y"}, {}} {
			d := e.client.Doc.Create().SetID("d").SetTitle("t").SetExtra(doc).SaveX(e.ctx)
			require.Equal(t, doc, changes(t, e, d.QueryHistory())["extra"].New)
			e.client.Doc.DeleteOne(d).ExecX(e.ctx)
		}
	}},
	{"update default", "a value that an update sets by default is recorded", func(t *testing.T, e *env) {
		d := e.client.Doc.Create().SetID("d").SetTitle("t").SaveX(e.ctx)
		d.Update().SetTitle("u").ExecX(e.ctx)
		require.Equal(t, "1 → 2", e.last(t).Change("revision"))
		d.Update().SetDraft("only").ExecX(e.ctx)
		require.Len(t, e.log(t), 2)
	}},
	{"a value that cannot be read", "it comes back raw with an error, and spoils nothing else", func(t *testing.T, e *env) {
		u := e.user("a")
		u.Update().SetAge(3).SetName("b").ExecX(e.ctx)
		entry := u.QueryHistory().AllX(e.ctx)[1]
		entry.After["age"] = []byte(`"three"`)
		entry.After["gone"] = []byte(`1`)
		cs := entry.Changes()
		require.Equal(t, []string{"name", "age", "gone"}, []string{cs[0].Field, cs[1].Field, cs[2].Field})
		require.NoError(t, cs[0].Err)
		require.Error(t, cs[1].Err)
		require.JSONEq(t, `"three"`, jsonOf(t, cs[1].New))
		require.ErrorContains(t, cs[2].Err, `no tracked field "gone"`)
	}},
	{"awkward values", "floats beyond numbers, times with a zone and parts of a microsecond, decimals, and what stands at the limits", func(t *testing.T, e *env) {
		at := time.Date(1969, 12, 31, 23, 59, 59, 123456789, time.FixedZone("", -3*3600))
		d := e.client.Doc.Create().SetID("ü'\"\\%_🐘").SetTitle("").SetBody([]byte{}).SetTags([]string{}).SetScore(5e-324).SetViews(math.MinInt64).SetDue(at).SaveX(e.ctx)
		e.client.Doc.UpdateOne(d).SetViews(math.MaxInt64).SetScore(math.MaxFloat64).SetExtra(map[string]any{"a/b": []any{1.5, nil, "<&>"}}).ExecX(e.ctx)
		if e.backend.dialect != dialect.MySQL { // which has neither
			e.client.Doc.UpdateOne(d).SetScore(math.Inf(-1)).ExecX(e.ctx)
			require.Equal(t, math.Inf(-1), changes(t, e, d.QueryHistory())["score"].New)
		}
		stored := e.client.Doc.GetX(e.ctx, d.ID).Due
		require.True(t, stored.Equal(changes(t, e, d.QueryHistory().Where(auditlog.Action("create")))["due"].New.(time.Time)), "what landed, to the part that the database keeps")
		a := e.client.Account.Create().SetID("DE0").SetBalance(kinds.ParseDecimal("12345678901234.5678")).SaveX(e.ctx)
		a.Update().SetBalance(kinds.ParseDecimal("-0.0001")).ExecX(e.ctx)
		c := changes(t, e, a.QueryHistory())["balance"]
		require.Equal(t, "12345678901234.5678", c.Old.(kinds.Decimal).String())
		require.Equal(t, "-0.0001", c.New.(kinds.Decimal).String())
	}},
	{"an id in another form", "an id that is stored otherwise than it is in Go", func(t *testing.T, e *env) {
		p := e.client.Page.Create().SetID(kinds.Path{Folder: "a", File: "b/c"}).SetText("t").SaveX(e.ctx)
		require.Equal(t, "a/b/c", e.last(t).Resource)
		p.Update().SetText("u").ExecX(e.ctx)
		require.Equal(t, 2, p.QueryHistory().CountX(e.ctx))
		require.Equal(t, 1, e.client.Page.Update().SetText("v").SaveX(e.ctx))
		e.client.Page.DeleteOneID(p.ID).ExecX(e.ctx)
		require.Len(t, e.log(t), 4)
	}},
	{"a trigger's value", "what a trigger, or a default, of the database made of it", func(t *testing.T, e *env) {
		defer e.markTwins(t, true)()
		tw := e.client.Twin.Create().SetName("a").SaveX(e.ctx)
		require.Contains(t, string(e.last(t).New["name"]), "a?")
		tw.Update().SetName("b").ExecX(e.ctx)
		require.Equal(t, `"b!"`, string(e.last(t).New["name"]))
		e.client.Twin.Update().SetName("c").ExecX(e.ctx)
		require.Equal(t, `"b!" → "c!"`, e.last(t).Change("name"))
	}},
	{"a trigger that comes later", "when it was known that there is none", func(t *testing.T, e *env) {
		name := func(want string) {
			for _, l := range e.log(t) {
				if l.Action == "create" && strings.HasPrefix(string(l.New["name"]), `"`+want[:1]) {
					require.Contains(t, string(l.New["name"]), `"`+want)
					return
				}
			}
			require.Equal(t, want, e.last(t).Change("name"))
		}
		twins := func(text string) []*ent.Twin {
			return e.client.Twin.MapCreateBulk(make([]int, 10), func(c *ent.TwinCreate, _ int) { c.SetName(text) }).SaveX(e.ctx)
		}
		for _, way := range []struct {
			do   func(text string)
			want string
		}{
			{func(text string) { e.client.Twin.Create().SetName(text).ExecX(e.ctx) }, "b?"},
			{func(text string) { twins(text) }, "b?"},
			{func(text string) { e.client.Twin.Update().SetName(text).ExecX(e.ctx) }, `"a" → "b!"`},
			{func(text string) { e.client.Twin.Query().FirstX(e.ctx).Update().SetName(text).ExecX(e.ctx) }, `"a" → "b!"`},
			{func(text string) {
				e.inTx(t, func(tx *ent.Tx) { tx.Twin.Update().SetName(text).ExecX(e.ctx) })
			}, `"a" → "b!"`},
			{func(text string) {
				e.inTx(t, func(tx *ent.Tx) { tx.Twin.Query().FirstX(e.ctx).Update().SetName(text).ExecX(e.ctx) })
			}, `"a" → "b!"`},
		} {
			e.client.Twin.Delete().ExecX(e.ctx)
			testdb.Exec(t, e.db, "DELETE FROM audit_logs")
			twins("x")
			way.do("a")
			if strings.Contains(way.want, "→") {
				e.client.Twin.Update().SetName("a").ExecX(e.ctx)
			}
			remove := e.markTwins(t, false)
			way.do("b")
			remove()
			name(way.want)
		}
	}},
	{"a trigger of another column that comes later", "what is set is not all that changes", func(t *testing.T, e *env) {
		u := e.user("a")
		for i, update := range []func(name string){
			func(name string) { e.client.User.Update().SetName(name).ExecX(e.ctx) },
			func(name string) { u.Update().SetName(name).ExecX(e.ctx) },
			func(name string) { e.inTx(t, func(tx *ent.Tx) { tx.User.Update().SetName(name).ExecX(e.ctx) }) },
			func(name string) {
				e.inTx(t, func(tx *ent.Tx) { tx.User.UpdateOneID(u.ID).SetName(name).ExecX(e.ctx) })
			},
		} {
			e.client.User.Update().SetAge(-i).ExecX(e.ctx)
			update("a")
			remove := e.ageUsers(t)
			update("bb")
			remove()
			require.Equal(t, fmt.Sprintf("%d → 2", -i), e.last(t).Change("age"))
		}
	}},
	{"a column that the database computes", "it changes with others, whichever were set", func(t *testing.T, e *env) {
		defer e.computeAge(t)()
		u := e.user("a")
		require.Equal(t, "1", string(e.last(t).New["age"]))
		u.Update().SetName("bb").ExecX(e.ctx)
		require.Equal(t, "1 → 2", e.last(t).Change("age"))
		e.client.User.Update().SetName("ccc").ExecX(e.ctx)
		require.Equal(t, "2 → 3", e.last(t).Change("age"))
		e.inTx(t, func(tx *ent.Tx) { tx.User.Update().SetName("d").ExecX(e.ctx) })
		require.Equal(t, "3 → 1", e.last(t).Change("age"))
		e.client.User.Create().SetName("ee").SetEmail(u.Email).OnConflictColumns(user.FieldEmail).UpdateName().ExecX(e.ctx)
		require.Equal(t, "1 → 2", e.last(t).Change("age"))
		e.client.User.Delete().ExecX(e.ctx)
		require.Equal(t, "2", string(e.last(t).Old["age"]))
	}},
	{"a value that ent cannot read any more", "its write fails, as its read would", func(t *testing.T, e *env) {
		d := e.client.Doc.Create().SetID("d").SetTitle("t").SetViews(math.MaxInt64).SaveX(e.ctx)
		require.Error(t, d.Update().AddViews(1).Exec(e.ctx)) // SQLite makes a float of it
		require.Error(t, e.client.Doc.Update().AddViews(1).Exec(e.ctx))
		require.Len(t, e.log(t), 1)
	}},
	{"text form", "a change reads well on one line", func(t *testing.T, e *env) {
		u := e.user("a")
		u.Update().SetAge(3).SetPassword("x").ExecX(e.ctx)
		cs := u.QueryHistory().AllX(e.ctx)[1].Changes()
		require.Equal(t, "age: ∅ → 3", cs[0].String())
		require.Equal(t, "password: changed (redacted)", cs[1].String())
	}},
}

// outrunOnce has the database roll back the transaction of the next statement, and calls f.
func (e *env) outrunOnce(f func()) {
	failed := false
	e.probe.fault = func(_ int, call string) error {
		if call == "BEGIN" || failed {
			return nil
		}
		failed = true
		f()
		return outrun[e.backend.dialect]
	}
}

// computeAge has the database compute users' age, as the length of their names, and returns what ends that.
func (e *env) computeAge(t *testing.T) func() {
	t.Helper()
	computed := map[string]string{
		dialect.SQLite:   "integer GENERATED ALWAYS AS (length(name)) VIRTUAL",
		dialect.Postgres: "bigint GENERATED ALWAYS AS (length(name)) STORED",
		dialect.MySQL:    "bigint GENERATED ALWAYS AS (CHAR_LENGTH(name)) VIRTUAL",
	}[e.backend.dialect]
	is := func(definition string) {
		testdb.Exec(t, e.db, "ALTER TABLE users DROP COLUMN age")
		testdb.Exec(t, e.db, "ALTER TABLE users ADD COLUMN age "+definition)
	}
	is(computed)
	return func() { is("bigint NULL") }
}

// ageUsers creates a trigger that makes users as old as the name that they are given is long, and returns what drops it.
func (e *env) ageUsers(t *testing.T) func() {
	t.Helper()
	drop := []string{"DROP TRIGGER tu"}
	switch e.backend.dialect {
	case dialect.SQLite:
		testdb.Exec(t, e.db, "CREATE TRIGGER tu AFTER UPDATE OF name ON users BEGIN UPDATE users SET age = length(NEW.name) WHERE id = NEW.id; END")
	case dialect.MySQL:
		testdb.Exec(t, e.db, "CREATE TRIGGER tu BEFORE UPDATE ON users FOR EACH ROW SET NEW.age = CHAR_LENGTH(NEW.name)")
	default:
		drop = []string{"DROP TRIGGER tu ON users", "DROP FUNCTION age()"}
		testdb.Exec(t, e.db, "CREATE FUNCTION age() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.age := length(NEW.name); RETURN NEW; END $$")
		testdb.Exec(t, e.db, "CREATE TRIGGER tu BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION age()")
	}
	return func() {
		for _, query := range drop {
			testdb.Exec(t, e.db, query)
		}
	}
}

// markTwins creates triggers that mark what is written to twins, on PostgreSQL before it is written if so said, and returns what drops them.
func (e *env) markTwins(t *testing.T, before bool) func() {
	t.Helper()
	postgres := []string{
		"CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE twins SET name = NEW.name || CASE TG_OP WHEN 'INSERT' THEN '?' ELSE '!' END WHERE id = NEW.id; RETURN NULL; END $$",
		"CREATE TRIGGER tw AFTER UPDATE ON twins FOR EACH ROW WHEN (NEW.name NOT LIKE '%!') EXECUTE FUNCTION mark()",
		"CREATE TRIGGER ti AFTER INSERT ON twins FOR EACH ROW EXECUTE FUNCTION mark()",
	}
	if before {
		postgres = []string{
			"CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := NEW.name || CASE TG_OP WHEN 'INSERT' THEN '?' ELSE '!' END; RETURN NEW; END $$",
			"CREATE TRIGGER tw BEFORE UPDATE ON twins FOR EACH ROW EXECUTE FUNCTION mark()",
			"CREATE TRIGGER ti BEFORE INSERT ON twins FOR EACH ROW EXECUTE FUNCTION mark()",
		}
	}
	for _, query := range map[string][]string{
		dialect.SQLite: {
			"CREATE TRIGGER tw AFTER UPDATE OF name ON twins WHEN NEW.name NOT LIKE '%!' BEGIN UPDATE twins SET name = NEW.name || '!' WHERE id = NEW.id; END",
			"CREATE TRIGGER ti AFTER INSERT ON twins BEGIN UPDATE twins SET name = NEW.name || '?' WHERE id = NEW.id; END",
		},
		dialect.Postgres: postgres,
		dialect.MySQL: {
			"CREATE TRIGGER tw BEFORE UPDATE ON twins FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '!')",
			"CREATE TRIGGER ti BEFORE INSERT ON twins FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '?')",
		},
	}[e.backend.dialect] {
		testdb.Exec(t, e.db, query)
	}
	return func() {
		on := ""
		if e.backend.dialect == dialect.Postgres {
			on = " ON twins"
			defer testdb.Exec(t, e.db, "DROP FUNCTION mark()")
		}
		testdb.Exec(t, e.db, "DROP TRIGGER tw"+on)
		testdb.Exec(t, e.db, "DROP TRIGGER ti"+on)
	}
}
