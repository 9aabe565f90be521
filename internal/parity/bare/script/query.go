package script

import (
	"errors"
	"reflect"

	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
)

var queryScenes = []scene{
	{"sanity", "create, read, update, delete, and what each returns", sanity},
	{"paging", "order, limit, offset", paging},
	{"select", "columns, and what they are scanned into", selecting},
	{"aggregate", "counts and sums, by group", aggregate},
	{"predicates", "conditions on fields and edges", predicates},
	{"conditions on mutations", "joins, limits, orders, errors: what a mutation takes of a condition", conditionsOnMutations},
	{"clone", "a query and its clone do not know of each other", clone},
	{"traverse", "from entities and queries along edges", traverse},
	{"eager loading", "edges that are loaded with their entities", eagerLoading},
	{"order by edges", "terms over edges, and values that are selected with them", orderByEdges},
}

func sanity(s *Script) {
	c, ctx := s.Client, s.Ctx
	u, err := c.User.Create().SetName("ada").SetEmail("ada@x").SetAge(36).SetTags([]string{"a"}).Save(ctx)
	s.Got("create")(u, err)
	s.Got("get")(c.User.Get(ctx, u.ID))
	s.Value("the created entity is what is read", reflect.DeepEqual(u.String(), c.User.GetX(ctx, u.ID).String()))
	s.Got("update one")(u.Update().SetAge(37).SetNick("countess").Save(ctx))
	s.Value("the old entity stays", u)
	s.Got("update by id")(c.User.UpdateOneID(u.ID).AddAge(1).Save(ctx))
	s.Err("exec", c.User.UpdateOne(u).SetPhone("1").Exec(ctx))
	s.Got("update many")(c.User.Update().Where(user.Name("ada")).SetAge(1).Save(ctx))
	s.Got("update none")(c.User.Update().Where(user.Name("bob")).SetAge(1).Save(ctx))
	s.Got("update without a change")(c.User.Update().Save(ctx))
	s.Got("update one without a change")(u.Update().Save(ctx))
	s.Got("all")(c.User.Query().All(ctx))
	s.Got("exist")(c.User.Query().Exist(ctx))
	s.Err("delete one", c.User.DeleteOne(u).Exec(ctx))
	s.Got("exist")(c.User.Query().Exist(ctx))
	s.Got("all")(c.User.Query().All(ctx))
	s.Got("delete none")(c.User.Delete().Exec(ctx))
}

func paging(s *Script) {
	c, ctx := s.Client, s.Ctx
	for i := range 7 {
		c.Pet.Create().SetName(string(rune('a' + i))).SetWeight(float64(i % 3)).ExecX(ctx)
	}
	for i := range 4 {
		s.Got("page")(c.Pet.Query().Order(ent.Desc(pet.FieldWeight), pet.ByID()).Offset(i * 2).Limit(2).Select(pet.FieldName).Strings(ctx))
	}
	s.Got("first")(c.Pet.Query().Order(pet.ByName(sql.OrderDesc())).First(ctx))
	s.Got("first id")(c.Pet.Query().Order(pet.ByID()).FirstID(ctx))
	s.Got("ids")(c.Pet.Query().Order(pet.ByWeight(), pet.ByID(sql.OrderDesc())).IDs(ctx))
	s.Got("count of a page")(c.Pet.Query().Limit(2).Count(ctx))
	s.Got("update of all")(c.Pet.Update().Where(pet.WeightGT(0)).AddWeight(10).Save(ctx))
	s.Got("after")(c.Pet.Query().Order(pet.ByID()).All(ctx))
}

