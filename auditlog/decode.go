package auditlog

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"

	entsql "entgo.io/ent/dialect/sql"
)

// Decode returns the value that raw stands for as the field's own Go type, and nil for SQL NULL. It goes the way ent reads the column, so
// it fails where ent would; and it fails where ent would make another value of it, as of an integer that the type is too small for. It does not panic,
// whatever the methods of the user's types do. It fails with ErrNoCodec for what a codec wrote that the schema does not have.
func (t *Type) Decode(f *Field, raw json.RawMessage) (any, error) {
	v, _, err := t.decode(f, raw)
	return v, err
}

// decode is Decode. Dest is what ent would have scanned the column into, or nil.
func (t *Type) decode(f *Field, raw json.RawMessage) (v, dest any, err error) {
	if len(raw) == 0 || bytes.Equal(raw, null) {
		return nil, nil, nil
	}
	err = careful(func() error {
		if tag, value := untag(raw); tag == tagCodec {
			if f.codec == nil {
				return ErrNoCodec
			}
			v, err = f.codec.decode(value)
			return err
		}
		columns := []string{f.Column}
		values, err := t.ScanValues(columns)
		if err != nil {
			return err
		}
		dest = values[0]
		node, err := t.decodeNode(columns, values, f, raw)
		if err != nil {
			return err
		}
		v, _ = f.value(node)
		return exact(dest, v)
	})
	if err != nil {
		return nil, nil, fmt.Errorf("decode field %q: %w", f.Name, err)
	}
	return v, dest, nil
}

// careful calls f, and returns what it panics with as an error.
func careful(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}

// exact fails if v, which ent made of what is in dest, is another number.
func exact(dest, v any) error {
	ok := true
	switch dest := dest.(type) {
	case *sql.NullInt64:
		switch rv := reflect.ValueOf(v); {
		case rv.CanInt():
			ok = rv.Int() == dest.Int64
		case rv.CanUint():
			ok = dest.Int64 >= 0 && rv.Uint() == uint64(dest.Int64)
		}
		if !ok {
			return fmt.Errorf("%d is no %T", dest.Int64, v)
		}
	case *sql.NullFloat64:
		if rv := reflect.ValueOf(v); rv.CanFloat() && math.IsInf(rv.Float(), 0) && !math.IsInf(dest.Float64, 0) {
			return fmt.Errorf("%v is no %T", dest.Float64, v)
		}
	}
	return nil
}

func (t *Type) decodeNode(columns []string, values []any, f *Field, raw json.RawMessage) (any, error) {
	if err := decode(values[0], f, raw); err != nil {
		return nil, err
	}
	return t.Assign(columns, values)
}

// decodeIDs returns the ids of entities of t that raw lists, as a slice of the id's Go type, or nil if raw is nil.
func (t *Type) decodeIDs(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("decode ids of %s: %w", t.Name, err)
	}
	ids := reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(t.ID(t.blank()))), 0, len(list))
	for _, raw := range list {
		values, err := t.ScanValues(t.Key)
		if err != nil {
			return nil, err
		}
		node, err := t.decodeNode(t.Key, values, &Field{}, raw)
		if err != nil {
			return nil, fmt.Errorf("decode ids of %s: %w", t.Name, err)
		}
		ids = reflect.Append(ids, reflect.ValueOf(t.ID(node)))
	}
	return ids.Interface(), nil
}

// blank returns an entity without values.
func (t *Type) blank() any {
	node, _ := t.Assign(nil, nil) // nothing to assign, so nothing to fail
	return node
}

