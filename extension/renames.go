package extension

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"entgo.io/ent/entc/gen"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// checkLabels checks the labels that types had before: each leads to one type.
func (m *model) checkLabels() error {
	claimed := map[string]string{}
	for _, t := range m.Types {
		for i, label := range t.Formerly {
			switch {
			case label == "":
				return fail(t.Name, "RenamedFrom has an empty label: remove it")
			case utf8.RuneCountInString(label) > auditlog.MaxLabel:
				return fail(t.Name, "a label in RenamedFrom has more than %d characters, which were never stored: remove it", auditlog.MaxLabel)
			case label == t.Label:
				return fail(t.Name, "label %q in RenamedFrom is the type's present one: remove it", label)
			case slices.Contains(t.Formerly[:i], label):
				return fail(t.Name, "label %q is in RenamedFrom twice: remove one", label)
			}
			if other := slices.IndexFunc(m.Types, func(o *typ) bool { return o.Label == label }); other >= 0 {
				return fail(t.Name, "label %q in RenamedFrom is that of %s: entries that bear it are read as that type's; remove it, or give %[3]s another Label", label, m.Types[other].Name)
			}
			if other, ok := claimed[label]; ok {
				return fail(t.Name, "label %q is in RenamedFrom of %s too: keep it in one of them", label, other)
			}
			claimed[label] = t.Name
		}
	}
	return nil
}

// A part is a field or an edge of a schema.
type part struct {
	kind, name string
	former     []string
}

// addFormerNames reads the former names of the type's fields and edges.
func (t *typ) addFormerNames() error {
	parts, err := partsOf(t.Type)
	if err != nil {
		return err
	}
	claimed := map[string]part{}
	for _, p := range parts {
		if len(p.former) == 0 {
			continue
		}
		recorded, names := t.recordedAs(p)
		if recorded == nil {
			if t.ID != nil && p.name == t.ID.Name {
				return fail(t.Name, "field %q carries sqlaudit.RenamedFrom(%q) and is the id, which entries do not name: remove it", p.name, p.former[0])
			}
			return fail(t.Name, "%s %q carries sqlaudit.RenamedFrom(%q) and is not tracked: remove it, or track the %[2]s", p.kind, p.name, p.former[0])
		}
		for _, former := range p.former {
			if former == "" {
				return fail(t.Name, "%s %q carries sqlaudit.RenamedFrom with an empty name: remove it", p.kind, p.name)
			}
			carries := fmt.Sprintf("%s %q carries sqlaudit.RenamedFrom(%q)", p.kind, p.name, former)
			if slices.Contains(*recorded, former) {
				return fail(t.Name, "%s twice, or as a field and its edge: remove one", carries)
			}
			if other, ok := claimed[former]; ok {
				return fail(t.Name, "%s, and so does %s %q: keep it on one of them", carries, other.kind, other.name)
			}
			if former == names[0] {
				return fail(t.Name, "%s, which is its present name in the log: remove it", carries)
			}
			if i := slices.IndexFunc(parts, func(o part) bool { return o.name == former && !slices.Contains(names, former) }); i >= 0 {
				return fail(t.Name, "%s, which is %s of the type: entries that name it are read as that; remove it, or rename that", carries, a(parts[i].kind))
			}
			claimed[former] = p
			*recorded = append(*recorded, former)
		}
	}
	return nil
}

func a(kind string) string {
	if kind == "edge" {
		return "an edge"
	}
	return "a " + kind
}

// partsOf returns the fields and the edges of a type, with their former names. The id is a field.
func partsOf(n *gen.Type) ([]part, error) {
	var parts []part
	fields := n.Fields
	if n.ID != nil {
		fields = append([]*gen.Field{n.ID}, fields...)
	}
	for _, f := range fields {
		former, err := mixin.FormerNames(f.Annotations)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{"field", f.Name, former})
	}
	for _, e := range n.Edges {
		former, err := mixin.FormerNames(e.Annotations)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{"edge", e.Name, former})
	}
	return parts, nil
}

// recordedAs returns where the former names of a part belong, or nil if the part is not tracked; and the names under which it is there today: that in the
// log first.
func (t *typ) recordedAs(p part) (former *[]string, names []string) {
	names = []string{p.name}
	if e := edge(t.Type, p.name); p.kind == "edge" && e.OwnFK() && e.Field() != nil {
		names = []string{e.Field().Name, p.name}
	} else if f := field(t.Type, p.name); p.kind == "field" && f != nil && f.IsEdgeField() {
		if e, err := f.Edge(); err == nil {
			names = append(names, e.Name)
		}
	}
	for _, c := range t.Fields {
		if c.Name == names[0] {
			return &c.Formerly, names
		}
	}
	for _, l := range t.Links {
		if l.Name == names[0] {
			return &l.Formerly, names
		}
	}
	return nil, names
}
