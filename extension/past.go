package extension

import (
	"slices"

	"entgo.io/ent/entc/gen"
)

// Recorded returns the name under which an edge of the type is recorded, or "" if it is not.
func (t *typ) Recorded(e *gen.Edge) string {
	name := e.Name
	if e.OwnFK() && e.Field() != nil {
		name = e.Field().Name
	}
	if slices.ContainsFunc(t.Fields, func(c *column) bool { return c.Name == name }) ||
		slices.ContainsFunc(t.Links, func(l *links) bool { return l.Name == name }) {
		return name
	}
	return ""
}

// PastNames are the names of the types that are generated for a tracked type's past.
func (t *typ) PastNames() []string {
	return []string{t.Name + "Past", t.Name + "PastQuery", t.Name + "Versions"}
}

// IDImports returns the packages of the types that name entities in the log, by the name in types and the path.
func (m *model) IDImports() map[string]string {
	out := map[string]string{"uuid": "github.com/google/uuid"}
	for _, t := range m.Types {
		if t.Label == "" || t.HasCompositeID() {
			continue
		}
		if f := t.Identity()[0]; f.Type.PkgPath != "" {
			out[f.Type.PkgName] = f.Type.PkgPath
		}
	}
	return out
}
