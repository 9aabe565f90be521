package conformance

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// The indexes that the log has, as the table calls them.
const (
	byKey      = "the primary key"
	byResource = "(resource_type, resource_id, id)"
	byActor    = "(actor_id, id)"
	byTx       = "(tx_id, id)"
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
				e.explained(t, func(c *ent.Client) error {
					_, err := c.AuditLog.Query().Where(tt.where...).All(e.ctx)
					return err
				}, tt.index)
			})
		}
		e.explainReading(t, txs, times)
		// Indexes that a log of the user's own can have.
		own := map[string]predicate.AuditLog{"(reason, id)": auditlog.Reason("r7"), "(impersonator_id, id)": auditlog.Impersonator(7)}
		for index, p := range own {
			testdb.Exec(t, db, "CREATE INDEX own_"+regexp.MustCompile(`\W+`).ReplaceAllString(index, "_")+" ON audit_logs "+index)
			e.analyze(t)
			t.Run("own index "+index, func(t *testing.T) {
				e.explained(t, func(c *ent.Client) error {
					return c.AuditLog.Query().Where(p).Select(auditlog.FieldReason).Scan(e.ctx, new([]any))
				}, "own_")
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
				e.explained(t, func(c *ent.Client) error { _, err := c.AuditLog.Query().Where(p).All(e.ctx); return err }, "gin_")
			})
		}
	})
}

// large fills the log with 100,000 entries of 500 actors in 200 transactions, a second after each other. 2 % of them are about 250 users, who are in their table, and each of
// whom has been created and updated seven times. It returns the transactions and their times.
func (e *env) large(t *testing.T) (txs []uuid.UUID, times []time.Time) {
	t.Helper()
	testdb.Exec(t, e.db, "CREATE TABLE numbers (n INTEGER PRIMARY KEY, tenth INTEGER)")
	var numbers, users []string
	for n := range 500 {
		numbers = append(numbers, fmt.Sprintf("(%d, %d)", n, n/50))
	}
	for u := range 250 {
		users = append(users, fmt.Sprintf("(%d, 'u', 'e%[1]d.7', 7)", u+1))
	}
	testdb.Exec(t, e.db, "INSERT INTO numbers VALUES "+strings.Join(numbers, ", "))
	testdb.Exec(t, e.db, "INSERT INTO users (id, name, email, age) VALUES "+strings.Join(users, ", "))
	types := map[string][]any{
		dialect.Postgres: {"uuid", "timestamptz", "jsonb"},
		dialect.SQLite:   {"text", "text", "text"},
		dialect.MySQL:    {"char(36)", "datetime(6)", "char"},
	}[e.backend.dialect]
	begun := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tx, err := e.db.Begin()
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // after a commit
	for i := range 200 {
		at := begun.Add(time.Duration(i) * time.Second)
		text := at.Format(time.DateTime)
		if e.backend.dialect != dialect.MySQL {
			text += "+00:00"
		}
		ms := fmt.Sprintf("%012x", at.UnixMilli())
		txID := uuid.MustParse(fmt.Sprintf("%s-%s-7000-9000-000000000000", ms[:8], ms[8:]))
		version, number := i/25, fmt.Sprintf("(%d + n) %% 7919", i*500)
		user := fmt.Sprintf("(%d + tenth) %% 250 + 1", i*10)
		action, before, after := "update",
			fmt.Sprintf(`CONCAT('{"email": "e', %s, '.%d", "age": %[2]d}')`, user, version-1),
			fmt.Sprintf(`CONCAT('{"email": "e', %s, '.%d", "age": %[2]d}')`, user, version)
		if version == 0 {
			action, before = "create", "NULL"
			after = fmt.Sprintf(`CONCAT('{"name": "u", "nick": null, "spouse": null, "email": "e', %s, '.0", "age": 0}')`, user)
		}
		of := func(ofUser, ofOther string) string {
			return fmt.Sprintf("CASE WHEN n %% 50 = 0 THEN %s ELSE %s END", ofUser, ofOther)
		}
		query := fmt.Sprintf("INSERT INTO audit_logs (id, tx_id, occurred_at, action, resource_type, resource_id, actor_id, impersonator_id, reason, metadata, old_values, new_values) "+
			"SELECT CAST(CONCAT('%s-%s-7000-8000-000000000', 100 + n) AS %s), CAST('%s' AS %[3]s), CAST('%[5]s' AS %[6]s), %[7]s, %[8]s, %[9]s, CONCAT((%[10]s) %% 500, ''), CONCAT(%[10]s, ''), CONCAT('r', %[10]s), "+
			"CAST(CONCAT('{\"ip\": \"10.0.0.', %[10]s, '\"}') AS %[11]s), CAST(%[12]s AS %[11]s), CAST(%[13]s AS %[11]s) FROM numbers ORDER BY n",
			ms[:8], ms[8:], types[0], txID, text, types[1],
			of("'"+action+"'", "'update'"), of("'User'", "CASE n % 9 WHEN 0 THEN 'Card' WHEN 1 THEN 'Doc' WHEN 2 THEN 'Pet' ELSE CONCAT('Other', n % 9) END"), of("CONCAT("+user+", '')", "CONCAT("+number+", '')"), number,
			types[2], of(before, "CONCAT('{\"email\": \"e', "+number+", '\", \"friends\": []}')"), of(after, "CONCAT('{\"email\": \"e', 1 + "+number+", '\", \"friends\": [', "+number+", ']}')"))
		_, err := tx.Exec(query)
		require.NoError(t, err, query)
		txs, times = append(txs, txID), append(times, at)
	}
	require.NoError(t, tx.Commit())
	var n int
	require.NoError(t, e.db.QueryRow("SELECT COUNT(*) FROM audit_logs").Scan(&n))
	require.Equal(t, 100_000, n)
	e.analyze(t)
	return txs, times
}

