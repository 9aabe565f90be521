package conformance

import (
	"fmt"
	"maps"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/hook"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

type took = map[auditdriver.Path]int

// A pathCase is an operation, and the paths that its record takes.
type pathCase struct {
	name     string
	dialects []string // where it takes them, if not everywhere
	do       func(*testing.T, *env, pathFixture)
	want     took
	also     map[string]took // on some backends
}

// The paths of an update and a delete of rows of one table, which are told by ent's own statement.
var (
	updateOneAlone = map[string]took{apart.name: {hook.PathReturning: 1}, testdb.Postgres.Name: {hook.PathStatement: 1}}
	updateAlone    = map[string]took{apart.name: {hook.PathReturning: 1}, testdb.SQLite.Name: {hook.PathReturning: 1}, testdb.Postgres.Name: {hook.PathStatement: 1}}
	deleteAlone    = map[string]took{
		apart.name: {hook.PathReturning: 1}, testdb.SQLite.Name: {hook.PathReturning: 1}, testdb.Postgres.Name: {hook.PathStatement: 1}, testdb.MariaDB.Name: {hook.PathReturning: 1},
	}
	createAlone = map[string]took{testdb.Postgres.Name: {hook.PathStatement: 1}}
)

// A pathFixture is what the operations work on.
type pathFixture struct {
	user  *ent.User
	pet   *ent.Pet
	group *ent.Group
}

var pathCases = []pathCase{
	{"create", nil, func(_ *testing.T, e *env, _ pathFixture) { e.user("b") }, took{hook.PathCreate: 1}, createAlone},
	{"create in bulk", nil, func(_ *testing.T, e *env, _ pathFixture) {
		e.client.Pet.MapCreateBulk([]int{1, 2}, func(c *ent.PetCreate, _ int) { c.SetName("p") }).ExecX(e.ctx)
	}, took{hook.PathCreate: 1}, createAlone},
	{"create with links of every kind", nil, func(_ *testing.T, e *env, x pathFixture) {
		e.client.User.Create().SetName("b").SetEmail("b").AddGroups(x.group).AddPets(x.pet).ExecX(e.ctx)
	}, took{hook.PathCreate: 1, hook.PathForeignLinks: 1, hook.PathLinksCame: 1}, nil},
	{"upsert", nil, func(_ *testing.T, e *env, x pathFixture) {
		e.client.User.Create().SetName("b").SetEmail(x.user.Email).OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(e.ctx)
	}, took{hook.PathCreate: 1, hook.PathUpsert: 1}, map[string]took{testdb.Postgres.Name: {hook.PathUpsert: -1, hook.PathStatement: 1}}},
	{"upsert, and another comes in between", []string{dialect.Postgres, dialect.MySQL}, func(t *testing.T, e *env, _ pathFixture) {
		upsert := e.client.User.Create().SetName("b").SetEmail("k").OnConflictColumns(user.FieldEmail).UpdateNewValues()
		e.race(t, "INSERT INTO "+sqlIdent(e.backend.dialect, "users"), func(c *ent.Client) {
			c.User.Create().SetName("first").SetEmail("k").ExecX(e.ctx)
		}, func() { upsert.ExecX(e.ctx) })
	}, took{hook.PathCreate: 1, hook.PathUpsert: 1, hook.PathUpsertAgain: 1}, createAlone},
	{"update one", nil, func(_ *testing.T, e *env, x pathFixture) { x.user.Update().SetAge(1).ExecX(e.ctx) }, took{hook.PathUpdateOne: 1}, updateOneAlone},
	{"update many", nil, func(_ *testing.T, e *env, _ pathFixture) { e.client.User.Update().SetAge(1).ExecX(e.ctx) }, took{hook.PathUpdate: 1}, updateAlone},
	{"update an edge from its other side", nil, func(_ *testing.T, e *env, x pathFixture) {
		x.user.Update().AddPets(x.pet).ExecX(e.ctx)
	}, took{hook.PathUpdateOne: 1, hook.PathForeignLinks: 1}, nil},
	{"add links", nil, func(_ *testing.T, e *env, x pathFixture) {
		x.user.Update().AddGroups(x.group).ExecX(e.ctx)
	}, took{hook.PathUpdateOne: 1, hook.PathLinksCame: 1}, nil},
	{"add a link, and another comes in between", []string{dialect.MySQL}, func(t *testing.T, e *env, x pathFixture) {
		e.interleave(t, "INSERT INTO `group_users`", func(c *ent.Client) {
			c.Group.UpdateOneID(x.group.ID).AddUserIDs(x.user.ID).ExecX(e.ctx)
		})
		x.user.Update().AddGroups(x.group).ExecX(e.ctx)
	}, took{hook.PathUpdateOne: 1, hook.PathLinksCame: 1, hook.PathLinksAgain: 1}, nil},
	{"remove links", nil, func(_ *testing.T, e *env, x pathFixture) {
		e.client.Group.Update().Where(group.ID(x.group.ID)).ClearUsers().ExecX(e.ctx)
	}, took{hook.PathUpdate: 1, hook.PathLinksLeft: 1}, nil},
	{"delete", nil, func(_ *testing.T, e *env, x pathFixture) { e.client.User.DeleteOne(x.user).ExecX(e.ctx) }, took{hook.PathDelete: 1}, nil},
	{"delete many", nil, func(_ *testing.T, e *env, _ pathFixture) {
		e.client.Pet.Delete().Where(pet.Name("p")).ExecX(e.ctx)
	}, took{hook.PathDelete: 1}, deleteAlone},
	{"delete one of an untracked type to which tracked rows refer", nil, func(_ *testing.T, e *env, _ pathFixture) {
		e.client.Org.Delete().ExecX(e.ctx)
	}, took{hook.PathDelete: 1}, nil},
	{"columns that are not tracked", nil, func(_ *testing.T, e *env, x pathFixture) { x.user.Update().SetSeen("x").ExecX(e.ctx) }, took{hook.PathUntouched: 1}, nil},
	{"a type that is not tracked", nil, func(_ *testing.T, e *env, _ pathFixture) {
		e.client.Room.Create().SetName("r").ExecX(e.ctx)
	}, took{hook.PathUntouched: 1}, nil},
	{"what a failure leaves in the user's transaction", nil, func(t *testing.T, e *env, x pathFixture) {
		x.pet.Update().SetOwner(e.client.User.Create().SetName("o").SetEmail("o").SaveX(e.ctx)).ExecX(e.ctx)
		e.inTx(t, func(tx *ent.Tx) {
			require.True(t, ent.IsConstraintError(tx.User.UpdateOneID(x.user.ID).SetAge(9).AddPets(x.pet).Exec(e.ctx)))
		})
	}, took{hook.PathCreate: 1, hook.PathUpdateOne: 2, hook.PathForeignLinks: 1, hook.PathSalvage: 1}, map[string]took{
		apart.name: {hook.PathReturning: 1}, testdb.Postgres.Name: {hook.PathStatement: 2},
	}},
}

// Each operation takes the path that it is to take, and no other.
func TestPaths(t *testing.T) {
	for _, c := range pathCases {
		t.Run(c.name, func(t *testing.T) {
			runWrites(t, []testCase{{"", "a quiet fallback is not a pass", func(t *testing.T, e *env) {
				x := pathFixture{e.user("a"), e.client.Pet.Create().SetName("p").SaveX(e.ctx), e.group("g")}
				before := e.paths()
				c.do(t, e, x)
				want := maps.Clone(c.want)
				for p, n := range c.also[e.backend.name] {
					if want[p] += n; want[p] == 0 {
						delete(want, p)
					}
				}
				require.Equal(t, want, e.pathsSince(before))
			}}}, c.dialects...)
		})
	}
}

// More rows than a statement can name: their ids stand in the statement itself or, on SQLite, where nobody else writes, it is left as it is.
func TestPathsOfManyRows(t *testing.T) {
	rows := map[string]int{dialect.SQLite: 30_001, dialect.Postgres: 60_001, dialect.MySQL: 60_001}
	want := map[string]took{
		testdb.SQLite.Name: {hook.PathUnnarrowed: 1, hook.PathReturning: 1}, apart.name: {hook.PathReturning: 1},
		testdb.Postgres.Name: {hook.PathStatement: 1}, testdb.MariaDB.Name: {hook.PathInline: 1},
	}
	runWrites(t, []testCase{{"update", "an update that changes nothing, of rows that are not in the log", func(t *testing.T, e *env) {
		testdb.Exec(t, e.db, fmt.Sprintf(`INSERT INTO twins (name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
			SELECT 'n' FROM n a CROSS JOIN n b LIMIT %d`, rows[e.backend.dialect]))
		before := e.paths()
		n := e.client.Twin.Update().SetName("n").SaveX(e.ctx)
		require.Equal(t, e.affected(rows[e.backend.dialect], 0), n)
		want := maps.Clone(want[e.backend.name])
		want[hook.PathUpdate] = 1
		require.Equal(t, want, e.pathsSince(before))
		testdb.Exec(t, e.db, "DELETE FROM twins")
	}}})
}

// Rows that are held until the mutation ends take no more memory than they are given. Where the database makes the entries, none are.
func TestHeld(t *testing.T) {
	const rows = 1200 // of 64,000 bytes, which stand in base64
	body := map[string]string{dialect.SQLite: "zeroblob(64000)", dialect.Postgres: "decode(repeat('78', 64000), 'hex')", dialect.MySQL: "REPEAT('x', 64000)"}
	runWrites(t, []testCase{{"too many", "nothing is written", func(t *testing.T, e *env) {
		testdb.Exec(t, e.db, fmt.Sprintf(`INSERT INTO docs (doc_id, doc_title, published, view_count, revision, body)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
			SELECT %s, 't', TRUE, 0, 2, %s FROM n a CROSS JOIN n b LIMIT %d`,
			map[bool]string{false: "a.i || '-' || b.i", true: "CONCAT(a.i, '-', b.i)"}[e.backend.dialect == dialect.MySQL], body[e.backend.dialect], rows))
		before := len(e.log(t))
		refused := func(err error) {
			require.ErrorIs(t, err, sqlaudit.ErrTooManyRows)
			require.ErrorContains(t, err, "(Doc: more rows than are held in 96 MiB of memory)")
		}
		if err := e.client.Doc.Update().SetViews(0).Exec(e.ctx); e.backend.name == testdb.MariaDB.Name {
			refused(err)
		} else {
			require.NoError(t, err) // what it does not set is not read
		}
		if e.backend.name != testdb.Postgres.Name {
			refused(e.client.Doc.Update().SetBody([]byte("x")).Exec(e.ctx))
		}
		refused(second(e.client.Doc.Delete().Exec(e.ctx))) // of all fields, some of which Go alone can encode
		tx := e.begin(t, e.client)
		refused(second(tx.Doc.Delete().Exec(e.ctx)))
		err := tx.Commit() // the statement that returns the rows had run
		require.ErrorIs(t, err, sqlaudit.ErrTooManyRows)
		require.ErrorIs(t, err, sqlaudit.ErrIncomplete)
		if e.backend.dialect != dialect.Postgres { // where an update reads the rows before it
			tx = e.begin(t, e.client)
			refused(tx.Doc.Update().SetBody([]byte("x")).Exec(e.ctx))
			require.NoError(t, tx.Commit())
		}
		require.Equal(t, rows, e.client.Doc.Query().CountX(e.ctx))
		require.Len(t, e.log(t), before)
		testdb.Exec(t, e.db, "DELETE FROM docs")
	}}})
}

// paths returns how often each path was taken by the client's driver.
func (e *env) paths() took {
	var drv *auditdriver.Driver
	ent.WrapDriver(e.client, func(d dialect.Driver) dialect.Driver {
		drv = d.(*auditdriver.Driver)
		return d
	})
	return drv.Paths()
}

func (e *env) pathsSince(before took) took {
	now := e.paths()
	for p, n := range before {
		if now[p] -= n; now[p] == 0 {
			delete(now, p)
		}
	}
	return now
}
