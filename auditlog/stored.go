package auditlog

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
)

// A StoredValue is a value as a column holds it, from which follows its form in an entry. Generated filters make them, so that a value
// is compared in the form that the log has written it in.
type StoredValue struct {
	cell  *Cell
	field Field
	short json.RawMessage // of a float32: the form that MySQL and MariaDB give it
	form  json.RawMessage // if that is what was given
	typed bool            // the value of a field that is known
	err   error
}

// Stored returns v, in the place of which the database gives a value that ent scans into dest.
func Stored(dest, v any) StoredValue {
	s := StoredValue{cell: NewCell(dest)}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Float32 {
		s.short, s.err = json.Marshal(v)
	}
	dv, err := driver.DefaultParameterConverter.ConvertValue(v)
	if b, ok := dv.([]byte); ok && b == nil {
		dv = nil // as drivers have it
	}
	if s.err = firstError(s.err, err); s.err == nil {
		s.err = s.cell.Scan(dv)
	}
	return s
}

// StoredBy returns v as ent's external ValueScanner stores it.
func StoredBy[T any, S sql.Scanner](scanner interface {
	Value(T) (driver.Value, error)
	ScanValue() S
}, v T) StoredValue {
	dv, err := scanner.Value(v)
	if err != nil {
		return StoredValue{err: err}
	}
	return Stored(scanner.ScanValue(), dv)
}

// StoredJSON returns v as a JSON column holds it.
func StoredJSON(v any) StoredValue {
	doc, err := json.Marshal(v)
	return StoredValue{cell: NewCell(&doc), field: Field{JSON: true}, err: err}
}

// forms returns the forms that the value may have in an entry that was written in the given dialect, and the time that it is, if it is one.
func (s StoredValue) forms(dialectName string) (forms []json.RawMessage, at *time.Time, err error) {
	switch {
	case s.err != nil:
		return nil, nil, s.err
	case s.form != nil:
		return []json.RawMessage{s.form}, nil, nil
	}
	if t, ok := s.cell.dest.(*sql.NullTime); ok && !s.cell.null {
		if dialectName != dialect.SQLite { // which alone keeps more
			t = &sql.NullTime{Time: t.Time.Truncate(time.Microsecond), Valid: true}
		}
		raw, err := encode(t.Time, &s.field, dialectName)
		return []json.RawMessage{raw}, &t.Time, err
	}
	raw, err := s.cell.Encode(&s.field, dialectName)
	if err != nil {
		return nil, nil, err
	}
	forms = []json.RawMessage{raw}
	if s.short != nil && !bytes.Equal(raw, s.short) {
		forms = append(forms, s.short)
	}
	if former := s.former(); former != nil {
		forms = append(forms, former)
	}
	return forms, nil, nil
}

// former returns the form that the value had while the column was text that is an integer now, or an integer that is text now, as decode reads them, or nil.
func (s StoredValue) former() json.RawMessage {
	if !s.typed || s.cell.null {
		return nil
	}
	switch dest := s.cell.dest.(type) {
	case *sql.NullString:
		if isInteger([]byte(dest.String)) {
			return json.RawMessage(dest.String)
		}
	case *sql.NullInt64:
		return marshal(strconv.FormatInt(dest.Int64, 10))
	}
	return nil
}

// coded returns the form that a codec gives the value, or nil for NULL.
func (s StoredValue) coded(c *fieldCodec, dialectName string) (json.RawMessage, error) {
	if s.err != nil || s.cell.null {
		return nil, s.err
	}
	dest := s.cell.dest
	if t, ok := dest.(*sql.NullTime); ok && dialectName != dialect.SQLite {
		dest = &sql.NullTime{Time: t.Time.Truncate(time.Microsecond), Valid: true}
	}
	return c.encodeCell(dest, dialectName)
}

// storedTyped returns v, of a field that is known.
func storedTyped(v any) StoredValue {
	s := storedAny(v)
	s.typed = true
	return s
}

// storedAny returns v by its Go type alone, for filters that do not know the field.
func storedAny(v any) StoredValue {
	switch v := v.(type) {
	case StoredValue:
		return v
	case nil:
		return StoredValue{cell: &Cell{null: true}}
	case json.RawMessage: // the form itself
		if !json.Valid(v) {
			return StoredValue{err: fmt.Errorf("%q is not JSON", []byte(v))}
		}
		return StoredValue{form: marshal(v)}
	case time.Time:
		return Stored(new(sql.NullTime), v)
	case []byte:
		return Stored(new([]byte), v)
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer && rv.IsNil() {
		return storedAny(nil)
	}
	switch v := v.(type) {
	case *time.Time:
		return storedAny(*v)
	case json.Marshaler, encoding.TextMarshaler, driver.Valuer:
		return StoredValue{cell: NewCell(v)}
	}
	switch rv.Kind() {
	case reflect.Pointer:
		return storedAny(rv.Elem().Interface())
	case reflect.String:
		return Stored(new(sql.NullString), v)
	case reflect.Bool:
		return Stored(new(sql.NullBool), v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Stored(new(sql.NullInt64), v)
	case reflect.Float32, reflect.Float64:
		return Stored(new(sql.NullFloat64), v)
	}
	return StoredJSON(v)
}

// storable reports whether PostgreSQL's jsonb can hold a document: it has no NUL character.
func storable(raw json.RawMessage) bool {
	var v any
	return !bytes.Contains(raw, []byte(`\u0000`)) || json.Unmarshal(raw, &v) == nil && !hasNUL(v)
}

func hasNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsRune(v, 0)
	case []any:
		return slices.ContainsFunc(v, hasNUL)
	case map[string]any:
		for k, e := range v {
			if hasNUL(k) || hasNUL(e) {
				return true
			}
		}
	}
	return false
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
