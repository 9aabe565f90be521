package history

import (
	"context"
	"maps"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/replay"
)

// An image is what the log says of an entity that was there at some moment.
type image struct {
	typ    *auditlog.Type
	id     string // in the log
	fields auditlog.Values
	edges  map[string]replay.Links
	begun  bool // the log has the beginning of its life
	last   *entry
	// redacted is, by sensitive field, the entry that changed it last.
	redacted map[string]uuid.UUID
}

// A fold makes the images of one entity out of its entries.
type fold struct {
	schema   *auditlog.Schema
	typ      *auditlog.Type
	state    *replay.State
	last     *entry
	redacted map[string]uuid.UUID
}

func newFold(schema *auditlog.Schema, t *auditlog.Type) *fold {
	return &fold{schema: schema, typ: t, state: replay.NewState(schema), redacted: make(map[string]uuid.UUID)}
}

func (f *fold) add(e *entry) {
	f.state.Add(e.Entry) // how entries break is for sqlaudit.Reconcile to say
	f.last = e
	if e.Action == auditlog.ActionCreate {
		clear(f.redacted)
	}
	for _, field := range e.redacted {
		f.redacted[field] = e.ID
	}
}

// image returns the entity as it is after the entries so far, or nil if it is not there. It shares nothing with the fold if the fold goes on.
func (f *fold) image(goesOn bool) *image {
	e := f.state.Entity(f.typ.Label, f.last.ResourceID)
	if e == nil {
		return nil
	}
	i := &image{typ: f.typ, id: e.ID, fields: e.Fields, edges: e.Edges, begun: e.Begun, last: f.last, redacted: f.redacted}
	if goesOn {
		i.fields, i.redacted, i.edges = maps.Clone(i.fields), maps.Clone(i.redacted), make(map[string]replay.Links, len(e.Edges))
		for name, links := range e.Edges {
			i.edges[name] = maps.Clone(links)
		}
	}
	return i
}

// images calls each for the entities that the entries that s selects are about, with what they were: nil for one that is gone. The rows are still being
// read then.
func (r *reader) images(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, s *sql.Selector, each func(id string, i *image) error) error {
	var group []*fold // of entities whose ids differ by spaces at their ends: to MySQL and MariaDB they are in one place of the order
	done := func() error {
		for _, f := range group {
			if err := each(f.last.ResourceID, f.image(false)); err != nil {
				return err
			}
		}
		group = nil
		return nil
	}
	err := r.entries(ctx, ex, t, s, false, func(e *entry) error {
		if len(group) > 0 && strings.TrimRight(group[0].last.ResourceID, " ") != strings.TrimRight(e.ResourceID, " ") {
			if err := done(); err != nil {
				return err
			}
		}
		i := slices.IndexFunc(group, func(f *fold) bool { return f.last.ResourceID == e.ResourceID })
		if i < 0 {
			i = len(group)
			group = append(group, newFold(r.Schema, t))
		}
		group[i].add(e)
		return nil
	})
	if err != nil {
		return err
	}
	return done()
}

// imagesOf returns those of the given entities that were there, in the order of their ids in the log.
func (r *reader) imagesOf(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, p Place, ids []string) ([]*image, error) {
	var out []*image
	for chunk := range auditlog.Chunks(ids) {
		s := r.log(ctx, t)
		about(s, chunk)
		p.Happened(s)
		err := r.images(ctx, ex, t, s, func(_ string, i *image) error {
			if i != nil {
				out = append(out, i)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// knows reports whether the value of a recorded field or edge is known.
func (i *image) knows(name string) bool {
	if i.typ.Edge(name) != nil {
		return i.begun
	}
	_, ok := i.fields[name]
	return ok
}

// raw returns a recorded field or edge in the form of the log. It is nil if it is not known.
func (i *image) raw(name string) []byte {
	switch {
	case !i.knows(name):
		return nil
	case i.typ.Edge(name) != nil:
		return array(i.edges[name].IDs())
	default:
		return i.fields[name]
	}
}
