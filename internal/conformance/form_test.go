package conformance

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A formColumn is a column whose form in the log PostgreSQL can make.
type formColumn struct {
	name, sqlType string
	json          bool
	dest          func() any
	values        *rapid.Generator[any]
}

func boxed[T any](g *rapid.Generator[T]) *rapid.Generator[any] {
	return rapid.Map(g, func(v T) any { return v })
}

// texts leaves out what PostgreSQL does not store.
var texts = rapid.Map(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "a", "A", "ä", "a\u0308", `"`, `\`, "null", "\u2028", "😀", "\x01"})),
	func(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "") })

var formColumns = []formColumn{
	{"c_text", "text", false, func() any { return new(sql.NullString) }, boxed(texts)},
	{"c_varchar", "character varying", false, func() any { return new(sql.NullString) }, boxed(texts)},
	{"c_bigint", "bigint", false, func() any { return new(sql.NullInt64) }, boxed(rapid.Int64())},
	{"c_integer", "integer", false, func() any { return new(sql.NullInt64) }, boxed(rapid.Int32())},
	{"c_bool", "boolean", false, func() any { return new(sql.NullBool) }, boxed(rapid.Bool())},
	{"c_time", "timestamp with time zone", false, func() any { return new(sql.NullTime) }, boxed(rapid.Map(rapid.Int64Range(-62135596800_000000, 253402300799_999999), func(us int64) time.Time {
		return time.UnixMicro(us).UTC()
	}))},
	{"c_uuid", "uuid", false, func() any { return new(uuid.UUID) }, boxed(rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) string { return uuid.UUID(b).String() }))},
	{"c_null_uuid", "uuid", false, func() any { return &entsql.NullScanner{S: new(uuid.UUID)} }, boxed(rapid.Map(rapid.SliceOfN(rapid.Byte(), 16, 16), func(b []byte) string { return uuid.UUID(b).String() }))},
	{"c_bytes", "bytea", false, func() any { return new([]byte) }, boxed(rapid.SliceOfN(rapid.Byte(), 0, 200))},
	{"c_json", "jsonb", true, func() any { return new([]byte) }, boxed(rapid.OneOf(
		rapid.SampledFrom([]string{
			`null`, `{}`, `[]`, `1`, `1.0`, `"a"`, `{"a":1}`, `{"$json":1}`, `{"$json":null}`, `{"$bytes":"AA=="}`, `{"$bytes":5}`, `{"$codec":[1]}`, `{"$json":1,"a":2}`,
			`{"$json":1,"$bytes":2}`, `{"$other":1}`, `{"a":{"$json":1}}`, `[{"$json":1}]`, `{"b":1,"a":[1e3,-0.0]}`,
		}),
		rapid.Map(rapid.MapOf(texts, texts), func(m map[string]string) string {
			b, _ := json.Marshal(m)
			return string(b)
		})))},
}

// PostgreSQL makes the same forms of values as Go code does, and tells two values apart where their forms differ, and only there. So entries are the
// same whichever way they were taken.
func TestForms(t *testing.T) {
	db := testdb.Postgres.Open(t, nil)
	typ := &auditlog.Type{Name: "Form", Table: "forms", Key: []string{"id"}, Identity: auditlog.Identity{Label: "Form", Columns: []auditlog.IdentityColumn{{Name: "id"}}}}
	types, columns := map[string]string{"id": "bigint"}, []string{"id bigint"}
	dest := map[string]func() any{"id": func() any { return new(sql.NullInt64) }}
	for _, c := range formColumns {
		typ.Fields = append(typ.Fields, &auditlog.Field{Name: c.name, Column: c.name, JSON: c.json})
		types[c.name], dest[c.name] = c.sqlType, c.dest
		columns = append(columns, c.name+" "+c.sqlType)
	}
	typ.ScanValues = func(columns []string) ([]any, error) {
		values := make([]any, len(columns))
		for i, c := range columns {
			values[i] = dest[c]()
		}
		return values, nil
	}
	auditlog.NewSchema(typ)
	testdb.Exec(t, db, "CREATE TABLE forms ("+strings.Join(columns, ", ")+")")
	forms, id, ok := typ.PostgresForms(types)
	require.True(t, ok)
	require.Equal(t, "id::text", id.Value("id"))
	for i, c := range formColumns {
		t.Run(c.name, func(t *testing.T) {
			nullable := rapid.OneOf(c.values, c.values, c.values, rapid.Just[any](nil))
			rapid.Check(t, func(r *rapid.T) {
				var (
					form    = forms[i]
					goForms [2]string
					same    bool
					rows    [2]string
					a, b    = nullable.Draw(r, "a"), nullable.Draw(r, "b")
				)
				if rapid.Bool().Draw(r, "same") {
					b = a
				}
				query := fmt.Sprintf("WITH s AS (SELECT $1::%[1]s AS a, $2::%[1]s AS b) SELECT a, b, (jsonb_build_object('v', %[2]s)->'v')::text, (SELECT to_jsonb(r)->'v' FROM (SELECT %[3]s AS v) r)::text, %[4]s FROM s",
					c.sqlType, form.Value("a"), form.Value("b"), form.Differs("a", "b"))
				cells := [2]*auditlog.Cell{auditlog.NewCell(c.dest()), auditlog.NewCell(c.dest())}
				require.NoError(r, db.QueryRow(query, a, b).Scan(cells[0], cells[1], &rows[0], &rows[1], &same))
				for k, cell := range cells {
					raw, err := cell.Encode(typ.Fields[i], dialect.Postgres)
					require.NoError(r, err)
					require.NoError(r, db.QueryRow("SELECT $1::jsonb::text", string(raw)).Scan(&goForms[k]))
					require.Equal(r, goForms[k], rows[k], "%v", []any{a, b}[k])
				}
				require.Equal(r, goForms[0] != goForms[1], same, "%v and %v differ", a, b)
			})
		})
	}
	t.Run("times that JSON cannot say", func(t *testing.T) {
		var s string
		for _, at := range []string{"infinity", "-infinity", "10000-01-01 00:00:00Z", "0001-12-31 00:00:00Z BC"} {
			require.ErrorContains(t, db.QueryRow("SELECT ("+forms[5].Value("a")+")::text FROM (SELECT $1::timestamptz AS a) s", at).Scan(&s), "JSON cannot say the time", at)
		}
	})
	t.Run("columns of another type", func(t *testing.T) {
		for _, c := range formColumns {
			other := map[string]string{}
			for k, v := range types {
				other[k] = v
			}
			other[c.name] = "citext"
			forms, _, ok := typ.PostgresForms(other)
			require.True(t, ok)
			for i, f := range forms {
				require.Equal(t, formColumns[i].name != c.name, f.There(), c.name)
			}
		}
	})
}
