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

// Group is the suite's without the mixin.
type Group struct{ schema.Group }

// Mixin implements ent.Interface.
func (Group) Mixin() []ent.Mixin { return nil }

// Room is the suite's.
type Room struct{ schema.Room }

// Team is the suite's without the mixin.
type Team struct{ schema.Team }

// Mixin implements ent.Interface.
func (Team) Mixin() []ent.Mixin { return nil }

// Membership is the suite's without the mixin.
type Membership struct{ schema.Membership }

// Mixin implements ent.Interface.
func (Membership) Mixin() []ent.Mixin { return nil }
