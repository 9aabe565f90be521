package auditlog

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"entgo.io/ent/dialect"
)

// A Codec says how values of a Go type stand in the log, for types of which the form that they have by themselves does not carry all. It is given to a
// client by its option AuditCodec, and is then used for every recorded field of exactly that Go type; of a field that may be NULL and is therefore a
// pointer, the type that it points at. Ids, foreign keys among them, keep the form that the log compares them in.
//
//	sqlaudit.Codec[Money]{
//		Encode: func(m Money) (json.RawMessage, error) { return json.Marshal(m.Cents()) },
//		Decode: func(raw json.RawMessage) (Money, error) { … },
//	}
//
// Both functions are required, are called by several goroutines at once, and are never asked about SQL NULL. What Encode returns is JSON; Decode gets the
// same document, in the form that the database keeps JSON in. An error of Encode fails the mutation. One of Decode, or a panic, is the error of that one
// change.
//
// The log marks what a codec wrote. A client without the codec reads such a value as ErrNoCodec. What was written before there was
// a codec is read as it was then.
type Codec[T any] struct {
	Encode func(T) (json.RawMessage, error)
	Decode func(json.RawMessage) (T, error)
}

// An AnyCodec is a Codec of some type.
type AnyCodec interface {
	codec() (*codec, error)
}

// ErrNoCodec is the error of a change that a codec wrote which the client does not have.
var ErrNoCodec = errors.New("sqlaudit: the value was written by a codec that the client does not have: give it one with the option AuditCodec")

type codec struct {
	typ    reflect.Type
	encode func(any) (json.RawMessage, error)
	decode func(json.RawMessage) (any, error)
}

func (c Codec[T]) codec() (*codec, error) {
	typ := reflect.TypeFor[T]()
	if c.Encode == nil || c.Decode == nil {
		return nil, &ValueError{Name: "codec of " + typ.String(), Reason: "it needs both Encode and Decode"}
	}
	return &codec{
		typ:    typ,
		encode: func(v any) (json.RawMessage, error) { return c.Encode(v.(T)) },
		decode: func(raw json.RawMessage) (any, error) { return c.Decode(raw) },
	}, nil
}

// With returns a copy of the schema whose fields are written and read by codecs. The schema itself stays as it is. What is wrong with a codec is
// the copy's Err.
func (s *Schema) With(codecs ...AnyCodec) *Schema {
	types := make([]*Type, len(s.types))
	for i, t := range s.types {
		types[i] = t.clone()
	}
	out := NewSchema(types...)
	for _, any := range codecs {
		c, err := any.codec()
		if err == nil {
			err = out.use(c)
			out.codecs = append(out.codecs, c)
		}
		out.err = errors.Join(out.err, err)
	}
	return out
}

// Err returns what is wrong with the codecs that the schema was given: a *ValueError for one that is not complete, that no recorded field has the
// type of, or that is not the only one of its type. Mutations fail with it.
func (s *Schema) Err() error { return s.err }

// Of returns the schema's own description of a type that another schema of the same generated package describes.
func (s *Schema) Of(t *Type) *Type { return s.Named(t.Name) }

// use gives the fields of c's type their codec.
func (s *Schema) use(c *codec) error {
	if s.codec(c.typ) != nil {
		return &ValueError{Name: "codec of " + c.typ.String(), Reason: "there is another of the type: give the client one"}
	}
	used := false
	for _, t := range s.types {
		if !t.Tracked() {
			continue
		}
		node := t.blank()
		for _, f := range t.Fields {
			if f.goType(node) == c.typ && !t.isForeignKey(f.Column) {
				f.codec = &fieldCodec{codec: c, typ: t, field: f}
				used = true
			}
		}
	}
	if !used {
		return &ValueError{Name: "codec of " + c.typ.String(), Reason: "no recorded field has that Go type: correct the type, or remove the codec"}
	}
	return nil
}

// codec returns the codec of a Go type, or nil.
func (s *Schema) codec(typ reflect.Type) *codec {
	for _, c := range s.codecs {
		if c.typ == typ {
			return c
		}
	}
	return nil
}

// clone returns a copy of t, with fields and edges of its own, that is in no schema yet.
func (t *Type) clone() *Type {
	c := *t
	c.referrers, c.ends = nil, nil
	c.Fields, c.Edges = slices.Clone(t.Fields), slices.Clone(t.Edges)
	for i, f := range t.Fields {
		own := *f
		c.Fields[i] = &own
	}
	for i, e := range t.Edges {
		own := *e
		c.Edges[i] = &own
	}
	return &c
}

func (t *Type) isForeignKey(column string) bool {
	return slices.ContainsFunc(t.ForeignKeys, func(fk *ForeignKey) bool { return fk.Column == column })
}

// of returns the field of a node.
func (f *Field) of(node any) any { return reflect.ValueOf(f.Pointer(node)).Elem().Interface() }

// goType returns the field's own Go type, or nil if that is an interface.
func (f *Field) goType(node any) reflect.Type {
	typ := reflect.TypeOf(f.of(node))
	if f.Nillable && typ != nil && typ.Kind() == reflect.Pointer {
		return typ.Elem()
	}
	return typ
}

// value returns the value of a node's field as the field's own Go type, and whether it is there.
func (f *Field) value(node any) (any, bool) {
	v := f.of(node)
	if rv := reflect.ValueOf(v); f.Nillable && rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return nil, false
		}
		return rv.Elem().Interface(), true
	}
	return v, true
}

// A fieldCodec is the codec of a field.
type fieldCodec struct {
	*codec
	typ   *Type
	field *Field
}

// encodeCell returns the form of what ent scanned into dest.
func (c *fieldCodec) encodeCell(dest any, dialectName string) (json.RawMessage, error) {
	if t, ok := dest.(*sql.NullTime); ok && dialectName != dialect.SQLite {
		dest = &sql.NullTime{Time: t.Time.UTC(), Valid: t.Valid} // the zone is that of the connection, and no part of the value
	}
	node, err := c.typ.Assign([]string{c.field.Column}, []any{dest})
	if err != nil {
		return nil, err
	}
	v, ok := c.field.value(node)
	if !ok {
		return null, nil
	}
	return c.write(v)
}

// write returns the marked form of a value.
func (c *codec) write(v any) (json.RawMessage, error) {
	raw, err := c.encode(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, fmt.Errorf("the codec of %s: %w", c.typ, err)
	}
	return tagged(tagCodec, b.Bytes()), nil
}

// Recode returns raw in the form in which a value of field f is written today, where that is another: by the field's codec, or of the type that it has now.
// It returns raw itself if that cannot be read so.
func (t *Type) Recode(f *Field, raw json.RawMessage) json.RawMessage {
	v, dest, err := t.decode(f, raw)
	switch {
	case err != nil || v == nil:
		return raw
	case f.codec != nil:
		if out, err := f.codec.write(v); err == nil {
			return out
		}
	case dest != nil:
		// Of a database that keeps the zones of times, and so takes none away.
		if out, err := encode(dest, f, dialect.SQLite); err == nil {
			return out
		}
	}
	return raw
}

// Recoded reports whether two values of the field, of which one may have been written before the field had its present type or codec, are to be
// compared by what Recode gives. Values of one form are not: they are what they are.
func (f *Field) Recoded(a, b json.RawMessage) bool {
	return f.codec != nil || formOf(a) != formOf(b)
}

// formOf returns what tells the forms of values apart.
func formOf(raw json.RawMessage) byte {
	if tag, _ := untag(raw); tag == tagCodec {
		return '$'
	}
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		return '0'
	}
	if len(raw) > 0 {
		return raw[0]
	}
	return 0
}