// decode sets dest to what raw stands for. An integer is read as text, and text that is an integer as one: their columns may have been
// changed into each other.
func decode(dest any, f *Field, raw json.RawMessage) error {
	switch dest := dest.(type) {
	case *sql.NullString:
		if tag, value := untag(raw); tag == tagBytes {
			return intoBytes(value, dest)
		}
		if isInteger(raw) {
			return dest.Scan(string(raw))
		}
		return into(raw, &dest.String, &dest.Valid)
	case *sql.NullInt64:
		var s string
		if json.Unmarshal(raw, &s) == nil && isInteger([]byte(s)) {
			raw = []byte(s)
		}
		return into(raw, &dest.Int64, &dest.Valid)
	case *sql.NullFloat64:
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return dest.Scan(s)
		}
		if err := into(raw, &dest.Float64, &dest.Valid); err != nil {
			return err
		}
		if isInteger(raw) && strconv.FormatFloat(dest.Float64, 'f', -1, 64) != string(raw) {
			return fmt.Errorf("%s is no float64", raw)
		}
		return nil
	case *sql.NullBool:
		return into(raw, &dest.Bool, &dest.Valid)
	case *sql.NullTime:
		return into(raw, &dest.Time, &dest.Valid)
	case *entsql.NullScanner:
		dest.Valid = true
		return decode(dest.S, f, raw)
	case *[]byte:
		if !f.JSON {
			return json.Unmarshal(raw, dest)
		}
		*dest = plain(raw)
		return nil
	}
	if s, ok := dest.(sql.Scanner); ok && !marshals(dest) {
		return scan(s, raw)
	}
	return json.Unmarshal(plain(raw), dest)
}

// Document returns the JSON document that raw stands for, and nil if that is NULL, what a codec wrote, or no document since f is no JSON field.
func (f *Field) Document(raw json.RawMessage) json.RawMessage {
	if tag, _ := untag(raw); !f.JSON || tag == tagCodec || len(raw) == 0 || bytes.Equal(raw, null) {
		return nil
	}
	return plain(raw)
}

// plain returns the document that raw stands for.
func plain(raw json.RawMessage) json.RawMessage {
	if tag, value := untag(raw); tag == tagJSON {
		return value
	}
	return raw
}

// isInteger reports whether b is an integer as JSON and databases write it: other forms, such as "007", are text.
func isInteger(b []byte) bool {
	digits := bytes.TrimPrefix(b, []byte{'-'})
	if len(digits) == 0 || digits[0] == '0' && len(b) > 1 {
		return false
	}
	return !bytes.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
}

// maxExact is the greatest integer up to which a float64 holds each.
const maxExact = 1 << 53

// scan gives raw to s as a driver would. Databases and drivers differ in what that is: a type may know only the one it has met.
func scan(s sql.Scanner, raw json.RawMessage) error {
	v, err := driverValue(raw)
	if err != nil {
		return err
	}
	forms := []any{v}
	switch v := v.(type) {
	case string:
		forms = append(forms, []byte(v))
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			forms = append(forms, at)
		}
		switch v {
		case "NaN", "+Inf", "-Inf", "-0": // as appendFloat writes them
			n, _ := strconv.ParseFloat(v, 64)
			forms = append(forms, n)
		}
	case int64: // a float without a fraction stands as one too
		if v >= -maxExact && v <= maxExact {
			forms = append(forms, float64(v))
		}
		forms = append(forms, []byte(raw), string(raw))
	case float64:
		forms = append(forms, []byte(raw), string(raw))
	case bool:
		n := int64(0)
		if v {
			n = 1
		}
		forms = append(forms, n)
	}
	for _, form := range forms {
		ferr := careful(func() error { return s.Scan(form) })
		if ferr == nil {
			return nil
		}
		if err == nil {
			err = ferr
		}
	}
	return err
}

func intoBytes(raw json.RawMessage, dest sql.Scanner) error {
	var b []byte
	if err := json.Unmarshal(raw, &b); err != nil {
		return err
	}
	return dest.Scan(b)
}

func into[T any](raw json.RawMessage, v *T, valid *bool) error {
	*valid = true
	return json.Unmarshal(raw, v)
}

// driverValue returns raw as a driver would give it to a Scanner.
func driverValue(raw json.RawMessage) (driver.Value, error) {
	if tag, value := untag(raw); tag == tagBytes {
		b := []byte{}
		err := json.Unmarshal(value, &b)
		return b, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	case string, bool:
		return v, nil
	default:
		return nil, fmt.Errorf("%s is no column's value", raw)
	}
}
