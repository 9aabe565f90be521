package sqlaudit_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent"
	"github.com/sqlaudit/sqlaudit/example/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/history"
)

// newest returns the newest entry.
func newest(ctx context.Context, client *ent.Client) *ent.AuditLog {
	return client.AuditLog.Query().Order(ent.Desc(auditlog.FieldID)).FirstX(ctx)
}

// A change is undone, and what would be lost by that is said first.
func ExampleOverwrite() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	acme := client.Customer.Create().SetName("Acme").SetEmail("a@acme.example").SaveX(ctx)
	acme.Update().SetEmail("b@acme.example").SetCredit(5).ExecX(ctx)
	entry := newest(ctx, client)
	acme.Update().SetEmail("c@acme.example").ExecX(ctx)

	err := client.AuditRevert(ctx, entry)
	var conflict *sqlaudit.ConflictError
	if errors.As(err, &conflict) {
		for _, c := range conflict.Conflicts {
			fmt.Println(c.Type, c.ID, c.Field, c.Kind)
		}
	}
	err = client.AuditRevert(sqlaudit.WithReason(ctx, "as the customer wished"), entry, sqlaudit.Overwrite())
	acme = client.Customer.GetX(ctx, acme.ID)
	fmt.Println(acme.Email, acme.Credit, err)
	fmt.Println(newest(ctx, client).Reason)
	// Output:
	// Customer 1 email changed
	// a@acme.example 0 <nil>
	// as the customer wished
}

// What is deleted comes back with its old id. A value that the log never had is given.
func ExampleWith() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	ada := client.User.Create().SetName("Ada").SetEmail("ada@example.com").SetPassword("analytical").SaveX(ctx)
	client.User.DeleteOne(ada).ExecX(ctx)

	_, err := client.User.Undelete(ctx, ada.ID)
	fmt.Println(err)
	back, err := client.User.Undelete(ctx, ada.ID, sqlaudit.With("password", "to be changed"))
	fmt.Println(back.ID == ada.ID, back.Email, err)
	// Output:
	// sqlaudit: values are unknown: User 1: password is redacted: give them by With, or pass LeaveUnknown to leave what is not required
	// true ada@example.com <nil>
}

// What is sensitive is left as it is.
func ExampleLeaveUnknown() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	ada := client.User.Create().SetName("Ada").SetEmail("ada@example.com").SetPassword("analytical").SaveX(ctx)
	ada.Update().SetName("Augusta").SetPassword("engine").ExecX(ctx)
	err := client.AuditRevert(ctx, newest(ctx, client), sqlaudit.LeaveUnknown())
	ada = client.User.GetX(ctx, ada.ID)
	fmt.Println(ada.Name, ada.Password, err)
	// Output:
	// Ada engine <nil>
}

// A transaction is read as one thing, and undone as one.
func Example_transaction() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	acme := client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").SaveX(ctx)
	ctx = sqlaudit.WithReason(sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: 42, Name: "Ada"}), "ticket 7")
	tx, err := client.Tx(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	tx.Customer.UpdateOne(acme).SetName("Apex").AddCredit(5).ExecX(ctx)
	tx.Customer.DeleteOneID(acme.ID).ExecX(ctx)
	if err := tx.Commit(); err != nil {
		fmt.Println(err)
		return
	}

	id := newest(ctx, client).TxID
	whole, err := client.AuditTransaction(ctx, id)
	fmt.Println(whole.Actor.Name, whole.Reason, err)
	for _, e := range whole.Entries {
		fmt.Println(e.Action, e.ResourceType, e.ResourceID)
	}
	all, err := acme.QueryHistory().Transactions(ctx) // of any query of entries
	fmt.Println(len(all), len(all[1].Entries), err)
	err = client.AuditRevertTransaction(ctx, id)
	acme = client.Customer.GetX(ctx, acme.ID)
	fmt.Println(acme.Name, acme.Credit, err)
	// Output:
	// Ada ticket 7 <nil>
	// update Customer 1
	// delete Customer 1
	// 2 2 <nil>
	// Acme 0 <nil>
}

// An entity is put back to what it was at a moment.
func Example_revertTo() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()
	acme := client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").SaveX(ctx)
	then := history.AfterTx(newest(ctx, client).TxID)
	acme.Update().SetName("Apex").ExecX(ctx)
	client.Customer.DeleteOne(acme).ExecX(ctx)

	err := client.Customer.RevertTo(ctx, acme.ID, then)
	fmt.Println(client.Customer.GetX(ctx, acme.ID).Name, err)
	// Output:
	// Acme <nil>
}
