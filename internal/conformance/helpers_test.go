package conformance

import (
	"context"
	"encoding/json"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
)

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
