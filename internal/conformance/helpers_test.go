package conformance

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
)

type logged = oracle.Entry

// log returns the log in the order of its ids.
func (e *env) log(t *testing.T) []logged {
	t.Helper()
	return oracle.Log(t, e.db)
}

// reconcile checks that the log accounts for the tables, and that its times are those of this test.
func (e *env) reconcile(t *testing.T) {
	t.Helper()
	oracle.Reconcile(t, e.db)
	for _, l := range e.log(t) {
		assert.WithinDuration(t, time.Now(), l.OccurredAt, time.Minute)
	}
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
