package sqlaudit_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent"
	"github.com/sqlaudit/sqlaudit/example/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/example/ent/customer"
)

// An entity as it was: its tracked fields are set, and it says what is known.
func ExampleAsOf() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	acme := client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").SaveX(ctx)
	then := client.AuditLog.Query().OnlyX(ctx).OccurredAt
	acme.Update().SetEmail("office@acme.example").SetPlan(customer.PlanTeam).ExecX(ctx)

	was, err := client.Customer.AsOf(then).Get(ctx, acme.ID)
	fmt.Println(was.Email, was.Plan, err)
	v, _ := was.AuditVersion()
	fmt.Println(v.Action, v.Known("email"), v.Known("seen_at"))
	_, err = client.Customer.AsOf(then.AddDate(-1, 0, 0)).Get(ctx, acme.ID)
	fmt.Println(errors.Is(err, sqlaudit.ErrNotYet), ent.IsNotFound(err))
	fmt.Println(sqlaudit.AsOf(then).String() == client.Customer.AsOf(then).Moment().String())
	// Output:
	// info@acme.example free <nil>
	// create true false
	// true true
	// true
}

// All customers on a plan, as of a moment: a predicate of the type, evaluated over the past.
func ExampleMoment() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	ada := client.User.Create().SetName("Ada").SetEmail("ada@example.com").SetPassword("x").SaveX(ctx)
	for _, name := range []string{"Acme", "Bolt", "Corm"} {
		client.Customer.Create().SetName(name).SetEmail(name).SetOwner(ada).SetPlan(customer.PlanTeam).ExecX(ctx)
	}
	last := client.AuditLog.Query().Order(auditlog.ByID()).AllX(ctx)[3]
	client.Customer.Update().Where(customer.Name("Bolt")).SetPlan(customer.PlanFree).ExecX(ctx)
	client.Customer.Delete().Where(customer.Name("Acme")).ExecX(ctx)
	client.User.UpdateOne(ada).SetName("Countess").ExecX(ctx)

	past := client.Customer.At(last)
	all, err := past.Query().Where(customer.PlanEQ(customer.PlanTeam), customer.NameNEQ("Corm")).With(customer.EdgeOwner).All(ctx)
	for _, c := range all {
		fmt.Println(c.Name, c.Plan, c.Edges.Owner.Name)
	}
	fmt.Println(err)
	exists, err := past.Query().Of(1, 2).Where(customer.PlanEQ(customer.PlanFree)).Exist(ctx) // these alone
	fmt.Println(exists, err)
	for c, err := range client.Customer.Now().Query().Stream(ctx) {
		fmt.Println(c.Name, c.Plan, err)
	}
	_, err = past.Query().Where(customer.HasOwnerWith()).Count(ctx)
	fmt.Println(errors.Is(err, sqlaudit.ErrPredicate))
	// Output:
	// Acme team Ada
	// Bolt team Ada
	// <nil>
	// false <nil>
	// Bolt free <nil>
	// Corm team <nil>
	// true
}

// What changed between two points, for people to read.
func ExampleDiff() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	acme := client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").SaveX(ctx)
	created := client.AuditLog.Query().OnlyX(ctx)
	acme.Update().SetEmail("office@acme.example").ExecX(ctx)
	acme.Update().AddCredit(50).ExecX(ctx)

	diff, err := client.Customer.AsOfTx(created.TxID).Diff(ctx, client.Customer.Now(), acme.ID)
	fmt.Print(diff)
	fmt.Println(diff.Action, err)
	client.Customer.DeleteOne(acme).ExecX(ctx)
	for diff, err := range client.Customer.At(created).Diffs(ctx, client.Customer.Now()) {
		fmt.Println(diff.ID, diff.Action, err)
	}
	// Output:
	// Customer 1: email: "info@acme.example" → "office@acme.example"
	// Customer 1: credit: 0 → 50
	// update <nil>
	// 1 delete <nil>
}

// From version to version of one entity, and the ids at the other end of its edges.
func ExampleEdgeIDs() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	ada := client.User.Create().SetName("Ada").SetEmail("ada@example.com").SetPassword("x").SaveX(ctx)
	acme := client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").SaveX(ctx)
	acme.Update().SetOwner(ada).ExecX(sqlaudit.WithReason(ctx, "ticket 7"))

	versions := client.Customer.Versions(acme.ID) // or acme.AuditVersions()
	last, _ := versions.Last(ctx)
	v, _ := last.AuditVersion()
	ids, err := sqlaudit.EdgeIDs[int](v, customer.EdgeOwner)
	fmt.Println(ids, v.Reason, err)
	first, err := versions.Before(ctx, v)
	fv, _ := first.AuditVersion()
	ids, _ = sqlaudit.EdgeIDs[int](fv, customer.EdgeOwner)
	fmt.Println(ids, fv.Action, err)
	_, err = versions.Before(ctx, fv)
	fmt.Println(err)
	// Output:
	// [1] ticket 7 <nil>
	// [] create <nil>
	// sqlaudit: there is no such version
}

// A moment right after a transaction, of which it never shows a part.
func ExampleAfterTx() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").ExecX(ctx)
	entry := client.AuditLog.Query().OnlyX(ctx)
	fmt.Println(sqlaudit.AfterTx(entry.TxID) == client.Customer.At(entry).Moment())
	fmt.Println(client.Customer.Now().Moment())
	// Output:
	// true
	// now
}
