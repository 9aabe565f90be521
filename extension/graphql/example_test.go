package graphql_test

import (
	"fmt"
	"log"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"

	"github.com/sqlaudit/sqlaudit/extension"
	"github.com/sqlaudit/sqlaudit/extension/graphql"
)

// In ent/entc.go.
func ExampleNew() {
	audit, err := extension.New()
	if err != nil {
		log.Fatal(err)
	}
	gql, err := graphql.New(audit,
		graphql.WithQueryField("auditLogs"),
		graphql.WithEntGQL(
			entgql.WithSchemaGenerator(),
			entgql.WithSchemaPath("../ent.graphql"),
			entgql.WithWhereInputs(true),
		),
	)
	if err != nil {
		log.Fatal(err)
	}
	generate := func() error {
		return entc.Generate("./schema", &gen.Config{}, entc.Extensions(audit, gql))
	}
	fmt.Println(generate != nil)
	// Output: true
}
