package auditlog

import (
	"maps"
	"slices"
)

// The functions of this file read entries that were written when a type's fields and edges had other names.

// A former name is one that a field or an edge had.
type former struct{ name, today string }

// formerNames returns the former names of t's fields and edges.
func formerNames(t *Type) (names []former) {
	for _, f := range t.Fields {
		for _, name := range f.Formerly {
			names = append(names, former{name, f.Name})
		}
	}
	for _, e := range t.Edges {
		for _, name := range e.Formerly {
			names = append(names, former{name, e.Name})
		}
	}
	return names
}

// Names returns the names under which the log may have values of the field or edge that is called name today: that one first.
func (t *Type) Names(name string) []string {
	names := []string{name}
	for _, f := range t.former {
		if f.today == name {
			names = append(names, f.name)
		}
	}
	return names
}

// Rename returns values of an entry under the present names of their fields and edges: v itself, if it has those. V is not changed.
func (t *Type) Rename(v Values) Values {
	if t == nil {
		return v
	}
	out, own := v, false
	for _, f := range t.former {
		raw, ok := v[f.name]
		if _, taken := out[f.today]; !ok || taken {
			continue
		}
		if !own {
			out, own = maps.Clone(v), true
		}
		delete(out, f.name)
		out[f.today] = raw
	}
	return out
}

// Rename returns values of an entry under the present names of the fields and edges of the type that the entry's label leads to.
func (s *Schema) Rename(label string, v Values) Values { return s.Label(label).Rename(v) }

// RenameList is Rename for a list of names.
func (t *Type) RenameList(names []string) []string {
	if t == nil {
		return names
	}
	out := names
	for _, f := range t.former {
		i := slices.Index(names, f.name)
		if i < 0 || slices.Contains(out, f.today) {
			continue
		}
		out = slices.Clone(out)
		out[i] = f.today
	}
	return out
}
