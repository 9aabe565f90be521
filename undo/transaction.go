package undo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Transaction is everything that one database transaction changed, as entries of a generated package.
type Transaction[E any] struct {
	// ID is what the entries have in common, and Time that of the first.
	ID   uuid.UUID
	Time time.Time
	// Actor, Impersonator and Reason are those of all entries. They are zero where the entries do not agree: see Actors and Reasons, and
	// the entries themselves.
	Actor        auditlog.Actor
	Impersonator string
	Reason       string
	// Actors and Reasons are all that entries have, each once, in the order of the entries. Entries without one add nothing.
	Actors  []auditlog.Actor
	Reasons []string
	// Entries are in the order of the changes, whatever the types.
	Entries []E

	records []Record
}

// A Record is what a Transaction reads of an entry. Generated code gives it.
type Record struct {
	TxID         uuid.UUID
	Time         time.Time
	Action       string
	Type, ID     string
	Actor        auditlog.Actor
	Impersonator string
	Reason       string
	Changes      func() []auditlog.Change
}

// Transactions puts entries together by transaction, in the order of the entries.
func Transactions[E any](entries []E, record func(E) Record) []*Transaction[E] {
	var out []*Transaction[E]
	byID := make(map[uuid.UUID]*Transaction[E])
	for _, e := range entries {
		r := record(e)
		t := byID[r.TxID]
		if t == nil {
			t = &Transaction[E]{ID: r.TxID, Time: r.Time, Actor: r.Actor, Impersonator: r.Impersonator, Reason: r.Reason}
			byID[r.TxID] = t
			out = append(out, t)
		}
		t.add(e, r)
	}
	return out
}

func (t *Transaction[E]) add(e E, r Record) {
	t.Entries, t.records = append(t.Entries, e), append(t.records, r)
	if r.Actor != t.Actor {
		t.Actor = auditlog.Actor{}
	}
	if r.Impersonator != t.Impersonator {
		t.Impersonator = ""
	}
	if r.Reason != t.Reason {
		t.Reason = ""
	}
	if !r.Actor.IsZero() && !slices.Contains(t.Actors, r.Actor) {
		t.Actors = append(t.Actors, r.Actor)
	}
	if r.Reason != "" && !slices.Contains(t.Reasons, r.Reason) {
		t.Reasons = append(t.Reasons, r.Reason)
	}
}

// String returns the transaction for people to read, such as
//
//	2024-05-01T12:00:00Z by Ada (User 42): ticket 7
//	  update Customer 7
//	    email: "a@example.com" → "b@example.com"
//	  delete Customer 8
//	    email: "c@example.com" → ∅
//
// Who and why stand beside each entry where the entries do not agree.
func (t *Transaction[E]) String() string {
	var b strings.Builder
	agreed := who(t.Actor, t.Impersonator, t.Reason)
	b.WriteString(t.Time.Format(time.RFC3339Nano) + agreed + "\n")
	for _, r := range t.records {
		fmt.Fprintf(&b, "  %s %s %s", r.Action, r.Type, r.ID)
		if own := who(r.Actor, r.Impersonator, r.Reason); own != agreed {
			b.WriteString(own)
		}
		b.WriteByte('\n')
		for _, c := range r.Changes() {
			fmt.Fprintf(&b, "    %s\n", c)
		}
	}
	return b.String()
}

// who returns who made a change and why, as text to follow what was changed.
func who(a auditlog.Actor, impersonator, reason string) string {
	var id []string
	if a.Type != "" {
		id = append(id, a.Type)
	}
	if text := fmt.Sprint(a.ID); a.ID != nil && text != "" {
		id = append(id, text)
	}
	s, named := "", strings.Join(id, " ")
	switch {
	case a.Name != "" && named != "":
		s = " by " + a.Name + " (" + named + ")"
	case a.Name+named != "":
		s = " by " + a.Name + named
	}
	if impersonator != "" {
		s += " through " + impersonator
	}
	if reason != "" {
		s += ": " + reason
	}
	return s
}

// Together returns a selector of the entries of the transactions that the given entries are of.
func Together(log *sql.SelectTable, entries *sql.Selector) *sql.Selector {
	b := sql.Dialect(entries.Dialect())
	entries.Select(entries.C(auditlog.ColumnTxID))
	view := entries.As("t0") // MySQL and MariaDB refuse LIMIT in a subquery of IN
	s := b.Select().From(log)
	return s.Where(sql.In(s.C(auditlog.ColumnTxID), b.Select(view.C(auditlog.ColumnTxID)).From(view)))
}
