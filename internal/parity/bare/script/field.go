package script

import (
	"entgo.io/ent/dialect"
	"fmt"
	"math"
	"net/url"
	"time"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqljson"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/sample"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/parity/kinds"
)

var fieldScenes = []scene{
	{"types", "every kind of field, there and back", typesOfFields},
	{"extremes", "zero, negative, large, and what does not fit", extremes},
	{"defaults", "defaults are taken once, and seen by the caller", defaults},
	{"update defaults", "they are taken by updates, unless the field is set", updateDefaults},
	{"nillable", "nil, zero, cleared and required", nillable},
	{"add and clear", "increments of fields, with and without a value, and cleared ones", addAndClear},
	{"json", "documents and appends to them", jsonFields},
	{"modify", "statements that a modifier changes", modify},
	{"sensitive", "values that are not shown", sensitive},
	{"set and add", "of calls that contradict each other the last one counts", setAndAdd},
}

func (s *Script) sprint(args ...any) string { return fmt.Sprint(args...) }

func sampleLines(s *Script, what string, v *ent.Sample) {
	s.Value(what, v)
	s.Line("%s, values: %v %v %s %s %s %s %v %v", what, v.Pair, v.Ints == nil, s.quote(v.Data), s.quote(v.Must), s.quote(v.At), s.quote(v.Level), v.Link, v.Meta)
}

func typesOfFields(s *Script) {
	c, ctx := s.Client, s.Ctx
	empty := c.Sample.Create().SaveX(ctx)
	sampleLines(s, "without values", empty)
	link, _ := url.Parse("https://example.com/a?b=c")
	full := c.Sample.Create().SetInt(1).SetInt8(-8).SetInt64(64).SetUint32(32).SetFloat(1.5).SetFloat32(2.25).SetFlag(false).
		SetData([]byte{0, 1, 255}).SetText("täxt").SetMust("").SetAt(kinds.Epoch()).SetSpan(time.Minute).
		SetUUID(uuid.UUID{1, 2, 3}).SetLevel("high").SetPair(kinds.Pair{Left: "l", Right: "r"}).SetLink(link).
		SetMeta(&kinds.Meta{Source: "s", Labels: map[string]string{"k": "v"}}).SetAny(map[string]any{"n": 1.0, "x": nil}).
		SetInts([]int{}).SetTexts([]string{"a", "b"}).SaveX(ctx)
	sampleLines(s, "with values", full)
	for _, v := range c.Sample.Query().Order(sample.ByID()).AllX(ctx) {
		sampleLines(s, "read", v)
	}
	sampleLines(s, "updated", empty.Update().SetLevel("low").SetFlag(true).SetPair(kinds.Pair{Left: "x"}).SetInt64(0).SaveX(ctx))
	sampleLines(s, "cleared", full.Update().ClearLevel().ClearFlag().ClearAt().ClearData().ClearLink().ClearMeta().ClearAny().
		ClearInts().ClearUUID().ClearSpan().SaveX(ctx))
	s.Got("by values")(c.Sample.Query().Where(sample.LevelEQ("low"), sample.PairEQ(kinds.Pair{Left: "x"})).OnlyID(ctx))
	s.Got("update by values")(c.Sample.Update().Where(sample.SpanIsNil(), sample.AtIsNil()).SetSpan(time.Second).Save(ctx))
	s.Got("delete by values")(c.Sample.Delete().Where(sample.Span(time.Second), sample.Flag(true)).Exec(ctx))
}

func extremes(s *Script) {
	c, ctx := s.Client, s.Ctx
	sampleLines(s, "large", c.Sample.Create().SetInt64(math.MaxInt64).SetUint32(math.MaxUint32).SetInt8(math.MinInt8).
		SetFloat(1e300).SetText("'\"\\%_\t\x01 🐘").SetData([]byte{}).SaveX(ctx))
	sampleLines(s, "zero", c.Sample.Create().SetInt64(0).SetFloat(0).SetText("").SetFlag(false).SetAny(map[string]any{}).SaveX(ctx))
	sampleLines(s, "nulls", c.Sample.Create().SetAny(nil).SetMeta(nil).SetTexts(nil).SetData(nil).SaveX(ctx))
	at := time.Date(1969, 12, 31, 23, 59, 59, 123456789, time.FixedZone("", 3600))
	v := c.Sample.Create().SetAt(at).SaveX(ctx)
	s.Value("the time that was given", v.At)
	s.Value("the time that is read", c.Sample.GetX(ctx, v.ID).At)
	s.Got("too long")(c.User.Create().SetName("n").SetEmail(string(make([]byte, 300))).Save(ctx))
	if s.Dialect != dialect.SQLite { // which makes a float of it that ent cannot read any more: with auditing, the update fails
		s.Got("overflow")(c.Sample.Update().Where(sample.Int64EQ(math.MaxInt64)).AddInt64(1).Save(ctx))
	}
	s.Got("read")(c.Sample.Query().Order(sample.ByID()).All(ctx))
}

