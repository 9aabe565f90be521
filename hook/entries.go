package hook

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// record reads the rows again and records what became of them.
func (o *operation) record(ctx context.Context) error {
	d, err := o.drafts(ctx)
	if err != nil {
		return err
	}
	return d.record(ctx)
}

// drafts reads the rows again and returns what became of them.
func (o *operation) drafts(ctx context.Context) (*drafts, error) {
	d := &drafts{op: o, byID: make(map[draftKey]*draft)}
	for _, key := range o.owners { // the mutation's own entities come first
		text, err := auditlog.KeyText(key)
		if err != nil {
			return nil, err
		}
		d.of(o.target.Type, text, o.stamp)
	}
	rows, stamps, err := o.created(ctx)
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		d.entity(o.target.Type, nil, r, stamps[i])
	}
	for i, r := range rows {
		d.links(o.target.Type, nil, r, stamps[i])
	}
	if c := o.create; c != nil && len(c.conflict()) > 0 && o.target.Type.Recorded() {
		im := o.image(o.target.Type)
		im.fresh = append(im.fresh, o.upserted()...)
	}
	for _, im := range o.images {
		if err := o.changed(ctx, im, d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// changed notes what became of the rows of an image, and which came.
func (o *operation) changed(ctx context.Context, im *image, d *drafts) error {
	own := im.typ == o.target.Type
	if !im.typ.Recorded() || len(im.rows)+len(im.fresh) == 0 {
		return nil
	}
	var (
		now   []*auditlog.Row
		after = make(map[string]*auditlog.Row, len(im.rows))
	)
	switch {
	case own && o.deleted == len(im.rows): // all are known to be gone
	case im.returned && !im.unsure && o.issued == im.issued && !im.moved():
		for _, r := range im.rows {
			after[r.Text] = r
		}
		now = im.now
	default:
		var err error
		if now, err = o.again(ctx, im); err != nil {
			return err
		}
	}
	for _, r := range now {
		after[r.Text] = r
	}
	for _, before := range im.rows {
		if after[before.Text] == nil && own && o.create != nil {
			return fmt.Errorf("%w: %s %s is gone after it, and an update cannot change ids: have it set the id to itself (SetIgnore), as UpdateNewValues does", auditlog.ErrUpsert, im.typ.Name, before.Text)
		}
		if after[before.Text] == nil && own && o.updates {
			return fmt.Errorf("sqlaudit: %s %s is gone after its update: an update cannot change ids", im.typ.Name, before.Text)
		}
		d.row(im.typ, before, after[before.Text], o.stamp)
	}
	came := 0
	for _, r := range now {
		if !im.has[r.Text] && after[r.Text] == r { // SQLite returns a row once for each time that an upsert met it, at last as it is
			if own && o.updates {
				return fmt.Errorf("sqlaudit: the update changed %s %s, which was not there when it was read", im.typ.Name, r.Text)
			}
			came++
			d.row(im.typ, nil, r, o.stamp)
		}
	}
	if c := o.create; own && c != nil && c.upsert != nil && came < len(c.upsert.inserted) {
		return fmt.Errorf("sqlaudit: %d of %d inserted rows of %s are not there under their keys", len(c.upsert.inserted)-came, len(c.upsert.inserted), im.typ.Name)
	}
	return nil
}

// drafts are entries in the making: one for each entity that changed, in its own row or by its links.
type drafts struct {
	op   *operation
	list []*draft
	byID map[draftKey]*draft

	before, after auditlog.Object // of the entry in the making
}

// A draftKey names an entity by its primary key, as text.
type draftKey struct {
	typ *auditlog.Type
	key string
}

type draft struct {
	typ           *auditlog.Type
	id            string // in the log; empty until it is known
	key           any    // the primary key
	stamp         auditlog.Stamp
	own           bool          // the entity's own row was followed
	before, after *auditlog.Row // which is nil where it was not there
	links         map[*auditlog.Edge]*delta
}

// A delta is the links of an edge that went and came.
type delta struct{ left, came []auditlog.Ref }

func (d *drafts) of(t *auditlog.Type, key string, stamp auditlog.Stamp) *draft {
	k := draftKey{t, key}
	e := d.byID[k]
	if e == nil {
		e = &draft{typ: t, stamp: stamp}
		d.byID[k] = e
		d.list = append(d.list, e)
	}
	return e
}

// row notes a row as it was and is: for the entity that it is, and for those whose edges it links.
func (d *drafts) row(t *auditlog.Type, before, after *auditlog.Row, stamp auditlog.Stamp) {
	d.entity(t, before, after, stamp)
	d.links(t, before, after, stamp)
}

func (d *drafts) entity(t *auditlog.Type, before, after *auditlog.Row, stamp auditlog.Stamp) {
	if !t.Tracked() {
		return
	}
	row := after
	if row == nil {
		row = before
	}
	e := d.of(t, row.Text, stamp)
	e.own, e.before, e.after, e.stamp, e.id = true, before, after, stamp, row.ID
}

func (d *drafts) links(t *auditlog.Type, before, after *auditlog.Row, stamp auditlog.Stamp) {
	for _, edge := range t.Ends() {
		was, is := linkOf(edge, before), linkOf(edge, after)
		if was == is {
			continue
		}
		if was.owner != "" {
			l := d.link(edge, before.Ref(edge.Column), stamp)
			l.left = append(l.left, before.Ref(edge.Target))
		}
		if is.owner != "" {
			l := d.link(edge, after.Ref(edge.Column), stamp)
			l.came = append(l.came, after.Ref(edge.Target))
		}
	}
}

type linkEnds struct{ owner, target string }

func linkOf(edge *auditlog.Edge, r *auditlog.Row) linkEnds {
	if r == nil || r.Ref(edge.Column).Value == nil || r.Ref(edge.Target).Value == nil {
		return linkEnds{}
	}
	return linkEnds{r.Ref(edge.Column).Text, r.Ref(edge.Target).Text}
}

func (d *drafts) link(edge *auditlog.Edge, owner auditlog.Ref, stamp auditlog.Stamp) *delta {
	e := d.of(edge.Owner(), owner.Text, stamp)
	e.key = owner.Value
	if e.links == nil {
		e.links = make(map[*auditlog.Edge]*delta)
	}
	if e.links[edge] == nil {
		e.links[edge] = &delta{}
	}
	return e.links[edge]
}

// atOnce is how many entries are handed to the transaction together.
const atOnce = 1000

// record records the entries of what changed.
func (d *drafts) record(ctx context.Context) error {
	if err := d.identify(ctx); err != nil {
		return err
	}
	entries := make([]*auditlog.Entry, 0, min(len(d.list), atOnce))
	for i, draft := range d.list {
		d.list[i] = nil // it is not needed any more, nor are its rows
		e, err := d.entry(draft)
		if err != nil {
			return err
		}
		if e != nil {
			entries = append(entries, e)
		}
		if len(entries) == atOnce || i == len(d.list)-1 {
			if err := d.op.tx.Record(ctx, entries); err != nil {
				return err
			}
			entries = entries[:0]
		}
	}
	return nil
}

// identify finds out how the log names the entities of which only links changed.
func (d *drafts) identify(ctx context.Context) error {
	unknown := make(map[*auditlog.Type][][]any)
	var order []*auditlog.Type
	for _, e := range d.list {
		if e.id != "" || len(e.links) == 0 {
			continue
		}
		if len(e.typ.Identity.Columns) == 1 && e.typ.Identity.Columns[0].Name == e.typ.Key[0] {
			var err error
			if e.id, err = e.typ.IDText([]any{e.key}); err != nil {
				return err
			}
			continue
		}
		if unknown[e.typ] == nil {
			order = append(order, e.typ)
		}
		unknown[e.typ] = append(unknown[e.typ], []any{e.key})
	}
	for _, t := range order {
		rows, err := d.op.again(ctx, &image{typ: t, fresh: []lookup{{t.Key, unknown[t]}}})
		if err != nil {
			return err
		}
		for _, r := range rows {
			d.byID[draftKey{t, r.Text}].id = r.ID
		}
	}
	for _, e := range d.list {
		if e.id == "" && len(e.links) > 0 {
			return fmt.Errorf("sqlaudit: %s %v has links and is not there", e.typ.Name, e.key)
		}
	}
	return nil
}

// entry returns the entry of a draft, or nil if nothing changed.
func (d *drafts) entry(draft *draft) (*auditlog.Entry, error) {
	e := &auditlog.Entry{Action: auditlog.ActionUpdate, ResourceType: draft.typ.Label, ResourceID: draft.id, Stamp: draft.stamp}
	switch {
	case draft.own && draft.before == nil:
		e.Action = auditlog.ActionCreate
	case draft.own && draft.after == nil:
		e.Action = auditlog.ActionDelete
	}
	for _, m := range draft.typ.Members() {
		was, is, changed := draft.member(m)
		if !changed || m.Field != nil && m.Field.Sensitive {
			continue
		}
		if e.Action != auditlog.ActionCreate {
			d.before.Add(m, was)
		}
		if e.Action != auditlog.ActionDelete {
			d.after.Add(m, is)
		}
	}
	for i, f := range draft.typ.Fields {
		if !f.Sensitive {
			continue
		}
		// A create or delete says so only of a value that is there.
		if was, is, changed := draft.field(i); changed && (e.Action == auditlog.ActionUpdate || !isNull(was) || !isNull(is)) {
			e.Redacted = append(e.Redacted, f.Name)
		}
	}
	if e.Action == auditlog.ActionUpdate && d.after.Empty() && len(e.Redacted) == 0 {
		return nil, nil
	}
	if e.Action != auditlog.ActionCreate {
		e.Before = d.before.Take()
	}
	if e.Action != auditlog.ActionDelete {
		e.After = d.after.Take()
	}
	return e, draft.actor(e)
}

// member returns what a field or an edge was and is, and whether it changed: of an edge, the links that went and came. One that did both is as it was.
func (d *draft) member(m *auditlog.Member) (was, is json.RawMessage, changed bool) {
	if m.Field != nil {
		return d.field(m.Index)
	}
	l := d.links[m.Edge]
	if l == nil {
		return nil, nil, false
	}
	left, came := minus(l.left, l.came), minus(l.came, l.left)
	return list(left), list(came), len(left)+len(came) > 0
}

// field returns what a field of the entity's own row was and is, nil where the row was not there, and whether that differs.
func (d *draft) field(i int) (was, is json.RawMessage, changed bool) {
	if d.before != nil {
		was = d.before.Values[i]
	}
	if d.after != nil {
		is = d.after.Values[i]
	}
	return was, is, !bytes.Equal(was, is)
}

// minus returns the refs of a that are not in b, in order, each once.
func minus(a, b []auditlog.Ref) []auditlog.Ref {
	seen := make(map[string]bool, len(b))
	for _, r := range b {
		seen[r.Text] = true
	}
	var out []auditlog.Ref
	for _, r := range a {
		if !seen[r.Text] {
			seen[r.Text] = true
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(x, y auditlog.Ref) int {
		i, ok := x.Value.(int64)
		j, ok2 := y.Value.(int64)
		if ok && ok2 {
			return cmp.Compare(i, j)
		}
		return cmp.Compare(x.Text, y.Text)
	})
	return out
}

// list returns ids as a JSON array.
func list(refs []auditlog.Ref) json.RawMessage {
	b := []byte{'['}
	for i, r := range refs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r.JSON...)
	}
	return append(b, ']')
}

// actor takes the actor from the entity itself where nobody else is known.
func (d *draft) actor(e *auditlog.Entry) error {
	last := d.after
	if last == nil {
		last = d.before
	}
	if last == nil || e.Stamp.ActorID != "" || e.Stamp.ActorType != "" || e.Stamp.ActorName != "" {
		return nil
	}
	actor, err := auditlog.Origin{Actor: auditlog.Actor{ID: last.Actor}}.Stamp()
	e.Stamp.ActorID = actor.ActorID
	return err
}

func isNull(raw json.RawMessage) bool { return raw == nil || bytes.Equal(raw, []byte("null")) }
