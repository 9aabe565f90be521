package script

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/file"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/tag"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/user"
)

var upsertScenes = []scene{
	{"upsert", "new values, ignored ones, updates of some, and the id that comes back", upsert},
	{"upsert do nothing", "a conflict that is let pass, which says sql.ErrNoRows", upsertDoNothing},
	{"upsert of many", "in bulk, new ones among taken ones", upsertBulk},
	{"upsert columns", "conflicts on columns, composed ones, and conditions", upsertColumns},
	{"upsert edges", "with edges, and what fails", upsertEdges},
	{"upsert hooks", "what hooks see of it", upsertHooks},
	{"upsert in a transaction", "and what stays of it", upsertInTx},
	{"upsert untracked", "of a type that is not tracked", upsertUntracked},
}

// on returns the option that names the columns of a conflict. MariaDB knows none, as ent's documentation says.
func (s *Script) on(columns ...string) []sql.ConflictOption {
	if s.Dialect == dialect.MySQL {
		return nil
	}
	return []sql.ConflictOption{sql.ConflictColumns(columns...)}
}

func upsert(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	create := func(name string) *ent.UserCreate { return c.User.Create().SetName(name).SetEmail(u.Email).SetAge(30) }
	on := append(s.on(user.FieldEmail), sql.ResolveWithNewValues())
	s.Got("new values")(create("b").OnConflict(on...).ID(ctx))
	s.Got("read")(c.User.Query().All(ctx))
	s.Err("exec", create("c").OnConflict(on...).Exec(ctx))
	s.Got("new values, by the method")(create("d").OnConflict(s.on(user.FieldEmail)...).UpdateNewValues().ID(ctx))
	s.Got("ignored")(create("e").OnConflict(s.on(user.FieldEmail)...).Ignore().ID(ctx))
	s.Got("some")(create("f").OnConflict(s.on(user.FieldEmail)...).Update(func(u *ent.UserUpsert) {
		u.SetNick("upserted").AddEdits(5).ClearPhone().UpdateAge()
	}).ID(ctx))
	s.Got("by methods")(create("g").OnConflict(s.on(user.FieldEmail)...).SetNick("n").AddAge(1).UpdateName().ID(ctx))
	s.Got("read")(c.User.Query().All(ctx))
	s.Got("no conflict")(c.User.Create().SetName("n").SetEmail("n").OnConflict(on...).ID(ctx))
	s.Got("without an option")(c.User.Create().SetName("n").SetEmail("m").OnConflict().Ignore().ID(ctx))
	s.Err("no resolution", create("h").OnConflict(s.on(user.FieldEmail)...).Exec(ctx))
	s.Got("a value that is refused")(create("").OnConflict(on...).ID(ctx))
	s.Got("conflict on another column")(c.User.Create().SetName("k").SetEmail("k").SetPhone("1").OnConflict(on...).ID(ctx))
	s.Got("conflict on another column")(c.User.Create().SetName("l").SetEmail("l").SetPhone("1").OnConflict(on...).ID(ctx))
	s.Panics("a panic", func() { create("").OnConflict(on...).ExecX(ctx) })
	s.Value("an id", create("i").OnConflict(on...).IDX(ctx))
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
	s.Got("a text id")(c.Info.Create().SetID("i").SetText("first").OnConflict(append(s.on("id"), sql.ResolveWithNewValues())...).ID(ctx))
	s.Err("a text id again", c.Info.Create().SetID("i").SetText("second").OnConflict(append(s.on("id"), sql.ResolveWithNewValues())...).Exec(ctx))
	s.Got("read")(c.Info.Query().All(ctx))
}

