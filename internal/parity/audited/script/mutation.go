package script

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/transcript"
)

// A change is a mutation of any type.
type change = ent.Mutation

// describe writes down all that a mutation says about itself.
func (s *Script) describe(what string, m change) {
	var parts []string
	say := func(kind string, names []string, value func(string) any) {
		slices.Sort(names)
		for _, name := range names {
			text := kind + " " + name
			if value != nil {
				text += "=" + transcript.Format(value(name))
			}
			parts = append(parts, text)
		}
	}
	say("field", m.Fields(), func(name string) any { v, _ := m.Field(name); return v })
	say("added", m.AddedFields(), func(name string) any { v, _ := m.AddedField(name); return v })
	say("cleared", m.ClearedFields(), nil)
	say("edge", m.AddedEdges(), func(name string) any { return sorted(m.AddedIDs(name)) })
	say("removed edge", m.RemovedEdges(), func(name string) any { return sorted(m.RemovedIDs(name)) })
	say("cleared edge", m.ClearedEdges(), nil)
	s.Line("%s: %s %s: %s", what, m.Op(), m.Type(), strings.Join(parts, "; "))
}

// sorted returns the texts of ids, which a mutation keeps in a map, in order.
func sorted(ids []ent.Value) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = transcript.Format(id)
	}
	slices.Sort(texts)
	return texts
}

// old writes down what a field was, by the mutation.
func (s *Script) old(ctx context.Context, what string, m change, names ...string) {
	for _, name := range names {
		v, err := m.OldField(ctx, name)
		s.Got(what+", old "+name)(v, err)
	}
}

func (s *Script) quote(v any) string { return transcript.Format(v) }

func (s *Script) json(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
