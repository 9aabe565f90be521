// Package history reads the past out of the log.
package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// ErrNoTransaction is returned for a moment that names a transaction of which the log has no entry.
var ErrNoTransaction = errors.New("sqlaudit: the log has no entry of the transaction")

// A Moment is a point of the past. The zero value is now: all that the log says. A moment never cuts a transaction in half: one that has an entry
// after the moment had not happened then, and nothing of it is seen.
type Moment struct {
	at time.Time
	tx uuid.UUID
}

// AsOf returns the moment t, by the clock that the log's times are of. What was written at t itself has happened. The zero time is before all that is
// in the log, and not now.
func AsOf(t time.Time) Moment {
	if t.IsZero() {
		t = t.Add(1)
	}
	return Moment{at: t}
}

// AfterTx returns the moment right after a transaction's last entry.
func AfterTx(txID uuid.UUID) Moment { return Moment{tx: txID} }

// String returns the moment as RFC 3339 has it, or the transaction, or "now".
func (m Moment) String() string {
	switch {
	case m.tx != uuid.Nil:
		return "transaction " + m.tx.String()
	case !m.at.IsZero():
		return m.at.Format(time.RFC3339Nano)
	}
	return "now"
}

// Resolve finds the moment's place in a log. It takes a statement for the moment after a transaction, and none for others.
func (m Moment) Resolve(ctx context.Context, ex dialect.ExecQuerier, src auditlog.Source) (Place, error) {
	p := Place{src: src}
	switch {
	case m.tx != uuid.Nil:
		s := p.log("sqlaudit_log")
		// PostgreSQL has no greatest UUID before version 18.
		id := s.C(auditlog.ColumnID)
		s.Select(id).Where(sql.EQ(s.C(auditlog.ColumnTxID), m.tx)).OrderBy(sql.Desc(id)).Limit(1).WithContext(ctx)
		var last uuid.UUID
		if err := rows.Select(ctx, ex, s, "find transaction", func(rows *sql.Rows) error { return rows.Scan(&last) }); err != nil {
			return p, err
		}
		if last == uuid.Nil {
			return p, fmt.Errorf("%w (%s)", ErrNoTransaction, m.tx)
		}
		p.next = successor(last)
	case !m.at.IsZero():
		p.next = auditlog.LowID(m.at.Add(1)) // entries have times of whole microseconds
	}
	return p, nil
}

// A Place is a moment's place in a log: between the entries that had been written by then, and those that had not.
type Place struct {
	src  auditlog.Source
	next uuid.UUID // the lowest id that is after it, or zero for now
}

// Happened restricts a selector of entries to those of transactions that had happened.
func (p Place) Happened(s *sql.Selector) {
	if p.next != uuid.Nil {
		s.Where(sql.And(sql.LT(s.C(auditlog.ColumnID), p.next), sql.Not(p.goesOn(s))))
	}
}

// Later restricts a selector of entries to those of transactions that had not happened.
func (p Place) Later(s *sql.Selector) {
	if p.next == uuid.Nil {
		s.Where(sql.False())
		return
	}
	s.Where(sql.Or(sql.GTE(s.C(auditlog.ColumnID), p.next), p.goesOn(s)))
}

// goesOn returns the condition that the entry's transaction has one after the place.
func (p Place) goesOn(s *sql.Selector) *sql.Predicate {
	own := s.C(auditlog.ColumnTxID)
	other := p.log("sqlaudit_tx")
	other.Select(other.C(auditlog.ColumnID))
	other.Where(sql.And(
		sql.P(func(b *sql.Builder) { b.Ident(other.C(auditlog.ColumnTxID)).WriteOp(sql.OpEQ).Ident(own) }),
		sql.GTE(other.C(auditlog.ColumnID), p.next),
	))
	return sql.Exists(other)
}

// log returns a selector of the log, which it calls by a name.
func (p Place) log(as string) *sql.Selector {
	b := sql.Dialect(p.src.Driver.Dialect())
	return b.Select().From(b.Table(p.src.Table).Schema(p.src.TableSchema).As(as))
}

// successor returns the id that follows id.
func successor(id uuid.UUID) uuid.UUID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]++; id[i] != 0 {
			break
		}
	}
	return id
}
