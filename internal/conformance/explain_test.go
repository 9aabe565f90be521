package conformance

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	sqlauditlog "github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// The indexes that the log has, as the table calls them.
const (
	byKey      = "the primary key"
	byResource = "(resource_type, resource_id, id)"
	byActor    = "(actor_id, id)"
	byTx       = "(tx_id)"
)

// TestExplain has each database say how it would search a log of 100,000 entries: by an index, for each filter.
func TestExplain(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		txs, times := e.large(t)
		recent := auditlog.During(times[len(times)-2], time.Time{})
		tests := []struct {
			name, index string
			where       []predicate.AuditLog
		}{
			{"type and id", byResource, []predicate.AuditLog{user.HistoryOf(7)}},
			{"type and ids", byResource, []predicate.AuditLog{auditlog.Resource("User", 7, 8, 9)}},
			{"type, id and time", byResource, []predicate.AuditLog{user.HistoryOf(7), recent}},
			{"type", byResource, []predicate.AuditLog{auditlog.ResourceType("User")}},
			{"actor", byActor, []predicate.AuditLog{auditlog.Actor(7)}},
			{"actors", byActor, []predicate.AuditLog{auditlog.Actor(7, "8")}},
			{"actor and time", byActor, []predicate.AuditLog{auditlog.Actor(7), recent}},
			{"transaction", byTx, []predicate.AuditLog{auditlog.TxID(txs[100])}},
			{"time", byKey, []predicate.AuditLog{recent}},
			{"time, both ends", byKey, []predicate.AuditLog{auditlog.During(times[100], times[102])}},
			{"a typed field", byResource, []predicate.AuditLog{user.EmailChanged()}},
			{"a typed field's value before", byResource, []predicate.AuditLog{user.EmailChangedFrom("e7")}},
			{"a typed field's value after", byResource, []predicate.AuditLog{user.EmailChangedTo("e7")}},
			{"a typed field's NULL", byResource, []predicate.AuditLog{user.AgeChangedToNil()}},
			{"a typed edge's link", byResource, []predicate.AuditLog{user.FriendsAdded(7)}},
			{"one entity's field", byResource, []predicate.AuditLog{user.HistoryOf(7), user.EmailChanged()}},
			// The following have no index of their own: time bounds the search.
			{"a field of any type", byKey, []predicate.AuditLog{auditlog.FieldChanged("email"), recent}},
			{"a value of any type", byKey, []predicate.AuditLog{auditlog.FieldTo("email", "e7"), recent}},
			{"a link of any type", byKey, []predicate.AuditLog{auditlog.EdgeAdded("friends", 7), recent}},
			{"a key of metadata", byKey, []predicate.AuditLog{auditlog.Metadata("ip"), recent}},
			{"a value of metadata", byKey, []predicate.AuditLog{auditlog.MetadataValue("ip", "10.0.0.7"), recent}},
			{"action", byKey, []predicate.AuditLog{auditlog.Action("create"), recent}},
			{"reason", byKey, []predicate.AuditLog{auditlog.Reason("r7"), recent}},
			{"impersonator", byKey, []predicate.AuditLog{auditlog.Impersonator(7), recent}},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				e.explained(t, tt.index, func(c *ent.Client) error {
					_, err := c.AuditLog.Query().Where(tt.where...).All(e.ctx)
					return err
				})
			})
		}
		t.Run("a page", func(t *testing.T) {
			p := e.page(t, sqlaudit.PageArgs{})
			e.explained(t, byKey, func(c *ent.Client) error {
				_, err := c.AuditLog.Query().Page(e.ctx, sqlaudit.PageArgs{After: p.Next})
				return err
			})
		})
		t.Run("a page of one entity", func(t *testing.T) {
			q := func(c *ent.Client, args sqlaudit.PageArgs) (*sqlaudit.Page[*ent.AuditLog], error) {
				return c.AuditLog.Query().Where(card.HistoryOf("7")).Page(e.ctx, args)
			}
			p, err := q(e.client, sqlaudit.PageArgs{Size: 1})
			require.NoError(t, err)
			e.explained(t, byResource, func(c *ent.Client) error {
				_, err := q(c, sqlaudit.PageArgs{Size: 1, After: p.Next})
				return err
			})
		})
		// Indexes that a log of the user's own can have.
		own := map[string]predicate.AuditLog{"(reason, id)": auditlog.Reason("r7"), "(impersonator_id, id)": auditlog.Impersonator(7)}
		for index, p := range own {
			testdb.Exec(t, db, "CREATE INDEX own_"+regexp.MustCompile(`\W+`).ReplaceAllString(index, "_")+" ON audit_logs "+index)
			e.analyze(t)
			t.Run("own index "+index, func(t *testing.T) {
				e.explained(t, "own_", func(c *ent.Client) error {
					return c.AuditLog.Query().Where(p).Select(auditlog.FieldReason).Scan(e.ctx, new([]any))
				})
			})
		}
		if b.dialect != dialect.Postgres {
			return
		}
		for _, column := range []string{"old_values", "new_values", "metadata", "redacted"} {
			testdb.Exec(t, db, fmt.Sprintf("CREATE INDEX gin_%[1]s ON audit_logs USING gin (%[1]s)", column))
		}
		e.analyze(t)
		for name, p := range map[string]predicate.AuditLog{
			"a field":             auditlog.FieldChanged("nick"),
			"a value before":      auditlog.FieldFrom("email", "e7"),
			"a value after":       auditlog.FieldTo("email", "e7"),
			"a document":          auditlog.FieldTo("email", map[string]any{"a": 1}),
			"a link":              auditlog.EdgeAdded("friends", 7),
			"a value of metadata": auditlog.MetadataValue("ip", "10.0.0.7"),
			"a key of metadata":   auditlog.Metadata("seldom"),
		} {
			t.Run("GIN index: "+name, func(t *testing.T) {
				e.explained(t, "gin_", func(c *ent.Client) error { _, err := c.AuditLog.Query().Where(p).All(e.ctx); return err })
			})
		}
	})
}

