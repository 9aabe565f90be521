package conformance

import (
	"database/sql"
	"errors"
	"slices"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/hook"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/book"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
)

// faulty are operations that meet faults at each of their statements.
var faulty = []struct {
	name string
	do   func(fixture, *env, *ent.Client) error
}{
	{"create", func(_ fixture, e *env, c *ent.Client) error {
		return c.User.Create().SetName("n").SetEmail("n@x").SetAge(1).Exec(e.ctx)
	}},
	{"create with edges", func(x fixture, e *env, c *ent.Client) error {
		return c.User.Create().SetName("n").SetEmail("n@x").AddPetIDs(x.pet).Exec(e.ctx)
	}},
	{"create bulk", func(_ fixture, e *env, c *ent.Client) error {
		return c.User.CreateBulk(c.User.Create().SetName("n").SetEmail("n@x"), c.User.Create().SetName("m").SetEmail("m@x")).Exec(e.ctx)
	}},
	{"update one", func(x fixture, e *env, c *ent.Client) error {
		return c.User.UpdateOneID(x.user).SetAge(5).Exec(e.ctx)
	}},
	{"update one with edges", func(x fixture, e *env, c *ent.Client) error {
		return c.User.UpdateOneID(x.user).SetAge(5).AddPetIDs(x.pet).Exec(e.ctx)
	}},
	{"update many", func(_ fixture, e *env, c *ent.Client) error {
		return c.User.Update().SetAge(5).Exec(e.ctx)
	}},
	{"upsert", func(x fixture, e *env, c *ent.Client) error {
		return c.User.Create().SetName("z").SetEmail("a@example.com").AddGroupIDs(x.group).OnConflictColumns(user.FieldEmail).UpdateNewValues().Exec(e.ctx)
	}},
	{"upsert bulk", func(_ fixture, e *env, c *ent.Client) error {
		return c.Book.CreateBulk(
			c.Book.Create().SetAuthor("a").SetTitle("t").SetCopies(9), c.Book.Create().SetAuthor("b").SetTitle("t"),
		).OnConflictColumns(book.FieldAuthor, book.FieldTitle).UpdateNewValues().Exec(e.ctx)
	}},
	{"links come", func(x fixture, e *env, c *ent.Client) error {
		return c.User.UpdateOneID(x.user).AddGroupIDs(x.group).AddFollowingIDs(x.user).Exec(e.ctx)
	}},
	{"links go", func(x fixture, e *env, c *ent.Client) error {
		return c.Group.UpdateOneID(x.group).SetSize(2).ClearUsers().ClearRooms().Exec(e.ctx)
	}},
	{"links of many", func(x fixture, e *env, c *ent.Client) error {
		return c.User.Update().SetAge(1).ClearGroups().AddGroupIDs(x.other).Exec(e.ctx)
	}},
	{"through an edge schema", func(x fixture, e *env, c *ent.Client) error {
		return c.Team.Create().SetSlug("n").AddMemberIDs(x.user).Exec(e.ctx)
	}},
	{"an untracked type", func(x fixture, e *env, c *ent.Client) error {
		return c.Room.UpdateOneID(x.room).SetName("s").ClearGroups().AddGroupIDs(x.other).Exec(e.ctx)
	}},
	{"links in rows of other types", func(x fixture, e *env, c *ent.Client) error {
		return c.Shelf.UpdateOneID(x.shelf).ClearBooks().AddBoxIDs(x.box).Exec(e.ctx)
	}},
	{"delete one", func(x fixture, e *env, c *ent.Client) error {
		return c.User.DeleteOneID(x.user).Exec(e.ctx)
	}},
	{"delete many", func(_ fixture, e *env, c *ent.Client) error {
		_, err := c.User.Delete().Exec(e.ctx)
		return err
	}},
}

// A fault in the record, at each statement of each operation, leaves either the change and its entry or neither.
func TestFaults(t *testing.T) {
	eachWay(t, func(t *testing.T, b backend, db *sql.DB) {
		for _, o := range faulty {
			for _, when := range []string{"before", "after"} {
				for _, how := range []string{"alone", "in the user's transaction"} {
					t.Run(o.name+", "+how+", fault "+when, func(t *testing.T) {
						for n := 1; ; n++ {
							e := newEnv(t, b, db)
							x := newFixture(e)
							base := len(e.log(t))
							e.probe.reset()
							failed := ""
							e.probe.after = when == "after"
							e.probe.fault = func(i int, call string) error {
								// A commit whose answer is lost has happened; what is asked here is that nothing is half done.
								if i == n {
									failed = call
									return errFault
								}
								return nil
							}
							var err error
							if how == "alone" {
								err = o.do(x, e, e.client)
							} else {
								err = inUserTx(x, e, o.do)
							}
							e.probe.reset()
							if failed == "" {
								require.NoError(t, err)
								e.reconcile(t)
								require.Greater(t, len(e.log(t)), base)
								break
							}
							require.ErrorIs(t, err, errFault, "fault at %d: %s", n, failed)
							require.False(t, ent.IsConstraintError(err))
							oracle.Reconcile(t, e.db)
							if t.Failed() {
								t.Fatalf("fault at statement %d: %s", n, failed)
							}
						}
					})
				}
			}
		}
	})
}

