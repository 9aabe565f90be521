package auditgql_test

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditgql"
)

// The first two of three entries: what is read is one more, which tells that there are others.
func ExampleCut() {
	two := 2
	page := auditgql.Page{First: &two}
	read := []uuid.UUID{{15: 1}, {15: 2}, {15: 3}}[:page.Limit()]
	entries, next, previous := auditgql.Cut(page, read, func(id uuid.UUID) uuid.UUID { return id })
	fmt.Println(len(entries), next, previous)
	// Output: 2 true false
}
