package script

import (
	"context"
	"errors"

	entgo "entgo.io/ent"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/intercept"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/pet"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/privacy"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/schema"
	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/parity/kinds"
)

var guardScenes = []scene{
	{"interceptors", "every query that is seen, and none more", interceptors},
	{"interceptors that change", "what a query asks for and answers, beside mutations", interceptorsThatChange},
	{"privacy", "who may read and write, and what else a rule says", privacyRules},
	{"privacy decisions", "a decision in the context, and a rule that asks the database", privacyDecisions},
}

func interceptors(s *Script) {
	c, ctx := s.Client, s.Ctx
	c.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			qc := entgo.QueryFromContext(ctx)
			s.Line("query of %s: %s, unique %v, fields %v", qc.Type, qc.Op, qc.Unique != nil && *qc.Unique, qc.Fields)
			v, err := next.Query(ctx, q)
			s.Got("answer")(v, err)
			return v, err
		})
	}))
	c.User.Intercept(intercept.TraverseUser(func(context.Context, *ent.UserQuery) error {
		s.Line("users are traversed")
		return nil
	}))
	u := s.user("a")
	s.Got("update")(u.Update().SetAge(1).AddPets(c.Pet.Create().SetName("p").SaveX(ctx)).Save(ctx))
	s.Got("update by id")(c.User.UpdateOneID(u.ID).Select(user.FieldAge).SetAge(2).Save(ctx))
	s.Got("update many")(c.User.Update().Where(user.HasPets()).SetAge(3).Save(ctx))
	s.Got("old value")(c.User.UpdateOneID(u.ID).Mutation().OldAge(ctx))
	s.Got("ids of a mutation")(c.User.Update().Mutation().IDs(ctx))
	s.Got("edges")(c.User.Query().WithPets().QueryPets().QueryOwner().Count(ctx))
	s.Got("exist")(c.User.Query().Exist(ctx))
	s.Got("get")(c.User.Get(ctx, u.ID))
	s.Got("delete")(c.User.Delete().Exec(ctx))
}

func interceptorsThatChange(s *Script) {
	c, ctx := s.Client, s.Ctx
	us := s.users("a", "b", "c")
	c.Pet.Create().SetName("p").SetOwner(us[1]).ExecX(ctx)
	c.User.Intercept(intercept.TraverseFunc(func(_ context.Context, q intercept.Query) error {
		q.WhereP(sql.FieldNEQ(user.FieldName, "b"))
		q.Limit(10)
		return nil
	}))
	c.Pet.Intercept(ent.InterceptFunc(func(ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(context.Context, ent.Query) (ent.Value, error) { return nil, errors.New("no pets today") })
	}))
	s.Got("hidden")(c.User.Query().Order(user.ByID()).All(ctx))
	s.Got("updates are not narrowed")(c.User.Update().SetAge(1).Save(ctx))
	s.Got("nor of the hidden")(us[1].Update().SetAge(2).Save(ctx))
	s.Got("old value of the hidden")(c.User.UpdateOneID(us[1].ID).Mutation().OldAge(ctx))
	s.Got("refused")(c.Pet.Query().All(ctx))
	s.Got("refused, by a loaded edge")(c.User.Query().WithPets().All(ctx))
	s.Got("a create")(c.Pet.Create().SetName("q").Save(ctx))
	s.Got("an update")(c.Pet.UpdateOneID(1).SetName("r").ClearOwner().Save(ctx))
	s.Got("an update of many")(c.Pet.Update().Where(pet.Name("r")).SetOwner(us[0]).Save(ctx))
	s.Got("delete by an edge")(c.Pet.Delete().Where(pet.HasOwnerWith(user.Name("a"))).Exec(ctx))
	s.Got("delete of the hidden")(c.User.Delete().Exec(ctx))
}

func privacyRules(s *Script) {
	c, ctx := s.Client, s.Ctx
	root, guest := schema.WithViewer(ctx, "root"), schema.WithViewer(ctx, "guest")
	s.Watch(c.Note, "hook")
	public, err := c.Note.Create().SetText("public").Save(guest)
	s.Got("create")(public, err)
	s.Got("create a secret")(c.Note.Create().SetText("x").SetSecret(true).Save(guest))
	secret := c.Note.Create().SetText("secret").SetSecret(true).SaveX(root)
	s.Got("a rule's own error")(c.Note.Create().SetText("forbidden").Save(guest))
	s.Got("nobody reads")(c.Note.Query().All(ctx))
	s.Got("guests read")(c.Note.Query().All(guest))
	s.Got("root reads")(c.Note.Query().Count(root))
	s.Got("update")(public.Update().SetText("edited").Save(guest))
	s.Got("update of a secret")(secret.Update().SetText("edited").Save(guest))
	s.Got("update of a secret by id")(c.Note.UpdateOneID(secret.ID).SetText("edited").Save(guest))
	s.Got("update by nobody, of an entity")(public.Update().SetText("nobody").Save(ctx))
	s.Got("update by nobody, by id")(c.Note.UpdateOneID(public.ID).SetText("nobody").Save(ctx))
	s.Got("update many")(c.Note.Update().SetText("many").Save(guest))
	s.Got("delete many")(c.Note.Delete().Exec(root))
	s.Err("delete one", c.Note.DeleteOne(public).Exec(guest))
	s.Got("bulk")(c.Note.CreateBulk(c.Note.Create().SetText("a"), c.Note.Create().SetText("b").SetSecret(true)).Save(guest))
	s.Got("bulk by root")(c.Note.CreateBulk(c.Note.Create().SetText("a"), c.Note.Create().SetText("b").SetSecret(true)).Save(root))
	_, err = c.Note.Query().All(ctx)
	s.Value("denied", errors.Is(err, privacy.Deny))
	s.InTx(func(tx *ent.Tx) {
		s.Got("in a transaction")(tx.Note.UpdateOneID(secret.ID).SetText("x").Save(guest))
		s.Got("and on")(tx.Note.UpdateOneID(secret.ID).SetText("y").Save(root))
	})
	s.Got("read")(c.Note.Query().Order(ent.Asc("id")).All(root))
	s.Value("rules were asked", kinds.Asked())
}

func privacyDecisions(s *Script) {
	c, ctx := s.Client, s.Ctx
	allow := privacy.DecisionContext(ctx, privacy.Allow)
	n := c.Note.Create().SetText("n").SetSecret(true).SaveX(allow)
	s.Got("read")(c.Note.Get(allow, n.ID))
	s.Got("update")(n.Update().SetText("m").Save(allow))
	s.Got("delete many")(c.Note.Delete().Exec(allow))
	s.Got("denied")(c.Note.Create().SetText("x").Save(privacy.DecisionContext(ctx, privacy.Denyf("by the context"))))
	s.Got("skipped")(c.Note.Create().SetText("y").Save(privacy.DecisionContext(ctx, privacy.Skip)))
}
