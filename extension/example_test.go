package extension_test

import (
	"fmt"

	"github.com/sqlaudit/sqlaudit/extension"
)

// An application's ent/entc.go gives the extension to ent: entc.Generate("./schema", &gen.Config{}, entc.Extensions(audit)).
func ExampleNew() {
	_, err := extension.New(
		extension.WithActorType("User"),          // QueryActor leads from an entry to who made it
		extension.WithTypeName("Trace"),          // client.Trace in the place of client.AuditLog
		extension.WithTableName("traces"),        // in the place of audit_logs
		extension.WithDatabaseSchema("audit"),    // audit.traces, which is created by versioned migrations
		extension.WithHistoryName("audit_trail"), // QueryAuditTrail in the place of QueryHistory
		extension.WithFilterPrefix("Log"),        // customer.LogEmailChanged in the place of customer.EmailChanged
	)
	fmt.Println(err)
	_, err = extension.New(extension.WithHistoryName("Trail"))
	fmt.Println(err)
	// Output:
	// <nil>
	// sqlaudit: WithHistoryName: "Trail" is not a name in the form of an ent edge, such as "audit_trail"
}
