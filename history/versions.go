package history

import (
	"context"
	"iter"
	"slices"

	"entgo.io/ent/dialect/sql"
)

// Versions are those of one entity: each transaction that changed it, and left it there, made one. One that deleted it made none: after it
// comes the first of the next life, if the id was used again. They are in the order in which their transactions made their last entries, and each is what
// AsOfTx gives for its transaction. It is made by the generated Versions of a client and AuditVersions of an entity.
//
// Each method takes a statement, which reads the entries about the entity, and one more for what the interceptors and the policy of the type restrict
// to, which apply to each version by what the entity was then. An entity without versions is a *NotThereError.
type Versions[N, ID any, P ~func(*sql.Selector)] struct {
	kind *Kind[N, ID, P]
	id   string
	err  error
}

// First returns the oldest version.
func (vs *Versions[N, ID, P]) First(ctx context.Context) (*N, error) {
	return vs.pick(ctx, func(all []*Version) *Version { return all[0] })
}

// Last returns the newest version: what is there, or, if it is gone, what was there last.
func (vs *Versions[N, ID, P]) Last(ctx context.Context) (*N, error) {
	return vs.pick(ctx, func(all []*Version) *Version { return all[len(all)-1] })
}

// Before returns the version before v. It fails with ErrNoVersion for the first.
func (vs *Versions[N, ID, P]) Before(ctx context.Context, v *Version) (*N, error) {
	return vs.beside(ctx, v, -1)
}

// After returns the version after v. It fails with ErrNoVersion for the last.
func (vs *Versions[N, ID, P]) After(ctx context.Context, v *Version) (*N, error) {
	return vs.beside(ctx, v, 1)
}

// All returns the versions, oldest first.
func (vs *Versions[N, ID, P]) All(ctx context.Context) ([]*N, error) {
	all, err := vs.read(ctx)
	nodes := make([]*N, len(all))
	for i, v := range all {
		nodes[i] = vs.kind.node(v)
	}
	return nodes, err
}

// Each is All as a sequence, which ends with the first error. The entries are read at once, and the entities made one by one.
func (vs *Versions[N, ID, P]) Each(ctx context.Context) iter.Seq2[*N, error] {
	return func(yield func(*N, error) bool) {
		all, err := vs.read(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, v := range all {
			if !yield(vs.kind.node(v), nil) {
				return
			}
		}
	}
}

func (vs *Versions[N, ID, P]) pick(ctx context.Context, which func([]*Version) *Version) (*N, error) {
	all, err := vs.read(ctx)
	if err != nil {
		return nil, err
	}
	v := which(all)
	if v == nil {
		return nil, ErrNoVersion
	}
	return vs.kind.node(v), nil
}

func (vs *Versions[N, ID, P]) beside(ctx context.Context, v *Version, step int) (*N, error) {
	if v == nil {
		return nil, ErrLive
	}
	return vs.pick(ctx, func(all []*Version) *Version {
		i := slices.IndexFunc(all, func(o *Version) bool { return o.TxID == v.TxID })
		if i < 0 || i+step < 0 || i+step >= len(all) {
			return nil
		}
		return all[i+step]
	})
}

// read returns the versions, of which there is one at least.
func (vs *Versions[N, ID, P]) read(ctx context.Context) ([]*Version, error) {
	if vs.err != nil {
		return nil, vs.err
	}
	r, err := newReader(vs.kind.Source)
	if err != nil {
		return nil, err
	}
	c, err := vs.kind.condition(ctx, r, nil)
	if err != nil {
		return nil, err
	}
	s := r.log(ctx, vs.kind.Type)
	about(s, []string{vs.id})
	var entries []*entry
	err = r.entries(ctx, r.ex(), vs.kind.Type, s, true, func(e *entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	images := vs.images(r, entries)
	out := []*Version{}
	for chunk := range slices.Chunk(images, c.fits(maxBatch)) {
		versions, err := vs.kind.versions(ctx, r, r.ex(), c, chunk)
		if err != nil {
			return nil, err
		}
		out = append(out, versions...)
	}
	switch {
	case len(out) > 0:
		return out, nil
	case len(images) > 0:
		return nil, vs.kind.NotFound // none may be seen
	default:
		return nil, &NotThereError{Err: ErrUnrecorded, Type: vs.kind.Type.Label, ID: vs.id, NotFound: vs.kind.NotFound}
	}
}

// images folds entries, transaction by transaction, in the order in which these ended.
func (vs *Versions[N, ID, P]) images(r *reader, entries []*entry) []*image {
	slices.SortStableFunc(entries, func(a, b *entry) int {
		return slices.Compare(a.last[:], b.last[:])
	})
	var out []*image
	f := newFold(r.Schema, vs.kind.Type)
	for i, e := range entries {
		f.add(e)
		if i+1 < len(entries) && entries[i+1].tx == e.tx {
			continue
		}
		if img := f.image(true); img != nil {
			out = append(out, img)
		}
	}
	return out
}
