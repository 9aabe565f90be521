package script

import (
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/blob"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/info"
)

var idScenes = []scene{
	{"uuid ids", "by default and given, with edges and upserts", uuidIDs},
	{"text ids", "given by the caller, and referred to", textIDs},
	{"ids of own types", "a Go type of its own", ownIDs},
}

func uuidIDs(s *Script) {
	c, ctx := s.Client, s.Ctx
	id := func(n byte) uuid.UUID { return uuid.UUID{0: 0xff, 15: n} }
	a := c.Blob.Create().SetKey(id(1)).SaveX(ctx)
	s.Value("by default", a)
	b := c.Blob.Create().SetID(id(2)).SetKey(id(2)).SetParent(a).AddLinks(a).SaveX(ctx)
	s.Value("given", b)
	s.Got("taken")(c.Blob.Create().SetID(id(2)).SetKey(id(3)).Save(ctx))
	s.Got("key taken")(c.Blob.Create().SetID(id(4)).SetKey(id(2)).Save(ctx))
	s.Got("bulk")(c.Blob.CreateBulk(c.Blob.Create().SetKey(id(5)), c.Blob.Create().SetID(id(6)).SetKey(id(6)).AddLinkIDs(id(2))).Save(ctx))
	s.Got("links")(b.QueryLinks().Only(ctx))
	s.Got("parent")(b.QueryParent().OnlyID(ctx))
	s.Got("update")(c.Blob.UpdateOneID(id(2)).AddCount(3).ClearParent().RemoveLinks(a).Save(ctx))
	s.Got("not there")(c.Blob.UpdateOneID(id(9)).AddCount(3).Save(ctx))
	s.Got("many")(c.Blob.Update().Where(blob.KeyNEQ(id(5))).AddCount(1).Save(ctx))
	on := append(s.on(blob.FieldKey), sql.ResolveWithNewValues())
	s.Got("upsert of a new one")(c.Blob.Create().SetID(id(7)).SetKey(id(7)).OnConflict(on...).ID(ctx))
	s.Err("upsert of a taken one", c.Blob.Create().SetKey(id(7)).SetCount(70).OnConflict(append(on, sql.ResolveWith(func(u *sql.UpdateSet) { u.SetIgnore(blob.FieldID) }))...).Exec(ctx))
	s.Err("delete", c.Blob.DeleteOneID(id(2)).Exec(ctx))
	s.Got("read")(c.Blob.Query().Order(blob.ByKey()).All(ctx))
	s.InTx(func(tx *ent.Tx) {
		s.Got("in a transaction")(tx.Blob.Create().SetKey(id(10)).AddLinks(tx.Blob.GetX(ctx, id(6))).Save(ctx))
	})
}

func textIDs(s *Script) {
	c, ctx := s.Client, s.Ctx
	i := c.Info.Create().SetID("Ä / ' \\").SetText("odd").SaveX(ctx)
	s.Got("get")(c.Info.Get(ctx, i.ID))
	s.Got("update")(i.Update().SetText("x").Save(ctx))
	s.Got("another case")(c.Info.Create().SetID("ä / ' \\").Save(ctx))
	s.Got("a space at the end")(c.Info.Create().SetID("Ä / ' \\ ").Save(ctx))
	s.Got("another case, by id")(c.Info.UpdateOneID("ä / ' \\").SetText("lower").Save(ctx))
	g := c.Group.Create().SetName("g").SetInfoID(i.ID).SaveX(ctx)
	s.Got("from the other side")(c.Info.Create().SetID("new").AddGroups(g).Save(ctx))
	s.Got("move")(g.Update().SetInfoID("new").Save(ctx))
	s.Got("take it away")(c.Info.UpdateOneID("new").RemoveGroups(g).Save(ctx))
	s.Got("refers to it")(c.Group.Query().Where(group.HasInfoWith(info.ID("new"))).All(ctx))
	s.Got("many")(c.Info.Update().SetText("many").Save(ctx))
	s.Got("in another case")(c.Info.Delete().Where(info.ID("NEW")).Exec(ctx))
	s.Got("delete")(c.Info.Delete().Where(info.Not(info.HasGroups())).Exec(ctx))
	s.Got("ids")(c.Info.Query().Order(info.ByID()).IDs(ctx))
}

func ownIDs(s *Script) {
	c, ctx := s.Client, s.Ctx
	d := c.Doc.Create().SetText("first").SaveX(ctx)
	s.Value("by default", d)
	e := c.Doc.Create().SetID("e").SetParent(d).AddRelated(d).SaveX(ctx)
	s.Value("given", e)
	s.Got("empty")(c.Doc.Create().SetID("").Save(ctx))
	s.Got("bulk")(c.Doc.CreateBulk(c.Doc.Create().SetID("f").AddChildren(d), c.Doc.Create().SetID("g").AddRelated(d, e)).Save(ctx))
	s.Got("children")(c.Doc.Query().Where(doc.HasParent()).Order(doc.ByID()).IDs(ctx))
	s.Got("update")(e.Update().SetText("t").ClearParent().AddRelatedIDs("g").Save(ctx))
	s.Got("many")(c.Doc.Update().ClearText().ClearRelated().Save(ctx))
	s.Got("upsert")(c.Doc.Create().SetID("e").SetText("upserted").OnConflict(append(s.on("id"), sql.ResolveWithNewValues())...).ID(ctx))
	s.Err("delete", c.Doc.DeleteOneID("f").Exec(ctx))
	s.Got("read")(c.Doc.Query().Order(doc.ByID()).All(ctx))
}
