package undo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/history"
)

// A run is one undoing.
type run struct {
	*Client
	*options
	within bool // in a transaction of the user's

	said   map[string]any // of what is undone, in the entries of the undoing
	moment bool           // an entity is to be what it was at a moment
	steps  []*step
	undone map[uuid.UUID]bool // the entries to undo
	wrote  bool
}

// Entry undoes an entry: the entity's fields and links are as they were before it, one that it created goes, and one that it deleted is there
// again, with its old id. Fails with ErrNoEntry, ErrBaseline, ErrUntracked, *ConflictError, *UnknownError, and what ent's mutation fails with.
func (c *Client) Entry(ctx context.Context, id uuid.UUID, opts ...Option) error {
	entries, err := c.with(ctx, auditlog.ColumnID, id)
	switch {
	case err != nil:
		return err
	case len(entries) == 0:
		return errorf(ErrNoEntry, "%s", id)
	case entries[0].Action == auditlog.ActionBaseline:
		return errorf(ErrBaseline, "%s", id)
	}
	_, err = c.run(ctx, map[string]any{"entry": id.String()}, opts, func(r *run) error { return r.prepare(ctx, entries) })
	return err
}

// Transaction undoes a transaction: every entry of it, across types. Fails with history.ErrNoTransaction, and otherwise as Entry does.
func (c *Client) Transaction(ctx context.Context, txID uuid.UUID, opts ...Option) error {
	entries, err := c.with(ctx, auditlog.ColumnTxID, txID)
	switch {
	case err != nil:
		return err
	case len(entries) == 0:
		return errorf(history.ErrNoTransaction, "%s", txID)
	}
	entries = slices.DeleteFunc(entries, func(e *entry) bool { return e.Action == auditlog.ActionBaseline })
	if len(entries) == 0 {
		return errorf(ErrBaseline, "transaction %s", txID)
	}
	_, err = c.run(ctx, map[string]any{"tx": txID.String()}, opts, func(r *run) error { return r.prepare(ctx, entries) })
	return err
}

// To has an entity, named by the id in one of its type, be what it was at a moment: all its entries after the moment are undone. Fails with a *history.NotThereError if it was not there then, with
// history.ErrNoTransaction, and otherwise as Entry does.
func (c *Client) To(ctx context.Context, t *auditlog.Type, named any, m history.Moment, opts ...Option) error {
	t, id, err := c.name(t, named)
	if err != nil {
		return err
	}
	if _, _, err := auditdriver.Find(c.Driver, c.Inner); err != nil {
		return err
	}
	place, err := m.Resolve(ctx, c.Driver, c.Source)
	if err != nil {
		return err
	}
	said := map[string]any{"type": t.Label, "id": id, "to": m.String()}
	_, err = c.run(ctx, said, opts, func(r *run) error {
		row, err := r.lock(ctx, t, id)
		if err != nil {
			return err
		}
		s := r.about(t, id)
		place.Later(s)
		entries, err := r.entries(ctx, s)
		if err != nil {
			return err
		}
		// missing says why it was not there: for one reason if the log has entries by then, else for another.
		missing := func(then, otherwise error) error {
			s := r.about(t, id).Limit(1)
			place.Happened(s)
			earlier, err := r.entries(ctx, s)
			if err != nil {
				return err
			}
			e := &history.NotThereError{Err: then, Type: t.Label, ID: id, Moment: m, NotFound: r.label(t.Label).NotFound}
			if len(earlier) == 0 {
				e.Err = otherwise
			}
			if e.Err == nil {
				return nil
			}
			return e
		}
		switch {
		case len(entries) == 0 && row == nil:
			return missing(history.ErrGone, history.ErrUnrecorded)
		case len(entries) == 0:
			return nil
		case entries[0].Action == auditlog.ActionBaseline:
			if err := missing(nil, history.ErrUnrecorded); err != nil {
				return err
			}
		}
		r.moment = true
		if err := r.prepare(ctx, entries); err != nil {
			return err
		}
		if !r.steps[0].then {
			return missing(history.ErrGone, history.ErrNotYet)
		}
		return nil
	})
	return err
}

