package hook

import (
	"context"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// BeforeUpdate reads and locks the rows that ent is about to update as spec says, and narrows spec to them. Generated
// code calls it last before ent's statement. It does nothing if the update cannot touch a recorded column.
func BeforeUpdate(ctx context.Context, spec *sqlgraph.UpdateSpec) error {
	o, err := of(ctx, spec.Node.Table)
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
	rows, err := o.read(ctx, o.target.Type, lockUpdate, func(s *sql.Selector) {
		if o.one() {
			s.Where(sql.EQ(s.C(spec.Node.ID.Column), spec.Node.ID.Value))
		}
		if spec.Predicate != nil {
			spec.Predicate(s)
		}
	})
	if err != nil {
		return err
	}
	o.add(o.target.Type, rows)
	if o.needsNarrowing(rows) {
		if spec.Predicate, err = narrow(o.target.Type, rows); err != nil {
			return err
		}
	}
	return o.readLinks(ctx, links, keysOf(rows))
}

// BeforeDelete reads and locks the rows that ent is about to delete by predicates, and those that the database will change
// or delete with them. It returns predicates that match the rows read alone, or nil if there is nothing
// to narrow.
func BeforeDelete[P ~func(*sql.Selector)](ctx context.Context, spec *sqlgraph.DeleteSpec, predicates []P) ([]P, error) {
	o, err := of(ctx, spec.Node.Table)
	if err != nil {
		return nil, err
	}
	where, err := o.beforeDelete(ctx, func(s *sql.Selector) {
		for _, p := range predicates {
			p(s)
		}
	})
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
	rows, err := o.read(ctx, t, lockKey, where)
	if err != nil {
		return nil, err
	}
	o.add(t, rows)
	if err := o.readReferrers(ctx, t, rows); err != nil {
		return nil, err
	}
	if !o.needsNarrowing(rows) {
		return nil, nil
	}
	return narrow(t, rows)
}

// one reports whether the mutation is of one entity by its id.
func (o *operation) one() bool { return o.mutation.Op().Is(opOne) }

// needsNarrowing reports whether ent's statement might match rows that were not read. A row read by its id is locked, and on
// SQLite no other transaction can write.
func (o *operation) needsNarrowing(rows []*row) bool {
	if o.one() {
		return len(rows) == 0
	}
	return o.target.Driver.Dialect() != dialect.SQLite
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
	for _, f := range t.Fields {
		if set[f.Column] {
			return true
		}
	}
	return false
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
		rows, err := o.readKeys(ctx, l.holder, lockUpdate, column, keys)
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
		fresh := o.add(ref.Type, found)
		if !ref.Field.Cascade {
			continue
		}
		if err := o.readReferrers(ctx, ref.Type, fresh); err != nil {
			return err
		}
	}
	return nil
}

// State connects a mutation with its operation where generated code has no context.
type State struct{ op *operation }

// Creating says that ent is about to insert what spec will hold by the time of its first statement.
func (s *State) Creating(spec *sqlgraph.CreateSpec) {
	o := s.op
	if o == nil { // the mutation's hook was refused or is missing: nothing is recorded, nothing will be written
		return
	}
	if !o.target.Type.Tracked() && len(o.mutation.AddedEdges()) == 0 {
		return
	}
	o.creates = []*sqlgraph.CreateSpec{spec}
	o.unit.Engage(o.beforeCreate)
}

// BeforeBulk says that ent is about to insert what spec will hold for mutations with the given states. The
// operation of ctx, the last and innermost one, records them all.
func BeforeBulk(ctx context.Context, spec *sqlgraph.BatchCreateSpec, states []*State) error {
	if len(spec.Nodes) == 0 {
		return nil
	}
	o, err := of(ctx, spec.Nodes[0].Table)
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
