// Package viewer says who reads.
package viewer

import "context"

// A Viewer is somebody who reads. The zero value is nobody.
type Viewer struct {
	ID      string
	Tenant  string
	Auditor bool // may read everything of the tenant, or of all if there is none
}

type key struct{}

// NewContext returns a context in which v reads.
func NewContext(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, key{}, v)
}

// FromContext returns who reads with ctx.
func FromContext(ctx context.Context) Viewer {
	v, _ := ctx.Value(key{}).(Viewer)
	return v
}
