package auditlog_test

import (
	"encoding/json"
	"fmt"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// An entry that was written when the type and its field had other names.
func ExampleType_Rename() {
	book := &auditlog.Type{
		Name: "Book", Table: "books", Key: []string{"id"},
		Identity: auditlog.Identity{Label: "Book", Formerly: []string{"Tome"}},
		Fields:   []*auditlog.Field{{Name: "title", Column: "title", Formerly: []string{"name"}}},
	}
	schema := auditlog.NewSchema(book)
	fmt.Println(schema.Label("Tome").Label, book.Named("Tome"), book.Names("title"))
	values := book.Rename(auditlog.Values{"name": json.RawMessage(`"Emma"`)})
	fmt.Println(string(values["title"]))
	// Output:
	// Book true [title name]
	// "Emma"
}