func selecting(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	s.Got("some columns")(c.User.Query().Select(user.FieldName).Order(user.ByID()).All(ctx))
	s.Got("strings")(c.User.Query().Order(user.ByID()).Select(user.FieldEmail).Strings(ctx))
	s.Got("one string")(c.User.Query().Where(user.ID(us[1].ID)).Select(user.FieldEmail).String(ctx))
	s.Got("more than one")(c.User.Query().Select(user.FieldEmail).String(ctx))
	s.Got("of no kind")(c.User.Query().Select(user.FieldName, user.FieldEmail).Strings(ctx))
	var rows []struct {
		Name  string `json:"name"`
		Edits int    `json:"edits"`
	}
	s.Err("scan", c.User.Query().Order(user.ByID()).Select(user.FieldName, user.FieldEdits).Scan(ctx, &rows))
	s.Value("scanned", rows)
	s.Got("an unknown column")(c.User.Query().Select("unknown").Strings(ctx))
	s.Got("returned by an update")(us[0].Update().SetNick("n").Select(user.FieldNick).Save(ctx))
	s.Got("returned by an update by id")(c.User.UpdateOneID(us[1].ID).AddEdits(5).Select(user.FieldID, user.FieldName).Save(ctx))
	s.Got("an unknown column of an update")(us[0].Update().SetNick("m").Select("unknown").Save(ctx))
	s.Got("what was written")(c.User.Query().Order(user.ByID()).Select(user.FieldNick).All(ctx))
}

func aggregate(s *Script) {
	c, ctx := s.Client, s.Ctx
	for i, name := range []string{"a", "b", "a", "c", "a"} {
		c.Pet.Create().SetName(name).SetWeight(float64(i)).ExecX(ctx)
	}
	s.Got("sum")(c.Pet.Query().Aggregate(ent.Sum(pet.FieldWeight)).Float64(ctx))
	var groups []struct {
		Name  string  `json:"name"`
		Count int     `json:"count"`
		Max   float64 `json:"max"`
	}
	s.Err("group", c.Pet.Query().GroupBy(pet.FieldName).Aggregate(ent.Count(), ent.As(ent.Max(pet.FieldWeight), "max")).Scan(ctx, &groups))
	byName := map[string]string{}
	for _, g := range groups {
		byName[g.Name] = s.sprint(g.Count, g.Max)
	}
	s.Value("groups", byName)
	s.Got("unique")(c.Pet.Query().Unique(true).Order(pet.ByName()).Select(pet.FieldName).Strings(ctx))
	s.Err("an unknown column", c.Pet.Query().GroupBy("unknown").Scan(ctx, &groups))
}

func predicates(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a8m", "ariel", "alex")
	us[0].Update().SetAge(30).SetNick("n").AddPets(c.Pet.Create().SetName("p").SaveX(ctx)).ExecX(ctx)
	us[1].Update().SetAge(20).SetParent(us[0]).ExecX(ctx)
	for _, q := range []struct {
		name string
		p    predicate.User
	}{
		{"prefix", user.NameHasPrefix("a")}, {"fold", user.NameEqualFold("ARIEL")}, {"contains", user.NameContains("e")},
		{"in", user.NameIn("alex", "a8m")}, {"in nothing", user.NameIn()}, {"not in", user.NameNotIn("alex")},
		{"null", user.AgeIsNil()}, {"not null", user.NickNotNil()},
		{"or", user.Or(user.AgeGT(25), user.Name("alex"))}, {"not", user.Not(user.AgeLTE(20))},
		{"has edge", user.HasPets()}, {"has edge with", user.HasParentWith(user.Name("a8m"))}, {"has no edge", user.Not(user.HasChildren())},
		{"raw", func(s *sql.Selector) { s.Where(sql.ExprP("age + 1 > 30")) }},
	} {
		s.Got("query: " + q.name)(c.User.Query().Where(q.p).Order(user.ByID()).Select(user.FieldName).Strings(ctx))
		s.Got("update: " + q.name)(c.User.Update().Where(q.p).AddEdits(1).Save(ctx))
		s.Got("update with an edge: " + q.name)(c.User.Update().Where(q.p).ClearSpouse().SetRole(user.RoleAdmin).Save(ctx))
		s.Got("delete: " + q.name)(c.User.Delete().Where(q.p, user.Name("nobody")).Exec(ctx))
	}
	s.Got("a condition that is no SQL")(c.User.Update().Where(func(s *sql.Selector) { s.Where(sql.ExprP("no such thing")) }).SetAge(1).Save(ctx))
}

