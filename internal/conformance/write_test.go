package conformance

import (
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

func TestWrite(t *testing.T) { runWrites(t, writeCases) }

// brief returns the log as "action type" by entry.
func brief(entries []logged) []string {
	var out []string
	for _, l := range entries {
		out = append(out, l.Action+" "+l.Type)
	}
	return out
}

// last returns the newest entry.
func (e *env) last(t *testing.T) logged {
	t.Helper()
	entries := e.log(t)
	require.NotEmpty(t, entries)
	return entries[len(entries)-1]
}

func (e *env) user(name string) *ent.User {
	return e.client.User.Create().SetName(name).SetEmail(name + "@example.com").SaveX(e.ctx)
}

var writeCases = []testCase{
	{"create", "a create has all values and no old ones", func(t *testing.T, e *env) {
		u := e.client.User.Create().SetName("a").SetEmail("a@x").SetAge(3).SetPassword("secret").SaveX(e.ctx)
		l := e.last(t)
		require.Equal(t, []string{"create User"}, brief(e.log(t)))
		require.JSONEq(t, `{"name":"a","email":"a@x","age":3,"nick":null,"spouse":null}`, jsonOf(t, l.New))
		require.Equal(t, []string{"password"}, l.Redacted)
		require.Equal(t, idText(t, u.ID), l.Resource)
	}},
	{"create with ids of every type", "the id in the log is the id's own text", func(t *testing.T, e *env) {
		p := e.client.Pet.Create().SetName("p").SaveX(e.ctx)
		require.Equal(t, p.ID.String(), e.last(t).Resource)
		e.client.Card.Create().SetID("c/1").SetNumber("42").SaveX(e.ctx)
		require.Equal(t, "c/1", e.last(t).Resource)
	}},
	{"update one", "an update has what changed and nothing else", func(t *testing.T, e *env) {
		u := e.user("a")
		got := u.Update().SetEmail("b@x").SetName("a").SaveX(e.ctx)
		require.Equal(t, "b@x", got.Email)
		l := e.last(t)
		require.Equal(t, "update", l.Action)
		require.JSONEq(t, `{"email":"a@example.com"}`, jsonOf(t, l.Old))
		require.JSONEq(t, `{"email":"b@x"}`, jsonOf(t, l.New))
	}},
	{"update one, entity stale", "the old value is the row's, not that of the entity in memory", func(t *testing.T, e *env) {
		u := e.user("a")
		e.client.User.UpdateOneID(u.ID).SetAge(10).ExecX(e.ctx)
		u.Update().SetAge(11).ExecX(e.ctx)
		require.Equal(t, "10 → 11", e.last(t).Change("age"))
	}},
	{"increment", "an increment records the value that landed", func(t *testing.T, e *env) {
		u := e.client.User.Create().SetName("a").SetEmail("a@x").SetAge(5).SaveX(e.ctx)
		e.client.User.UpdateOneID(u.ID).AddAge(2).ExecX(e.ctx)
		require.Equal(t, "5 → 7", e.last(t).Change("age"))
		e.client.User.Update().AddAge(-1).ExecX(e.ctx)
		require.Equal(t, "7 → 6", e.last(t).Change("age"))
	}},
	{"clear", "a cleared field becomes NULL, which is not the zero value", func(t *testing.T, e *env) {
		u := e.client.User.Create().SetName("a").SetEmail("a@x").SetAge(0).SetNick("").SaveX(e.ctx)
		u.Update().ClearAge().ClearNick().ExecX(e.ctx)
		l := e.last(t)
		require.Equal(t, "0 → null", l.Change("age"))
		require.Equal(t, `"" → null`, l.Change("nick"))
		u.Update().SetAge(0).SetNick("").ExecX(e.ctx)
		require.Equal(t, "null → 0", e.last(t).Change("age"))
	}},
	{"no change, no entry", "an update that changes no tracked value leaves no entry", func(t *testing.T, e *env) {
		u := e.user("a")
		u.Update().SetName("a").ExecX(e.ctx)
		u.Update().SetSeen("now").ExecX(e.ctx)
		e.client.User.Update().Where(user.Name("nobody")).SetName("b").ExecX(e.ctx)
		e.client.User.Update().ExecX(e.ctx)
		require.Len(t, e.log(t), 1)
	}},
	{"sensitive field", "that it changed is recorded, never its value", func(t *testing.T, e *env) {
		u := e.user("a")
		require.Empty(t, e.last(t).Redacted, "there was no password to record")
		u.Update().SetPassword("s3cret").ExecX(e.ctx)
		l := e.last(t)
		require.Equal(t, []string{"password"}, l.Redacted)
		require.Empty(t, l.Old)
		require.Empty(t, l.New)
		u.Update().SetPassword("s3cret").ExecX(e.ctx)
		require.Len(t, e.log(t), 2)
	}},
	{"update many", "each changed row has its entry, in the order of ids", func(t *testing.T, e *env) {
		a, b, c := e.user("a"), e.user("b"), e.user("c")
		c.Update().SetAge(1).ExecX(e.ctx)
		n := e.client.User.Update().Where(user.IDIn(a.ID, b.ID, c.ID)).SetAge(1).SaveX(e.ctx)
		require.Equal(t, e.affected(3, 2), n)
		entries := e.log(t)[4:]
		require.Equal(t, []string{"update User", "update User"}, brief(entries))
		require.Equal(t, []string{idText(t, a.ID), idText(t, b.ID)}, []string{entries[0].Resource, entries[1].Resource})
		require.Equal(t, entries[0].TxID, entries[1].TxID)
	}},
	{"update many by the changed column", "rows are known although the predicate no longer holds", func(t *testing.T, e *env) {
		e.user("a")
		e.user("b")
		require.Equal(t, 1, e.client.User.Update().Where(user.Name("a")).SetName("z").SaveX(e.ctx))
		require.Equal(t, `"a" → "z"`, e.last(t).Change("name"))
	}},
	{"modifier", "a column that only a modifier sets is recorded", func(t *testing.T, e *env) {
		u := e.user("a")
		e.client.User.Update().Modify(setAge(7)).ExecX(e.ctx)
		require.Equal(t, "null → 7", e.last(t).Change("age"))
		u.Update().Modify(setAge(8)).ExecX(e.ctx)
		require.Equal(t, "7 → 8", e.last(t).Change("age"))
	}},
	{"delete one", "a delete has the last values", func(t *testing.T, e *env) {
		u := e.user("a")
		e.client.User.UpdateOneID(u.ID).SetAge(4).ExecX(e.ctx)
		e.client.User.DeleteOne(u).ExecX(e.ctx)
		l := e.last(t)
		require.Equal(t, "delete", l.Action)
		require.JSONEq(t, `{"name":"a","email":"a@example.com","age":4,"nick":null,"spouse":null}`, jsonOf(t, l.Old))
		require.True(t, ent.IsNotFound(e.client.User.DeleteOne(u).Exec(e.ctx)))
		require.Len(t, e.log(t), 3)
	}},
	{"delete many", "each deleted row has its entry", func(t *testing.T, e *env) {
		e.user("a")
		e.user("b")
		e.user("c")
		require.Equal(t, 2, e.client.User.Delete().Where(user.NameIn("a", "b")).ExecX(e.ctx))
		require.Equal(t, []string{"delete User", "delete User"}, brief(e.log(t)[3:]))
		require.Equal(t, 0, e.client.User.Delete().Where(user.Name("nobody")).ExecX(e.ctx))
	}},
	{"a builder's predicates", "a delete that was narrowed keeps its own predicates", func(t *testing.T, e *env) {
		e.user("a")
		d := e.client.User.Delete().Where(user.Name("a"))
		require.Equal(t, 1, d.ExecX(e.ctx))
		e.user("a")
		require.Equal(t, 1, d.ExecX(e.ctx))
		up := e.client.User.Update().Where(user.Name("b")).SetAge(1)
		up.ExecX(e.ctx)
		e.user("b")
		up.ExecX(e.ctx)
		require.Equal(t, "update", e.last(t).Action)
	}},
	{"re-creation", "an id that comes again starts a new life", func(t *testing.T, e *env) {
		for range 2 {
			e.client.Card.Create().SetID("x").SetNumber("1").ExecX(e.ctx)
			e.client.Card.DeleteOneID("x").ExecX(e.ctx)
		}
		require.Equal(t, []string{"create Card", "delete Card", "create Card", "delete Card"}, brief(e.log(t)))
	}},
	{"create bulk", "every member is recorded, in order, in one transaction", func(t *testing.T, e *env) {
		us := e.client.User.CreateBulk(
			e.client.User.Create().SetName("a").SetEmail("a@x"),
			e.client.User.Create().SetName("b").SetEmail("b@x").SetAge(2),
			e.client.User.Create().SetName("c").SetEmail("c@x"),
		).SaveX(e.ctx)
		entries := e.log(t)
		require.Equal(t, []string{"create User", "create User", "create User"}, brief(entries))
		for i, u := range us {
			require.Equal(t, idText(t, u.ID), entries[i].Resource)
			require.Equal(t, entries[0].TxID, entries[i].TxID)
		}
	}},
	{"map create bulk", "as create bulk, also of one and of none", func(t *testing.T, e *env) {
		names := []string{"a", "b"}
		set := func(c *ent.PetCreate, i int) { c.SetName(names[i]) }
		e.client.Pet.MapCreateBulk(names, set).ExecX(e.ctx)
		e.client.Pet.MapCreateBulk(names[:1], set).ExecX(e.ctx)
		e.client.Pet.MapCreateBulk(names[:0], set).ExecX(e.ctx)
		require.Len(t, e.log(t), 3)
	}},
	{"large bulk", "entries of more rows than one statement takes", func(t *testing.T, e *env) {
		const n = 2500
		for range 2 {
			e.client.Pet.MapCreateBulk(make([]int, n), func(c *ent.PetCreate, _ int) { c.SetName("p") }).ExecX(e.ctx)
		}
		require.Equal(t, 2*n, e.client.Pet.Update().SetName("q").SaveX(e.ctx))
		require.Equal(t, 2*n, e.client.Pet.Delete().Where(pet.Name("q")).ExecX(e.ctx))
		require.Len(t, e.log(t), 6*n)
	}},
	{"edge of the row itself", "a foreign key without a field is recorded as its edge", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		p := e.client.Pet.Create().SetName("p").SetOwner(a).SaveX(e.ctx)
		require.Equal(t, idText(t, a.ID), string(e.last(t).New["owner"]))
		p.Update().SetOwner(b).ExecX(e.ctx)
		require.Equal(t, idText(t, a.ID)+" → "+idText(t, b.ID), e.last(t).Change("owner"))
		e.client.Pet.Update().ClearOwner().ExecX(e.ctx)
		require.Equal(t, idText(t, b.ID)+" → null", e.last(t).Change("owner"))
	}},
	{"edge bound to a field", "it is recorded once, as the field", func(t *testing.T, e *env) {
		a := e.user("a")
		c := e.client.Card.Create().SetID("c").SetNumber("1").SetOwner(a).SaveX(e.ctx)
		require.JSONEq(t, `{"number":"1","owner_id":`+idText(t, a.ID)+`}`, jsonOf(t, e.last(t).New))
		c.Update().ClearOwner().ExecX(e.ctx)
		require.Equal(t, idText(t, a.ID)+" → null", e.last(t).Change("owner_id"))
	}},
	{"edge from its other side", "the rows of the other type change, and are recorded", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		p := e.client.Pet.Create().SetName("p").SaveX(e.ctx)
		a.Update().AddPets(p).SetAge(1).ExecX(e.ctx)
		entries := e.log(t)[3:]
		require.Equal(t, []string{"update User", "update Pet"}, brief(entries))
		require.Equal(t, "null → "+idText(t, a.ID), entries[1].Change("owner"))
		a.Update().RemovePets(p).ExecX(e.ctx)
		require.Equal(t, "update Pet", brief(e.log(t))[5])
		c := e.client.User.Create().SetName("c").SetEmail("c@x").AddPets(p).SaveX(e.ctx)
		require.Equal(t, []string{"create User", "update Pet"}, brief(e.log(t)[6:]))
		c.Update().ClearPets().ExecX(e.ctx)
		require.Equal(t, idText(t, c.ID)+" → null", e.last(t).Change("owner"))
		card := e.client.Card.Create().SetID("k").SetNumber("1").SaveX(e.ctx)
		b.Update().SetCard(card).ExecX(e.ctx)
		require.Equal(t, "null → "+idText(t, b.ID), e.last(t).Change("owner_id"))
		b.Update().ClearCard().ExecX(e.ctx)
		require.Equal(t, idText(t, b.ID)+" → null", e.last(t).Change("owner_id"))
	}},
	{"edge within a type", "both ends of a symmetric edge change", func(t *testing.T, e *env) {
		a, b := e.user("a"), e.user("b")
		a.Update().SetSpouse(b).ExecX(e.ctx)
		require.Equal(t, []string{"update User", "update User"}, brief(e.log(t)[2:]))
		b.Update().ClearSpouse().ExecX(e.ctx)
		require.Len(t, e.log(t), 6)
		e.client.User.Create().SetName("c").SetEmail("c@x").SetSpouse(a).ExecX(e.ctx)
		require.Equal(t, []string{"create User", "update User"}, brief(e.log(t)[6:]))
	}},
	{"edges in bulk", "a bulk create records what its edges change", func(t *testing.T, e *env) {
		p, q := e.client.Pet.Create().SetName("p").SaveX(e.ctx), e.client.Pet.Create().SetName("q").SaveX(e.ctx)
		e.client.User.CreateBulk(
			e.client.User.Create().SetName("a").SetEmail("a@x").AddPets(p),
			e.client.User.Create().SetName("b").SetEmail("b@x").AddPets(q),
		).ExecX(e.ctx)
		require.Equal(t, []string{"create User", "create User", "update Pet", "update Pet"}, brief(e.log(t)[2:]))
	}},
	{"edge of an untracked type", "the tracked rows at its other end are recorded", func(t *testing.T, e *env) {
		s := e.client.Site.Create().SetCode("S1").SetCity("x").SaveX(e.ctx)
		o := e.client.Org.Create().SetName("o").AddSites(s).SaveX(e.ctx)
		require.Equal(t, "null → "+idText(t, o.ID), e.last(t).Change("org"))
		o.Update().ClearSites().ExecX(e.ctx)
		require.Equal(t, idText(t, o.ID)+" → null", e.last(t).Change("org"))
		o.Update().AddSites(s).ExecX(e.ctx)
		e.client.Org.Delete().ExecX(e.ctx)
		require.Equal(t, idText(t, o.ID)+" → null", e.last(t).Change("org"))
		require.Len(t, e.log(t), 5)
	}},
	{"set null by the database", "rows that a delete changes elsewhere are recorded", func(t *testing.T, e *env) {
		a := e.user("a")
		e.client.Pet.Create().SetName("p").SetOwner(a).ExecX(e.ctx)
		b := e.client.User.Create().SetName("b").SetEmail("b@x").SetSpouse(a).SaveX(e.ctx)
		e.client.User.DeleteOne(a).ExecX(e.ctx)
		entries := e.log(t)[4:]
		require.ElementsMatch(t, []string{"delete User", "update User", "update Pet"}, brief(entries))
		require.Equal(t, idText(t, a.ID)+" → null", e.last(t).Change("owner"))
		require.Nil(t, b.QueryHistory().AllX(e.ctx)[1].After["user_spouse"])
	}},
	{"cascade by the database", "rows that go with others are recorded, however deep", func(t *testing.T, e *env) {
		a := e.user("a")
		e.client.Card.Create().SetID("c").SetNumber("1").SetOwner(a).ExecX(e.ctx)
		e.client.User.DeleteOne(a).ExecX(e.ctx)
		require.Equal(t, []string{"delete User", "delete Card"}, brief(e.log(t)[2:]))
		root := e.client.Node.Create().SetName("0").SaveX(e.ctx)
		mid := e.client.Node.Create().SetName("1").SetParent(root).SaveX(e.ctx)
		e.client.Node.Create().SetName("2").SetParent(mid).ExecX(e.ctx)
		e.client.Node.DeleteOne(root).ExecX(e.ctx)
		require.Equal(t, []string{"delete Node", "delete Node", "delete Node"}, brief(e.log(t)[7:]))
	}},
	{"untracked types", "they are written as ever, without a transaction or an entry", func(t *testing.T, e *env) {
		e.probe.reset()
		p := e.client.Plain.Create().SetName("p").SaveX(e.ctx)
		e.client.Plain.Update().SetName("q").ExecX(e.ctx)
		e.client.Plain.DeleteOne(p).ExecX(e.ctx)
		require.Equal(t, []string{"INSERT", "UPDATE", "DELETE"}, e.probe.noted())
		require.Empty(t, e.log(t))
	}},
	{"constraint errors", "they are ent's own, and nothing is left", func(t *testing.T, e *env) {
		e.user("a")
		_, err := e.client.User.Create().SetName("b").SetEmail("a@example.com").Save(e.ctx)
		require.True(t, ent.IsConstraintError(err), err)
		b := e.user("b")
		err = b.Update().SetEmail("a@example.com").Exec(e.ctx)
		require.True(t, ent.IsConstraintError(err), err)
		err = e.client.User.UpdateOneID(1 << 30).SetName("x").Exec(e.ctx)
		require.True(t, ent.IsNotFound(err), err)
		err = e.client.Pet.UpdateOneID(uuid.New()).Where(pet.Name("p")).SetName("x").Exec(e.ctx)
		require.True(t, ent.IsNotFound(err), err)
		require.Len(t, e.log(t), 2)
	}},
}

// affected returns how many rows the database says that an update affected: MySQL and MariaDB count those that changed.
func (e *env) affected(matched, changed int) int {
	if e.backend.dialect == dialect.MySQL {
		return changed
	}
	return matched
}
