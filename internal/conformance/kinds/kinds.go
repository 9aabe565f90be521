// Package kinds holds Go types that the conformance schemas store.
package kinds

import (
	"database/sql/driver"
	"fmt"
)

// Money is an amount whose JSON would be empty: only Value and Scan know it.
type Money struct{ cents int64 }

// Cents returns an amount of money.
func Cents(n int64) Money { return Money{cents: n} }

// Value implements driver.Valuer.
func (m Money) Value() (driver.Value, error) { return m.cents, nil }

// Scan implements sql.Scanner.
func (m *Money) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m = Money{}
	case int64:
		m.cents = v
	case []byte:
		_, err := fmt.Sscan(string(v), &m.cents)
		return err
	default:
		return fmt.Errorf("money: cannot scan %T", v)
	}
	return nil
}

// Meta is a JSON document.
type Meta struct {
	Source string         `json:"source"`
	Counts map[string]int `json:"counts,omitempty"`
}

// Level is an enum of the user's own type.
type Level string

// The levels.
const (
	Low  Level = "low"
	High Level = "high"
)

// Values implements field.EnumValues.
func (Level) Values() []string { return []string{string(Low), string(High)} }
