package hook

import (
	"context"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// BeforeUpdate reads and locks the rows that ent is about to update as spec says, and narrows spec to them. Generated
// code calls it last before ent's statement. It does nothing if the update cannot touch a recorded column.
func BeforeUpdate(ctx context.Context, drv dialect.Driver, spec *sqlgraph.UpdateSpec) error {
	o, err := of(ctx, drv, spec.Node.Table)
	if err != nil {
		return err
	}
	return auditlog.Failed("read rows before the mutation", o.beforeUpdate(ctx, spec))
}

func (o *operation) beforeUpdate(ctx context.Context, spec *sqlgraph.UpdateSpec) (err error) {
	links := o.links(spec.Edges.Add, false)
	links = append(links, o.links(spec.Edges.Clear, true)...)
	if !o.touches(spec) && len(links) == 0 {
		return nil
	}
	o.unit.Engage(nil)
	defer o.unit.Watch(true)
	if err := o.unit.Lock(ctx); err != nil {
		return err
	}
	// An update of one entity names it in its specification. Without columns to set, ent changes that entity's edges whether
	// or not it matches the predicate.
	one := spec.Node.ID != nil && spec.Node.ID.Value != nil
	predicate := asStatement(spec.Predicate)
	if !one && external(spec) {
		predicate = spec.Predicate // ent selects the ids first, by the whole of it
	}
	rows, err := o.read(ctx, o.target.Type, o.strength(spec), func(s *sql.Selector) {
		if one {
			s.Where(sql.EQ(s.C(spec.Node.ID.Column), spec.Node.ID.Value))
		}
		if predicate != nil {
			predicate(s)
		}
	})
	if err != nil {
		return err
	}
	o.add(o.target.Type, rows)
	owners := keysOf(rows)
	if one {
		owners = []any{spec.Node.ID.Value}
	}
	if !one || len(rows) == 0 {
		if spec.Predicate, err = o.narrow(rows, spec.Predicate); err != nil {
			return err
		}
	}
	return o.readLinks(ctx, links, owners)
}

// asStatement returns a predicate that takes of p what an UPDATE or DELETE of ent's takes of it: its conditions, without limit,
// order or joins.
func asStatement(p func(*sql.Selector)) func(*sql.Selector) {
	if p == nil {
		return nil
	}
	return func(s *sql.Selector) {
		table := s.Table()
		scratch := sql.Dialect(s.Dialect()).Select().From(table).WithContext(s.Context())
		p(scratch)
		if err := scratch.Err(); err != nil {
			s.AddError(err)
		}
		if where := scratch.P(); where != nil {
			s.Where(where)
		}
	}
}

// external reports whether an update also writes other tables.
func external(spec *sqlgraph.UpdateSpec) bool {
	for _, edges := range [][]*sqlgraph.EdgeSpec{spec.Edges.Add, spec.Edges.Clear} {
		for _, e := range edges {
			if e.Rel == sqlgraph.M2M || e.Rel == sqlgraph.O2M || e.Rel == sqlgraph.O2O && !e.Inverse {
				return true
			}
		}
	}
	return false
}

// strength returns how the rows of an update are locked: as PostgreSQL's own UPDATE would lock them, since a weaker lock that is raised later
// can deadlock.
func (o *operation) strength(spec *sqlgraph.UpdateSpec) strength {
	keys := o.target.Type.Keys
	if len(spec.Modifiers) > 0 && len(keys) > 0 {
		return lockKey
	}
	set := columnsSet(spec)
	for _, k := range keys {
		if set[k] {
			return lockKey
		}
	}
	return lockUpdate
}

// BeforeDelete reads and locks the rows that ent is about to delete by predicates, and those that the database will change
// or delete with them. It returns predicates that match the rows read alone, or nil if there is nothing
// to narrow.
func BeforeDelete[P ~func(*sql.Selector)](ctx context.Context, drv dialect.Driver, spec *sqlgraph.DeleteSpec, predicates []P) ([]P, error) {
	o, err := of(ctx, drv, spec.Node.Table)
	if err != nil {
		return nil, err
	}
	own := func(s *sql.Selector) {
		for _, p := range predicates {
			p(s)
		}
	}
	where, err := o.beforeDelete(ctx, own)
	if where == nil || err != nil {
		return nil, auditlog.Failed("read rows before the mutation", err)
	}
	return []P{where}, nil
}

func (o *operation) beforeDelete(ctx context.Context, where func(*sql.Selector)) (func(*sql.Selector), error) {
	t := o.target.Type
	if !t.Tracked() && len(t.Referrers()) == 0 {
		return nil, nil
	}
	o.unit.Engage(nil)
	defer o.unit.Watch(true)
	if err := o.unit.Lock(ctx); err != nil {
		return nil, err
	}
	rows, err := o.read(ctx, t, lockKey, asStatement(where))
	if err != nil {
		return nil, err
	}
	o.add(t, rows)
	o.goes(t, rows)
	if err := o.readReferrers(ctx, t, rows); err != nil {
		return nil, err
	}
	return o.narrow(rows, where)
}

// narrow returns a predicate that matches the given rows alone, in the place of p. On SQLite, where no other transaction can write by
// now, it is p itself if there are more rows than a statement can name.
func (o *operation) narrow(rows []*row, p func(*sql.Selector)) (func(*sql.Selector), error) {
	if o.target.Driver.Dialect() == dialect.SQLite && len(rows) > maxParamsSQLite {
		return p, nil
	}
	return narrow(o.target.Type, rows)
}

// touches reports whether an update may change a recorded column of its own rows. A modifier may set any.
func (o *operation) touches(spec *sqlgraph.UpdateSpec) bool {
	t := o.target.Type
	if !t.Tracked() {
		return false
	}
	if len(spec.Modifiers) > 0 {
		return true
	}
	set := columnsSet(spec)
	for _, f := range t.Fields {
		if set[f.Column] {
			return true
		}
	}
	return false
}

// columnsSet returns the columns of its own rows that an update sets, but for what modifiers set.
func columnsSet(spec *sqlgraph.UpdateSpec) map[string]bool {
	set := make(map[string]bool)
	for _, fields := range [][]*sqlgraph.FieldSpec{spec.Fields.Set, spec.Fields.Add, spec.Fields.Clear} {
		for _, f := range fields {
			set[f.Column] = true
		}
	}
	for _, edges := range [][]*sqlgraph.EdgeSpec{spec.Edges.Add, spec.Edges.Clear} {
		for _, e := range edges {
			if e.Rel == sqlgraph.M2O || e.Rel == sqlgraph.O2O && (e.Inverse || e.Bidi) {
				set[e.Columns[0]] = true
			}
		}
	}
	return set
}

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
		for _, holder := range o.target.Schema.Holder(e.Table, e.Columns[0]) {
			links = append(links, link{holder: holder, edge: e, clear: clear})
		}
	}
	return links
}

