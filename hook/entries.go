package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"entgo.io/ent"
	"entgo.io/ent/dialect"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// entries reads the rows again and returns what became of them. V is what the mutation returned, or nil if
// it failed.
func (o *operation) entries(ctx context.Context, v ent.Value) ([]*auditlog.Entry, error) {
	entries, err := o.created(ctx)
	if err != nil {
		return nil, err
	}
	if n, ok := v.(int); ok && o.mutation.Op().Is(ent.OpDelete|ent.OpDeleteOne) && len(o.images) > 0 {
		own := o.images[0]
		own.gone = own.typ == o.target.Type && n == len(own.rows)
	}
	for _, im := range o.images {
		changed, err := o.changed(ctx, im)
		if err != nil {
			return nil, err
		}
		entries = append(entries, changed...)
	}
	return entries, nil
}

// created returns the entries of what was created, in the order in which it was.
func (o *operation) created(ctx context.Context) ([]*auditlog.Entry, error) {
	t := o.target.Type
	if len(o.creates) == 0 || !t.Tracked() {
		return nil, nil
	}
	keys := make([]any, len(o.creates))
	for i, spec := range o.creates {
		keys[i] = spec.ID.Value
	}
	rows, err := o.again(ctx, t, keys)
	if err != nil {
		return nil, err
	}
	entries := make([]*auditlog.Entry, 0, len(keys))
	for i, key := range keys {
		id, err := auditlog.IDString(key)
		if err != nil {
			return nil, err
		}
		r := rows[id]
		if len(keys) == 1 { // also where the database has given the id another text
			for _, only := range rows {
				r = only
			}
		}
		if r == nil {
			return nil, fmt.Errorf("sqlaudit: %s %s is not there after its creation", t.Name, id)
		}
		stamp := o.stamp
		if o.stamps != nil {
			stamp = o.stamps[i]
		}
		e, err := o.entry(t, auditlog.ActionCreate, stamp, nil, r)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// changed returns the entries of the rows of an image that are no longer as they were.
func (o *operation) changed(ctx context.Context, im *image) ([]*auditlog.Entry, error) {
	if !im.typ.Tracked() || len(im.rows) == 0 {
		return nil, nil
	}
	now := map[string]*row{}
	if !im.gone {
		var err error
		if now, err = o.again(ctx, im.typ, keysOf(im.rows)); err != nil {
			return nil, err
		}
	}
	var entries []*auditlog.Entry
	for _, before := range im.rows {
		key, err := auditlog.IDString(before.key)
		if err != nil {
			return nil, err
		}
		action, after := auditlog.ActionUpdate, now[key]
		if after == nil {
			action = auditlog.ActionDelete
		}
		if after == nil && im.typ == o.target.Type && o.mutation.Op().Is(ent.OpUpdate|ent.OpUpdateOne) {
			return nil, fmt.Errorf("sqlaudit: %s %s is gone after its update: an update cannot change ids", im.typ.Name, before.id)
		}
		e, err := o.entry(im.typ, action, o.stamp, before, after)
		if err != nil {
			return nil, err
		}
		if e != nil {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// again reads rows by their keys and returns them by the text of those. On MariaDB and MySQL a plain read sees the
// transaction's snapshot, which may be older than the rows that were locked; a locking one sees the rows.
func (o *operation) again(ctx context.Context, t *auditlog.Type, keys []any) (map[string]*row, error) {
	lock := lockNone
	if o.target.Driver.Dialect() == dialect.MySQL {
		lock = lockUpdate
	}
	rows, err := o.readKeys(ctx, t, lock, t.IDColumn, keys)
	if err != nil {
		return nil, err
	}
	byKey := make(map[string]*row, len(rows))
	for _, r := range rows {
		key, err := auditlog.IDString(r.key)
		if err != nil {
			return nil, err
		}
		byKey[key] = r
	}
	return byKey, nil
}

// entry returns the entry of one row, or nil if it did not change. Before is nil for a create, after for a delete.
func (o *operation) entry(t *auditlog.Type, action string, stamp auditlog.Stamp, before, after *row) (*auditlog.Entry, error) {
	last := after
	if last == nil {
		last = before
	}
	e := &auditlog.Entry{Action: action, ResourceType: t.Label, ResourceID: last.id, Stamp: stamp}
	if before != nil {
		e.Before = auditlog.Values{}
	}
	if after != nil {
		e.After = auditlog.Values{}
	}
	for i, f := range t.Fields {
		var was, is json.RawMessage
		if before != nil {
			was = before.values[i]
		}
		if after != nil {
			is = after.values[i]
		}
		if bytes.Equal(was, is) {
			continue
		}
		if f.Sensitive {
			// A create or delete says so only of a value that is there.
			if before != nil && after != nil || !isNull(was) || !isNull(is) {
				e.Redacted = append(e.Redacted, f.Name)
			}
			continue
		}
		if before != nil {
			e.Before[f.Name] = was
		}
		if after != nil {
			e.After[f.Name] = is
		}
	}
	if action == auditlog.ActionUpdate && len(e.After) == 0 && len(e.Redacted) == 0 {
		return nil, nil
	}
	if e.Stamp.ActorID == "" && e.Stamp.ActorType == "" && e.Stamp.ActorName == "" {
		actor, err := auditlog.Origin{Actor: auditlog.Actor{ID: last.actor}}.Stamp()
		if err != nil {
			return nil, err
		}
		e.Stamp.ActorID = actor.ActorID
	}
	return e, nil
}

func isNull(raw json.RawMessage) bool { return raw == nil || bytes.Equal(raw, []byte("null")) }
