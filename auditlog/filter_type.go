package auditlog

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// The methods of Identity in this file are the filters of one type. They find what is about it under every label that it had, and its fields and edges
// under every name that they had: names are those of one of them, today's first.

// Changed applies to entries in which the field or edge changed, or which created or deleted an entity that has it.
func (i Identity) Changed(names ...string) func(*sql.Selector) {
	return i.of(FieldChanged(names...))
}

// From applies to entries that say that the field, or edge to one, was v before: nil for NULL. It is compared in the form that it has by itself, in that which
// the codec of the field gives it, if the client has one (see Schema.Context), and, of integers and text that is one, in the form that it had if the column was the other then.
func (i Identity) From(v any, names ...string) func(*sql.Selector) {
	return i.of(valueIs(ColumnBefore, names, storedTyped(v), i.codec(v, names[0])))
}

// To is like From, of the value after.
func (i Identity) To(v any, names ...string) func(*sql.Selector) {
	return i.of(valueIs(ColumnAfter, names, storedTyped(v), i.codec(v, names[0])))
}

// Added applies to entries in which a link to one of the given ids came to the edge to many. No id, no entry.
func (i Identity) Added(ids []any, names ...string) func(*sql.Selector) {
	return i.of(edgeHas(ColumnAfter, names, ids))
}

// Removed is like Added, of links that went.
func (i Identity) Removed(ids []any, names ...string) func(*sql.Selector) {
	return i.of(edgeHas(ColumnBefore, names, ids))
}

func (i Identity) of(filter func(*sql.Selector)) func(*sql.Selector) {
	return sql.AndPredicates(func(s *sql.Selector) { s.Where(i.OfType(s)) }, filter)
}

type schemaKey struct{}

// Context returns a context that tells the filters of a query what the client describes, and so which codecs it has. Generated builders give it to
// their selectors.
func (s *Schema) Context(parent context.Context) context.Context {
	return context.WithValue(parent, schemaKey{}, s)
}

// described returns the description of the client whose query s is of.
func described(s *sql.Selector) (*Schema, error) {
	if schema, ok := s.Context().Value(schemaKey{}).(*Schema); ok {
		return schema, nil
	}
	return nil, errNoClient
}

var errNoClient = errors.New("the query is not a generated client's, so that it is not known which codecs the value was written with: " +
	"use the filter in a query of the client, or give FieldFrom or FieldTo a json.RawMessage, which is the form in the log")

// codec returns what gives a value the form of the field's codec, or nil if it has none.
func (i Identity) codec(v any, name string) func(*sql.Selector) (json.RawMessage, error) {
	return func(s *sql.Selector) (json.RawMessage, error) {
		stored, ok := v.(StoredValue)
		if !ok { // NULL, for which no codec is asked
			return nil, nil
		}
		schema, err := described(s)
		if err != nil {
			return nil, err
		}
		f := schema.Label(i.Label).Field(name)
		if f == nil || f.codec == nil {
			return nil, nil
		}
		return stored.coded(f.codec, s.Dialect())
	}
}

// codecOf is Identity.codec for a value of which only the Go type is known.
func codecOf(v any) func(*sql.Selector) (json.RawMessage, error) {
	return func(s *sql.Selector) (json.RawMessage, error) {
		if _, ok := v.(json.RawMessage); ok || v == nil {
			return nil, nil
		}
		schema, err := described(s)
		if err != nil {
			return nil, err
		}
		c := schema.codec(reflect.TypeOf(v))
		if rv := reflect.ValueOf(v); c == nil && rv.Kind() == reflect.Pointer && !rv.IsNil() {
			v, c = rv.Elem().Interface(), schema.codec(rv.Type().Elem())
		}
		if c == nil {
			return nil, nil
		}
		if t, ok := v.(time.Time); ok && s.Dialect() != dialect.SQLite {
			v = t.UTC().Truncate(time.Microsecond)
		}
		return c.write(v)
	}
}
