// Package schema holds what the benchmarks of writes change, without an audit log.
package schema

import (
	"entgo.io/ent"

	"github.com/sqlaudit/sqlaudit/internal/bench/audited/ent/schema"
)

// Account is the tracked one without the mixin.
type Account struct{ schema.Account }

// Mixin implements ent.Interface.
func (Account) Mixin() []ent.Mixin { return nil }
