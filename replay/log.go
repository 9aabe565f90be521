package replay

import (
	"context"
	stdsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// ended rolls back a transaction that has only read, or has failed with err. It returns err, joined with the rollback's.
func ended(err error, tx dialect.Tx) error {
	rerr := tx.Rollback()
	if rerr == nil || errors.Is(rerr, stdsql.ErrTxDone) {
		return err
	}
	return errors.Join(err, fmt.Errorf("rolling back: %w", rerr))
}

// log returns a selector of the entries about a type.
func (r *run) log(t *auditlog.Type, columns ...string) *sql.Selector {
	b := sql.Dialect(r.dialect)
	s := b.Select().From(b.Table(r.Table).Schema(r.TableSchema))
	s.Select(s.Columns(columns...)...)
	return s.Where(t.OfType(s))
}

// about restricts s to the entries about some entities.
func about(s *sql.Selector, ids []string) {
	s.Where(auditlog.TextIn(s, auditlog.ColumnResourceID, ids...))
}

// entries reads the entries about entities of a type, those of one after those of another, each in the order of their ids; only those of entities whose ids differ by
// spaces at their ends may be mixed. They are not held.
func (r *run) entries(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, ids []string, each func(Entry)) error {
	if len(ids) == 0 {
		return nil
	}
	s := r.entrySelector(t)
	about(s, ids)
	s.OrderBy(s.C(auditlog.ColumnResourceID), s.C(auditlog.ColumnID))
	return r.scanEntries(ctx, ex, s, t, each)
}

// page reads the next entries about a type after an id, in the order of their ids, and returns how many there were.
func (r *run) page(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, ids []string, after uuid.UUID, each func(Entry)) (int, error) {
	s := r.entrySelector(t)
	if len(ids) > 0 {
		about(s, ids)
	}
	s.Where(sql.GT(s.C(auditlog.ColumnID), after)).OrderBy(s.C(auditlog.ColumnID)).Limit(r.batch)
	n := 0
	return n, r.scanEntries(ctx, ex, s, t, func(e Entry) {
		n++
		each(e)
	})
}

func (r *run) entrySelector(t *auditlog.Type) *sql.Selector {
	return r.log(t, auditlog.ColumnID, auditlog.ColumnAction, auditlog.ColumnResourceID, auditlog.ColumnBefore, auditlog.ColumnAfter)
}

func (r *run) scanEntries(ctx context.Context, ex dialect.ExecQuerier, s *sql.Selector, t *auditlog.Type, each func(Entry)) error {
	return rows.Select(ctx, ex, s, "read the log", func(rows *sql.Rows) error {
		e := Entry{Type: t.Label}
		var before, after []byte
		if err := rows.Scan(&e.ID, &e.Action, &e.ResourceID, &before, &after); err != nil {
			return err
		}
		for _, v := range []struct {
			raw  []byte
			into *auditlog.Values
		}{{before, &e.Before}, {after, &e.After}} {
			if v.raw == nil {
				continue
			}
			if err := json.Unmarshal(v.raw, v.into); err != nil {
				return fmt.Errorf("entry %s: %w", e.ID, err)
			}
		}
		each(e)
		return nil
	})
}

// resources returns the next entities of a type that the log has entries about, by their ids in the log, and the id to go on after. They are at least a batch, unless
// there are no more.
func (r *run) resources(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type, after string) (ids []string, last string, err error) {
	s := r.log(t, auditlog.ColumnResourceID).Distinct()
	s.Where(sql.GT(s.C(auditlog.ColumnResourceID), after)).OrderBy(s.C(auditlog.ColumnResourceID)).Limit(r.batch)
	dest := func(id *string) []any { return []any{id} }
	if r.dialect == dialect.MySQL { // to which ids that differ by spaces at their ends are one
		s = r.apart(t, s)
		dest = func(id *string) []any { return []any{&last, id} }
	}
	err = rows.Select(ctx, ex, s, "read the log", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(dest(&id)...)
		ids = append(ids, id)
		return err
	})
	if len(ids) > 0 && r.dialect != dialect.MySQL {
		last = ids[len(ids)-1]
	}
	return ids, last, err
}

// apart returns a selector of the ids that s selects, each with those that MySQL and MariaDB take for the same.
func (r *run) apart(t *auditlog.Type, s *sql.Selector) *sql.Selector {
	b := sql.Dialect(r.dialect)
	some := s.As("sqlaudit_some")
	log := b.Table(r.Table).Schema(r.TableSchema).As("sqlaudit_entry")
	all := b.Select().From(some).Join(log).On(log.C(auditlog.ColumnResourceID), some.C(auditlog.ColumnResourceID))
	id := some.C(auditlog.ColumnResourceID)
	entry := b.Select().From(log)
	all.Where(t.OfType(entry)).Distinct().Select(id).AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("CAST(").Ident(log.C(auditlog.ColumnResourceID)).WriteString(" AS BINARY)")
	}), "exact")
	return all.OrderBy(id)
}

// baselined returns the id of the newest baseline entry about a type, or zero.
func (r *run) baselined(ctx context.Context, ex dialect.ExecQuerier, t *auditlog.Type) (id uuid.UUID, err error) {
	s := r.log(t, auditlog.ColumnID)
	s.Where(sql.EQ(s.C(auditlog.ColumnAction), auditlog.ActionBaseline)).OrderBy(sql.Desc(s.C(auditlog.ColumnID))).Limit(1)
	return id, rows.Select(ctx, ex, s, "read the log", func(rows *sql.Rows) error { return rows.Scan(&id) })
}
