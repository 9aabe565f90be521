// The example keeps users and customers in an embedded SQLite database, changes them in every way that
// ent offers, and prints what the audit log has to say about it.
//
//	go run ./example
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	_ "github.com/mattn/go-sqlite3"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent"
	"github.com/sqlaudit/sqlaudit/example/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/example/ent/customer"
	_ "github.com/sqlaudit/sqlaudit/example/ent/runtime"
	"github.com/sqlaudit/sqlaudit/example/ent/user"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	client, err := ent.Open("sqlite3", "file:example?mode=memory&cache=shared&_fk=1",
		// Who acts where the context does not say.
		ent.AuditActor(func(context.Context) (sqlaudit.Actor, error) {
			return sqlaudit.Actor{Type: "Job", Name: "setup"}, nil
		}))
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer client.Close()
	if err := client.Schema.Create(ctx); err != nil {
		return fmt.Errorf("creating the schema: %w", err)
	}
	if err := change(ctx, client); err != nil {
		return err
	}
	return report(ctx, client, out)
}

// change makes the changes whose history is then printed.
func change(ctx context.Context, client *ent.Client) error {
	ada, err := client.User.Create().SetName("Ada").SetEmail("ada@example.com").SetPassword("analytical").Save(ctx)
	if err != nil {
		return err
	}
	grace, err := client.User.Create().SetName("Grace").SetEmail("grace@example.com").SetPassword("nanosecond").Save(ctx)
	if err != nil {
		return err
	}
	asAda := sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: ada.ID, Name: ada.Name})
	asGrace := sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: grace.ID, Name: grace.Name})

	// One customer, then some in bulk.
	acme, err := client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").SetOwner(ada).Save(asAda)
	if err != nil {
		return err
	}
	names := []string{"Borealis", "Cormorant"}
	others, err := client.Customer.MapCreateBulk(names, func(c *ent.CustomerCreate, i int) {
		c.SetName(names[i]).SetEmail(strings.ToLower(names[i]) + "@example.com").SetOwner(ada)
	}).Save(asAda)
	if err != nil {
		return err
	}

	// One field, with a reason; an increment on an entity that is no longer what is in memory; many at once.
	if err := acme.Update().SetEmail("office@acme.example").Exec(sqlaudit.WithReason(asGrace, "ticket 7")); err != nil {
		return err
	}
	if err := acme.Update().AddCredit(50).Exec(asAda); err != nil {
		return err
	}
	bulk := sqlaudit.WithReason(asGrace, "spring campaign")
	if _, err := client.Customer.Update().Where(customer.PlanEQ(customer.PlanFree)).SetPlan(customer.PlanTeam).Save(bulk); err != nil {
		return err
	}

	// A customer moves to another user, from that user's side, while support acts as Grace.
	support := sqlaudit.WithImpersonator(asGrace, "support-3")
	if err := grace.Update().AddCustomers(others[0]).Exec(support); !ent.IsConstraintError(err) {
		return fmt.Errorf("a customer who still has an owner was moved: %w", err)
	}
	if err := ada.Update().RemoveCustomers(others[0]).Exec(support); err != nil {
		return err
	}
	if err := grace.Update().AddCustomers(others[0]).SetPassword("a new one").Exec(support); err != nil {
		return err
	}

	// A link has two sides, and is recorded on both.
	admins, err := client.Group.Create().SetName("admins").Save(ctx)
	if err != nil {
		return err
	}
	if err := admins.Update().AddUsers(ada, grace).Exec(asAda); err != nil {
		return err
	}

	// An attempt that fails leaves neither a change nor an entry.
	if err := attempt(asAda, client, others[1]); err == nil {
		return errors.New("the transaction that was to fail did not")
	}
	if err := client.Customer.DeleteOne(others[1]).Exec(sqlaudit.WithReason(asAda, "asked to be forgotten")); err != nil {
		return err
	}
	// Nothing that is tracked changes here: no entry.
	return acme.Update().SetName("Acme").Exec(asAda)
}

// attempt changes a customer and then fails.
func attempt(ctx context.Context, client *ent.Client, other *ent.Customer) error {
	tx, err := client.Tx(ctx)
	if err != nil {
		return err
	}
	err = tx.Customer.UpdateOne(other).SetName("Never seen").Exec(ctx)
	if err == nil {
		err = tx.Customer.UpdateOne(other).SetEmail("office@acme.example").Exec(ctx) // taken
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// report prints the log, and one customer's history in each way to reach it.
func report(ctx context.Context, client *ent.Client, out io.Writer) error {
	entries, err := client.AuditLog.Query().All(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Everything that happened, read back from the database:\n\n")
	printTable(out, entries)

	acme, err := client.Customer.Query().Where(customer.Name("Acme")).WithHistory().Only(ctx)
	if err != nil {
		return err
	}
	loaded, err := acme.History()
	if err != nil {
		return err
	}
	ways := []struct {
		name  string
		query *ent.AuditLogQuery
	}{
		{"client.Customer.QueryHistory(acme)", client.Customer.QueryHistory(acme)},
		{"acme.QueryHistory()", acme.QueryHistory()},
		{`client.Customer.Query().Where(customer.Name("Acme")).QueryHistory()`, client.Customer.Query().Where(customer.Name("Acme")).QueryHistory()},
		{`acme.QueryHistory().Where(auditlog.Reason("ticket 7"))`, acme.QueryHistory().Where(auditlog.Reason("ticket 7"))},
		{"client.Customer.QueryHistory(), also of those that are gone", client.Customer.QueryHistory()},
	}
	fmt.Fprintf(out, "\nThe history of Acme:\n\n")
	printTable(out, loaded)
	fmt.Fprintf(out, "\nThe ways to reach it, and what each finds:\n\n")
	fmt.Fprintf(out, "%3d entries  %s\n", len(loaded), "client.Customer.Query().….WithHistory(), then acme.History()")
	for _, w := range ways {
		n, err := w.query.Count(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		fmt.Fprintf(out, "%3d entries  %s\n", n, w.name)
	}
	moved, err := client.Customer.Query().Where(customer.HasHistoryWith(auditlog.ImpersonatorID("support-3"))).Only(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nTouched by support-3, by customer.HasHistoryWith(…): %s\n", moved.Name)

	ticket, err := acme.QueryHistory().Where(auditlog.Reason("ticket 7")).Only(ctx)
	if err != nil {
		return err
	}
	actor, err := ticket.QueryActor().Only(ctx)
	if err != nil {
		return err
	}
	about, err := ticket.QueryCustomer().Only(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "From the entry of ticket 7 to its actor and its customer: %s, %s\n", actor.Name, about.Name)

	n, err := client.User.Query().Where(user.HasHistory()).Count(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Users with a history: %d\n", n)
	if err := client.AuditLog.DeleteOne(ticket).Exec(ctx); !errors.Is(err, sqlaudit.ErrReadOnly) {
		return fmt.Errorf("an entry was deleted: %w", err)
	}
	fmt.Fprintf(out, "Deleting that entry through the client: refused\n")
	return nil
}
