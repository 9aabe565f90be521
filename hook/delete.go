package hook

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// deleting begins a deletion, unless nothing that is recorded can go or change with it. It returns a predicate for the rows that were
// read.
func (o *operation) deleting(ctx context.Context, where func(*sql.Selector)) (func(*sql.Selector), error) {
	t := o.target.Type
	if !t.Recorded() && len(t.Referrers()) == 0 {
		return nil, nil
	}
	o.deletes = true
	o.took(PathDelete)
	if len(t.Referrers()) == 0 && !o.spares(o.single) {
		if begun, err := o.beginReturning(ctx, lockKey, nil, false); begun || err != nil {
			return nil, err
		}
	}
	if err := o.begin(ctx); err != nil {
		return nil, err
	}
	if err := o.tx.Lock(ctx); err != nil {
		return nil, err
	}
	rows, err := o.matched(ctx, lockKey, asStatement(where))
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

// readReferrers reads the rows whose recorded foreign keys point at rows that are to be deleted, however deep a
// cascade goes.
func (o *operation) readReferrers(ctx context.Context, t *auditlog.Type, rows []*auditlog.Row) error {
	if len(rows) == 0 {
		return nil
	}
	referring, err := o.referring(ctx, t, rows)
	if err != nil {
		return err
	}
	for _, ref := range referring {
		lock := lockUpdate
		if ref.Cascade {
			lock = lockKey
		}
		found, err := o.readKeys(ctx, ref.Type, lock, []string{ref.Column}, keysOf(rows))
		if err != nil {
			return err
		}
		o.add(ref.Type, found)
		if !ref.Cascade {
			continue
		}
		if err := o.readReferrers(ctx, ref.Type, o.goes(ref.Type, found)); err != nil {
			return err
		}
	}
	return nil
}

// referring returns the foreign keys by which rows refer to the given ones. These are locked against new references, so where a plain read shows what is
// there, one statement asks for all of them.
func (o *operation) referring(ctx context.Context, t *auditlog.Type, rows []*auditlog.Row) ([]auditlog.Referrer, error) {
	all := t.Referrers()
	if len(all) < 2 || len(rows) > maxChunk/len(all) || o.base.Dialect() == dialect.MySQL {
		return all, nil
	}
	b := sql.Dialect(o.base.Dialect())
	ask := b.Select()
	for i, ref := range all {
		s := b.Select().From(b.Table(ref.Type.Table).Schema(o.target.SchemaOf(ref.Type)))
		s.Select(s.C(ref.Column)).Where(in(s, []string{ref.Column}, keysOf(rows)))
		ask.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
			b.WriteString("EXISTS ").Wrap(func(b *sql.Builder) { b.Join(s) })
		}), fmt.Sprint("r", i))
	}
	query, args := ask.Query()
	found := &sql.Rows{}
	if err := o.ex.Query(ctx, query, args, found); err != nil {
		return nil, err
	}
	defer found.Close()
	there, dest := make([]bool, len(all)), make([]any, len(all))
	for i := range there {
		dest[i] = &there[i]
	}
	if found.Next() {
		if err := found.Scan(dest...); err != nil {
			return nil, err
		}
	}
	var out []auditlog.Referrer
	for i, ref := range all {
		if there[i] {
			out = append(out, ref)
		}
	}
	return out, found.Err()
}

// goes notes that rows go with the deletion, and returns those that were not known to. A row may be reached by more than one
// foreign key, and by one that does not cascade first.
func (o *operation) goes(t *auditlog.Type, rows []*auditlog.Row) []*auditlog.Row {
	if o.going == nil {
		o.going = make(map[goner]bool)
	}
	var fresh []*auditlog.Row
	for _, r := range rows {
		if g := (goner{t, r.Text}); !o.going[g] {
			o.going[g] = true
			fresh = append(fresh, r)
		}
	}
	return fresh
}

// A goner names a row that goes.
type goner struct {
	typ *auditlog.Type
	key string
}