// readLinks reads the rows at the far end of links: those named, or, where an edge is cleared, all that point at owners.
func (o *operation) readLinks(ctx context.Context, links []link, owners []any) error {
	for _, l := range links {
		column, keys := l.holder.IDColumn, make([]any, len(l.edge.Target.Nodes))
		for i, n := range l.edge.Target.Nodes {
			keys[i] = n
		}
		if l.clear && len(keys) == 0 {
			column, keys = l.edge.Columns[0], owners
		}
		lock := lockUpdate
		if slices.Contains(l.holder.Keys, l.edge.Columns[0]) {
			lock = lockKey
		}
		rows, err := o.readKeys(ctx, l.holder, lock, column, keys)
		if err != nil {
			return err
		}
		o.add(l.holder, rows)
	}
	return nil
}

// readReferrers reads the rows whose recorded foreign keys point at rows that are to be deleted, however deep a
// cascade goes.
func (o *operation) readReferrers(ctx context.Context, t *auditlog.Type, rows []*row) error {
	if len(rows) == 0 {
		return nil
	}
	for _, ref := range t.Referrers() {
		lock := lockUpdate
		if ref.Field.Cascade {
			lock = lockKey
		}
		found, err := o.readKeys(ctx, ref.Type, lock, ref.Field.Column, keysOf(rows))
		if err != nil {
			return err
		}
		o.add(ref.Type, found)
		if !ref.Field.Cascade {
			continue
		}
		if err := o.readReferrers(ctx, ref.Type, o.goes(ref.Type, found)); err != nil {
			return err
		}
	}
	return nil
}