func (e *env) analyze(t *testing.T) {
	t.Helper()
	testdb.Exec(t, e.db, map[string]string{
		dialect.Postgres: "VACUUM ANALYZE audit_logs, users", dialect.MySQL: "ANALYZE TABLE audit_logs, users", dialect.SQLite: "ANALYZE",
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

// explained checks that read searches the log by indexes: each of its statements, and by all of the given ones together.
func (e *env) explained(t *testing.T, read func(*ent.Client) error, indexes ...string) {
	t.Helper()
	type asked struct {
		query string
		args  []any
	}
	var all []asked
	p := &probe{Driver: entsql.OpenDB(e.backend.dialect, e.db), asked: func(query string, args any) {
		if strings.Contains(query, "audit_logs") && strings.HasPrefix(query, "SELECT") {
			all = append(all, asked{query, args.([]any)})
		}
	}}
	require.NoError(t, read(ent.NewClient(ent.Driver(p))))
	require.NotEmpty(t, all)
	plans := ""
	for _, a := range all {
		plan, full := e.plan(t, a.query, a.args)
		require.False(t, full, "the whole log is read:\n%s\n%s", a.query, plan)
		plans += a.query + "\n" + plan + "\n"
	}
	for _, index := range indexes {
		require.Regexp(t, map[string]string{
			byKey:      "audit_logs_pkey|PRIMARY|sqlite_autoindex_audit_logs_1",
			byResource: "auditlog_resource_type_resource_id_id",
			byActor:    "auditlog_actor_id_id",
			byTx:       "auditlog_tx_id_id",
			"own_":     "own_",
			"gin_":     "gin_",
		}[index], plans, "not by %s", index)
	}
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
		return plan, regexp.MustCompile(`"table_name": "(audit_logs|sqlaudit_\w+)",\s+"access_type": "(ALL|index)"`).MatchString(plan)
	default:
		return plan, regexp.MustCompile(`SCAN (audit_logs|sqlaudit_\w+)`).MatchString(plan) || !regexp.MustCompile(`SEARCH (audit_logs|sqlaudit_\w+)`).MatchString(plan)
	}
}
