package hook

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A link is an edge whose foreign key is in the rows of another type, or in other rows of the same one, which
// the mutation will change.
type link struct {
	holder *auditlog.Type
	edge   *sqlgraph.EdgeSpec
	clear  bool
}

// links returns the recorded foreign keys in other rows that the given edges will change.
func (o *operation) links(edges []*sqlgraph.EdgeSpec, clear bool) []link {
	var links []link
	for _, e := range edges {
		if e.Rel != sqlgraph.O2M && (e.Rel != sqlgraph.O2O || e.Inverse) {
			continue
		}
		for _, holder := range o.target.Schema.Table(e.Table) {
			if holder.Records(e.Columns[0]) {
				links = append(links, link{holder: holder, edge: e, clear: clear})
			}
		}
	}
	return links
}

// readLinks reads the rows at the far end of links: those named that are free, or point at owners already; and where an edge is cleared, those named,
// or all that point at owners. These are then named, so that one that comes to point there meanwhile is not changed
// unrecorded. Rows that ent would pass over are not locked.
func (o *operation) readLinks(ctx context.Context, links []link, owners [][]any) error {
	if len(links) > 0 {
		o.took(PathForeignLinks)
	}
	for _, l := range links {
		columns, keys := l.holder.Key, make([][]any, len(l.edge.Target.Nodes))
		for i, n := range l.edge.Target.Nodes {
			keys[i] = []any{n}
		}
		all := l.clear && len(keys) == 0
		if all {
			columns, keys = l.edge.Columns, owners
		}
		lock := lockUpdate
		if slices.ContainsFunc(l.holder.Unique, func(u []string) bool { return slices.Contains(u, l.edge.Columns[0]) }) {
			lock = lockKey
		}
		fk := l.edge.Columns[0]
		rows, err := o.readKeys(ctx, l.holder, lock, columns, keys, func(s *sql.Selector) {
			if !l.clear {
				free := []*sql.Predicate{sql.IsNull(s.C(fk))}
				if len(owners) > 0 {
					free = append(free, in(s, []string{fk}, owners))
				}
				s.Where(sql.Or(free...))
			}
		})
		if err != nil {
			return err
		}
		o.add(l.holder, rows)
		if all {
			if err := o.nameAll(l); err != nil {
				return err
			}
			continue
		}
		if !l.clear {
			head := "UPDATE " + o.ident(l.holder) + " SET " + o.names([]string{fk}) + " = "
			i := slices.IndexFunc(o.adds, func(a *addition) bool { return a.head == head })
			if i < 0 {
				i = len(o.adds)
				o.adds = append(o.adds, &addition{head: head, tail: " " + o.names([]string{fk}) + " IS NULL", holder: l.holder, named: map[string]bool{}})
			}
			if len(rows) == len(keys) { // each was found, by whatever text the database has for it
				if err := o.adds[i].name(keys); err != nil { // also of another entity of a bulk
					return err
				}
			}
		}
	}
	return nil
}

// nameAll names the rows at the far end of an edge that is cleared: those that were read, also as the target's own, which ent's update may just have made
// point there. They are locked, and ent's own condition stands.
func (o *operation) nameAll(l link) error {
	rows := o.image(l.holder).rows
	l.edge.Target.Nodes = []driver.Value{nil} // matches none
	switch {
	case len(rows) <= maxParamsSQLite:
	case o.base.Dialect() == dialect.SQLite: // whose write lock keeps others out
		l.edge.Target.Nodes = nil
		return nil
	case len(rows) > maxParams:
		return fmt.Errorf("%w (%s: %d rows, of which a statement can name %d)", auditlog.ErrTooManyRows, l.holder.Name, len(rows), maxParams)
	}
	for i, r := range rows {
		l.edge.Target.Nodes = append(l.edge.Target.Nodes[:i], r.Key[0])
	}
	return nil
}

// An addition is ent's statement that sets the foreign keys of an edge's rows.
type addition struct {
	head, tail string
	holder     *auditlog.Type
	named      map[string]bool // ids whose rows were read
}

// name notes ids.
func (a *addition) name(ids [][]any) error {
	for _, id := range ids {
		text, err := auditlog.KeyText(id)
		if err != nil {
			return err
		}
		a.named[text] = true
	}
	return nil
}

// additionOf returns the addition that a statement of ent's is, or nil. An edge that is in both its ends' own rows has one beside the update of the
// entity's own, which comes first and may have any condition.
func (o *operation) additionOf(query string) *addition {
	if o.setsOwn && o.issued == 1 {
		return nil
	}
	for _, a := range o.adds {
		if strings.HasPrefix(query, a.head) && strings.HasSuffix(query, a.tail) {
			return a
		}
	}
	return nil
}