func defaults(s *Script) {
	c, ctx := s.Client, s.Ctx
	create := c.User.Create().SetName("a").SetEmail("a")
	u := create.SaveX(ctx)
	s.Value("created", u)
	serial, ok := create.Mutation().Serial()
	s.Line("the mutation afterwards: %d %v %v", serial, ok, create.Mutation().Fields())
	s.Got("read")(c.User.Get(ctx, u.ID))
	s.Value("set", c.User.Create().SetName("b").SetEmail("b").SetSerial(70).SetOrigin("there").SetRole(user.RoleFree).SaveX(ctx))
	s.Value("set to nothing", c.User.Create().SetName("c").SetEmail("c").SetNillableSerial(nil).SetNillableRole(nil).SaveX(ctx))
	s.Got("bulk")(c.User.CreateBulk(
		c.User.Create().SetName("d").SetEmail("d"), c.User.Create().SetName("e").SetEmail("e"),
	).Save(ctx))
	s.Value("calls of the validator", kinds.Validated())
	s.Value("the default's next value", kinds.Serial())
}

func updateDefaults(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	s.Got("update one")(u.Update().SetAge(1).Save(ctx))
	s.Got("update one again")(u.Update().Save(ctx))
	s.Got("set")(u.Update().SetEdits(100).Save(ctx))
	s.Got("many")(c.User.Update().SetAge(2).Save(ctx))
	update := c.User.Update().SetAge(3)
	s.Got("many")(update.Save(ctx))
	edits, ok := update.Mutation().Edits()
	s.Line("the mutation afterwards: %d %v", edits, ok)
	s.Got("read")(c.User.Get(ctx, u.ID))
	s.Value("the default's next value", kinds.Serial())
}

func nillable(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	s.Value("nick", u.Nick)
	s.Value("zero", u.Update().SetNick("").SaveX(ctx).Nick)
	s.Value("nothing", u.Update().SetNillableNick(nil).SaveX(ctx).Nick)
	s.Value("cleared", u.Update().ClearNick().SaveX(ctx).Nick)
	v := c.Sample.Create().SaveX(ctx)
	s.Value("required, with a default", v.Must)
	s.Value("updated", v.Update().SetMust("x").SaveX(ctx).Must)
	s.Got("cleared and set")(c.User.Update().ClearNick().SetNick("n").Save(ctx))
	s.Value("read", c.User.GetX(ctx, u.ID).Nick)
	s.Got("set and cleared")(c.User.Update().SetNick("m").ClearNick().Save(ctx))
	s.Value("read", c.User.GetX(ctx, u.ID).Nick)
}

func addAndClear(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	s.Value("add to nothing", us[0].Update().AddAge(5).SaveX(ctx).Age)
	s.Value("add", us[0].Update().AddAge(5).SaveX(ctx).Age)
	s.Value("add twice", us[0].Update().AddAge(1).AddAge(2).SaveX(ctx).Age)
	s.Value("subtract", us[0].Update().AddAge(-3).SaveX(ctx).Age)
	s.Value("clear", us[0].Update().ClearAge().SaveX(ctx).Age)
	s.Got("many")(c.User.Update().AddAge(1).AddEdits(2).Save(ctx))
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
	c.Pet.Create().SetName("p").SetWeight(1.5).ExecX(ctx)
	s.Got("floats")(c.Pet.Update().AddWeight(0.25).Where(pet.WeightLT(10)).Save(ctx))
	s.Got("read")(c.Pet.Query().Only(ctx))
	s.Got("clear many")(c.User.Update().ClearAge().ClearPhone().ClearNick().ClearTags().Save(ctx))
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
	s.Value("clear what has no value", us[1].Update().ClearAge().SaveX(ctx))
}

