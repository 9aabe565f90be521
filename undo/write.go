package undo

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Client is a generated client, as far as undoing needs it.
type Client struct {
	auditlog.Source
	Types []*Type
	// Actor is the client's actor function, or nil.
	Actor auditlog.ActorFunc
	// Begin begins a transaction of the client's. The Client that it returns writes within, and has no actor function: the actor is known by then.
	Begin func(context.Context) (*Client, Tx, error)
}

// A Tx is a transaction of a generated client.
type Tx interface {
	Commit() error
	Rollback() error
}

// label returns the type that the log names label, or nil.
func (c *Client) label(label string) *Type {
	for _, t := range c.Types {
		if t.Label == label {
			return t
		}
	}
	return nil
}

// A Type is a tracked type, and how ent's mutations of it are made.
type Type struct {
	*auditlog.Type
	// Members are the fields of the type, also those that are not tracked, and its edges.
	Members []Member
	// NotFound is ent's error.
	NotFound error
	// Create, Update and Delete run a mutation of one entity. Create returns the entity.
	Create         func(context.Context, *Write) (any, error)
	Update, Delete func(context.Context, *Write) error
}

// A Member is a field or an edge of a type.
type Member struct {
	Name   string
	Column string // of a field; empty for an edge that is bound to none
	// Required says that no entity can be created without it.
	Required bool
	// Immutable says that no update writes it.
	Immutable bool
	// Touched says that each update writes it, by the field's UpdateDefault.
	Touched bool
	// Optional says that it may be NULL, or, of an edge, that there may be no link.
	Optional bool
	// Many says that an edge leads to many.
	Many bool
	// Bidi says that an edge to one is its own inverse.
	Bidi bool
}

// member returns the member of that name. The zero Member is one that the type does not have.
func (t *Type) member(name string) Member {
	for _, m := range t.Members {
		if m.Name == name {
			return m
		}
	}
	return Member{}
}

// A Write is what one mutation of an entity is to do.
type Write struct {
	// Node is an entity of the type that has nothing but its id; or, where the log names entities of the type by another field and the entity is to
	// be created, that field.
	Node any

	set   []setting
	null  []string // columns
	links []Link
}

type setting struct {
	column string
	value  any
	// Of a JSON document also itself, of which the value may not have everything, and the value once more, to tell whether a hook has changed it.
	document json.RawMessage
	again    any
}

// A Link is what a Write does to an edge.
type Link struct {
	Edge string
	// Add and Remove are ids of what it leads to, as their own Go type.
	Add, Remove []any
}

// empty reports whether there is nothing to write.
func (w *Write) empty() bool { return len(w.set)+len(w.null)+len(w.links) == 0 }

// Apply has a mutation do what w says. Link gives it the links of an edge.
func (w *Write) Apply(m ent.Mutation, link func(Link) error) error {
	for _, s := range w.set {
		if err := m.SetField(s.column, s.value); err != nil {
			return fmt.Errorf("sqlaudit: restore a field: %w", err)
		}
	}
	for _, column := range w.null {
		clear := m.ClearField
		if m.Op().Is(ent.OpCreate) {
			clear = m.ResetField // a default may have set it
		}
		if err := clear(column); err != nil {
			return fmt.Errorf("sqlaudit: restore a field: %w", err)
		}
	}
	for _, l := range w.links {
		if err := link(l); err != nil {
			return fmt.Errorf("sqlaudit: restore an edge: %w", err)
		}
	}
	return nil
}

// Creating completes the specification of a created entity, to which ent has added the fields of the mutation: what was NULL is to be NULL, also
// where the database has a default, and JSON documents are written as they were.
func (w *Write) Creating(spec *sqlgraph.CreateSpec, m ent.Mutation) {
	if w == nil {
		return
	}
	w.documents(spec.Fields)
	for _, column := range w.null {
		_, set := m.Field(column) // by a hook
		if !set && !slices.ContainsFunc(spec.Fields, func(f *sqlgraph.FieldSpec) bool { return f.Column == column }) {
			spec.SetField(column, field.TypeOther, nil)
		}
	}
}

// Updating is like Creating, of an entity that is updated, and whose mutation clears what is to be NULL.
func (w *Write) Updating(spec *sqlgraph.UpdateSpec) {
	if w != nil {
		w.documents(spec.Fields.Set)
	}
}

// documents puts JSON documents in the place of the values that stand for them, which ent would marshal: a number that a float64 cannot hold would be another, and
// a key that the Go type does not have would be lost. What a hook has changed stays.
func (w *Write) documents(fields []*sqlgraph.FieldSpec) {
	for _, s := range w.set {
		for _, f := range fields {
			if s.document != nil && f.Column == s.column && reflect.DeepEqual(f.Value, s.again) {
				f.Value = s.document
			}
		}
	}
}

// Many gives a mutation the links of an edge that leads to many.
func Many[T any](l Link, add, remove func(...T)) error {
	for _, part := range []struct {
		ids []any
		f   func(...T)
	}{{l.Remove, remove}, {l.Add, add}} {
		ids, err := typed[T](l, part.ids)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			part.f(ids...)
		}
	}
	return nil
}

// One gives a mutation the link of an edge that leads to one.
func One[T any](l Link, set func(T), clear func()) error {
	ids, err := typed[T](l, l.Add)
	if err != nil {
		return err
	}
	if len(l.Remove) > 0 {
		clear()
	}
	if len(ids) > 0 {
		set(ids[0])
	}
	return nil
}

func typed[T any](l Link, ids []any) ([]T, error) {
	out := make([]T, len(ids))
	for i, id := range ids {
		var ok bool
		if out[i], ok = id.(T); !ok {
			return nil, fmt.Errorf("unexpected type %T for the id of edge %s, which is a %T", id, l.Edge, out[i])
		}
	}
	return out, nil
}

// NoEdge returns the error of links of an edge that a type does not have.
func NoEdge(typeName string, l Link) error {
	return fmt.Errorf("%s has no edge %s to write", typeName, l.Edge)
}
