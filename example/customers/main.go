// The example follows, step for step, the full example script of the Python library sqlaudit: a user adds two customers and renames one, and
// the log says which field changed, when, from what, to what, and by whom. The steps are named as they are there.
//
//	go run ./example/customers
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/customers/ent"
	_ "github.com/sqlaudit/sqlaudit/example/customers/ent/runtime"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	// Step 1, the models, is ent/schema, as is step 3, what is tracked of them. Step 4 there is none: hooks need not be registered.

	// Step 2: configure who acts where nothing else says it.
	var user *ent.User
	whoActs := func(context.Context) (sqlaudit.Actor, error) {
		if user == nil {
			return sqlaudit.Actor{}, nil
		}
		return sqlaudit.Actor{ID: user.ID}, nil
	}
	client, err := ent.Open("sqlite3", "file:customers?mode=memory&cache=shared&_fk=1", ent.AuditActor(whoActs))
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer client.Close()

	// Create all tables in the database.
	if err := client.Schema.Create(ctx); err != nil {
		return fmt.Errorf("creating the schema: %w", err)
	}

	// Step 5: make changes. Add the user.
	if user, err = client.User.Create().Save(ctx); err != nil {
		return err
	}

	// Create and add a new customer.
	newCustomer, err := client.Customer.Create().SetName("John Doe").SetEmail("jdoe@example.com").SetUser(user).Save(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Customer %d added with name %s and email %s.\n", newCustomer.ID, newCustomer.Name, newCustomer.Email)

	// Check if the customer is in the database.
	if _, err := client.Customer.Get(ctx, newCustomer.ID); err != nil {
		return err
	}

	// Create and add another customer.
	newCustomer2, err := client.Customer.Create().SetName("Jane Doe").SetEmail("jane@example.com").SetUser(user).Save(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Customer %d added with name %s and email %s.\n", newCustomer2.ID, newCustomer2.Name, newCustomer2.Email)

	// Update the customer's name, so that we have some more to look at.
	if newCustomer2, err = newCustomer2.Update().SetName("Jane Smith").Save(ctx); err != nil {
		return err
	}

	// Retrieve and print the changes of the customer.
	entries, err := newCustomer2.QueryHistory().All(ctx)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		for _, change := range entry.Changes() {
			fmt.Fprintf(out, "FIELD '%s' CHANGED AT %s FROM %s TO %s BY USER %s\n",
				change.Field, entry.OccurredAt.UTC().Format(time.RFC3339), value(change.Old), value(change.New), entry.ActorID)
		}
	}
	return nil
}

// value prints a value of the field's own Go type. Nil is what was not there.
func value(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(v)
	}
}