func conditionsOnMutations(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	c.User.Update().SetAge(0).ExecX(ctx)
	c.Pet.Create().SetName("p").SetOwner(us[1]).ExecX(ctx)
	for _, q := range []struct {
		name string
		p    func(*sql.Selector)
	}{
		{"limit", func(q *sql.Selector) { q.Limit(1) }},
		{"order and limit", func(q *sql.Selector) { q.OrderBy(sql.Desc(q.C(user.FieldID))).Limit(1) }},
		{"join", func(q *sql.Selector) {
			t := sql.Dialect(q.Dialect()).Table(pet.Table)
			q.Join(t).On(q.C(user.FieldID), t.C(pet.OwnerColumn))
		}},
		{"join and condition", func(q *sql.Selector) {
			t := sql.Dialect(q.Dialect()).Table(pet.Table)
			q.Join(t).On(q.C(user.FieldID), t.C(pet.OwnerColumn)).Where(sql.EQ(t.C(pet.FieldName), "p"))
		}},
		{"subquery", func(q *sql.Selector) {
			t := sql.Dialect(q.Dialect()).Table(pet.Table)
			q.Where(sql.In(q.C(user.FieldID), sql.Dialect(q.Dialect()).Select(t.C(pet.OwnerColumn)).From(t)))
		}},
		{"error", func(q *sql.Selector) { q.AddError(errors.New("no such condition")) }},
		{"false", func(q *sql.Selector) { q.Where(sql.False()) }},
		{"raw", func(q *sql.Selector) { q.Where(sql.ExprP("name = ?", "c")) }},
		{"none", func(*sql.Selector) {}},
	} {
		// Ent panics on one that turns out to be no condition at all, here and there.
		try := func(what string, f func(*ent.Tx) (any, error)) {
			tx := s.Begin()
			defer func() { s.Err("rollback", tx.Rollback()) }()
			s.Panics(what+": "+q.name, func() {
				v, err := f(tx)
				s.Got(what+": "+q.name)(v, err)
				if err == nil {
					s.Got("then")(tx.User.Query().Order(user.ByID()).Select(user.FieldAge).Ints(ctx))
				}
			})
		}
		try("update", func(tx *ent.Tx) (any, error) { return tx.User.Update().Where(q.p).AddAge(1).Save(ctx) })
		try("update with an edge", func(tx *ent.Tx) (any, error) {
			return tx.User.Update().Where(q.p).AddAge(1).ClearFollowing().Save(ctx)
		})
		try("update one", func(tx *ent.Tx) (any, error) { return tx.User.UpdateOneID(us[1].ID).Where(q.p).AddAge(1).Save(ctx) })
		try("update one with an edge", func(tx *ent.Tx) (any, error) {
			return tx.User.UpdateOneID(us[1].ID).Where(q.p).ClearFollowing().Save(ctx)
		})
		try("delete", func(tx *ent.Tx) (any, error) { return tx.User.Delete().Where(q.p).Exec(ctx) })
	}
}

func clone(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	c.Pet.Create().SetName("p").SetOwner(us[0]).ExecX(ctx)
	base := c.User.Query().Where(user.NameIn("a", "b")).WithPets().Order(user.ByID())
	one := base.Clone().Where(user.Name("a"))
	s.Got("base")(base.Count(ctx))
	s.Got("clone")(one.Count(ctx))
	s.Got("clone's edge")(one.OnlyX(ctx).Edges.PetsOrErr())
	s.Got("clone of a clone")(one.Clone().Limit(1).IDs(ctx))
	s.Got("base again")(base.IDs(ctx))
	s.Got("along an edge")(one.Clone().QueryPets().All(ctx))
	s.Value("clone of nothing", (*ent.UserQuery)(nil).Clone() == nil)
}