// outrun is how a database says that it has rolled a transaction back for another's sake.
var outrun = map[string]error{
	dialect.Postgres: outrunPostgres{},
	dialect.MySQL:    errors.New("Error 1213 (40001): Deadlock found when trying to get lock; try restarting transaction"),
	dialect.SQLite:   errors.New("database is locked"),
}

type outrunPostgres struct{}

func (outrunPostgres) Error() string {
	return "ERROR: could not serialize access due to concurrent update (SQLSTATE 40001)"
}

func (outrunPostgres) SQLState() string { return "40001" }

// Where the database rolls back the operation's own transaction for another's sake, at each statement of each operation, all is done once or nothing is. At
// the first statement it is done, as it would have been a moment later, but in the user's transaction nothing is begun again.
func TestBegunAgain(t *testing.T) {
	eachWay(t, func(t *testing.T, b backend, db *sql.DB) {
		for _, o := range faulty {
			t.Run(o.name, func(t *testing.T) {
				var done []int // how many entries each success has made
				for n, reached := 1, true; reached; n++ {
					e := newEnv(t, b, db)
					x := newFixture(e)
					base := len(e.log(t))
					e.probe.reset()
					reached = false
					first := 1
					e.probe.fault = func(i int, call string) error {
						if i == 1 && call == "BEGIN" {
							first = 2
						}
						if i == n && call != "BEGIN" {
							reached = true
							return outrun[b.dialect]
						}
						reached = reached || i == n
						return nil
					}
					before := e.paths()
					err := o.do(x, e, e.client)
					again := e.pathsSince(before)[hook.PathBegunAgain]
					e.probe.reset()
					oracle.Reconcile(t, e.db)
					if b.dialect != dialect.SQLite && n == first {
						require.NoError(t, err, "at the first statement")
						require.EqualValues(t, 1, again)
					}
					if err != nil {
						require.ErrorIs(t, err, outrun[b.dialect])
						require.Len(t, e.log(t), base)
						continue
					}
					done = append(done, len(e.log(t))-base)
				}
				require.NotEmpty(t, done)
				require.Equal(t, slices.Repeat(done[:1], len(done)), done)

				e := newEnv(t, b, db)
				x := newFixture(e)
				base := len(e.log(t))
				e.probe.reset()
				refused := false
				e.probe.fault = func(_ int, call string) error {
					switch {
					case refused: // what it begins again with fails
						return errFault
					case call == "BEGIN":
						return nil
					}
					refused = true
					return outrun[b.dialect]
				}
				err := o.do(x, e, e.client)
				e.probe.reset()
				if b.dialect == dialect.SQLite {
					require.ErrorIs(t, err, outrun[b.dialect])
				} else {
					require.ErrorIs(t, err, errFault)
				}
				require.Len(t, e.log(t), base)
				oracle.Reconcile(t, e.db)

				e = newEnv(t, b, db)
				x = newFixture(e)
				e.probe.reset()
				e.probe.fault = func(_ int, call string) error {
					if call == "BEGIN" {
						return nil
					}
					return outrun[b.dialect]
				}
				before := e.paths()
				require.Error(t, inUserTx(x, e, o.do))
				e.probe.reset()
				require.Zero(t, e.pathsSince(before)[hook.PathBegunAgain])
				oracle.Reconcile(t, e.db)
			})
		}
	})
}

// A fixture is what the operations of TestFaults work on.
type fixture struct {
	user, room, shelf, box int
	pet, group, other      uuid.UUID
}

func newFixture(e *env) fixture {
	x := fixture{user: e.user("a").ID}
	e.user("b")
	x.pet = e.client.Pet.Create().SetName("p").SaveX(e.ctx).ID
	x.links(e)
	return x
}

// links adds a group with the user in it, and one without, a team, and a shelf.
func (x *fixture) links(e *env) {
	r := e.client.Room.Create().SetName("r").SaveX(e.ctx)
	x.room = r.ID
	x.group = e.client.Group.Create().SetName("g").AddUserIDs(e.client.User.Query().Where(user.Name("b")).OnlyIDX(e.ctx)).AddRooms(r).SaveX(e.ctx).ID
	x.other = e.group("h").ID
	e.client.Team.Create().SetSlug("t").AddMemberIDs(x.user).ExecX(e.ctx)
	b := e.client.Book.Create().SetAuthor("a").SetTitle("t").SaveX(e.ctx)
	x.shelf = e.client.Shelf.Create().SetName("s").AddBooks(b).SaveX(e.ctx).ID
	x.box = e.client.Box.Create().SetLabel("b").SaveX(e.ctx).ID
}

// inUserTx runs do in a transaction and commits it, whether or not do failed, as a careless user might.
func inUserTx(x fixture, e *env, do func(fixture, *env, *ent.Client) error) error {
	tx, err := e.client.Tx(e.ctx)
	if err != nil {
		return err
	}
	err = do(x, e, tx.Client())
	return errors.Join(err, tx.Commit())
}