// large fills the log with 100,000 entries of 500 actors in 200 transactions, 2 % of them about users. It returns the transactions and their times.
func (e *env) large(t *testing.T) (txs []uuid.UUID, times []time.Time) {
	t.Helper()
	types := []string{"Card", "Doc", "Pet", "Group", "Node", "Shelf", "Book", "Team", "Tag"}
	w := sqlauditlog.NewWriter(e.backend.dialect, "", "audit_logs")
	drv := entsql.OpenDB(e.backend.dialect, e.db)
	raw := func(format string, v ...any) json.RawMessage { return json.RawMessage(fmt.Sprintf(format, v...)) }
	for i := range 200 {
		tx, err := drv.Tx(e.ctx)
		require.NoError(t, err)
		entries := make([]*sqlauditlog.Entry, 500)
		for k := range entries {
			n := (i*len(entries) + k) % 7919
			entries[k] = &sqlauditlog.Entry{
				Action: "update", ResourceType: types[k%len(types)], ResourceID: fmt.Sprint(n),
				Stamp:  sqlauditlog.Stamp{ActorID: fmt.Sprint(n % 500), ImpersonatorID: fmt.Sprint(n), Reason: fmt.Sprintf("r%d", n), Metadata: raw(`{"ip":"10.0.0.%d"}`, n)},
				Before: sqlauditlog.Values{"email": raw(`"e%d"`, n), "friends": raw("[]")},
				After:  sqlauditlog.Values{"email": raw(`"e%d"`, n+1), "friends": raw("[%d]", n)},
			}
			if k%50 == 0 {
				entries[k].ResourceType = "User"
			}
		}
		txID := uuid.New()
		require.NoError(t, w.Write(e.ctx, tx, txID, entries))
		require.NoError(t, tx.Commit())
		txs = append(txs, txID)
	}
	var n int
	require.NoError(t, e.db.QueryRow("SELECT COUNT(*) FROM audit_logs").Scan(&n))
	require.Equal(t, 100_000, n)
	for _, id := range txs {
		times = append(times, e.client.AuditLog.Query().Where(auditlog.TxID(id)).FirstX(e.ctx).OccurredAt)
	}
	e.analyze(t)
	return txs, times
}

func (e *env) analyze(t *testing.T) {
	t.Helper()
	testdb.Exec(t, e.db, map[string]string{
		dialect.Postgres: "ANALYZE audit_logs", dialect.MySQL: "ANALYZE TABLE audit_logs", dialect.SQLite: "ANALYZE",
	}[e.backend.dialect])
}

// A listener is a driver that keeps what it is asked first.
type listener struct {
	dialect.Driver
	query string
	args  []any
}

func (l *listener) Query(ctx context.Context, query string, args, v any) error {
	if l.query == "" {
		l.query, l.args = query, args.([]any)
	}
	return l.Driver.Query(ctx, query, args, v)
}

// explained checks that the first statement of read searches the log by an index.
func (e *env) explained(t *testing.T, index string, read func(*ent.Client) error) {
	t.Helper()
	l := &listener{Driver: entsql.OpenDB(e.backend.dialect, e.db)}
	require.NoError(t, read(ent.NewClient(ent.Driver(l))))
	plan, full := e.plan(t, l.query, l.args)
	require.False(t, full, "the whole log is read:\n%s\n%s", l.query, plan)
	names := map[string][]string{
		byKey:      {"audit_logs_pkey", "PRIMARY", "sqlite_autoindex_audit_logs_1"},
		byResource: {"auditlog_resource_type_resource_id_id"},
		byActor:    {"auditlog_actor_id_id"},
		byTx:       {"auditlog_tx_id"},
		"own_":     {"own_"},
		"gin_":     {"gin_"},
	}[index]
	for _, name := range names {
		if strings.Contains(plan, name) {
			return
		}
	}
	t.Errorf("not by %s:\n%s\n%s", index, l.query, plan)
}

// plan returns how the database would run a query, and whether it would read all of the log.
func (e *env) plan(t *testing.T, query string, args []any) (plan string, full bool) {
	t.Helper()
	prefix := map[string]string{dialect.Postgres: "EXPLAIN ", dialect.MySQL: "EXPLAIN FORMAT=JSON ", dialect.SQLite: "EXPLAIN QUERY PLAN "}[e.backend.dialect]
	rows, err := e.db.Query(prefix+query, args...)
	require.NoError(t, err, query)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		line := make([]any, len(columns))
		for i := range line {
			line[i] = new(sql.NullString)
		}
		require.NoError(t, rows.Scan(line...))
		plan += line[len(line)-1].(*sql.NullString).String + "\n"
	}
	require.NoError(t, rows.Err())
	switch e.backend.dialect {
	case dialect.Postgres: // an index can also be read from end to end
		return plan, strings.Contains(plan, "Seq Scan on audit_logs") || !strings.Contains(plan, "Index Cond:")
	case dialect.MySQL:
		return plan, regexp.MustCompile(`"access_type": "(ALL|index)"`).MatchString(plan)
	default:
		return plan, strings.Contains(plan, "SCAN audit_logs") || !strings.Contains(plan, "SEARCH audit_logs")
	}
}