func traverse(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	info := c.Info.Create().SetID("i").SaveX(ctx)
	g := c.Group.Create().SetName("g").SetInfo(info).AddUsers(us[0], us[1]).SaveX(ctx)
	us[0].Update().AddFollowing(us[1], us[2]).AddPets(c.Pet.Create().SetName("p").SaveX(ctx)).ExecX(ctx)
	s.Got("from an entity")(us[0].QueryFollowing().Order(user.ByID()).IDs(ctx))
	s.Got("back")(us[2].QueryFollowers().IDs(ctx))
	s.Got("many steps")(c.Info.Query().QueryGroups().QueryUsers().QueryPets().QueryOwner().OnlyID(ctx))
	s.Got("group")(g.QueryUsers().Order(user.ByName(sql.OrderDesc())).IDs(ctx))
	s.Got("none")(us[2].QueryCard().Only(ctx))
	s.Got("edge of an entity by name")(us[0].NamedPets("mine"))
}

func eagerLoading(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	for _, name := range []string{"x", "y", "z"} {
		c.Pet.Create().SetName(name).SetOwner(us[0]).ExecX(ctx)
	}
	card := c.Card.Create().SetNumber("1234").SetOwner(us[1]).SaveX(ctx)
	us[0].Update().AddFollowing(us[1]).SetSpouse(us[1]).ExecX(ctx)
	got := c.User.Query().Order(user.ByID()).
		WithPets(func(q *ent.PetQuery) { q.Order(pet.ByName(sql.OrderDesc())).Where(pet.NameNEQ("y")) }).
		WithNamedPets("one", func(q *ent.PetQuery) { q.Where(pet.Name("y")) }).
		WithCard().WithFollowers(func(q *ent.UserQuery) { q.WithPets() }).WithSpouse().AllX(ctx)
	for _, u := range got {
		s.Value("user", u)
		s.Got("pets")(u.Edges.PetsOrErr())
		s.Got("named pets")(u.NamedPets("one"))
		s.Got("unnamed pets")(u.NamedPets("two"))
		s.Got("card")(u.Edges.CardOrErr())
		s.Got("spouse")(u.Edges.SpouseOrErr())
		s.Got("followers")(u.Edges.FollowersOrErr())
		for _, f := range u.Edges.Followers {
			s.Value("their pets", len(f.Edges.Pets))
		}
		s.Got("not loaded")(u.Edges.GroupsOrErr())
	}
	s.Value("the owner of a card", c.Card.Query().WithOwner().OnlyX(ctx).Edges.Owner)
	s.Got("after an update")(card.Update().SetBalance(1).SaveX(ctx).Edges.OwnerOrErr())
	s.Got("of a created entity")(c.User.Create().SetName("c").SetEmail("c").SetParent(us[0]).SaveX(ctx).Edges.ParentOrErr())
	u := c.User.Query().Where(user.ID(us[0].ID)).WithPets().OnlyX(ctx)
	s.Value("edges of what an update returns", len(u.Update().SetAge(2).SaveX(ctx).Edges.Pets))
	s.Got("some columns")(c.User.Query().Select(user.FieldName).WithPets().Order(user.ByID()).All(ctx))
}

func orderByEdges(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	for i, u := range us {
		for range (i + 1) % 3 {
			c.Pet.Create().SetName("p").SetWeight(float64(i)).SetOwner(u).ExecX(ctx)
		}
	}
	s.Got("by count")(c.User.Query().Order(user.ByPetsCount(sql.OrderDesc()), user.ByID()).IDs(ctx))
	s.Got("by a neighbour's field")(c.Pet.Query().Order(pet.ByOwnerField(user.FieldName, sql.OrderDesc()), pet.ByID()).IDs(ctx))
	for _, u := range c.User.Query().Order(user.ByPetsCount(sql.OrderSelectAs("pets")), user.ByID()).AllX(ctx) {
		s.Got("selected")(u.Value("pets"))
		s.Got("not selected")(u.Value("cats"))
	}
	s.Got("modified")(c.User.Query().Modify(func(q *sql.Selector) { q.Where(sql.EQ(q.C(user.FieldName), "b")) }).Select().IDs(ctx))
}
