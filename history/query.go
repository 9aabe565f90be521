package history

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// A Query selects entities of a type as they were at a moment. Where, Of, With and BatchSize change it and return it; it is not safe for concurrent
// use, and may be run more than once.
//
// Predicates are those of the type. They are evaluated by the database, over the values of the past: over the tracked fields, edges whose foreign key is in the type's own
// table, and by Has… without predicates, tracked edges to many. One that would read another table, an untracked or a sensitive field, or that uses a function
// that sqlaudit does not know to be one of its arguments alone, is an ErrPredicate; one that needs a value that the log does not have of an entity is an ErrUnknown.
// The policy of the type applies, to what the entities were, and those of its interceptors that are traversers: one that is a function around a query, ent.InterceptFunc, does
// not, here and in the other reads of the past.
//
// It reads the log from the type's first entity to its last, in batches of entities: its memory is that of a batch (and of its result), and it takes two statements for
// each, one more with predicates, and one or more, but none per entity, for each edge of With.
type Query[N, ID any, P ~func(*sql.Selector)] struct {
	past  *Past[N, ID, P]
	preds []P
	nodes []*N
	with  []string
	batch int
}

const (
	defaultBatch = 1000
	maxBatch     = 10_000 // SQLite takes 32,766 parameters
	maxParams    = 30_000
)

// Query returns a query of the entities as they were.
func (p *Past[N, ID, P]) Query() *Query[N, ID, P] {
	return &Query[N, ID, P]{past: p, batch: defaultBatch}
}

// Where restricts the query to entities for which all of the predicates held.
func (q *Query[N, ID, P]) Where(ps ...P) *Query[N, ID, P] {
	q.preds = append(q.preds, ps...)
	return q
}

// Of restricts the query to entities with the given ids, whose entries alone are then read. No ids are no entities. A second call adds to the first.
func (q *Query[N, ID, P]) Of(ids ...ID) *Query[N, ID, P] {
	if q.nodes == nil {
		q.nodes = []*N{}
	}
	for _, id := range ids {
		q.nodes = append(q.nodes, q.past.kind.Node(id))
	}
	return q
}

// With has the entities that the named tracked edges led to loaded as they were at the same moment, into the Edges of the entities. What is named is the
// constant of the type's package, such as customer.EdgeOwner. Running the query fails with a *auditlog.ValueError for an edge that is not tracked, or leads to what is not.
func (q *Query[N, ID, P]) With(edges ...string) *Query[N, ID, P] {
	q.with = append(q.with, edges...)
	return q
}

// BatchSize sets how many entities are read at a time: at least 1, at most 10,000, by default 1,000. With predicates it is 1,000 at most, and less
// if they are over many fields, by the number of parameters that databases take.
func (q *Query[N, ID, P]) BatchSize(n int) *Query[N, ID, P] {
	q.batch = n
	return q
}

// All returns the entities, sorted by id: numbers by their value, all else by its text. All is read from one state of the database.
func (q *Query[N, ID, P]) All(ctx context.Context) ([]*N, error) {
	out := []*N{}
	all, err := q.collect(ctx, true)
	for _, f := range all {
		out = append(out, f.node)
	}
	return out, err
}

// IDs returns the ids of the entities, sorted as All does.
func (q *Query[N, ID, P]) IDs(ctx context.Context) ([]ID, error) {
	out := []ID{}
	all, err := q.collect(ctx, false)
	for _, f := range all {
		out = append(out, q.past.kind.ID(f.node))
	}
	return out, err
}

// Count returns how many entities there are. It holds none of them, and reads from one state of the database.
func (q *Query[N, ID, P]) Count(ctx context.Context) (n int, err error) {
	err = q.run(ctx, true, false, func(batch []found[N]) bool {
		n += len(batch)
		return true
	})
	return n, err
}

// Exist reports whether there is one.
func (q *Query[N, ID, P]) Exist(ctx context.Context) (exists bool, err error) {
	err = q.run(ctx, true, false, func(batch []found[N]) bool {
		exists = len(batch) > 0
		return !exists
	})
	return exists, err
}

