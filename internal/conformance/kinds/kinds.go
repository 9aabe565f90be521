// Package kinds holds Go types that the conformance schemas store.
package kinds

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"entgo.io/ent/schema/field"
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

// IBAN is an id of its own type.
type IBAN string

// Decimal is a decimal number that knows how it is stored.
type Decimal struct{ text string }

// ParseDecimal returns the decimal number that s writes.
func ParseDecimal(s string) Decimal { return Decimal{s} }

// String returns the number as it is written.
func (d Decimal) String() string { return d.text }

// Value implements driver.Valuer.
func (d Decimal) Value() (driver.Value, error) { return d.text, nil }

// Scan implements sql.Scanner.
func (d *Decimal) Scan(v any) error {
	var s sql.NullString
	if err := s.Scan(v); err != nil {
		return err
	}
	d.text = s.String
	return nil
}

// Path is an id that is stored as text.
type Path struct{ Folder, File string }

// PathScanner stores a Path.
var PathScanner = field.ValueScannerFunc[Path, *sql.NullString]{
	V: func(p Path) (driver.Value, error) { return p.Folder + "/" + p.File, nil },
	S: func(s *sql.NullString) (Path, error) {
		folder, file, ok := strings.Cut(s.String, "/")
		if s.Valid && !ok {
			return Path{}, fmt.Errorf("%q is no path", s.String)
		}
		return Path{folder, file}, nil
	},
}