// Undelete undoes the deletion of an entity, named by the id in one of its type, and returns the entity. What was deleted or changed with it comes back by Transaction. Fails with
// ErrNotDeleted if the entity is there or was never deleted, and otherwise as Entry does.
func Undelete[T any](ctx context.Context, c *Client, t *auditlog.Type, named *T, opts ...Option) (*T, error) {
	t, id, err := c.name(t, named)
	if err != nil {
		return nil, err
	}
	r, err := c.run(ctx, nil, opts, func(r *run) error {
		row, err := r.lock(ctx, t, id)
		if err != nil {
			return err
		}
		if row != nil {
			return errorf(ErrNotDeleted, "%s %s is there", t.Label, id)
		}
		s := r.about(t, id)
		s.Where(sql.EQ(s.C(auditlog.ColumnAction), auditlog.ActionDelete))
		s.ClearOrder().OrderBy(sql.Desc(s.C(auditlog.ColumnID))).Limit(1)
		entries, err := r.entries(ctx, s)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			return errorf(ErrNotDeleted, "of %s %s the log has no deletion", t.Label, id)
		}
		r.said = map[string]any{"entry": entries[0].ID.String()}
		return r.prepare(ctx, entries)
	})
	if err != nil {
		return nil, err
	}
	return r.steps[0].node.(*T), nil
}

// name returns the client's own description of a type, and how the log names the entity of it that has the given one's id.
func (c *Client) name(t *auditlog.Type, named any) (*auditlog.Type, string, error) {
	id, err := t.ResourceID(named)
	return c.Schema.Of(t), id, err
}

// with reads the entries with an id in a column.
func (c *Client) with(ctx context.Context, column string, id uuid.UUID) ([]*entry, error) {
	if _, _, err := auditdriver.Find(c.Driver, c.Inner); err != nil {
		return nil, err
	}
	s := c.log()
	return c.entries(ctx, s.Where(sql.EQ(s.C(column), id)))
}

// about returns a selector of the entries about an entity.
func (c *Client) about(t *auditlog.Type, ids ...string) *sql.Selector {
	s := c.log()
	return s.Where(sql.And(t.OfType(s), auditlog.TextIn(s, auditlog.ColumnResourceID, ids...)))
}

// run runs an undoing in the client's transaction, or in one of its own: prepare makes the plan, of which nothing is written if it fails.
func (c *Client) run(ctx context.Context, said map[string]any, opts []Option, prepare func(*run) error) (*run, error) {
	_, tx, err := auditdriver.Find(c.Driver, c.Inner)
	if err != nil {
		return nil, err
	}
	r := &run{Client: c, options: newOptions(opts), said: said, within: tx != nil}
	if tx != nil {
		return r, r.all(ctx, prepare)
	}
	// A function that gives the actor runs before the transaction begins: it may need the only connection.
	if _, ok := auditlog.FromContext(ctx); !ok && c.Actor != nil {
		actor, err := c.Actor(ctx)
		if err != nil {
			return nil, fmt.Errorf("sqlaudit: actor function: %w", err)
		}
		ctx = auditlog.NewContext(ctx, actor)
	}
	inner, end, err := c.Begin(ctx)
	if err != nil {
		return nil, err
	}
	r.Client = inner
	committed := false
	defer func() {
		if !committed { // also where a hook panics
			_ = end.Rollback()
		}
	}()
	if err := r.all(ctx, prepare); err != nil {
		committed = true
		if rerr := end.Rollback(); rerr != nil {
			err = errors.Join(err, fmt.Errorf("rolling back: %w", rerr))
		}
		return nil, err
	}
	committed = true
	return r, end.Commit()
}

func (r *run) all(ctx context.Context, prepare func(*run) error) error {
	_, tx, err := auditdriver.Find(r.Driver, r.Inner)
	if err != nil {
		return err
	}
	// SQLite has one lock for all. Other databases lock the rows, as they are read.
	if err := tx.Lock(ctx); err != nil {
		return fmt.Errorf("sqlaudit: lock: %w", err)
	}
	if err := prepare(r); err != nil {
		return err
	}
	return r.write(auditlog.WithMetadata(ctx, map[string]any{MetadataKey: map[string]any{"reverts": maps.Clone(r.said)}}))
}

// MetadataKey is the key of an entry's metadata that says what its change undid, beside what the context says:
//
//	{"sqlaudit": {"reverts": {"entry": "0190…"}}}
//	{"sqlaudit": {"reverts": {"tx": "0190…"}}}
//	{"sqlaudit": {"reverts": {"type": "Customer", "id": "7", "to": "2024-05-01T12:00:00Z"}}}
const MetadataKey = "sqlaudit"

// errorf returns an error that is err, and says of what.
func errorf(err error, format string, args ...any) error {
	return fmt.Errorf("%w (%s)", err, fmt.Sprintf(format, args...))
}
