package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// The forms in which a database keeps a JSON document differ: PostgreSQL's jsonb and MySQL's JSON order keys, drop white space,
// write numbers and escapes their own way, and keep the last of equal keys; SQLite and MariaDB keep the text.
// Values are therefore compared in a form of which every document has one: keys sorted, the last of equal ones kept, no white space, strings as
// encoding/json writes them, and numbers by their value: 1, 1.0 and 10e-1 are the same number, and so are 0 and -0. No digit is lost.

// Canonical returns that form of raw, or raw itself if it is not a JSON document.
func Canonical(raw json.RawMessage) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return raw
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return raw
	}
	b := &bytes.Buffer{}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if e.Encode(numbers(v)) != nil {
		return raw
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// Equal reports whether two values are the same, each in the form of Canonical. Nil is equal to nil alone.
func Equal(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return (a == nil) == (b == nil)
	}
	return a != nil && b != nil && bytes.Equal(Canonical(a), Canonical(b))
}

// numbers replaces the numbers in v by those of the canonical form.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return v
}

// number returns n as an integer without trailing zeros, and an exponent unless that is 0. Integers of up to 21 digits are
// written out.
func number(n json.Number) json.Number {
	s := string(n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	exp := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var err error
		if exp, err = strconv.Atoi(s[i+1:]); err != nil || exp > 1<<30 || exp < -1<<30 {
			return n // an exponent beyond all numbers
		}
		s = s[:i]
	}
	if i := strings.IndexByte(s, '.'); i >= 0 {
		exp -= len(s) - i - 1
		s = s[:i] + s[i+1:]
	}
	s = strings.TrimLeft(s, "0")
	digits := strings.TrimRight(s, "0")
	if digits == "" {
		return "0"
	}
	exp += len(s) - len(digits)
	switch {
	case exp == 0:
		return json.Number(sign + digits)
	case exp > 0 && len(digits)+exp <= 21:
		return json.Number(sign + digits + strings.Repeat("0", exp))
	default:
		return json.Number(sign + digits + "e" + strconv.Itoa(exp))
	}
}
