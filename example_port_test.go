package sqlaudit_test

import (
	"context"
	"fmt"

	"github.com/sqlaudit/sqlaudit"
)

// What the Python library's set_audit_context and AuditContextManager say holds for the mutations that a context is given to, and for no others.
func Example_setAuditContext() {
	ctx := context.Background()
	_, client, remove := open(ctx)
	defer remove()

	audited := sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: 1})
	audited = sqlaudit.WithReason(audited, "Testing")
	audited = sqlaudit.WithImpersonator(audited, 2)
	john := client.Customer.Create().SetName("John Doe").SetEmail("jdoe@example.com").SaveX(audited)

	john.Update().SetName("John Smith").ExecX(ctx)

	for _, entry := range john.QueryHistory().AllX(ctx) {
		fmt.Printf("%s by %q for %q, in fact %q\n", entry.Action, entry.ActorID, entry.Reason, entry.ImpersonatorID)
	}
	// Output:
	// create by "1" for "Testing", in fact "2"
	// update by "" for "", in fact ""
}
