package auditlog

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// How a column's value stands in an entry. What ent scans a column into decides the form:
//
//	SQL NULL                    null
//	string, enum                string
//	integers, bool, floats      number, true or false; NaN, +Inf, -Inf and -0, of which PostgreSQL's jsonb would make 0, are strings
//	time                        string as RFC 3339 with nanoseconds, in UTC where the database keeps no zone
//	bytes                       string in base64 (RFC 4648)
//	JSON                        the document as the database gives it
//	a Go type of the user's     what its MarshalJSON or MarshalText gives, else the form of what its Value gives
//
// Three values would be mistaken for others. They stand in an object with one key that begins with "$":
//
//	{"$json": null}             the JSON document null, which is not SQL NULL
//	{"$json": {"$…": …}}        a JSON document that is itself an object with one such key
//	{"$bytes": "…"}             text that is not valid UTF-8, in base64

var null = json.RawMessage("null")

type escaped struct {
	JSON  json.RawMessage `json:"$json,omitempty"`
	Bytes []byte          `json:"$bytes,omitempty"`
}

// unescape returns what raw stands for if it is an object with one key that begins with "$".
func unescape(raw json.RawMessage) (e escaped, ok bool) {
	if !bytes.HasPrefix(raw, []byte(`{"$`)) {
		return e, false
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || len(m) != 1 {
		return e, false
	}
	if e.JSON, ok = m["$json"]; ok {
		return e, true
	}
	return e, json.Unmarshal(raw, &e) == nil && e.Bytes != nil
}

// A Cell receives one column of a row: the value in ent's scan type, and whether it is NULL, which some of
// those types cannot tell from their zero value.
type Cell struct {
	dest any
	null bool
}

// NewCell returns a cell around dest, one of the values that ent's ScanValues gives.
func NewCell(dest any) *Cell { return &Cell{dest: dest} }

// Null reports whether the column was SQL NULL.
func (c *Cell) Null() bool { return c.null }

// Scan implements sql.Scanner.
func (c *Cell) Scan(src any) error {
	c.null = src == nil
	switch dest := c.dest.(type) {
	case sql.Scanner:
		return dest.Scan(src)
	case *[]byte:
		switch src := src.(type) {
		case nil:
			*dest = nil
		case []byte:
			*dest = append([]byte{}, src...)
		case string:
			*dest = []byte(src)
		default:
			return fmt.Errorf("cannot read %T as bytes", src)
		}
		return nil
	case *any:
		*dest = src
		return nil
	default:
		return fmt.Errorf("cannot read into %T", dest)
	}
}

// Encode returns the form of c's value in an entry of field f, read from the given dialect.
func (c *Cell) Encode(f *Field, dialectName string) (json.RawMessage, error) {
	if c.null {
		return null, nil
	}
	raw, err := encode(c.dest, f, dialectName)
	if err != nil {
		return nil, fmt.Errorf("encode field %q: %w", f.Name, err)
	}
	return raw, nil
}

func encode(v any, f *Field, dialectName string) (json.RawMessage, error) {
	switch v := v.(type) {
	case *sql.NullString:
		return encode(v.String, f, dialectName)
	case *sql.NullInt64:
		return json.Marshal(v.Int64)
	case *sql.NullFloat64:
		return encode(v.Float64, f, dialectName)
	case *sql.NullBool:
		return json.Marshal(v.Bool)
	case *sql.NullTime:
		return encode(v.Time, f, dialectName)
	case *entsql.NullScanner:
		return encode(v.S, f, dialectName)
	case *any:
		return encode(*v, f, dialectName)
	case *[]byte:
		if f.JSON {
			return encodeJSON(*v)
		}
		return json.Marshal(*v)
	case string:
		if !utf8.ValidString(v) {
			return json.Marshal(escaped{Bytes: []byte(v)})
		}
		return json.Marshal(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 && math.Signbit(v) {
			return json.Marshal(fmt.Sprintf("%+v", v))
		}
		return json.Marshal(v)
	case time.Time:
		if dialectName != dialect.SQLite {
			v = v.UTC()
		}
		return json.Marshal(v)
	case json.Marshaler, encoding.TextMarshaler:
		return json.Marshal(v)
	case driver.Valuer:
		dv, err := v.Value()
		if err != nil {
			return nil, err
		}
		if dv == nil {
			return null, nil
		}
		if _, ok := dv.(driver.Valuer); ok {
			return nil, fmt.Errorf("%T stores %T", v, dv)
		}
		return encode(dv, f, dialectName)
	case nil, bool, int64, []byte:
		return json.Marshal(v)
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && !rv.IsNil() {
		return encode(rv.Elem().Interface(), f, dialectName)
	}
	return nil, fmt.Errorf("%T has no form in the log", v)
}

// encodeJSON returns the form of a JSON column's document.
func encodeJSON(doc []byte) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, doc); err != nil {
		return nil, err
	}
	raw := json.RawMessage(b.Bytes())
	if bytes.Equal(raw, null) || reserved(raw) {
		return json.Marshal(escaped{JSON: raw})
	}
	return raw, nil
}

// reserved reports whether a document is an object whose one key is of those that escape.
func reserved(raw json.RawMessage) bool {
	if !bytes.HasPrefix(raw, []byte(`{"$`)) {
		return false
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || len(m) != 1 {
		return false
	}
	return m["$json"] != nil || m["$bytes"] != nil
}

// Decode returns the value that raw stands for as the field's own Go type, and nil for SQL NULL. It
// goes the way ent reads the column, so it fails where ent would.
func (t *Type) Decode(f *Field, raw json.RawMessage) (any, error) {
	if len(raw) == 0 || bytes.Equal(raw, null) {
		return nil, nil
	}
	columns := []string{f.Column}
	values, err := t.ScanValues(columns)
	if err != nil {
		return nil, err
	}
	node, err := t.decodeNode(columns, values, f, raw)
	if err != nil {
		return nil, fmt.Errorf("decode field %q: %w", f.Name, err)
	}
	v := f.Value(node)
	if rv := reflect.ValueOf(v); f.Nillable && rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return nil, nil
		}
		return rv.Elem().Interface(), nil
	}
	return v, nil
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

func decode(dest any, f *Field, raw json.RawMessage) error {
	switch dest := dest.(type) {
	case *sql.NullString:
		if e, ok := unescape(raw); ok {
			return dest.Scan(e.Bytes)
		}
		return into(raw, &dest.String, &dest.Valid)
	case *sql.NullInt64:
		return into(raw, &dest.Int64, &dest.Valid)
	case *sql.NullFloat64:
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return dest.Scan(s)
		}
		return into(raw, &dest.Float64, &dest.Valid)
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
		if e, ok := unescape(raw); ok {
			raw = e.JSON
		}
		*dest = raw
		return nil
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return json.Unmarshal(raw, dest)
	case sql.Scanner:
		v, err := driverValue(raw)
		if err != nil {
			return err
		}
		return dest.Scan(v)
	default:
		return json.Unmarshal(raw, dest)
	}
}

func into[T any](raw json.RawMessage, v *T, valid *bool) error {
	*valid = true
	return json.Unmarshal(raw, v)
}

// driverValue returns raw as a driver would give it to a Scanner.
func driverValue(raw json.RawMessage) (driver.Value, error) {
	if e, ok := unescape(raw); ok && e.Bytes != nil {
		return e.Bytes, nil
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
