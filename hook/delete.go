package hook

import (
	"context"

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
	if err := o.begin(ctx); err != nil {
		return nil, err
	}
	o.deletes = true
	o.took(PathDelete)
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
	for _, ref := range t.Referrers() {
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
