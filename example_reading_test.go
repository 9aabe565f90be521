package sqlaudit_test

import (
	"context"
	"fmt"
	"log"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent"
	"github.com/sqlaudit/sqlaudit/example/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/example/ent/customer"
	"github.com/sqlaudit/sqlaudit/example/ent/group"
	_ "github.com/sqlaudit/sqlaudit/example/ent/runtime"
	"github.com/sqlaudit/sqlaudit/example/ent/user"
)

// customers opens a database in memory with three customers, of which the first has been changed.
func customers(ctx context.Context, name string) *ent.Client {
	client, err := ent.Open("sqlite3", "file:"+name+"?mode=memory&cache=shared&_fk=1")
	if err != nil {
		log.Fatal(err)
	}
	if err := client.Schema.Create(ctx); err != nil {
		log.Fatal(err)
	}
	ctx = sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: 42, Name: "Ada"})
	acme := client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").SaveX(ctx)
	client.Customer.Create().SetName("Bolt").SetEmail("info@bolt.example").ExecX(ctx)
	client.Customer.Create().SetName("Cog").SetEmail("info@cog.example").ExecX(ctx)
	ctx = sqlaudit.WithMetadata(ctx, map[string]any{"ip": "10.0.0.7"})
	acme.Update().SetEmail("office@acme.example").AddCredit(50).ExecX(ctx)
	return client
}

func Example_filters() {
	ctx := context.Background()
	client := customers(ctx, "filters")
	defer client.Close()

	count := func(what string, query *ent.AuditLogQuery) { fmt.Println(query.CountX(ctx), what) }
	log := client.AuditLog.Query
	count("about customers 1 and 2", log().Where(customer.HistoryOf(1, 2)))
	count("by actor 42", log().Where(auditlog.Actor(42)))
	count("changed the e-mail address", log().Where(auditlog.Action("update"), customer.EmailChanged()))
	count("changed it from that", log().Where(customer.EmailChangedFrom("info@acme.example")))
	count("set the credit to 50", log().Where(customer.CreditChangedTo(50)))
	count("set it, of whatever type", log().Where(auditlog.FieldTo("credit", 50)))
	count("set it from 0, of whatever type", log().Where(auditlog.FieldChanged("credit", "name"), auditlog.FieldFrom("credit", 0)))
	count("came from there", log().Where(auditlog.Metadata("ip"), auditlog.MetadataValue("ip", "10.0.0.7")))
	count("about customers by their label, for somebody else", log().Where(auditlog.Resource("Customer", 1, 2), auditlog.Impersonator("support-3")))
	count("in the last hour", log().Where(auditlog.During(time.Now().Add(-time.Hour), time.Time{})))
	_, err := log().Where(auditlog.During(time.Unix(1, 0).UTC(), time.Unix(0, 0).UTC())).All(ctx)
	fmt.Println(err)
	// Output:
	// 3 about customers 1 and 2
	// 4 by actor 42
	// 1 changed the e-mail address
	// 1 changed it from that
	// 1 set the credit to 50
	// 1 set it, of whatever type
	// 1 set it from 0, of whatever type
	// 1 came from there
	// 0 about customers by their label, for somebody else
	// 4 in the last hour
	// sqlaudit: invalid time range: it starts at 1970-01-01T00:00:01Z, after its end at 1970-01-01T00:00:00Z
}

// Of an edge to many the log says which links came and went, on both sides.
func Example_links() {
	ctx := context.Background()
	client := customers(ctx, "links")
	defer client.Close()
	admins := client.Group.Create().SetName("admins").SaveX(ctx)
	ada := client.User.Create().SetName("Ada").SetEmail("ada@example.com").SetPassword("x").AddGroups(admins).SaveX(ctx)
	ada.Update().RemoveGroups(admins).ExecX(ctx)

	show := func(query *ent.AuditLogQuery) {
		for _, entry := range query.AllX(ctx) {
			fmt.Println(entry.Action, entry.ResourceType, entry.ResourceID, entry.Changes()[len(entry.Changes())-1])
		}
	}
	log := client.AuditLog.Query
	show(log().Where(user.GroupsAdded(admins.ID)))
	show(log().Where(user.GroupsRemoved(admins.ID)))
	show(log().Where(group.UsersChanged()))
	show(log().Where(auditlog.Or(auditlog.EdgeAdded("users", 7), auditlog.EdgeRemoved("users", ada.ID)))) // of whatever type
	// Output:
	// create User 1 groups: ∅ → [1]
	// update User 1 groups: [1] → []
	// update Group 1 users: [] → [1]
	// update Group 1 users: [1] → []
	// update Group 1 users: [1] → []
}

func ExamplePage() {
	ctx := context.Background()
	client := customers(ctx, "pages")
	defer client.Close()

	args := sqlaudit.PageArgs{Size: 3, NewestFirst: true, Total: true}
	for {
		page, err := client.Customer.QueryHistory().Page(ctx, args)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, entry := range page.Entries {
			fmt.Println(entry.Action, entry.ResourceID)
		}
		fmt.Println("of", page.Total, "more:", page.HasNext)
		if !page.HasNext {
			break
		}
		args.After = page.Next
	}
	// Output:
	// update 1
	// create 3
	// create 2
	// of 4 more: true
	// create 1
	// of 4 more: false
}

func ExampleSettled() {
	ctx := context.Background()
	client := customers(ctx, "settled")
	defer client.Close()

	var last time.Time // kept between runs
	for range 2 {
		settled, err := sqlaudit.Settled(ctx, client)
		if err != nil {
			fmt.Println(err)
			return
		}
		n := 0
		for _, err := range client.AuditLog.Query().Where(auditlog.During(last, settled)).Each(ctx, sqlaudit.PageArgs{}) {
			if err != nil {
				fmt.Println(err)
				return
			}
			n++
		}
		fmt.Println(n, "entries")
		last = settled
	}
	// Output:
	// 4 entries
	// 0 entries
}
