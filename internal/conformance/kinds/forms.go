package kinds

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"entgo.io/ent/schema/field"
)

// A Grade is a letter. It is marshalled to a text, and stored as a number.
type Grade struct{ Letter byte }

// MarshalText implements encoding.TextMarshaler.
func (g Grade) MarshalText() ([]byte, error) { return []byte("grade " + string(g.Letter)), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *Grade) UnmarshalText(b []byte) error {
	letter, ok := strings.CutPrefix(string(b), "grade ")
	if !ok || len(letter) != 1 {
		return fmt.Errorf("%q is no grade", b)
	}
	g.Letter = letter[0]
	return nil
}

// Value implements driver.Valuer.
func (g Grade) Value() (driver.Value, error) { return int64(g.Letter), nil }

// Scan implements sql.Scanner.
func (g *Grade) Scan(v any) error {
	var n sql.NullInt64
	err := n.Scan(v)
	g.Letter = byte(n.Int64)
	return err
}

// A Span is marshalled to an object, and stored as text.
type Span struct{ From, To int }

type span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// MarshalJSON implements json.Marshaler.
func (s Span) MarshalJSON() ([]byte, error) { return json.Marshal(span(s)) }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Span) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, (*span)(s)) }

// Value implements driver.Valuer.
func (s Span) Value() (driver.Value, error) { return fmt.Sprintf("%d-%d", s.From, s.To), nil }

// Scan implements sql.Scanner.
func (s *Span) Scan(v any) error {
	var text sql.NullString
	if err := text.Scan(v); err != nil || !text.Valid {
		return err
	}
	_, err := fmt.Sscanf(text.String, "%d-%d", &s.From, &s.To)
	return err
}

// A Seal marshals for display only: what it is is stored, as bytes, and is read as nothing else.
type Seal struct{ Key []byte }

// MarshalText implements encoding.TextMarshaler.
func (Seal) MarshalText() ([]byte, error) { return []byte("***"), nil }

// Value implements driver.Valuer.
func (s Seal) Value() (driver.Value, error) { return s.Key, nil }

// Scan implements sql.Scanner.
func (s *Seal) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok && v != nil {
		return fmt.Errorf("seal: cannot scan %T", v)
	}
	s.Key = append([]byte{}, b...)
	return nil
}

// A Fee is an amount whose JSON, for another program's sake, has lost the currency: it needs a codec.
type Fee struct {
	Amount   int64
	Currency string
}

// MarshalJSON implements json.Marshaler.
func (f Fee) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, f.Amount, 10), nil }

// UnmarshalJSON implements json.Unmarshaler.
func (f *Fee) UnmarshalJSON(b []byte) (err error) {
	f.Amount, err = strconv.ParseInt(string(b), 10, 64)
	return err
}

// Value implements driver.Valuer.
func (f Fee) Value() (driver.Value, error) { return fmt.Sprintf("%d %s", f.Amount, f.Currency), nil }

// Scan implements sql.Scanner.
func (f *Fee) Scan(v any) error {
	var s sql.NullString
	if err := s.Scan(v); err != nil || !s.Valid {
		return err
	}
	_, err := fmt.Sscanf(s.String, "%d %s", &f.Amount, &f.Currency)
	return err
}

// A Wave is of numbers that JSON does not have.
type Wave []complex128

// WaveScanner stores a Wave.
var WaveScanner = field.ValueScannerFunc[Wave, *sql.NullString]{
	V: func(w Wave) (driver.Value, error) { return w.Text(), nil },
	S: func(s *sql.NullString) (Wave, error) { return ParseWave(s.String) },
}

// Text returns the wave as text.
func (w Wave) Text() string {
	var parts []string
	for _, c := range w {
		parts = append(parts, strconv.FormatComplex(c, 'g', -1, 128))
	}
	return strings.Join(parts, " ")
}

// ParseWave returns the wave that s writes.
func ParseWave(s string) (Wave, error) {
	var w Wave
	for _, part := range strings.Fields(s) {
		c, err := strconv.ParseComplex(part, 128)
		if err != nil {
			return nil, err
		}
		w = append(w, c)
	}
	return w, nil
}

// AddrScanner stores an address as text.
var AddrScanner = field.ValueScannerFunc[netip.Addr, *sql.NullString]{
	V: func(a netip.Addr) (driver.Value, error) { return a.String(), nil },
	S: func(s *sql.NullString) (netip.Addr, error) {
		if !s.Valid {
			return netip.Addr{}, nil
		}
		return netip.ParseAddr(s.String)
	},
}

// BigScanner stores a big integer as text.
var BigScanner = field.ValueScannerFunc[*big.Int, *sql.NullString]{
	V: func(n *big.Int) (driver.Value, error) { return n.String(), nil },
	S: func(s *sql.NullString) (*big.Int, error) {
		if !s.Valid {
			return nil, nil
		}
		n, ok := new(big.Int).SetString(s.String, 10)
		if !ok {
			return nil, errors.New("no integer: " + s.String)
		}
		return n, nil
	},
}

// A Route has pointers to pointers.
type Route struct {
	Stops **int64   `json:"stops,omitempty"`
	Via   ***string `json:"via,omitempty"`
	Next  *Route    `json:"next,omitempty"`
	Total *big.Int  `json:"total,omitempty"`
}