func upsertDoNothing(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	create := func() *ent.UserCreate { return c.User.Create().SetName("b").SetEmail(u.Email) }
	s.Err("do nothing", create().OnConflict(s.on(user.FieldEmail)...).DoNothing().Exec(ctx))
	s.Got("do nothing, id")(create().OnConflict(s.on(user.FieldEmail)...).DoNothing().ID(ctx))
	s.Err("by an option", create().OnConflict(append(s.on(user.FieldEmail), sql.DoNothing())...).Exec(ctx))
	s.Got("no conflict")(c.User.Create().SetName("c").SetEmail("c").OnConflict(s.on(user.FieldEmail)...).DoNothing().ID(ctx))
	s.Err("bulk", c.User.CreateBulk(create(), c.User.Create().SetName("d").SetEmail("d")).
		OnConflict(s.on(user.FieldEmail)...).DoNothing().Exec(ctx))
	s.Err("bulk, all taken", c.User.CreateBulk(create()).OnConflict(s.on(user.FieldEmail)...).DoNothing().Exec(ctx))
	s.InTx(func(tx *ent.Tx) {
		s.Err("in a transaction", tx.User.Create().SetName("b").SetEmail(u.Email).OnConflict(s.on(user.FieldEmail)...).DoNothing().Exec(ctx))
		s.Got("and on")(tx.Pet.Create().SetName("p").Save(ctx))
	})
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

func upsertBulk(s *Script) {
	s.HideIDs = s.Dialect == dialect.MySQL // what is there and what is not are written apart, which uses up other ids
	c, ctx := s.Client, s.Ctx
	s.users("a", "b")
	bulk := func(names ...string) *ent.UserCreateBulk {
		var bs []*ent.UserCreate
		for i, n := range names {
			bs = append(bs, c.User.Create().SetName(n).SetEmail(n+"@example.com").SetAge(i))
		}
		return c.User.CreateBulk(bs...)
	}
	on := append(s.on(user.FieldEmail), sql.ResolveWithNewValues())
	s.Err("some taken", bulk("a", "c").OnConflict(on...).Exec(ctx))
	s.Err("none taken", bulk("d", "e").OnConflict(on...).Exec(ctx))
	s.Err("all taken", bulk("a", "b", "c").OnConflict(s.on(user.FieldEmail)...).Update(func(u *ent.UserUpsert) { u.SetNick("n") }).Exec(ctx))
	s.Err("ignored", bulk("a", "f").OnConflict(s.on(user.FieldEmail)...).Ignore().Exec(ctx))
	s.Err("new values", bulk("b", "g").OnConflict(s.on(user.FieldEmail)...).UpdateNewValues().Exec(ctx))
	s.Err("a conflict with itself", bulk("h", "h").OnConflict(on...).Exec(ctx))
	s.Err("options on a builder", c.User.CreateBulk(func() *ent.UserCreate {
		b := c.User.Create().SetName("i").SetEmail("i")
		b.OnConflict(on...)
		return b
	}()).Exec(ctx))
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

func upsertColumns(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	f := c.File.Create().SetName("f").SetSize(2).SetOwner(u).SaveX(ctx)
	create := func() *ent.FileCreate { return c.File.Create().SetName("f").SetSize(3) }
	if s.Dialect != dialect.MySQL { // it has no conflict columns
		s.Got("composed")(create().OnConflictColumns(file.FieldName, file.FieldFolder).UpdateNewValues().ID(ctx))
		s.Got("no such index")(create().OnConflictColumns(file.FieldFolder).UpdateNewValues().ID(ctx))
		s.Got("a condition that holds")(create().SetSize(4).OnConflict(sql.ConflictColumns(file.FieldName, file.FieldFolder),
			sql.ResolveWithNewValues(), sql.UpdateWhere(sql.LT(sql.Table(file.Table).C(file.FieldSize), 100))).ID(ctx))
		s.Got("a condition that does not")(create().SetSize(5).OnConflict(sql.ConflictColumns(file.FieldName, file.FieldFolder),
			sql.ResolveWithNewValues(), sql.UpdateWhere(sql.GT(sql.Table(file.Table).C(file.FieldSize), 100))).ID(ctx))
	}
	s.Got("an increment")(create().SetSize(6).OnConflict(s.on(file.FieldName, file.FieldFolder)...).Update(func(f *ent.FileUpsert) { f.AddSize(1000) }).ID(ctx))
	s.Got("a function")(create().SetSize(7).OnConflict(append(s.on(file.FieldName, file.FieldFolder),
		sql.ResolveWith(func(u *sql.UpdateSet) { u.Set(file.FieldSize, 77) }))...).ID(ctx))
	s.Got("the file")(c.File.Query().WithOwner().Only(ctx))
	s.Got("update afterwards")(f.Update().AddSize(1).Save(ctx))
}

func upsertEdges(s *Script) {
	c, ctx := s.Client, s.Ctx
	u, v := s.user("a"), s.user("b")
	p := c.Pet.Create().SetName("p").SaveX(ctx)
	on := append(s.on(user.FieldEmail), sql.ResolveWithNewValues())
	s.Got("one of its own")(c.User.Create().SetName("c").SetEmail(u.Email).SetParent(v).OnConflict(on...).ID(ctx))
	s.Got("one of another table")(c.User.Create().SetName("d").SetEmail(u.Email).AddPets(p).OnConflict(on...).ID(ctx))
	s.Got("the owner")(p.QueryOwner().Only(ctx))
	s.Got("one that is taken")(c.User.Create().SetName("e").SetEmail(v.Email).AddPets(p).OnConflict(on...).ID(ctx))
	s.Got("many to many")(c.User.Create().SetName("f").SetEmail(v.Email).AddFollowing(u).OnConflict(on...).ID(ctx))
	s.Got("following")(v.QueryFollowing().All(ctx))
	s.Got("of the bound field")(c.Card.Create().SetNumber("123").SetOwner(u).OnConflict(append(s.on("owner_id"), sql.ResolveWithNewValues())...).ID(ctx))
	s.Got("of the bound field again")(c.Card.Create().SetNumber("456").SetOwner(u).OnConflict(append(s.on("owner_id"), sql.ResolveWithNewValues())...).ID(ctx))
	s.Got("cards")(c.Card.Query().All(ctx))
	s.Got("users")(c.User.Query().Order(user.ByID()).All(ctx))
}

func upsertHooks(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	s.Watch(c.User, "outer")
	c.User.Use(hookOfUsers(func(ctx context.Context, m *ent.UserMutation, next ent.Mutator) (ent.Value, error) {
		s.describe("before", m)
		m.SetNick("by a hook")
		v, err := next.Mutate(ctx, m)
		id, ok := m.ID()
		s.Line("after: %d %v", id, ok)
		return v, err
	}))
	on := append(s.on(user.FieldEmail), sql.ResolveWithNewValues())
	s.Got("taken")(c.User.Create().SetName("b").SetEmail(u.Email).OnConflict(on...).ID(ctx))
	s.Got("new")(c.User.Create().SetName("c").SetEmail("c").OnConflict(on...).ID(ctx))
	s.Err("do nothing", c.User.Create().SetName("d").SetEmail("c").OnConflict(s.on(user.FieldEmail)...).DoNothing().Exec(ctx))
	s.Err("bulk", c.User.CreateBulk(c.User.Create().SetName("e").SetEmail("c"), c.User.Create().SetName("f").SetEmail("f")).OnConflict(on...).Exec(ctx))
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

func upsertInTx(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	on := append(s.on(user.FieldEmail), sql.ResolveWithNewValues())
	tx := s.Begin()
	s.Got("taken")(tx.User.Create().SetName("b").SetEmail(u.Email).OnConflict(on...).ID(ctx))
	s.Got("new")(tx.User.Create().SetName("c").SetEmail("c").OnConflict(on...).ID(ctx))
	s.Got("update")(tx.User.Update().AddEdits(1).Save(ctx))
	s.Err("rollback", tx.Rollback())
	s.Got("read")(c.User.Query().All(ctx))
	s.InTx(func(tx *ent.Tx) {
		s.Got("taken")(tx.User.Create().SetName("d").SetEmail(u.Email).OnConflict(on...).ID(ctx))
		s.Err("bulk", tx.User.CreateBulk(tx.User.Create().SetName("e").SetEmail(u.Email), tx.User.Create().SetName("f").SetEmail("f")).OnConflict(on...).Exec(ctx))
		s.Got("seen")(tx.User.Query().Order(user.ByID()).All(ctx))
	})
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

func upsertUntracked(s *Script) {
	c, ctx := s.Client, s.Ctx
	create := func(key, value string) *ent.TagCreate { return c.Tag.Create().SetKey(key).SetValue(value) }
	on := append(s.on(tag.FieldKey), sql.ResolveWithNewValues())
	s.Got("new")(create("a", "1").OnConflict(on...).ID(ctx))
	s.Got("taken")(create("a", "2").OnConflict(on...).ID(ctx))
	s.Err("bulk", c.Tag.CreateBulk(create("a", "3"), create("b", "1")).OnConflict(on...).Exec(ctx))
	s.Err("do nothing", create("a", "4").OnConflict(s.on(tag.FieldKey)...).DoNothing().Exec(ctx))
	s.Got("read")(c.Tag.Query().Order(tag.ByID()).All(ctx))
	info := c.Info.Create().SetID("i").SaveX(ctx)
	p := c.Pet.Create().SetName("p").SaveX(ctx)
	s.Got("with an edge to a tracked type")(c.Group.Create().SetName("g").SetInfo(info).AddUsers(s.user("a")).OnConflict(append(s.on("name"), sql.ResolveWithNewValues())...).ID(ctx))
	s.Got("taken, with an edge in a tracked table")(c.Group.Create().SetName("g").SetInfo(info).AddMascots(p).OnConflict(append(s.on("name"), sql.ResolveWithNewValues())...).ID(ctx))
	s.Got("groups")(c.Group.Query().WithMascots().WithUsers().All(ctx))
}
