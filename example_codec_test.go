package sqlaudit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent"
	"github.com/sqlaudit/sqlaudit/example/ent/customer"
)

// A client has the plans of customers stand in the log as another program knows them.
func ExampleCodec() {
	ctx := context.Background()
	db, plain, remove := open(ctx)
	defer remove()
	numbers := []customer.Plan{customer.PlanFree, customer.PlanTeam, customer.PlanEnterprise}
	client := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.SQLite, db)), ent.AuditCodec(sqlaudit.Codec[customer.Plan]{
		Encode: func(p customer.Plan) (json.RawMessage, error) {
			for i, plan := range numbers {
				if plan == p {
					return json.Marshal(map[string]int{"plan": i})
				}
			}
			return nil, fmt.Errorf("plan %q has no number", p)
		},
		Decode: func(raw json.RawMessage) (customer.Plan, error) {
			var doc struct{ Plan int }
			if err := json.Unmarshal(raw, &doc); err != nil {
				return "", err
			}
			if doc.Plan < 0 || doc.Plan >= len(numbers) {
				return "", fmt.Errorf("there is no plan %d", doc.Plan)
			}
			return numbers[doc.Plan], nil
		},
	}))
	acme := client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").SaveX(ctx)
	acme.Update().SetPlan(customer.PlanTeam).ExecX(ctx)

	entry := acme.QueryHistory().AllX(ctx)[1]
	fmt.Println(string(entry.After["plan"]))
	fmt.Println(entry.Changes()[0])
	change := plain.Customer.QueryHistory().AllX(ctx)[1].Changes()[0]
	fmt.Println(change, errors.Is(change.Err, sqlaudit.ErrNoCodec))
	// Output:
	// {"$codec":{"plan":1}}
	// plan: free → team
	// plan: {"$codec":{"plan":0}} → {"$codec":{"plan":1}} true
}

// A field that was called mail, and before that address.
func ExampleRenamedFrom() {
	email := field.String("email").Annotations(sqlaudit.RenamedFrom("mail", "address"))
	fmt.Println(email.Descriptor().Annotations)
	// Output:
	// [{[mail address]}]
}
