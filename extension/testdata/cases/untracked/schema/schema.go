// Package schema has nothing to track yet.
package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema/field"
)

// Book is not tracked.
type Book struct{ ent.Schema }

// Fields implements ent.Interface.
func (Book) Fields() []ent.Field { return []ent.Field{field.String("title")} }