// narrowAddition returns the arguments of an addition, the new foreign key and then ids, with NULL in the place of each id of a row that was neither read nor created by
// the operation itself: a row with such an id that comes, or becomes free, meanwhile would change unrecorded.
func (o *operation) narrowAddition(a *addition, args []any) ([]any, error) {
	there := maps.Clone(a.named)
	maps.Copy(there, o.image(a.holder).has)
	if c := o.create; c != nil && a.holder == o.target.Type {
		for i := range c.specs {
			if id := given(c.specs[i], a.holder.Key[0]); id != nil {
				text, err := auditlog.IDString(id)
				if err != nil {
					return nil, err
				}
				there[text] = true
			}
		}
	}
	out := slices.Clone(args)
	for i := 1; i < len(out); i++ {
		text, err := auditlog.IDString(out[i])
		if err != nil {
			return nil, err
		}
		if !there[text] {
			out[i] = nil
		}
	}
	return out, nil
}

// A join is a join table, or the table of an edge schema, that the mutation will write by its edges.
type join struct {
	typ        *auditlog.Type
	add, clear []joinEdge
}

// A joinEdge is an edge in a join table, and the entities that it starts from, which are known when ent writes it.
type joinEdge struct {
	*sqlgraph.EdgeSpec
	owners func() [][]any
}

// joined returns the tables of recorded links that edges are in, by name.
func (o *operation) joined(add, clear []*sqlgraph.EdgeSpec) map[string]*join {
	if len(add)+len(clear) == 0 {
		return nil
	}
	joins := make(map[string]*join)
	collect := func(edges []*sqlgraph.EdgeSpec, into func(*join) *[]joinEdge) {
		for _, e := range edges {
			if e.Rel != sqlgraph.M2M {
				continue
			}
			for _, t := range o.target.Schema.Table(e.Table) {
				if !t.Recorded() {
					continue
				}
				if joins[e.Table] == nil {
					joins[e.Table] = &join{typ: t}
				}
				list := into(joins[e.Table])
				*list = append(*list, joinEdge{EdgeSpec: e})
			}
		}
	}
	collect(add, func(j *join) *[]joinEdge { return &j.add })
	collect(clear, func(j *join) *[]joinEdge { return &j.clear })
	return joins
}

// own gives the edges of the join the entities that they start from.
func (j *join) own(owners func() [][]any) {
	for _, edges := range [][]joinEdge{j.add, j.clear} {
		for i := range edges {
			edges[i].owners = owners
		}
	}
}

// joinOf returns the join that a statement of ent's writes, if it begins as said and is one.
func (o *operation) joinOf(query, verb string) *join {
	if len(o.joins) == 0 || !strings.HasPrefix(query, verb) {
		return nil
	}
	for _, j := range o.joins {
		if strings.HasPrefix(query, verb+o.ident(j.typ)+" ") {
			return j
		}
	}
	return nil
}

// linksLeave reads and locks the links that ent's statement would delete, and deletes those alone.
func (o *operation) linksLeave(ctx context.Context, j *join, query string, args any) error {
	o.took(PathLinksLeft)
	t, from := j.typ, o.ident(j.typ)
	read := "SELECT " + o.names(t.Columns()) + " FROM " + from + strings.TrimPrefix(query, "DELETE FROM "+from) + " ORDER BY " + o.names(t.Key)
	if o.base.Dialect() != dialect.SQLite {
		read += " FOR UPDATE"
	}
	rows, err := o.scan(ctx, t, read, args)
	if err != nil {
		return err
	}
	o.add(t, rows)
	if err := o.readReferrers(ctx, t, o.goes(t, rows)); err != nil {
		return err
	}
	for chunk := range slices.Chunk(keysOf(rows), maxChunk/len(t.Key)) {
		b := sql.Dialect(o.base.Dialect())
		s := b.Select().From(b.Table(t.Table).Schema(o.target.SchemaOf(t)))
		s.Where(in(s, t.Key, chunk))
		query, args := b.Delete(t.Table).Schema(o.target.SchemaOf(t)).FromSelect(s).Query()
		if err := o.ex.Exec(ctx, query, args, nil); err != nil {
			return err
		}
	}
	return nil
}

