package hook

import (
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A column that holds the links of another type's edge, and no field that is recorded, makes another part of what is set with it.
func TestPartOfLinks(t *testing.T) {
	shelf := &auditlog.Type{
		Name: "Shelf", Table: "shelves", Key: []string{"id"}, Identity: auditlog.Identity{Label: "Shelf", Columns: []auditlog.IdentityColumn{{Name: "id"}}},
		Edges: []*auditlog.Edge{{Name: "books", Type: "Book", Holder: "Book", Column: "shelf_books", Target: "id"}},
	}
	book := &auditlog.Type{
		Name: "Book", Table: "books", Key: []string{"id"}, Identity: auditlog.Identity{Label: "Book", Columns: []auditlog.IdentityColumn{{Name: "id"}}},
		Fields: []*auditlog.Field{{Name: "author", Column: "author"}, {Name: "title", Column: "title"}},
	}
	auditlog.NewSchema(shelf, book)
	o := &operation{base: sql.NewDriver(dialect.SQLite, sql.Conn{}), target: Target{Type: book, SchemaOf: func(*auditlog.Type) string { return "" }}}
	tab := &table{plain: true}
	p := o.partOf(tab, map[string]bool{"author": true})
	require.Equal(t, []string{"id", "author"}, p.typ.Columns())
	require.Same(t, p, o.partOf(tab, map[string]bool{"author": true}), "it is kept")
	require.Nil(t, o.partOf(tab, map[string]bool{"author": true, "shelf_books": true}))
	require.Nil(t, o.partOf(tab, map[string]bool{"author": true, "title": true}), "that is all of it")
	require.Nil(t, o.partOf(&table{plain: true, computed: true}, map[string]bool{"author": true}))
}
