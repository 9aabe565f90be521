package auditlog

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
)

// An Actor is who makes a change. The zero Actor means that nobody is known.
type Actor struct {
	// ID identifies the actor: a string, an integer, a UUID, or any value that implements
	// driver.Valuer or encoding.TextMarshaler. It is stored as text of at most MaxActorID characters.
	ID any
	// Type tells kinds of actors apart, such as "User" or "Job". Optional, at most MaxActorType characters.
	Type string
	// Name is how the actor was called at the time. Optional, at most MaxActorName characters.
	Name string
}

// IsZero reports whether nobody is known.
func (a Actor) IsZero() bool {
	return (a.ID == nil || a.ID == "") && a.Type == "" && a.Name == ""
}

// An ActorFunc gives the actor of a mutation whose context carries none. It runs before the
// mutation's transaction opens, with the mutation's context, once per mutation of a tracked type, and of another whose edges
// or deletion may change tracked rows. An error fails the mutation; the zero Actor means that nobody is known.
type ActorFunc func(context.Context) (Actor, error)

// An Origin is who makes a change and why: everything a context says about the mutations made with it.
type Origin struct {
	Actor        Actor
	Impersonator any
	Reason       string
	Metadata     map[string]any
}

type originKey struct{}

// OriginFromContext returns what ctx says about the mutations made with it. The result shares nothing
// with the context.
func OriginFromContext(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	o.Metadata = maps.Clone(o.Metadata)
	return o
}

func with(ctx context.Context, set func(*Origin)) context.Context {
	o := OriginFromContext(ctx)
	set(&o)
	return context.WithValue(ctx, originKey{}, o)
}

// NewContext returns a context whose mutations are made by actor. Reason, impersonator and metadata
// of ctx stay; ctx itself is untouched.
func NewContext(ctx context.Context, actor Actor) context.Context {
	return with(ctx, func(o *Origin) { o.Actor = actor })
}

// FromContext returns the actor that NewContext stored, and whether there is one.
func FromContext(ctx context.Context) (Actor, bool) {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o.Actor, !o.Actor.IsZero()
}

// WithReason returns a context whose mutations are made for reason, at most MaxReason characters.
func WithReason(ctx context.Context, reason string) context.Context {
	return with(ctx, func(o *Origin) { o.Reason = reason })
}

// WithImpersonator returns a context in which impersonator acts as the actor. It takes an id of any type that
// Actor.ID takes, or an Actor, whose id is used.
func WithImpersonator(ctx context.Context, impersonator any) context.Context {
	if a, ok := impersonator.(Actor); ok {
		impersonator = a.ID
	}
	return with(ctx, func(o *Origin) { o.Impersonator = impersonator })
}

// WithMetadata returns a context whose mutations carry metadata, merged key by key over what ctx already
// has. Values must be encodable as JSON.
func WithMetadata(ctx context.Context, metadata map[string]any) context.Context {
	return with(ctx, func(o *Origin) {
		if o.Metadata == nil {
			o.Metadata = make(map[string]any, len(metadata))
		}
		maps.Copy(o.Metadata, metadata)
	})
}

// A Stamp is an Origin as the log stores it: checked, and with every value as text. Empty means unknown.
type Stamp struct {
	ActorID, ActorType, ActorName string
	ImpersonatorID                string
	Reason                        string
	Metadata                      json.RawMessage
}

// Equal reports whether two stamps say the same.
func (s *Stamp) Equal(other *Stamp) bool { return s.texts() == other.texts() }

// texts returns the values in the order of the log's columns.
func (s *Stamp) texts() [6]string {
	return [...]string{s.ActorID, s.ActorType, s.ActorName, s.ImpersonatorID, s.Reason, string(s.Metadata)}
}

// Stamp checks o and returns it as the log stores it. It fails with a *ValueError.
func (o Origin) Stamp() (Stamp, error) {
	s := Stamp{ActorType: o.Actor.Type, ActorName: o.Actor.Name, Reason: o.Reason}
	var err error
	if s.ActorID, err = idOf("actor id", o.Actor.ID, MaxActorID); err != nil {
		return s, err
	}
	if s.ImpersonatorID, err = idOf("impersonator id", o.Impersonator, MaxActorID); err != nil {
		return s, err
	}
	for _, c := range []struct {
		name, value string
		limit       int
	}{
		{"actor type", s.ActorType, MaxActorType},
		{"actor name", s.ActorName, MaxActorName},
		{"reason", s.Reason, MaxReason},
	} {
		if err := check(c.name, c.value, c.limit); err != nil {
			return s, err
		}
	}
	if len(o.Metadata) > 0 {
		if s.Metadata, err = json.Marshal(o.Metadata); err != nil {
			return s, &ValueError{Name: "metadata", Reason: fmt.Sprintf("not encodable as JSON: %v", err)}
		}
	}
	return s, nil
}

func idOf(name string, v any, limit int) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, check(name, v, limit)
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return "", nil
	}
	s, err := IDString(v)
	if err != nil {
		return "", &ValueError{Name: name, Reason: err.Error()}
	}
	return s, check(name, s, limit)
}
