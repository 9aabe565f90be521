package conformance

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

type logged = oracle.Entry

// log returns the log in the order of its ids.
func (e *env) log(t *testing.T) []logged {
	t.Helper()
	return oracle.Log(t, e.db)
}

// reconcile checks that the log accounts for the tables, by the oracle and by the library itself, and that its times are those of this test.
func (e *env) reconcile(t *testing.T) {
	t.Helper()
	oracle.Reconcile(t, e.db)
	require.Empty(t, e.differences(t))
	for _, l := range e.log(t) {
		assert.WithinDuration(t, time.Now(), l.OccurredAt, time.Minute)
	}
}

// refuseEntries has SQLite or MariaDB refuse entries until the test ends.
func (e *env) refuseEntries(t *testing.T) {
	t.Helper()
	testdb.Exec(t, e.db, map[string]string{
		dialect.MySQL:  "CREATE TRIGGER no BEFORE INSERT ON audit_logs FOR EACH ROW SIGNAL SQLSTATE '45000'",
		dialect.SQLite: "CREATE TRIGGER no BEFORE INSERT ON audit_logs BEGIN SELECT RAISE(FAIL, 'no'); END",
	}[e.backend.dialect])
	t.Cleanup(func() { testdb.Exec(t, e.db, "DROP TRIGGER no") })
}

// differences returns what the library finds of differences between log and tables.
func (e *env) differences(t *testing.T, opts ...sqlaudit.ReplayOption) []string {
	t.Helper()
	client := ent.NewClient(ent.Driver(entsql.OpenDB(e.backend.dialect, e.db)))
	report, err := sqlaudit.Reconcile(context.Background(), client, append([]sqlaudit.ReplayOption{sqlaudit.BatchSize(3)}, opts...)...)
	require.NoError(t, err)
	var out []string
	for _, d := range report.Differences {
		out = append(out, d.String())
	}
	return out
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func idText(t *testing.T, id int) string { return jsonOf(t, id) }

func setAge(n int) func(*entsql.UpdateBuilder) {
	return func(u *entsql.UpdateBuilder) { u.Set("age", n) }
}

func withDeleted(ctx context.Context) context.Context { return schema.WithDeleted(ctx) }
