package hook

import (
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"
)

func TestSplitConflict(t *testing.T) {
	insert := func(opts ...sql.ConflictOption) string {
		query, _ := sql.Dialect(dialect.Postgres).Insert("t").Columns("a", "b").Values("x", 1).
			OnConflict(append([]sql.ConflictOption{sql.ConflictColumns("a")}, opts...)...).Returning("id").Query()
		return query
	}
	const head = `INSERT INTO "t" ("a", "b") VALUES ($1, $2) ON CONFLICT ("a") `
	for _, tt := range []struct {
		name, reason, query string
		want                [3]string
		updates             bool
	}{
		{"nothing", "a conflict is passed over", insert(sql.DoNothing()), [3]string{}, false},
		{"new values", "no condition", insert(sql.ResolveWithNewValues()),
			[3]string{head + `DO UPDATE SET "a" = "excluded"."a", "b" = "excluded"."b"`, "", ` RETURNING "id"`}, true},
		{"a condition", "it is told from what stands in quotes and parentheses",
			insert(sql.ResolveWith(func(u *sql.UpdateSet) {
				u.Set("b", sql.Expr(`(SELECT 1 WHERE TRUE)`)).Set("a", sql.Expr(`' WHERE '`))
			}), sql.UpdateWhere(sql.ExprP(`"t"."b" > 1 OR ' RETURNING ' <> ''`))),
			[3]string{head + `DO UPDATE SET "b" = (SELECT 1 WHERE TRUE), "a" = ' WHERE '`, `"t"."b" > 1 OR ' RETURNING ' <> ''`, ` RETURNING "id"`}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, updates := splitConflict(tt.query)
			require.Equal(t, tt.updates, updates, tt.reason)
			require.Equal(t, tt.want, got, tt.reason)
		})
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
	require.ErrorContains(t, err, "not one of ent's own")
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
		parts, _ := splitConflict(query)
		require.LessOrEqual(t, len(parts[0])+len(parts[1])+len(parts[2]), len(query))
	})
}