// goes notes that rows go with the deletion, and returns those that were not known to. A row may be reached by more than one
// foreign key, and by one that does not cascade first.
func (o *operation) goes(t *auditlog.Type, rows []*row) []*row {
	if o.going == nil {
		o.going = make(map[goner]bool)
	}
	var fresh []*row
	for _, r := range rows {
		if g := (goner{t, r.id}); !o.going[g] {
			o.going[g] = true
			fresh = append(fresh, r)
		}
	}
	return fresh
}

// A goner names a row that goes.
type goner struct {
	typ *auditlog.Type
	id  string
}

// State connects a mutation with its operation where generated code has no context.
type State struct{ op *operation }

// Creating says that ent is about to insert, on drv, what spec will hold by the time of its first statement. It returns the driver
// to insert with: one that refuses if the mutation did not come through the hook, as one that another hook
// has put in the place of the first.
func (s *State) Creating(spec *sqlgraph.CreateSpec, drv dialect.Driver, tracked bool) dialect.Driver {
	o := s.op
	if o == nil {
		return refuser{Driver: drv, all: tracked, err: auditlog.ErrHookMissing}
	}
	if !o.concerns() {
		return drv
	}
	if !o.unit.Runs(drv, o.target.Inner) {
		return refuser{Driver: drv, all: true, err: auditlog.ErrOtherClient}
	}
	o.creates = []*sqlgraph.CreateSpec{spec}
	o.unit.Engage(o.beforeCreate)
	return drv
}

// A refuser is a driver on which nothing is written. Of an untracked type it lets pass what concerns no other table, for which ent
// begins no transaction.
type refuser struct {
	dialect.Driver
	all bool
	err error
}

// Exec implements dialect.Driver.
func (r refuser) Exec(ctx context.Context, query string, args, v any) error {
	if r.all {
		return r.err
	}
	return r.Driver.Exec(ctx, query, args, v)
}

// Query implements dialect.Driver.
func (r refuser) Query(ctx context.Context, query string, args, v any) error {
	if r.all {
		return r.err
	}
	return r.Driver.Query(ctx, query, args, v)
}

// Tx implements dialect.Driver.
func (r refuser) Tx(context.Context) (dialect.Tx, error) { return nil, r.err }

// BeforeBulk says that ent is about to insert what spec will hold for mutations with the given states. The
// operation of ctx, the last and innermost one, records them all.
func BeforeBulk(ctx context.Context, drv dialect.Driver, spec *sqlgraph.BatchCreateSpec, states []*State) error {
	if len(spec.Nodes) == 0 {
		return nil
	}
	o, err := of(ctx, drv, spec.Nodes[0].Table)
	if err != nil {
		return err
	}
	o.batch, o.creates, o.stamps = spec, spec.Nodes, nil
	engaged := false
	for _, s := range states {
		if s.op == nil {
			return auditlog.ErrHookMissing
		}
		engaged = engaged || s.op.unit.Engaged()
		s.op.member = s.op != o
		o.stamps = append(o.stamps, s.op.stamp)
	}
	if engaged {
		o.unit.Engage(o.beforeCreate)
	}
	return nil
}

// beforeCreate runs when the specifications are complete, ahead of ent's first statement.
func (o *operation) beforeCreate(ctx context.Context) error {
	for _, spec := range o.creates {
		if len(spec.OnConflict) > 0 || o.batch != nil && len(o.batch.OnConflict) > 0 {
			return auditlog.ErrUpsert
		}
		if err := o.target.Type.CheckID(given(o.target.Type, spec)); err != nil {
			return err
		}
	}
	for _, spec := range o.creates {
		if links := o.links(spec.Edges, false); len(links) > 0 {
			if err := o.unit.Lock(ctx); err != nil {
				return auditlog.Failed("read rows before the mutation", err)
			}
			if err := o.readLinks(ctx, links, nil); err != nil {
				return auditlog.Failed("read rows before the mutation", err)
			}
		}
	}
	return nil
}

// given returns the value that will identify a created entity in the log, or nil if the database is to give it.
func given(t *auditlog.Type, spec *sqlgraph.CreateSpec) any {
	if t.Resource == nil && spec.ID != nil {
		return spec.ID.Value
	}
	for _, f := range spec.Fields {
		if f.Column == t.Column {
			return f.Value
		}
	}
	return nil
}
