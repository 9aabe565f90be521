package history

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Kind is what generated code knows of the entities of a tracked type, N, for one client. ID is the Go type of what names them in the log: the type of the
// id, or of the field that the mixin's ResourceID names. A composite id is an N whose id fields are set. P is the type's predicate.
type Kind[N, ID any, P ~func(*sql.Selector)] struct {
	Source auditlog.Source
	Type   *auditlog.Type
	// Node returns an entity with that id, and ID the id of one.
	Node func(ID) *N
	ID   func(*N) ID
	// Bind makes an entity one of the client's, of the given version.
	Bind func(*N, *Version)
	// Visible returns the predicates by which the type's policy, and its interceptors that are traversers, restrict a query.
	Visible func(context.Context) ([]P, error)
	// NotFound and NotSingular are ent's errors.
	NotFound, NotSingular error
	Edges                 []Edge
}

// An Edge is one of a tracked type.
type Edge struct {
	Name string
	// Field is the name under which it is recorded, or "" if it is not.
	Field string
	// Neighbors returns what loads the entities that it leads to. It is nil if those are not tracked.
	Neighbors func() Loader
	// Set puts the entities that it leads to into one that has it.
	Set func(node any, neighbors []any)
}

// A Loader loads entities as they were: a Kind does.
type Loader interface {
	typ() *auditlog.Type
	// load returns those of the entities with the given ids in the log that were there and may be seen, by these ids.
	load(ctx context.Context, r *reader, ex dialect.ExecQuerier, p Place, ids []string) (map[string]any, error)
}

// Nodes returns neighbors as a slice of their type.
func Nodes[N any](neighbors []any) []*N {
	out := make([]*N, len(neighbors))
	for i, n := range neighbors {
		out[i] = n.(*N)
	}
	return out
}

// AsOf returns the entities as they were at a moment.
func (k *Kind[N, ID, P]) AsOf(m Moment) *Past[N, ID, P] { return &Past[N, ID, P]{kind: k, moment: m} }

// VersionsOf returns the versions of the entity that node is, or was.
func (k *Kind[N, ID, P]) VersionsOf(node *N) *Versions[N, ID, P] {
	id, err := k.name(node)
	return &Versions[N, ID, P]{kind: k, id: id, err: err}
}

// VersionsOfID returns the versions of the entity with an id.
func (k *Kind[N, ID, P]) VersionsOfID(id ID) *Versions[N, ID, P] { return k.VersionsOf(k.Node(id)) }

// name returns how the log names an entity.
func (k *Kind[N, ID, P]) name(node *N) (string, error) {
	ids, err := auditlog.ResourceIDs(k.Type, []*N{node})
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// node returns the entity of a version.
func (k *Kind[N, ID, P]) node(v *Version) *N {
	n := v.build.Node.(*N)
	k.Bind(n, v)
	return n
}

// condition returns what the type's interceptors and policy, and the given predicates, restrict to, or nil if that is all.
func (k *Kind[N, ID, P]) condition(ctx context.Context, r *reader, preds []P) (*condition, error) {
	visible, err := k.Visible(ctx)
	if err != nil {
		return nil, err
	}
	var all []func(*sql.Selector)
	for _, p := range slices.Concat(visible, preds) {
		all = append(all, p)
	}
	return r.compile(ctx, k.Type, all)
}

// versions returns images as versions that a condition holds for.
func (k *Kind[N, ID, P]) versions(ctx context.Context, r *reader, ex dialect.ExecQuerier, c *condition, images []*image) ([]*Version, error) {
	out := make([]*Version, len(images))
	for i, img := range images {
		var err error
		if out[i], err = newVersion(r.Schema, img, k.Edges); err != nil {
			return nil, err
		}
	}
	return r.filter(ctx, ex, c, out)
}

// load implements Loader.
func (k *Kind[N, ID, P]) load(ctx context.Context, r *reader, ex dialect.ExecQuerier, p Place, ids []string) (map[string]any, error) {
	c, err := k.condition(ctx, r, nil)
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(ids))
	for chunk := range slices.Chunk(ids, c.fits(maxBatch)) {
		images, err := r.imagesOf(ctx, ex, k.Type, p, chunk)
		if err != nil {
			return nil, err
		}
		versions, err := k.versions(ctx, r, ex, c, images)
		if err != nil {
			return nil, err
		}
		for _, v := range versions {
			out[v.ID] = k.node(v)
		}
	}
	return out, nil
}

// edges loads the neighbors of entities by the named edges.
func (k *Kind[N, ID, P]) edges(ctx context.Context, r *reader, ex dialect.ExecQuerier, p Place, names []string, nodes []*N, versions []*Version) error {
	for _, name := range names {
		e, err := k.edge(name)
		if err != nil {
			return err
		}
		loader := e.Neighbors()
		ids := make([][]string, len(nodes))
		for i, v := range versions {
			if ids[i], err = v.neighbors(e, loader.typ()); err != nil {
				return err
			}
		}
		all := slices.Concat(ids...)
		slices.Sort(all)
		found, err := loader.load(ctx, r, ex, p, slices.Compact(all))
		if err != nil {
			return err
		}
		for i, n := range nodes {
			var neighbors []any
			for _, id := range ids[i] {
				if neighbor, ok := found[id]; ok {
					neighbors = append(neighbors, neighbor)
				}
			}
			e.Set(n, neighbors)
		}
	}
	return nil
}

// typ implements Loader.
func (k *Kind[N, ID, P]) typ() *auditlog.Type { return k.Type }

// edge returns the tracked edge of that name whose entities are tracked.
func (k *Kind[N, ID, P]) edge(name string) (Edge, error) {
	i := slices.IndexFunc(k.Edges, func(e Edge) bool { return e.Name == name })
	fail := func(why string) (Edge, error) {
		return Edge{}, &auditlog.ValueError{Name: "edge", Reason: fmt.Sprintf("%q of %s %s", name, k.Type.Name, why)}
	}
	switch {
	case i < 0:
		return fail("does not exist")
	case k.Edges[i].Field == "":
		return fail("is not tracked: add it to Edges of its sqlaudit.Mixin")
	case k.Edges[i].Neighbors == nil:
		return fail("leads to entities that are not tracked: add sqlaudit.Mixin to their schema")
	}
	return k.Edges[i], nil
}
