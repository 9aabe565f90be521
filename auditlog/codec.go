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
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// How a column's value stands in an entry. What ent scans a column into decides the form:
//
//	SQL NULL                    null
//	string, enum                string
//	integers, bool, floats      number, true or false; NaN, +Inf, -Inf and -0, of which PostgreSQL's jsonb would make 0, are strings
//	time                        string as RFC 3339 with nanoseconds, in UTC where the database keeps no zone
//	bytes                       string in base64 (RFC 4648)
//	JSON                        the document as the database gives it
//	a Go type of the user's     what its codec gives, if the client has one (see Codec); else what its MarshalJSON or MarshalText gives,
//	                            if it reads that again; else the form of what its Value gives
//
// Some values would be mistaken for others. They stand in an object with one key that begins with "$":
//
//	{"$json": null}             the JSON document null, which is not SQL NULL
//	{"$json": {"$…": …}}        a JSON document that is itself an object of that kind
//	{"$bytes": "…"}             text that is not valid UTF-8, and bytes that a Value gives, in base64
//	{"$codec": …}               what a codec wrote

var null = json.RawMessage("null")

const (
	tagJSON  = "$json"
	tagBytes = "$bytes"
	tagCodec = "$codec"
)

// tagged returns raw as the only value of an object, under tag.
func tagged(tag string, raw json.RawMessage) json.RawMessage {
	return slices.Concat([]byte(`{"`+tag+`":`), raw, []byte{'}'})
}

// untag returns the tag and the value of an object that has one of the tags as its only key.
func untag(raw json.RawMessage) (tag string, value json.RawMessage) {
	if !bytes.HasPrefix(raw, []byte(`{"$`)) {
		return "", nil
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || len(m) != 1 {
		return "", nil
	}
	for _, tag := range []string{tagJSON, tagBytes, tagCodec} {
		if value, ok := m[tag]; ok {
			return tag, value
		}
	}
	return "", nil
}

func taggedBytes(b []byte) (json.RawMessage, error) {
	raw, err := json.Marshal(b)
	return tagged(tagBytes, raw), err
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
	return c.appendForm(nil, f, dialectName)
}

// appendForm appends the form of c's value.
func (c *Cell) appendForm(b []byte, f *Field, dialectName string) ([]byte, error) {
	var err error
	switch {
	case c.null:
		return append(b, null...), nil
	case f.codec != nil:
		var raw json.RawMessage
		raw, err = f.codec.encodeCell(c.dest, dialectName)
		b = append(b, raw...)
	default:
		b, err = appendForm(b, c.dest, f, dialectName)
	}
	if err != nil {
		return nil, fmt.Errorf("encode field %q: %w", f.Name, err)
	}
	return b, nil
}

func encode(v any, f *Field, dialectName string) (json.RawMessage, error) {
	return appendForm(nil, v, f, dialectName)
}

// appendForm appends the form of a value.
func appendForm(b []byte, v any, f *Field, dialectName string) ([]byte, error) {
	switch v := v.(type) {
	case *sql.NullString:
		return appendText(b, v.String)
	case *sql.NullInt64:
		return strconv.AppendInt(b, v.Int64, 10), nil
	case *sql.NullFloat64:
		return appendFloat(b, v.Float64)
	case *sql.NullBool:
		return strconv.AppendBool(b, v.Bool), nil
	case *sql.NullTime:
		return appendTime(b, v.Time, dialectName)
	case *entsql.NullScanner:
		return appendForm(b, v.S, f, dialectName)
	case *any:
		return appendForm(b, *v, f, dialectName)
	case *[]byte:
		if f.JSON {
			return appendJSON(b, *v)
		}
		return appendMarshalled(b, *v)
	case string:
		return appendText(b, v)
	case float64:
		return appendFloat(b, v)
	case time.Time:
		return appendTime(b, v, dialectName)
	case *uuid.UUID:
		b = append(b, '"')
		return append(append(b, v.String()...), '"'), nil
	case nil, bool, int64, []byte:
		return appendMarshalled(b, v)
	}
	if marshals(v) {
		doc, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		return appendJSON(b, doc)
	}
	if v, ok := v.(driver.Valuer); ok {
		dv, err := v.Value()
		if err != nil {
			return nil, err
		}
		switch dv := dv.(type) {
		case nil:
			return append(b, null...), nil
		case []byte:
			raw, err := taggedBytes(dv)
			return append(b, raw...), err
		case driver.Valuer:
			return nil, fmt.Errorf("%T stores %T", v, dv)
		}
		return appendForm(b, dv, f, dialectName)
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && !rv.IsNil() {
		return appendForm(b, rv.Elem().Interface(), f, dialectName)
	}
	return nil, fmt.Errorf("%T has no form in the log", v)
}

func appendMarshalled(b []byte, v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	return append(b, raw...), err
}

func appendFloat(b []byte, v float64) ([]byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 && math.Signbit(v) {
		return appendMarshalled(b, fmt.Sprintf("%+v", v))
	}
	return appendMarshalled(b, v)
}

func appendTime(b []byte, v time.Time, dialectName string) ([]byte, error) {
	if _, offset := v.Zone(); dialectName != dialect.SQLite || offset%60 != 0 { // of which the form has no seconds
		v = v.UTC()
	}
	b, err := v.AppendText(append(b, '"'))
	return append(b, '"'), err
}

// appendText appends the form of a string.
func appendText(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		raw, err := taggedBytes([]byte(s))
		return append(b, raw...), err
	}
	return appendQuoted(b, s)
}

// appendQuoted appends what json.Marshal makes of a string.
func appendQuoted(b []byte, s string) ([]byte, error) {
	if !simple(s) {
		return appendMarshalled(b, s)
	}
	b = append(b, '"')
	return append(append(b, s...), '"'), nil
}

// simple reports whether a string stands in JSON as it is.
func simple(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

// marshals reports whether a value stands in the log as what it is marshalled to: if its type reads that again. One that marshals without
// reading, as for display, stands as it is stored, if it knows how.
func marshals(v any) bool {
	_, json1 := v.(json.Marshaler)
	_, json2 := v.(json.Unmarshaler)
	_, text1 := v.(encoding.TextMarshaler)
	_, text2 := v.(encoding.TextUnmarshaler)
	if _, stored := v.(driver.Valuer); stored {
		return json1 && json2 || !json1 && !json2 && text1 && text2
	}
	return json1 || text1
}

// appendJSON appends the form of a JSON document.
func appendJSON(b []byte, doc []byte) ([]byte, error) {
	at := len(b)
	buf := bytes.NewBuffer(b)
	if err := json.Compact(buf, doc); err != nil {
		return nil, err
	}
	b = buf.Bytes()
	raw := b[at:]
	if tag, _ := untag(raw); tag != "" || bytes.Equal(raw, null) {
		return append(b[:at], tagged(tagJSON, raw)...), nil
	}
	return b, nil
}
