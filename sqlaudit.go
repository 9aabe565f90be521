package sqlaudit

import (
	"context"

	"entgo.io/ent/schema"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// What schemas use.
type (
	// Mixin says that a type is tracked, and how.
	Mixin = mixin.Mixin
	// LogMixin makes a schema of the user's own the log.
	LogMixin = mixin.LogMixin
)

// Ignore returns an annotation for a field or an edge that is never tracked.
func Ignore() schema.Annotation { return mixin.Ignore() }

// What handlers use.
type (
	// An Actor is who makes a change.
	Actor = auditlog.Actor
	// A Change is one field or edge of an entry.
	Change = auditlog.Change
	// An Origin is who makes a change and why.
	Origin = auditlog.Origin
)

// The actions of entries.
const (
	ActionCreate = auditlog.ActionCreate
	ActionUpdate = auditlog.ActionUpdate
	ActionDelete = auditlog.ActionDelete
	// ActionBaseline is that of what was there before the log followed it: see Baseline.
	ActionBaseline = auditlog.ActionBaseline
)

// NewContext returns a context whose mutations are made by actor. What ctx says of the reason, the impersonator and
// metadata stays.
func NewContext(ctx context.Context, actor Actor) context.Context {
	return auditlog.NewContext(ctx, actor)
}

// FromContext returns the actor that NewContext stored, and whether there is one.
func FromContext(ctx context.Context) (Actor, bool) { return auditlog.FromContext(ctx) }

// OriginFromContext returns all that ctx says about the mutations made with it.
func OriginFromContext(ctx context.Context) Origin { return auditlog.OriginFromContext(ctx) }

// WithReason returns a context whose mutations are made for reason, at most 512 characters.
func WithReason(ctx context.Context, reason string) context.Context {
	return auditlog.WithReason(ctx, reason)
}

// WithImpersonator returns a context in which impersonator, an Actor or the id of one, acts as the actor.
func WithImpersonator(ctx context.Context, impersonator any) context.Context {
	return auditlog.WithImpersonator(ctx, impersonator)
}

// WithMetadata returns a context whose mutations carry metadata, merged key by key over what ctx has.
func WithMetadata(ctx context.Context, metadata map[string]any) context.Context {
	return auditlog.WithMetadata(ctx, metadata)
}

// Errors of mutations. Each is documented in package auditlog.
var (
	ErrNotGenerated = auditlog.ErrNotGenerated
	ErrHookMissing  = auditlog.ErrHookMissing
	ErrReadOnly     = auditlog.ErrReadOnly
	ErrDriver       = auditlog.ErrDriver
	ErrOtherClient  = auditlog.ErrOtherClient
	ErrUpsert       = auditlog.ErrUpsert
	ErrIncomplete   = auditlog.ErrIncomplete
	ErrTooManyRows  = auditlog.ErrTooManyRows
)

// Error types of mutations.
type (
	// A ValueError says that something given to the record cannot be stored.
	ValueError = auditlog.ValueError
	// A WriteError says that entries could not be written, and that the change was not kept.
	WriteError = auditlog.WriteError
)
