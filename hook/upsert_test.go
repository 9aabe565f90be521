package hook

import (
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// resolving returns an operation that creates entities of a type with unique b.
func resolving(dialectName string) *operation {
	spec := sqlgraph.NewCreateSpec("t", sqlgraph.NewFieldSpec("id", field.TypeInt))
	return &operation{
		base:   sql.OpenDB(dialectName, nil),
		target: Target{Type: &auditlog.Type{Name: "T", Table: "t", Key: []string{"id"}, Unique: [][]string{{"b"}}}},
		create: &creation{specs: []*sqlgraph.CreateSpec{spec}},
	}
}

func TestResolution(t *testing.T) {
	insert := func(opts ...sql.ConflictOption) string {
		query, _ := sql.Dialect(dialect.Postgres).Insert("t").Columns("a", "b").Values("x", 1).
			OnConflict(append([]sql.ConflictOption{sql.ConflictColumns("b")}, opts...)...).Returning("id").Query()
		return query
	}
	set := func(column, expr string) sql.ConflictOption {
		return sql.ResolveWith(func(u *sql.UpdateSet) { u.Set(column, sql.Expr(expr)) })
	}
	const (
		head = `INSERT INTO "t" ("a", "b") VALUES ($1, $2) ON CONFLICT ("b")`
		tail = ` RETURNING "id"`
	)
	by := []string{`"b"`}
	for _, tt := range []struct {
		name, reason, query string
		want                resolution
	}{
		{"nothing", "a conflict is passed over", insert(sql.DoNothing()), resolution{head: head + " DO NOTHING", tail: tail, nothing: true, target: by, lock: lockUpdate}},
		{"new values", "no condition, and a unique key is set", insert(sql.ResolveWithNewValues()), resolution{
			head: head + ` DO UPDATE SET "a" = "excluded"."a", "b" = "excluded"."b"`, tail: tail, target: by, lock: lockKey,
			sets: []assignment{{`"a"`, `"excluded"."a"`}, {`"b"`, `"excluded"."b"`}},
		}},
		{"a condition", "it is told from what stands in quotes and parentheses", insert(set("a", `(SELECT 1 WHERE f(', WHERE ', 2))`), sql.UpdateWhere(sql.ExprP(`"t"."b" > 1 OR ' RETURNING ' <> ''`))), resolution{
			head: head + ` DO UPDATE SET "a" = (SELECT 1 WHERE f(', WHERE ', 2))`, where: `"t"."b" > 1 OR ' RETURNING ' <> ''`, tail: tail, target: by, lock: lockUpdate,
			sets: []assignment{{`"a"`, `(SELECT 1 WHERE f(', WHERE ', 2))`}},
		}},
		{"a condition of the key", "it does not hide the update", insert(sql.ConflictWhere(sql.ExprP(`TRUE /* it's :) all */`)), set("a", "1")), resolution{
			head: head + ` WHERE TRUE /* it's :) all */ DO UPDATE SET "a" = 1`, tail: tail, target: by, lock: lockUpdate, sets: []assignment{{`"a"`, "1"}},
		}},
		{"another id", "the row moves", insert(set("id", `"excluded"."id"`)), resolution{
			head: head + ` DO UPDATE SET "id" = "excluded"."id"`, tail: tail, target: by, lock: lockKey, moves: true, sets: []assignment{{`"id"`, `"excluded"."id"`}},
		}},
		{"its own id", "it does not", insert(set("id", `"t"."id"`)), resolution{
			head: head + ` DO UPDATE SET "id" = "t"."id"`, tail: tail, target: by, lock: lockKey, sets: []assignment{{`"id"`, `"t"."id"`}},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := resolving(dialect.Postgres).resolution(tt.query)
			require.NoError(t, err)
			require.Equal(t, &tt.want, got, tt.reason)
		})
	}
	for _, query := range []string{insert(set("a", `'`)), insert(set("a", "1 -- all")), insert(set("a", "(")), insert(set("a", "1\nwhere TRUE")), insert(set("a", "1 WHERE TRUE"), sql.UpdateWhere(sql.ExprP("TRUE"))), "INSERT INTO t DEFAULT VALUES", head + " DO SOMETHING" + tail} {
		_, err := resolving(dialect.Postgres).resolution(query)
		require.ErrorIs(t, err, auditlog.ErrUpsert, query)
	}
}

func TestTakeApart(t *testing.T) {
	query, args := sql.Dialect(dialect.MySQL).Insert("t").Columns("a", "b").Values("x", 1).Values(nil, sql.Raw("')?'")).Values(sql.Expr("f(?, (?))", 2, 3), "y").
		OnConflict(sql.ResolveWith(func(u *sql.UpdateSet) { u.Set("b", 9) })).Query()
	u, err := takeApart(query, args)
	require.NoError(t, err)
	require.Len(t, u.rows, 3)
	got, gotArgs := u.statement([]int{2, 0}, false, "")
	require.Equal(t, "INSERT INTO `t` (`a`, `b`) VALUES (f(?, (?)), ?), (?, ?)", got)
	require.Equal(t, []any{2, 3, "y", "x", 1}, gotArgs)
	got, gotArgs = u.statement([]int{0, 1, 2}, true, "")
	require.Equal(t, query, got)
	require.Equal(t, args, gotArgs)

	_, err = takeApart("INSERT INTO `t` SELECT 1", nil)
	require.ErrorContains(t, err, "not understood")
}

// FuzzTakeApart: whatever stands in a statement, what is taken apart makes the same one again.
func FuzzTakeApart(f *testing.F) {
	f.Add("INSERT INTO `t` (`a`) VALUES (?), (NULL) ON DUPLICATE KEY UPDATE `a` = ?")
	f.Add("INSERT INTO `t` VALUES () ON DUPLICATE KEY UPDATE `id` = `id`")
	f.Add("x VALUES ('(', (?)) ON DUPLICATE KEY UPDATE ")
	f.Fuzz(func(t *testing.T, query string) {
		args := make([]any, strings.Count(query, "?"))
		for i := range args {
			args[i] = i
		}
		u, err := takeApart(query, args)
		if err != nil || len(u.rows) == 0 {
			return
		}
		rows := make([]int, len(u.rows))
		for i := range rows {
			rows[i] = i
		}
		_, got := u.statement(rows, true, "")
		require.Equal(t, args, got)
	})
}
