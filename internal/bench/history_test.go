package bench

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent"
)

// An entry is what a program without ent would read.
type entry struct {
	ID, TxID                                              uuid.UUID
	OccurredAt                                            time.Time
	Action, ResourceType, ResourceID                      string
	ActorID, ActorType, ActorName, ImpersonatorID, Reason string
	Metadata                                              map[string]any
	Before, After                                         map[string]json.RawMessage
	Redacted                                              []string
}

// byHand reads entries by database/sql.
func byHand(ctx context.Context, db *sql.DB, query string, args ...any) ([]*entry, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var entries []*entry
	for rows.Next() {
		var (
			e                                                     entry
			actorID, actorType, actorName, impersonatorID, reason sql.NullString
			metadata, before, after, redacted                     []byte
		)
		if err := rows.Scan(&e.ID, &e.TxID, &e.OccurredAt, &e.Action, &e.ResourceType, &e.ResourceID, &actorID, &actorType, &actorName, &impersonatorID, &reason,
			&metadata, &before, &after, &redacted); err != nil {
			return nil, err
		}
		e.ActorID, e.ActorType, e.ActorName = actorID.String, actorType.String, actorName.String
		e.ImpersonatorID, e.Reason = impersonatorID.String, reason.String
		for _, v := range []struct {
			text []byte
			to   any
		}{{metadata, &e.Metadata}, {before, &e.Before}, {after, &e.After}, {redacted, &e.Redacted}} {
			if v.text != nil {
				if err := json.Unmarshal(v.text, v.to); err != nil {
					return nil, err
				}
			}
		}
		entries = append(entries, &e)
	}
	return entries, rows.Err()
}

// Reading the hundred changes of one entity out of the log, by the generated query and by hand, by turns in one run: read the ratio, which is the median of the
// ratios of neighbours where the one goes first, and where the other does, in their geometric mean. Who goes first reads from disk what a small cache has let go
// (MariaDB's of 128 MiB), and the other out of it.
func BenchmarkHistoryOfOne(b *testing.B) {
	const page = 20
	eachLarge(b, func(b *testing.B, l large) {
		ctx := context.Background()
		p := func(postgres, other string) string {
			if l.Dialect == dialect.Postgres {
				return postgres
			}
			return other
		}
		const columns = "SELECT id, tx_id, occurred_at, action, resource_type, resource_id, actor_id, actor_type, actor_name, impersonator_id, reason, metadata, old_values, new_values, redacted FROM audit_logs "
		all := columns + p("WHERE resource_type = $1 AND resource_id = $2 ORDER BY id", "WHERE resource_type = ? AND resource_id = ? ORDER BY id")
		next := columns + p("WHERE resource_type = $1 AND resource_id = $2 AND id > $3 ORDER BY id LIMIT $4", "WHERE resource_type = ? AND resource_id = ? AND id > ? ORDER BY id LIMIT ?")
		before := "SELECT EXISTS (SELECT 1 FROM audit_logs " + p("WHERE resource_type = $1 AND resource_id = $2 AND id <= $3)", "WHERE resource_type = ? AND resource_id = ? AND id <= ?)")

		people := make([]*ent.User, users)
		ids, places, cursors := make([]string, users), make([]uuid.UUID, users), make([]string, users)
		for i := range people {
			people[i] = &ent.User{ID: i + 1}
			ids[i] = jsonOf(b, i+1)
			first, err := l.client.User.QueryHistory(people[i]).Page(ctx, sqlaudit.PageArgs{Size: page})
			require.NoError(b, err)
			places[i], cursors[i] = first.Entries[page-1].ID, first.Next
		}
		b.Run("all", func(b *testing.B) {
			compare(b, changes,
				func(i int) ([]*ent.AuditLog, error) { return l.client.User.QueryHistory(people[i]).All(ctx) },
				func(i int) ([]*entry, error) { return byHand(ctx, l.db, all, "User", ids[i]) })
		})
		b.Run("page", func(b *testing.B) { // the second one of each, with whether others follow and precede
			compare(b, page,
				func(i int) ([]*ent.AuditLog, error) {
					p, err := l.client.User.QueryHistory(people[i]).Page(ctx, sqlaudit.PageArgs{Size: page, After: cursors[i]})
					if err != nil || !p.HasNext || !p.HasPrevious {
						return nil, cmp.Or(err, sql.ErrNoRows)
					}
					return p.Entries, nil
				},
				func(i int) ([]*entry, error) {
					entries, err := byHand(ctx, l.db, next, "User", ids[i], places[i].String(), page+1)
					if err != nil {
						return nil, err
					}
					var hasPrevious bool
					if err := l.db.QueryRowContext(ctx, before, "User", ids[i], places[i].String()).Scan(&hasPrevious); err != nil {
						return nil, err
					}
					if len(entries) <= page || !hasPrevious {
						return nil, sql.ErrNoRows
					}
					return entries[:page], nil
				})
		})
	})
}

// compare measures the two ways to read the entries about a user, which are the same ones.
func compare(b *testing.B, want int, ours func(int) ([]*ent.AuditLog, error), hand func(int) ([]*entry, error)) {
	for i := range users {
		got, err := ours(i)
		require.NoError(b, err)
		expected, err := hand(i)
		require.NoError(b, err)
		require.Len(b, expected, want)
		require.JSONEq(b, jsonOf(b, expected), jsonOf(b, asRead(got)))
	}
	var (
		ratios [2][]float64 // by who goes first
		times  []float64
	)
	measure := func(read func() error) float64 {
		begin := time.Now()
		if err := read(); err != nil {
			b.Fatal(err)
		}
		return float64(time.Since(begin))
	}
	for n := 0; b.Loop(); n++ {
		i := n % users
		var o, h float64
		mine, theirs := func() { o = measure(func() error { _, err := ours(i); return err }) }, func() { h = measure(func() error { _, err := hand(i); return err }) }
		if n%2 == 0 {
			mine, theirs = theirs, mine
		}
		mine()
		theirs()
		ratios[n%2], times = append(ratios[n%2], o/h), append(times, h)
	}
	if len(ratios[1]) > 0 {
		b.ReportMetric(math.Sqrt(median(ratios[0])*median(ratios[1])), "ratio")
	}
	b.ReportMetric(median(times)/1e3, "µs-by-hand")
}

func asRead(entries []*ent.AuditLog) []entry {
	var out []entry
	for _, e := range entries {
		out = append(out, entry{e.ID, e.TxID, e.OccurredAt, e.Action, e.ResourceType, e.ResourceID, e.ActorID, e.ActorType, e.ActorName, e.ImpersonatorID, e.Reason, e.Metadata, e.Before, e.After, e.Redacted})
	}
	return out
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

func jsonOf(b *testing.B, v any) string {
	b.Helper()
	text, err := json.Marshal(v)
	require.NoError(b, err)
	return string(text)
}
