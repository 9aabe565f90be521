// Package kinds holds Go types of fields in the parity suite's schemas, and what their defaults and validators call.
package kinds

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Meta is a JSON document.
type Meta struct {
	Source string            `json:"source,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
	Next   *Meta             `json:"next,omitempty"`
}

// A Key is the id of a document.
type Key string

// A Level is an enum.
type Level string

// Values implements field.EnumValues.
func (Level) Values() []string { return []string{"low", "high"} }

// A Pair is stored as text, "left:right".
type Pair struct{ Left, Right string }

// Value implements driver.Valuer.
func (p Pair) Value() (driver.Value, error) { return p.Left + ":" + p.Right, nil }

// Scan implements sql.Scanner.
func (p *Pair) Scan(v any) error {
	var text string
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("unexpected type %T", v)
	}
	left, right, ok := strings.Cut(text, ":")
	if !ok {
		return errors.New("no colon in a pair")
	}
	*p = Pair{left, right}
	return nil
}

var serial, validated, asked atomic.Int64

// Reset starts the counts anew.
func Reset() {
	serial.Store(0)
	validated.Store(0)
	asked.Store(0)
}

// Serial is a default that counts its calls, so that a call too many shows.
func Serial() int { return int(serial.Add(1)) }

// Validated returns how often Validate was called.
func Validated() int { return int(validated.Load()) }

// Validate is a validator that counts its calls. It refuses texts that begin with a space.
func Validate(s string) error {
	validated.Add(1)
	if strings.HasPrefix(s, " ") {
		return errors.New("begins with a space")
	}
	return nil
}

// Ask notes that a rule was asked.
func Ask() { asked.Add(1) }

// Asked returns how often Ask was called.
func Asked() int { return int(asked.Load()) }

// Epoch is a default.
func Epoch() time.Time { return time.Date(2024, 2, 29, 12, 30, 0, 0, time.UTC) }
