package undo

import "strings"

// An Option says how to undo.
type Option func(*options)

type options struct {
	overwrite bool
	leave     bool
	with      map[string]any
}

func newOptions(opts []Option) *options {
	o := &options{with: make(map[string]any)}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// Overwrite has later changes overwritten where they are in the way. A field or link that was changed again gets the value that it had before what is
// undone; an entity that is gone is created again, with the values that it had last where what is undone says nothing of them; one
// that was created anew becomes the old one; one that is to go takes with it, or frees, what refers to it. A link to what is gone is left out.
func Overwrite() Option { return func(o *options) { o.overwrite = true } }

// LeaveUnknown leaves fields as they are whose old value the log does not have: sensitive ones, and those that a type does not have any more. Of an
// entity that is created again such a field has its default, or is NULL.
func LeaveUnknown() Option { return func(o *options) { o.leave = true } }

// With gives the value of a field that the log does not have: of a sensitive one, or of one that is not tracked, of an entity that is created
// again. It takes the field's own Go type. The name is that of the field, or, to mean that of one type alone, of the type's label and the field:
// "User.password". The value of a unique edge is the id of what it leads to.
func With(field string, value any) Option { return func(o *options) { o.with[field] = value } }

// given returns the value that With gives for a field of a type.
func (o *options) given(label, field string) (any, bool) {
	if v, ok := o.with[label+"."+field]; ok {
		return v, true
	}
	if strings.Contains(field, ".") {
		return nil, false
	}
	v, ok := o.with[field]
	return v, ok
}
