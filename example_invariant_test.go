package sqlaudit_test

import (
	"context"
	"fmt"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent/auditlog"
)

// The log alone says what the tables hold.
func ExampleReplay() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	acme := client.Customer.Create().SetName("Acme").SetEmail("a@acme.example").SaveX(ctx)
	acme.Update().SetEmail("b@acme.example").ExecX(ctx)

	state, err := sqlaudit.Replay(ctx, client, sqlaudit.Types("Customer"), sqlaudit.IDs("1"), sqlaudit.OnFinding(func(f sqlaudit.Finding) { fmt.Println(f) }))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(state.Entity("Customer", "1").Fields["email"]))
	// Output: "b@acme.example"
}

// A write that goes around ent is found, and what was there before the log followed it is recorded.
func ExampleReconcile() {
	ctx := context.Background()
	db, client, remove := open(ctx)
	defer remove()
	client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").ExecX(ctx)
	around(ctx, db, "UPDATE customers SET email = 'office@acme.example'")
	around(ctx, db, "INSERT INTO customers (name, email, plan, credit, seen_at) SELECT 'Bolt', 'info@bolt.example', plan, credit, seen_at FROM customers")
	report, err := sqlaudit.Reconcile(ctx, client)
	fmt.Println(report.Differences, err)

	ctx = sqlaudit.WithReason(ctx, "imported by hand")
	progress, err := sqlaudit.Baseline(ctx, client, sqlaudit.Types("Customer"))
	fmt.Println(progress[0].Entries, "entry written", err)
	report, err = sqlaudit.Reconcile(ctx, client, sqlaudit.Types("Customer"))
	fmt.Println(report, err)
	// Output:
	// [Customer 1: email is "office@acme.example", and "info@acme.example" in the log Customer 2: is there, but not in the log] <nil>
	// 1 entry written <nil>
	// Customer: 2 entities, 2 entries, 1 differences
	// Customer 1: email is "office@acme.example", and "info@acme.example" in the log
	//  <nil>
}

// Where there may be many differences, they come one by one.
func ExampleDifferences() {
	ctx := context.Background()
	db, client, remove := open(ctx)
	defer remove()
	client.Customer.Create().SetName("Acme").SetEmail("a@acme.example").ExecX(ctx)
	around(ctx, db, "UPDATE customers SET name = 'ACME'")

	for d, err := range sqlaudit.Differences(ctx, client, sqlaudit.Types("Customer")) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Type, d.ID, d.Change.Field, d.Change.Old, d.Change.New)
	}
	// Output: Customer 1 name Acme ACME
}

// Rows that were there before their type was tracked are taken in.
func ExampleBaseline() {
	ctx := context.Background()
	db, client, remove := open(ctx)
	defer remove()
	around(ctx, db, "INSERT INTO customers (name, email, plan, credit, seen_at) VALUES ('Acme', 'a@acme.example', 'free', 0, CURRENT_TIMESTAMP)")

	said := sqlaudit.WithReason(ctx, "customers are tracked from today")
	progress, err := sqlaudit.Baseline(said, client, sqlaudit.Types("Customer"), sqlaudit.BatchSize(1000),
		sqlaudit.OnProgress(func(p sqlaudit.Progress) { fmt.Println(p) }))
	fmt.Println(len(progress), err)
	for _, entry := range client.AuditLog.Query().AllX(ctx) {
		fmt.Println(entry.Action, entry.ResourceType, entry.ResourceID, entry.Reason)
	}
	// Output:
	// Customer: 1 entities, 1 entries, 0 differences
	// 1 <nil>
	// baseline Customer 1 customers are tracked from today
}

// An edge that is tracked since later: the links that were there before are taken in once it is named. Else they would be taken for written around ent.
func ExampleJoined() {
	ctx := context.Background()
	db, client, remove := open(ctx)
	defer remove()
	admins := client.Group.Create().SetName("admins").SaveX(ctx)
	client.User.Create().SetName("Ada").SetEmail("ada@example.com").SetPassword("x").ExecX(ctx)
	grace := client.User.Create().SetName("Grace").SetEmail("grace@example.com").SetPassword("x").SaveX(ctx)
	around(ctx, db, "INSERT INTO user_groups (user_id, group_id) VALUES (1, 1)") // as it was when nothing was tracked
	grace.Update().AddGroups(admins).ExecX(ctx)

	progress, err := sqlaudit.Baseline(ctx, client, sqlaudit.Types("Group"), sqlaudit.Joined("users"))
	fmt.Println(progress[0].Entries, err)
	for _, entry := range client.AuditLog.Query().Where(auditlog.Action(sqlaudit.ActionBaseline)).AllX(ctx) {
		fmt.Println(entry.ResourceType, entry.ResourceID, entry.Changes())
	}
	report, err := sqlaudit.Reconcile(ctx, client, sqlaudit.Types("Group"))
	fmt.Println(report.OK(), err)
	// Output:
	// 1 <nil>
	// Group 1 [users: ∅ → [1]]
	// true <nil>
}

// The color of a group is annotated with Ignore: what changes of it alone is not recorded.
func ExampleIgnore() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	admins := client.Group.Create().SetName("admins").SetColor("red").SaveX(ctx)
	admins.Update().SetColor("green").ExecX(ctx)
	admins.Update().SetColor("blue").SetName("owners").ExecX(ctx)
	for _, entry := range admins.QueryHistory().AllX(ctx) {
		fmt.Println(entry.Action, entry.Changes())
	}
	// Output:
	// create [name: ∅ → "admins"]
	// update [name: "admins" → "owners"]
}

// A context says who acts, for whom and why.
func ExampleOriginFromContext() {
	ctx := sqlaudit.NewContext(context.Background(), sqlaudit.Actor{ID: 7, Name: "Ada"})
	ctx = sqlaudit.WithImpersonator(ctx, 1)
	ctx = sqlaudit.WithReason(ctx, "ticket 12")
	ctx = sqlaudit.WithMetadata(ctx, map[string]any{"ip": "::1"})

	actor, known := sqlaudit.FromContext(ctx)
	fmt.Println(actor.ID, actor.Name, known)
	origin := sqlaudit.OriginFromContext(ctx)
	fmt.Println(origin.Impersonator, origin.Reason, origin.Metadata["ip"])
	// Output:
	// 7 Ada true
	// 1 ticket 12 ::1
}