func jsonFields(s *Script) {
	c, ctx := s.Client, s.Ctx
	v := c.Sample.Create().SaveX(ctx)
	s.Value("append to nothing", v.Update().AppendInts([]int{1}).SaveX(ctx).Ints)
	s.Value("append", v.Update().AppendInts([]int{2, 3}).AppendTexts([]string{"x"}).SaveX(ctx).Ints)
	s.Value("append twice", v.Update().AppendInts([]int{4}).AppendInts([]int{5}).SaveX(ctx).Ints)
	s.Value("append nothing", v.Update().AppendInts(nil).SaveX(ctx).Ints)
	s.Value("set and append", v.Update().SetInts([]int{9}).AppendInts([]int{8}).SaveX(ctx).Ints)
	s.Got("append to many")(c.Sample.Update().AppendTexts([]string{"y"}).Save(ctx))
	s.Got("by a path")(c.Sample.Query().Where(func(q *sql.Selector) { q.Where(sqljson.ValueContains(sample.FieldTexts, "y")) }).Count(ctx))
	s.Got("update by a path")(c.Sample.Update().Where(func(q *sql.Selector) { q.Where(sqljson.LenGT(sample.FieldTexts, 1)) }).
		SetMeta(&kinds.Meta{Source: "new"}).Save(ctx))
	u := c.Sample.GetX(ctx, v.ID)
	s.Value("read", u)
	u.Meta.Source = "changed in memory"
	s.Value("an update of something else", u.Update().SetInt(1).SaveX(ctx).Meta.Source)
	s.Got("bulk")(c.Sample.CreateBulk(c.Sample.Create().SetTexts([]string{"a"}), c.Sample.Create().SetAny(map[string]any{"k": []any{1.0}})).Save(ctx))
}

func modify(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b")
	calls := 0
	double := func(u *sql.UpdateBuilder) {
		calls++
		u.Set(user.FieldEdits, sql.ExprFunc(func(b *sql.Builder) { b.Ident(user.FieldEdits).WriteString(" + 7") }))
	}
	s.Got("one")(us[0].Update().Modify(double).Save(ctx))
	s.Got("many")(c.User.Update().Where(user.Name("b")).Modify(double).Save(ctx))
	s.Value("calls", calls)
	s.Got("with a field")(c.User.Update().SetAge(4).Modify(func(u *sql.UpdateBuilder) { u.Set(user.FieldNick, "m") }).Save(ctx))
	s.Got("that only a modifier makes an update")(c.Pet.Update().Modify(func(u *sql.UpdateBuilder) { u.Set(pet.FieldName, "m") }).Save(ctx))
	s.Got("an unknown column")(us[1].Update().Modify(func(u *sql.UpdateBuilder) { u.Set("unknown", 1) }).Save(ctx))
	v := c.Sample.Create().SetAny(map[string]any{"a": 1.0, "b": 2.0}).SaveX(ctx)
	s.Got("json")(v.Update().Modify(func(u *sql.UpdateBuilder) { sqljson.Append(u, sample.FieldInts, []int{1}) }).Save(ctx))
	s.Got("read")(c.User.Query().Order(user.ByID()).All(ctx))
}

func sensitive(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := c.User.Create().SetName("a").SetEmail("a").SetPassword("secret").SaveX(ctx)
	s.Value("created", u)
	s.Value("the value", u.Password)
	s.Line("json: %s", s.json(u))
	u = u.Update().SetPassword("other").SaveX(ctx)
	s.Value("updated", u)
	s.Got("the old value, by a hook")(u.Update().SetPassword("x").Mutation().OldPassword(ctx))
	s.Value("cleared", u.Update().ClearPassword().SaveX(ctx).Password)
	s.Line("json of an entity with edges: %s", s.json(c.User.Query().WithPets().WithSpouse().OnlyX(ctx)))
}

func setAndAdd(s *Script) {
	c, ctx := s.Client, s.Ctx
	u := s.user("a")
	update := u.Update().SetAge(1).AddAge(5)
	s.describe("set, then add", update.Mutation())
	s.Got("set, then add")(update.Save(ctx)) // PostgreSQL takes a column once only
	update = u.Update().AddAge(5).SetAge(2)
	s.describe("add, then set", update.Mutation())
	s.Got("add, then set")(update.Save(ctx))
	update = u.Update().ClearAge().AddAge(3)
	s.describe("clear, then add", update.Mutation())
	s.Got("clear, then add")(update.Save(ctx))
	p := c.Pet.Create().SetName("p").SaveX(ctx)
	both := u.Update().AddPets(p).RemovePets(p)
	s.describe("add and remove", both.Mutation())
	s.Value("add and remove", both.SaveX(ctx).QueryPets().CountX(ctx))
	cleared := u.Update().AddPets(p).ClearPets()
	s.describe("add and clear", cleared.Mutation())
	s.Value("add and clear", cleared.SaveX(ctx).QueryPets().CountX(ctx))
}