// First returns the entity that All would return first, or the generated NotFoundError. It reads as much as Count does.
func (q *Query[N, ID, P]) First(ctx context.Context) (*N, error) {
	var first *found[N]
	err := q.run(ctx, true, true, func(batch []found[N]) bool {
		for _, f := range batch {
			if first == nil || q.compare(f, *first) < 0 {
				first = &f
			}
		}
		return true
	})
	switch {
	case err != nil:
		return nil, err
	case first == nil:
		return nil, q.past.kind.NotFound
	}
	return first.node, nil
}

// Only returns the only entity. It fails with the generated NotFoundError if there is none, and NotSingularError if there are more.
func (q *Query[N, ID, P]) Only(ctx context.Context) (*N, error) {
	var all []found[N]
	err := q.run(ctx, true, true, func(batch []found[N]) bool {
		all = append(all, batch...)
		return len(all) < 2
	})
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		return nil, q.past.kind.NotFound
	case len(all) > 1:
		return nil, q.past.kind.NotSingular
	}
	return all[0].node, nil
}

// Stream returns the entities as a sequence, which ends with the first error, in the order of the text that the log has of their ids: 10 comes before 9. It holds one
// batch at a time.
//
// Each batch is read from one state of the database, and handed on after that, so that the loop may use the client. A transaction that has its times
// before the moment, but is committed only while the sequence runs, may therefore be seen in later batches and not in earlier ones: for a moment that is further back than the longest transaction takes, there is
// none. All, and the client of a transaction, read one state.
func (q *Query[N, ID, P]) Stream(ctx context.Context) iter.Seq2[*N, error] {
	return func(yield func(*N, error) bool) {
		err := q.run(ctx, false, true, func(batch []found[N]) bool {
			for _, f := range batch {
				if !yield(f.node, nil) {
					return false
				}
			}
			return true
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// A found is an entity that the query selects.
type found[N any] struct {
	id   string
	node *N
}

func (q *Query[N, ID, P]) collect(ctx context.Context, with bool) ([]found[N], error) {
	var all []found[N]
	err := q.run(ctx, true, with, func(batch []found[N]) bool {
		all = append(all, batch...)
		return true
	})
	slices.SortFunc(all, q.compare)
	return all, err
}

func (q *Query[N, ID, P]) compare(a, b found[N]) int {
	as, bs := strings.Split(a.id, "/"), strings.Split(b.id, "/")
	columns := q.past.kind.Type.Identity.Columns
	if len(as) != len(columns) || len(bs) != len(columns) {
		as, bs = []string{a.id}, []string{b.id} // a text with slashes
	}
	for i, c := range columns[:len(as)] {
		order := strings.Compare(as[i], bs[i])
		if c.Type.Integer() {
			order = compareNumbers(as[i], bs[i])
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// compareNumbers compares integers, as decimal text of any length.
func compareNumbers(a, b string) int {
	x, xneg := strings.CutPrefix(a, "-")
	y, yneg := strings.CutPrefix(b, "-")
	switch {
	case xneg && !yneg:
		return -1
	case !xneg && yneg:
		return 1
	case xneg:
		x, y = y, x
	}
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(x, y)
}

// run calls each with the entities of one batch after the other, until it returns false. Once has all batches read from one state of the database, with which
// each is then called, else each is called in between. Whole has the neighbors loaded.
func (q *Query[N, ID, P]) run(ctx context.Context, once, whole bool, each func([]found[N]) bool) error {
	w, err := q.walk(ctx)
	if err != nil {
		return err
	}
	next := func(ex dialect.ExecQuerier) (out []found[N], more bool, err error) {
		versions, more, err := w.next(ctx, ex)
		if err != nil {
			return nil, false, err
		}
		nodes := make([]*N, len(versions))
		for i, v := range versions {
			nodes[i] = q.past.kind.node(v)
			out = append(out, found[N]{v.ID, nodes[i]})
		}
		if whole && len(nodes) > 0 {
			err = q.past.kind.edges(ctx, w.reader, ex, w.place, q.with, nodes, versions)
		}
		return out, more, err
	}
	if once {
		return w.snapshot(ctx, func(ex dialect.ExecQuerier) error {
			for {
				batch, more, err := next(ex)
				if err != nil || !each(batch) || !more {
					return err
				}
			}
		})
	}
	for more := true; more; {
		var batch []found[N]
		err := w.snapshot(ctx, func(ex dialect.ExecQuerier) (err error) {
			batch, more, err = next(ex)
			return err
		})
		if err != nil {
			return err
		}
		if !each(batch) {
			return nil
		}
	}
	return nil
}

// A walk goes over the entities of a type in the order of their ids in the log.
type walk[N, ID any, P ~func(*sql.Selector)] struct {
	*reader
	past      *Past[N, ID, P]
	condition *condition
	batch     int
	ids       []string // those to go over, if some were given
	given     bool
	after     string
	place     Place
	placed    bool
}

func (q *Query[N, ID, P]) walk(ctx context.Context) (*walk[N, ID, P], error) {
	k := q.past.kind
	if q.batch < 1 || q.batch > maxBatch {
		return nil, &auditlog.ValueError{Name: "batch size", Reason: fmt.Sprintf("%d is not between 1 and %d", q.batch, maxBatch)}
	}
	for _, name := range q.with {
		if _, err := k.edge(name); err != nil {
			return nil, err
		}
	}
	r, err := newReader(k.Source)
	if err != nil {
		return nil, err
	}
	w := &walk[N, ID, P]{reader: r, past: q.past, given: q.nodes != nil}
	if w.condition, err = k.condition(ctx, r, q.preds); err != nil {
		return nil, err
	}
	w.batch = w.condition.fits(q.batch)
	if q.nodes != nil {
		if w.ids, err = auditlog.ResourceIDs(k.Type, q.nodes); err != nil {
			return nil, err
		}
		slices.Sort(w.ids)
		w.ids = slices.Compact(w.ids)
	}
	return w, nil
}

// next returns the versions of the next batch, and whether there is one after it.
func (w *walk[N, ID, P]) next(ctx context.Context, ex dialect.ExecQuerier) ([]*Version, bool, error) {
	images, _, more, err := w.images(ctx, ex)
	if err != nil || len(images) == 0 {
		return nil, more, err
	}
	versions, err := w.past.kind.versions(ctx, w.reader, ex, w.condition, images)
	return versions, more, err
}

// images returns the entities of the next batch that were there, with what it restricts entries to.
func (w *walk[N, ID, P]) images(ctx context.Context, ex dialect.ExecQuerier) (out []*image, within func(*sql.Selector), more bool, err error) {
	if !w.placed {
		if w.place, err = w.past.moment.Resolve(ctx, ex, w.Source); err != nil {
			return nil, nil, false, err
		}
		w.placed = true
	}
	if within, more, err = w.within(ctx, ex); err != nil || within == nil {
		return nil, nil, false, err
	}
	s := w.log(ctx, w.past.kind.Type)
	within(s)
	w.place.Happened(s)
	err = w.reader.images(ctx, ex, w.past.kind.Type, s, func(_ string, i *image) error {
		if i != nil {
			out = append(out, i)
		}
		return nil
	})
	return out, within, more, err
}

// within returns what restricts entries to those about the next entities, or nil if there are none.
func (w *walk[N, ID, P]) within(ctx context.Context, ex dialect.ExecQuerier) (func(*sql.Selector), bool, error) {
	if w.given {
		ids := w.ids[:min(len(w.ids), w.batch)]
		w.ids = w.ids[len(ids):]
		if len(ids) == 0 {
			return nil, false, nil
		}
		return func(s *sql.Selector) { about(s, ids) }, len(w.ids) > 0, nil
	}
	s := w.log(ctx, w.past.kind.Type)
	id := s.C(auditlog.ColumnResourceID)
	s.Select(id).Distinct().Where(sql.GT(id, w.after)).OrderBy(id).Limit(w.batch + 1)
	var ids []string
	err := rows.Select(ctx, ex, s, "read the log", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil || len(ids) == 0 {
		return nil, false, err
	}
	more := len(ids) > w.batch // the one more is only there to tell
	first, last := ids[0], ids[min(len(ids), w.batch)-1]
	w.after = last
	return func(s *sql.Selector) {
		id := s.C(auditlog.ColumnResourceID)
		s.Where(sql.And(sql.GTE(id, first), sql.LTE(id, last)))
	}, more, nil
}
