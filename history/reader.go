package history

import (
	"context"
	stdsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
	"github.com/sqlaudit/sqlaudit/replay"
)

// A reader reads a log, and the tables that it is about.
type reader struct {
	auditlog.Source
	dialect string
	drv     *auditdriver.Driver
	tx      *auditdriver.Tx // that the client is within, or nil
}

func newReader(src auditlog.Source) (*reader, error) {
	if src.Driver == nil {
		return nil, fmt.Errorf("%w (it has none)", auditlog.ErrDriver)
	}
	drv, tx, err := auditdriver.Find(src.Driver, src.Inner)
	return &reader{Source: src, dialect: src.Driver.Dialect(), drv: drv, tx: tx}, err
}

// ex returns what a statement by itself goes to.
func (r *reader) ex() dialect.ExecQuerier {
	if r.tx != nil {
		return r.tx
	}
	return r.drv
}

// snapshot calls f with a transaction in which all reads see one state of the database: the client's own, if it is within one, with the
// isolation that it was begun with.
func (r *reader) snapshot(ctx context.Context, f func(dialect.ExecQuerier) error) error {
	if r.tx != nil {
		return f(r.tx)
	}
	tx, err := r.drv.Snapshot(ctx)
	if err != nil {
		return err
	}
	err = f(tx)
	if rerr := tx.Rollback(); rerr != nil && !errors.Is(rerr, stdsql.ErrTxDone) {
		err = errors.Join(err, fmt.Errorf("rolling back: %w", rerr))
	}
	return err
}

// log returns a selector of the entries about a type.
func (r *reader) log(ctx context.Context, t *auditlog.Type) *sql.Selector {
	b := sql.Dialect(r.dialect)
	s := b.Select().From(b.Table(r.Table).Schema(r.TableSchema).As("sqlaudit_log")).WithContext(ctx)
	return s.Where(t.OfType(s))
}

// about restricts s to the entries about some entities.
func about(s *sql.Selector, ids []string) {
	s.Where(auditlog.TextIn(s, auditlog.ColumnResourceID, ids...))
}

// An entry is a row of the log.
type entry struct {
	replay.Entry
	tx       uuid.UUID
	stamp    auditlog.Stamp
	redacted []string
	last     uuid.UUID // of its transaction's entries, if it was asked for
}

// entries calls each for the entries that s selects, those of one entity after those of another, each in the order of their ids; only those of entities whose ids differ
// by spaces at their ends may be mixed. Whole has it read which is the last of the entry's transaction.
func (r *reader) entries(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, s *sql.Selector, whole bool, each func(*entry) error) error {
	s.Select(s.Columns(
		auditlog.ColumnID, auditlog.ColumnTxID, auditlog.ColumnAction, auditlog.ColumnResourceID,
		auditlog.ColumnActorID, auditlog.ColumnActorType, auditlog.ColumnActorName, auditlog.ColumnImpersonatorID, auditlog.ColumnReason, auditlog.ColumnMetadata,
		auditlog.ColumnAfter, auditlog.ColumnRedacted,
	)...)
	if len(t.Edges) > 0 { // what went of the links: of fields the new values say enough
		s.AppendSelect(s.C(auditlog.ColumnBefore))
	}
	if whole {
		s.AppendSelectExprAs(r.lastOf(s), "sqlaudit_last")
	}
	s.OrderBy(s.C(auditlog.ColumnResourceID), s.C(auditlog.ColumnID))
	return rows.Select(ctx, ex, s, "read the log", func(rows *sql.Rows) error {
		var (
			e                                    = &entry{Entry: replay.Entry{Type: t.Label}}
			actor, kind, name, impersonator, why stdsql.NullString
			metadata, after, redacted, before    []byte
		)
		dest := []any{&e.ID, &e.tx, &e.Action, &e.ResourceID, &actor, &kind, &name, &impersonator, &why, &metadata, &after, &redacted}
		if len(t.Edges) > 0 {
			dest = append(dest, &before)
		}
		if whole {
			dest = append(dest, &e.last)
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		e.stamp = auditlog.Stamp{
			ActorID: actor.String, ActorType: kind.String, ActorName: name.String, ImpersonatorID: impersonator.String, Reason: why.String, Metadata: metadata,
		}
		for _, v := range []struct {
			raw  []byte
			into any
		}{{before, &e.Before}, {after, &e.After}, {redacted, &e.redacted}} {
			if v.raw == nil {
				continue
			}
			if err := json.Unmarshal(v.raw, v.into); err != nil {
				return fmt.Errorf("entry %s: %w", e.ID, err)
			}
		}
		e.Before, e.After, e.redacted = t.Rename(e.Before), t.Rename(e.After), t.RenameList(e.redacted)
		return each(e)
	})
}

// lastOf returns the expression of the last id of an entry's transaction.
func (r *reader) lastOf(s *sql.Selector) sql.Querier {
	own := s.C(auditlog.ColumnTxID)
	b := sql.Dialect(r.dialect)
	other := b.Select().From(b.Table(r.Table).Schema(r.TableSchema).As("sqlaudit_tx"))
	id := other.C(auditlog.ColumnID)
	// PostgreSQL has no greatest UUID before version 18.
	other.Select(id).Where(sql.P(func(b *sql.Builder) { b.Ident(other.C(auditlog.ColumnTxID)).WriteOp(sql.OpEQ).Ident(own) })).OrderBy(sql.Desc(id)).Limit(1)
	return sql.ExprFunc(func(b *sql.Builder) { b.Wrap(func(b *sql.Builder) { b.Join(other) }) })
}
