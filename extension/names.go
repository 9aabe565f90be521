package extension

import (
	"slices"

	"entgo.io/ent/entc/gen"
)

var pascal = gen.Funcs["pascal"].(func(string) string)

// entityNames are the fields and methods that ent gives to every entity.
var entityNames = []string{"ID", "Edges", "Update", "Unwrap", "String", "Value"}

// undoNames are the methods of the client that read transactions and undo, and the type of the former.
var undoNames = []string{"AuditTransaction", "AuditRevert", "AuditRevertTransaction"}

// HistoryName returns the name of what is generated beside the tracked types, as it stands in method names.
func (m *model) HistoryName() string { return pascal(m.History) }

// HistoryName returns the name of what is generated beside the tracked types, in the form of an ent edge's name.
func (e *Extension) HistoryName() string { return e.history }

// checkNames returns an error if a name that the templates make is one that ent makes from the user's schema.
func (m *model) checkNames(g *gen.Graph) error {
	h := m.HistoryName()
	for _, n := range g.Nodes {
		if slices.Contains(undoNames, n.Name) {
			return fail(n.Name, "the client has a generated method of the same name, to undo or to read transactions: rename the type")
		}
		if n.Name == "AuditActor" {
			return fail(n.Name, "the generated client option has the same name: rename the type")
		}
		if n.Name == "AuditCodec" {
			return fail(n.Name, "the generated client option has the same name: rename the type")
		}
		if n.Name == "AuditSource" {
			return fail(n.Name, "the client has a generated method of the same name: rename the type")
		}
	}
	types := make(map[string]string)
	for _, n := range g.Nodes {
		for _, name := range []string{n.Name, n.ClientName(), n.QueryName(), n.MutationName(), n.CreateName(), n.UpdateName(), n.DeleteName()} {
			types[name] = n.Name
		}
	}
	for _, t := range m.Types {
		all := members(t.Type)
		if all["AuditRecord"] == "field" {
			return fail(t.Name, "field %q makes a method AuditRecord on the mutation, which sqlaudit makes too: rename the field", "audit_record")
		}
		if t.Label == "" {
			continue
		}
		if all["AuditIdentity"] == "field" {
			return fail(t.Name, "field %q makes a function AuditIdentity in the type's package, which has a variable of sqlaudit's of that name: rename the field", "audit_identity")
		}
		for _, name := range t.PastNames() {
			if other, ok := types[name]; ok {
				return fail(other, "%s is what sqlaudit generates for the past of %s too: rename one of the types", name, t.Name)
			}
		}
		for _, name := range []string{"AuditVersion", "AuditVersions"} {
			if kind, ok := all[name]; ok {
				return fail(t.Name, "the %s that makes %s has the name of a method that sqlaudit generates: rename it", kind, name)
			}
		}
		for _, name := range []string{h, "Query" + h, "With" + h, "Has" + h, h + "With", "Has" + h + "With"} {
			if kind, ok := all[name]; ok {
				return fail(t.Name, "the %s that makes %s has the name of the generated history: rename it, or the history with extension.WithHistoryName", kind, name)
			}
		}
		if err := m.checkFilters(t); err != nil {
			return err
		}
	}
	all := members(m.Log)
	made := packageNames(m.Log)
	for _, name := range logFilters {
		if what, ok := made[name]; ok {
			return fail(m.Log.Name, "%s makes %s, which is the name of a generated filter of entries: rename it", what, name)
		}
	}
	names := []string{"Changes", "Transaction"}
	for _, t := range m.Types {
		if t.Label == "" {
			continue
		}
		names = append(names, "Query"+t.Name)
		if m.Actor != nil && t.Name == "Actor" && m.Actor.Name != t.Name {
			return fail(t.Name, "entries would have two methods QueryActor, one to the entity and one to the actor: rename the type, or remove extension.WithActorType")
		}
	}
	if m.Actor != nil {
		names = append(names, "QueryActor")
	}
	for _, name := range names {
		if kind, ok := all[name]; ok {
			return fail(m.Log.Name, "the %s that makes %s has the name of a generated method of entries: rename it", kind, name)
		}
	}
	return nil
}

// members returns the names that ent makes from the fields and edges of a type, and which of the two they are from.
func members(t *gen.Type) map[string]string {
	names := make(map[string]string)
	for _, f := range t.Fields {
		names[f.StructField()] = "field"
	}
	for _, e := range t.Edges {
		names[e.StructField()] = "edge"
		names["Query"+e.StructField()] = "edge"
	}
	return names
}
