package replay

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
)

// Baseline records what is there and the log does not know: rows from before their type was tracked, and values of fields and edges that were added to the
// recorded ones later. It returns how far it came with each type.
//
// It goes over the rows of each type in the order of their keys, in batches, and writes at most one entry for each, of action
// auditlog.ActionBaseline, without old values, made by whom the context names and for its reason:
//
//   - If the log does not know the entity (it has no entry, or the last is a delete), the entry has every recorded field and edge; of an edge without links,
//     an empty list.
//   - If it has the beginning of the entity's present life, a create or a baseline, the entry has the fields of which no entry of that life speaks, and the links of
//     edges of which none does. If there are none, nothing is written.
//   - If it has entries of the life but not its beginning (ent changed the row before Baseline came to it), the entry has every field but those whose value is not
//     the one that the log has, and of every edge the links that the log does not have.
//
// So what the log knows is never put right, and a write that went around ent stays a difference, with two exceptions: a row that is not
// in the log at all cannot be told from one that was there before; nor can, of an entity that has a create, the links of an
// edge that no entry of it speaks of be told from those of an edge that was not recorded then. The reverse holds for an edge that was
// added later, and changed before Baseline came: see Joined.
//
// Each batch is one transaction, in which the rows and their links are locked (FOR UPDATE on PostgreSQL and MariaDB, the write lock on SQLite) before the log
// is read: changes that others make meanwhile are either in the entry or after it. That no link can come to a locked row
// is the doing of its foreign keys. A batch that the database refuses for a deadlock is tried again.
//
// A run that was cut short, by an error, the context or the process's end, has recorded the batches that it had finished. The next begins from the
// start, and writes nothing for what is known. Runs beside each other do no harm.
//
// It heeds Types, BatchSize, Joined and OnProgress. It fails with ErrInTransaction for a client within a transaction, else as Replay and as mutations do.
func Baseline(ctx context.Context, c Client, opts ...Option) ([]Progress, error) {
	r, err := newRun(c, opts)
	if err != nil {
		return nil, err
	}
	if r.tx != nil {
		return nil, ErrInTransaction
	}
	stamp, err := auditlog.OriginFromContext(ctx).Stamp()
	if err != nil {
		return nil, err
	}
	var out []Progress
	for _, t := range r.types {
		out = append(out, Progress{Type: t.Label})
		if err := r.baseline(ctx, t, stamp, &out[len(out)-1]); err != nil {
			return out, err
		}
	}
	return out, nil
}

// ErrInTransaction is returned by Baseline for a client within a transaction: it has one for each batch.
var ErrInTransaction = errors.New("sqlaudit: Baseline begins a transaction for each batch: give it a client that is not within one")

func (r *run) baseline(ctx context.Context, t *auditlog.Type, stamp auditlog.Stamp, p *Progress) error {
	var last *auditlog.Row
	for {
		b := &batch{run: r, typ: t, stamp: stamp, after: last}
		if err := b.record(ctx); err != nil {
			return err
		}
		if b.read == 0 {
			return nil
		}
		last = b.last
		p.Entities += b.read
		p.Entries += b.written
		if r.progress != nil {
			r.progress(*p)
		}
	}
}

// A batch is what Baseline does in one transaction.
type batch struct {
	*run
	typ   *auditlog.Type
	stamp auditlog.Stamp
	after *auditlog.Row

	last          *auditlog.Row
	read, written int
}

// maxTries is how often a batch is tried that the database refuses for a deadlock.
const maxTries = 20

func (b *batch) record(ctx context.Context) error {
	for try := 1; ; try++ {
		err := b.try(ctx)
		if err == nil || try == maxTries || ctx.Err() != nil || !auditdriver.Outrun(err) {
			return err
		}
	}
}

func (b *batch) try(ctx context.Context) error {
	begun, err := b.drv.Tx(ctx)
	if err != nil {
		return err
	}
	tx := begun.(*auditdriver.Tx)
	entries, err := b.unrecorded(ctx, tx)
	if err != nil {
		return ended(err, tx)
	}
	if len(entries) == 0 {
		return ended(nil, tx)
	}
	if err := tx.Record(ctx, entries); err != nil {
		return ended(err, tx)
	}
	return tx.Commit()
}

// unrecorded reads the batch, and returns what the log does not know of it.
func (b *batch) unrecorded(ctx context.Context, tx *auditdriver.Tx) ([]*auditlog.Entry, error) {
	if err := tx.Lock(ctx); err != nil {
		return nil, err
	}
	rows, err := b.rows(ctx, tx, b.typ, true, b.after)
	if err != nil {
		return nil, err
	}
	if b.read, b.written = len(rows), 0; len(rows) == 0 {
		return nil, nil
	}
	b.last = rows[len(rows)-1]
	lives, err := b.live(ctx, tx, b.typ, true, rows)
	if err != nil {
		return nil, err
	}
	// The log comes last: what others have written of these rows is committed by now. On MariaDB this is the transaction's first plain
	// read, from which its snapshot is.
	state := NewState(b.Schema)
	if err := b.entries(ctx, tx, b.typ, ids(rows), func(e Entry) { state.Add(e) }); err != nil {
		return nil, err
	}
	var out []*auditlog.Entry
	for _, row := range lives {
		if after := b.unknown(row, state.Entity(b.typ.Label, row.ID)); after != nil {
			text, err := json.Marshal(after)
			if err != nil {
				return nil, err
			}
			out = append(out, &auditlog.Entry{
				Action: auditlog.ActionBaseline, ResourceType: b.typ.Label, ResourceID: row.ID, Stamp: b.stamp, After: string(text),
			})
		}
	}
	b.written = len(out)
	return out, nil
}

// unknown returns what the log does not know of an entity, or nil if that is nothing.
func (b *batch) unknown(row live, e *Entity) auditlog.Values {
	begun := e != nil && e.Begun
	if e == nil {
		e = &Entity{}
	}
	out := make(auditlog.Values)
	for i, f := range b.typ.Fields {
		is, known := e.Fields[f.Name]
		if !f.Sensitive && (!known || !begun && Same(b.typ, f, is, row.Values[i])) {
			out[f.Name] = row.Values[i]
		}
	}
	for _, edge := range b.typ.Edges {
		came := minus(row.edges[edge.Name], e.Edges[edge.Name])
		_, spoken := e.Edges[edge.Name]
		switch {
		case !begun, !spoken && len(came) > 0:
		case slices.Contains(b.joined, edge.Name) && !e.whole[edge.Name] && (len(came) > 0 || e.doubts(edge.Name)):
		default:
			continue
		}
		out[edge.Name] = array(came...)
	}
	if begun && len(out) == 0 {
		return nil
	}
	return out
}

// doubts reports whether a finding about an edge is held.
func (e *Entity) doubts(edge string) bool {
	return slices.ContainsFunc(e.held, func(f Finding) bool { return f.Name == edge })
}
