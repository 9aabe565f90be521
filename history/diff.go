package history

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/replay"
)

// A Diff is what changed of an entity between two points.
type Diff struct {
	Type, ID string // the label, and how the log names the entity
	// Action is auditlog.ActionCreate if the entity was only there at the second point, ActionDelete if it was only there at the first, ActionUpdate if it was there
	// at both and something differs, and else "".
	Action string
	// Changes are the fields and edges that differ, as those of an entry: in the order of the schema, typed, and of an edge to many the ids that went and came. Of a
	// sensitive field it says that it was changed in between. Where a value is known at one of the points only, Err is ErrUnknown, and Old and New are JSON; so is where an
	// edge to many is known at neither, and what the log has of its links differs.
	Changes []auditlog.Change
}

// String returns the diff for people to read, one line for each change, each ended by a line feed:
//
//	Customer 7: email: "a@example.com" → "b@example.com"
//	Customer 7: plan: free → team
//
// An entity that came or went has a line for that first. Nothing is "".
func (d Diff) String() string {
	var b strings.Builder
	line := func(text string) { fmt.Fprintf(&b, "%s %s: %s\n", d.Type, d.ID, text) }
	switch d.Action {
	case auditlog.ActionCreate:
		line("created")
	case auditlog.ActionDelete:
		line("deleted")
	}
	for _, c := range d.Changes {
		if c.Err != nil {
			line(fmt.Sprintf("%s (%v)", c, c.Err))
			continue
		}
		line(c.String())
	}
	return b.String()
}

// difference returns the change from one image to another, either of which may be nil for an entity that is not there.
func difference(schema *auditlog.Schema, label, id string, from, to *image) Diff {
	d := Diff{Type: label, ID: id}
	t := schema.Label(label)
	before, after := make(auditlog.Values), make(auditlog.Values)
	var redacted []string
	unknown := make(map[string]bool)
	for _, f := range t.Fields {
		switch {
		case f.Sensitive:
			if from != nil && to != nil && from.redacted[f.Name] != to.redacted[f.Name] {
				redacted = append(redacted, f.Name)
			}
		case from != nil && to != nil && from.knows(f.Name) != to.knows(f.Name):
			unknown[f.Name] = true
			put(before, f.Name, from.raw(f.Name))
			put(after, f.Name, to.raw(f.Name))
		case from != nil && to != nil && replay.Same(t, f, from.fields[f.Name], to.fields[f.Name]):
		default:
			if from != nil {
				put(before, f.Name, from.raw(f.Name))
			}
			if to != nil {
				put(after, f.Name, to.raw(f.Name))
			}
		}
	}
	for _, e := range t.Edges {
		var had, has replay.Links
		if from != nil {
			had = from.edges[e.Name]
		}
		if to != nil {
			has = to.edges[e.Name]
		}
		went, came := minus(had, has), minus(has, had)
		switch {
		case from != nil && to != nil && from.begun != to.begun: // links that came to be known may have been there
			unknown[e.Name] = true
			put(before, e.Name, from.raw(e.Name))
			put(after, e.Name, to.raw(e.Name))
			continue
		case len(went)+len(came) == 0:
			continue
		}
		// One that went without having been known, and came again, would have been there all along.
		unknown[e.Name] = from != nil && !from.begun || to != nil && !to.begun
		if from != nil {
			before[e.Name] = array(went)
		}
		if to != nil {
			after[e.Name] = array(came)
		}
	}
	d.Changes = schema.Changes(label, before, after, redacted)
	for i, c := range d.Changes {
		if unknown[c.Field] {
			d.Changes[i] = auditlog.Change{Field: c.Field, Old: rawOrNil(before[c.Field]), New: rawOrNil(after[c.Field]), Err: ErrUnknown}
		}
	}
	switch {
	case from == nil && to != nil:
		d.Action = auditlog.ActionCreate
	case from != nil && to == nil:
		d.Action = auditlog.ActionDelete
	case len(d.Changes) > 0:
		d.Action = auditlog.ActionUpdate
	}
	return d
}

func put(values auditlog.Values, name string, raw json.RawMessage) {
	if raw != nil {
		values[name] = raw
	}
}

func rawOrNil(raw json.RawMessage) any {
	if raw == nil {
		return nil
	}
	return raw
}

// minus returns the ids of a that are not in b, sorted.
func minus(a, b replay.Links) []json.RawMessage {
	diff := make(replay.Links)
	for id := range a {
		if _, ok := b[id]; !ok {
			diff[id] = struct{}{}
		}
	}
	return diff.IDs()
}

// Diffs returns what changed of the entities of the type from p to another moment, before or after it, as a sequence that ends with the first error. Entities
// of which nothing changed are left out. Those that interceptors and policy hide at a moment are taken not to be there. Order, memory and
// consistency are those of Query.Stream; it takes one statement more for each batch, and another with what interceptors and policy restrict to.
func (p *Past[N, ID, P]) Diffs(ctx context.Context, to *Past[N, ID, P]) iter.Seq2[Diff, error] {
	return func(yield func(Diff, error) bool) {
		w, err := p.Query().walk(ctx)
		if err != nil {
			yield(Diff{}, err)
			return
		}
		for more := true; more; {
			var diffs []Diff
			err := w.snapshot(ctx, func(ex dialect.ExecQuerier) (err error) {
				diffs, more, err = w.diffs(ctx, ex, to.moment)
				return err
			})
			if err != nil {
				yield(Diff{}, err)
				return
			}
			for _, d := range diffs {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
}

// diffs returns what changed of the entities of the next batch, and whether there is one after it.
func (w *walk[N, ID, P]) diffs(ctx context.Context, ex dialect.ExecQuerier, to Moment) ([]Diff, bool, error) {
	place, err := to.Resolve(ctx, ex, w.Source)
	if err != nil {
		return nil, false, err
	}
	was, within, more, err := w.images(ctx, ex)
	if err != nil || within == nil {
		return nil, false, err
	}
	var is []*image
	s := w.log(ctx, w.past.kind.Type)
	within(s)
	place.Happened(s)
	err = w.reader.images(ctx, ex, w.past.kind.Type, s, func(_ string, i *image) error {
		if i != nil {
			is = append(is, i)
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	pairs := make(map[string]*[2]*image)
	var ids []string
	for side, images := range [][]*image{was, is} {
		versions, err := w.past.kind.versions(ctx, w.reader, ex, w.condition, images)
		if err != nil {
			return nil, false, err
		}
		for _, v := range versions {
			if pairs[v.ID] == nil {
				pairs[v.ID] = new([2]*image)
				ids = append(ids, v.ID)
			}
			pairs[v.ID][side] = v.image
		}
	}
	slices.Sort(ids)
	var out []Diff
	for _, id := range ids {
		if d := difference(w.Schema, w.past.kind.Type.Label, id, pairs[id][0], pairs[id][1]); d.Action != "" {
			out = append(out, d)
		}
	}
	return out, more, nil
}
