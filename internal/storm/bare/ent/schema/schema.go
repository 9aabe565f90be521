// Package schema holds people of the conformance suite as they are without an audit log.
package schema

import (
	"entgo.io/ent"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
)

// User is the suite's without the mixin.
type User struct{ schema.User }

// Mixin implements ent.Interface.
func (User) Mixin() []ent.Mixin { return nil }

// Pet is the suite's without the mixin.
type Pet struct{ schema.Pet }

// Mixin implements ent.Interface.
func (Pet) Mixin() []ent.Mixin { return nil }

// Card is the suite's without the mixin.
type Card struct{ schema.Card }

// Mixin implements ent.Interface.
func (Card) Mixin() []ent.Mixin { return nil }

// Badge is the suite's without the mixin.
type Badge struct{ schema.Badge }

// Mixin implements ent.Interface.
func (Badge) Mixin() []ent.Mixin { return nil }
