// Package mixin holds what a schema says: which types and fields are tracked (Mixin, Ignore), and what the log's own
// type looks like (LogMixin).
package mixin

import (
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/mixin"
)

// A Mixin says that a type is tracked, and how. The zero value tracks every field and every edge of the type's own: those in its table,
// many-to-many edges, and those that no other type refers back by. Its names are checked when code is generated.
//
//	func (Customer) Mixin() []ent.Mixin {
//		return []ent.Mixin{sqlaudit.Mixin{Fields: []string{"name", "email"}}.Track()}
//	}
type Mixin struct {
	// Fields are the names of the fields to track. Empty means every field, and every edge of the type's own unless Edges
	// names some.
	Fields []string
	// Exclude are the names of fields and edges not to track where Fields is empty.
	Exclude []string
	// Edges are the names of the edges to track, of any kind. An edge that is bound to a field is tracked as that field. Of one that leads to
	// many, the ids that went and came are recorded, whichever side wrote it.
	Edges []string
	// Label names the type in the log, at most 128 characters, of which the last is no space. It is unique; the default is the type's name.
	Label string
	// RenamedFrom are the labels that the type had before, for a type that got another name or Label. What the log has under them is read as
	// under the present one, and new entries get that.
	RenamedFrom []string `json:",omitempty"`
	// ResourceID names the field whose value identifies an entity in the log: required, unique and
	// immutable. The default is the id.
	ResourceID string
	// ActorField names the entity's own field to take the actor's id from where neither the context nor the client's
	// actor function knows one.
	ActorField string
}

// Track returns the ent mixin that tracks as m says. Mixin cannot be one itself: its field Fields hides the
// method.
func (m Mixin) Track() ent.Mixin { return tracker{mark: Mark{Mixin: m}} }

type tracker struct {
	mixin.Schema
	mark Mark
}

// Annotations implements ent.Mixin.
func (t tracker) Annotations() []schema.Annotation { return []schema.Annotation{t.mark} }

// Hooks implements ent.Mixin.
func (t tracker) Hooks() []ent.Hook { return []ent.Hook{Hook()} }

// A Mark is the annotation by which the extension knows a tracked type.
type Mark struct {
	Mixin
	// Twice says that the schema has more than one such mixin.
	Twice bool `json:",omitempty"`
}

// Name implements schema.Annotation.
func (Mark) Name() string { return "SQLAudit" }

// Merge implements schema.Merger. A type cannot be tracked in two ways.
func (m Mark) Merge(schema.Annotation) schema.Annotation {
	m.Twice = true
	return m
}

// MarkOf returns the mark among a type's annotations, if it has one.
func MarkOf(annotations map[string]any) (m Mark, ok bool, err error) {
	v, ok := annotations[m.Name()]
	if !ok {
		return m, false, nil
	}
	return m, true, convert(v, &m)
}

// Ignore returns an annotation for a field or an edge that is never tracked.
func Ignore() schema.Annotation { return ignore{Ignore: true} }

type ignore struct{ Ignore bool }

// Name implements schema.Annotation.
func (ignore) Name() string { return "SQLAuditField" }

// Ignored reports whether Ignore is among a field's or an edge's annotations.
func Ignored(annotations map[string]any) bool {
	_, ok := annotations[ignore{}.Name()]
	return ok
}

// RenamedFrom returns an annotation for a field or an edge that had other names before. What the log has under them is read under the
// present one. An edge that is bound to a field is recorded as that field.
//
//	field.String("email").Annotations(sqlaudit.RenamedFrom("mail", "address"))
func RenamedFrom(names ...string) schema.Annotation { return renamed{From: names} }

type renamed struct{ From []string }

// Name implements schema.Annotation.
func (renamed) Name() string { return "SQLAuditRenamed" }

// Merge implements schema.Merger.
func (r renamed) Merge(other schema.Annotation) schema.Annotation {
	if o, ok := other.(renamed); ok {
		r.From = slices.Concat(r.From, o.From)
	}
	return r
}

// FormerNames returns the names that RenamedFrom gives among a field's or an edge's annotations.
func FormerNames(annotations map[string]any) ([]string, error) {
	v, ok := annotations[renamed{}.Name()]
	if !ok {
		return nil, nil
	}
	var r renamed
	err := convert(v, &r)
	return r.From, err
}

// convert gives an annotation that went through JSON its type back.
func convert(v, to any) error {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, to)
	}
	if err != nil {
		return fmt.Errorf("sqlaudit: read annotation: %w", err)
	}
	return nil
}
