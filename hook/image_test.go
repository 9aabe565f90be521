package hook

import (
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

func TestNarrow(t *testing.T) {
	customers := &auditlog.Type{Name: "Customer", Table: "customers", Key: []string{"id"}}
	rows := func(n int, key func(int) any) []*auditlog.Row {
		rows := make([]*auditlog.Row, n)
		for i := range rows {
			rows[i] = &auditlog.Row{Key: []any{key(i)}}
		}
		return rows
	}
	integer := func(i int) any { return int64(i + 1) }
	text := func(i int) any { return strings.Repeat("x", i) }
	for _, tt := range []struct {
		name, reason string
		rows         []*auditlog.Row
		want         string
		args         int
	}{
		{"none", "nothing was read, so nothing may be written", rows(0, integer), `SELECT * FROM "customers" WHERE FALSE`, 0},
		{"one", "by its id", rows(1, integer), `SELECT * FROM "customers" WHERE "customers"."id" = $1`, 1},
		{"some", "by parameters", rows(3, text), `SELECT * FROM "customers" WHERE "customers"."id" IN ($1, $2, $3)`, 3},
		{"many integers", "beyond the number of parameters, in the statement itself", rows(maxParams+1, integer), `SELECT * FROM "customers" WHERE "customers"."id" IN (1, 2, 3, `, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			where, err := narrow(customers, tt.rows)
			require.NoError(t, err)
			s := sql.Dialect(dialect.Postgres).Select("*").From(sql.Table("customers"))
			where(s)
			query, args := s.Query()
			require.True(t, strings.HasPrefix(query, tt.want), "%s: %.200s", tt.reason, query)
			require.Len(t, args, tt.args)
		})
	}
	_, err := narrow(customers, rows(maxParams+1, func(int) any { return "k" }))
	require.ErrorIs(t, err, auditlog.ErrTooManyRows)
	require.ErrorContains(t, err, "Customer: 60001 rows")
}