// linksCome inserts the links that ent's statement would insert, and notes those that were not there.
func (o *operation) linksCome(ctx context.Context, j *join, query string, args any) error {
	o.took(PathLinksCame)
	t, im, pairs := j.typ, o.image(j.typ), j.pairs()
	columns := j.add[0].Columns
	switch name := o.base.Dialect(); {
	case name == dialect.SQLite: // nobody else writes: what comes is this statement's, also if it does not return
		there, err := o.readKeys(ctx, t, lockNone, columns, pairs)
		if err != nil {
			return err
		}
		o.add(t, there)
		im.fresh = append(im.fresh, lookup{columns, pairs})
		return o.ex.Exec(ctx, query, args, nil)
	case name == dialect.Postgres: // it passes over those that are there, and can say which it did not; a snapshot shows others with the same ends
		rows, err := o.scan(ctx, t, query+" RETURNING "+o.names(t.Columns()), args)
		if err == nil {
			im.fresh = append(im.fresh, lookup{t.Key, keysOf(rows)})
		}
		return err
	case len(j.add[0].Target.Fields) > 0: // ent's statement inserts all of them, or fails
		if err := o.ex.Exec(ctx, query, args, nil); err != nil {
			return err
		}
		im.fresh = append(im.fresh, lookup{columns, pairs})
		return nil
	case slices.ContainsFunc(pairs, func(p []any) bool { return p[0] == nil || p[1] == nil }): // ent has no id of what an upsert of many met: the database refuses
		return o.ex.Exec(ctx, query, args, nil)
	default:
		return o.insertMissing(ctx, t, columns, pairs)
	}
}

// insertMissing inserts those links that are not there, by a statement that fails if one comes in between: MySQL and MariaDB undo
// such a statement alone. A locking read of links that are missing would lock the gaps where they are to be, and deadlock
// with others of its kind.
func (o *operation) insertMissing(ctx context.Context, t *auditlog.Type, columns []string, pairs [][]any) error {
	there, err := o.readKeys(ctx, t, lockNone, columns, pairs)
	for try := 0; err == nil; try++ {
		if try == 0 { // what the snapshot shows may be gone
			there, err = o.readKeys(ctx, t, lockUpdate, t.Key, keysOf(there))
		} else {
			o.took(PathLinksAgain)
			there, err = o.readKeys(ctx, t, lockUpdate, columns, pairs)
		}
		if err != nil {
			return err
		}
		var missing [][]any
		if missing, err = without(pairs, there, columns); err != nil {
			return err
		}
		if len(missing) > 0 {
			insert := sql.Dialect(o.base.Dialect()).Insert(t.Table).Schema(o.target.SchemaOf(t)).Columns(columns...)
			for _, p := range missing {
				insert.Values(p...)
			}
			query, args := insert.Query()
			if err := o.ex.Exec(ctx, query, args, nil); err != nil {
				if sqlgraph.IsUniqueConstraintError(err) && try < maxTries {
					continue
				}
				return err
			}
		}
		o.add(t, there)
		im := o.image(t)
		im.fresh = append(im.fresh, lookup{columns, missing})
		return nil
	}
	return err
}

// maxTries is how often a statement is tried before which other transactions keep coming.
const maxTries = 20

// without returns the pairs that are not among rows.
func without(pairs [][]any, rows []*auditlog.Row, columns []string) ([][]any, error) {
	there := make(map[string]bool, len(rows))
	for _, r := range rows {
		there[r.Ref(columns[0]).Text+"\x00"+r.Ref(columns[1]).Text] = true
	}
	var missing [][]any
	for _, p := range pairs {
		a, err := auditlog.IDString(p[0])
		if err != nil {
			return nil, err
		}
		b, err := auditlog.IDString(p[1])
		if err != nil {
			return nil, err
		}
		if !there[a+"\x00"+b] {
			missing = append(missing, p)
		}
	}
	return missing, nil
}

// pairs returns the pairs of ids that a join's added edges link, in the order of their columns, each once.
func (j *join) pairs() [][]any {
	var pairs [][]any
	seen := make(map[string]bool)
	put := func(a, b any) {
		text, err := auditlog.KeyText([]any{a, b})
		if err != nil || !seen[text] {
			seen[text] = true
			pairs = append(pairs, []any{a, b})
		}
	}
	for _, e := range j.add {
		for _, owner := range e.owners() {
			for _, n := range e.Target.Nodes {
				a, b := owner[0], any(n)
				if e.Inverse {
					a, b = b, a
				}
				put(a, b)
				if e.Bidi {
					put(b, a)
				}
			}
		}
	}
	return pairs
}
