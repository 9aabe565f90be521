package auditgql_test

import (
	"bytes"
	"slices"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/sqlaudit/sqlaudit/auditgql"
)

func id(n int) uuid.UUID { return uuid.UUID{15: byte(n)} }

// read does what a database does with a page: it selects by the cursors, orders, and limits.
func read(p auditgql.Page, all []uuid.UUID) []uuid.UUID {
	var out []uuid.UUID
	for _, id := range all {
		c := func(cursor *uuid.UUID) int {
			i := bytes.Compare(id[:], cursor[:])
			if p.Desc {
				return -i
			}
			return i
		}
		if p.After != nil && c(p.After) <= 0 || p.Before != nil && c(p.Before) >= 0 {
			continue
		}
		out = append(out, id)
	}
	if p.Backward() {
		slices.Reverse(out)
	}
	if n := p.Limit(); n > 0 && n < len(out) {
		out = out[:n]
	}
	return out
}

// A page holds what the Relay specification says (https://relay.dev/graphql/connections.htm, "EdgesToReturn"), computed here by its steps.
func TestCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []uuid.UUID
		for n := range rapid.IntRange(0, 8).Draw(t, "entries") {
			all = append(all, id(10*n+10))
		}
		p := auditgql.Page{Desc: rapid.Bool().Draw(t, "desc")}
		cursor := rapid.Custom(func(t *rapid.T) *uuid.UUID {
			if rapid.Bool().Draw(t, "none") {
				return nil
			}
			v := id(rapid.IntRange(0, 90).Draw(t, "cursor"))
			return &v
		})
		p.After, p.Before = cursor.Draw(t, "after"), cursor.Draw(t, "before")
		n := rapid.IntRange(0, 9).Draw(t, "n")
		switch rapid.IntRange(0, 2).Draw(t, "size") {
		case 1:
			p.First = &n
		case 2:
			p.Last = &n
		}

		within := read(auditgql.Page{Desc: p.Desc, After: p.After, Before: p.Before}, all)
		want, next, previous := within, p.Before != nil, p.After != nil
		if p.First != nil && len(want) > n {
			want, next = want[:n], true
		}
		if p.Last != nil && len(want) > n {
			want, previous = want[len(want)-n:], true
		}
		got, gotNext, gotPrevious := auditgql.Cut(p, read(p, all), func(id uuid.UUID) uuid.UUID { return id })
		if !slices.Equal(got, want) || gotNext != next || gotPrevious != previous {
			t.Fatalf("%v %v %v, want %v %v %v", got, gotNext, gotPrevious, want, next, previous)
		}
	})
}

func TestWhere(t *testing.T) {
	a, b := id(1), id(2)
	tests := []struct {
		name   string
		reason string
		page   auditgql.Page
		want   string
		args   []any
	}{
		{"all", "no cursor, no condition", auditgql.Page{}, "SELECT * FROM `log` ORDER BY `id`", nil},
		{"between", "after and before are to be read in the order of the connection", auditgql.Page{After: &a, Before: &b},
			"SELECT * FROM `log` WHERE `log`.`id` > ? AND `log`.`id` < ? ORDER BY `id`", []any{a, b}},
		{"newest first", "what comes after is older", auditgql.Page{After: &b, Before: &a, Desc: true},
			"SELECT * FROM `log` WHERE `log`.`id` > ? AND `log`.`id` < ? ORDER BY `id` DESC", []any{a, b}},
		{"the last", "read from the end", auditgql.Page{Last: new(int), Before: &b},
			"SELECT * FROM `log` WHERE `log`.`id` < ? ORDER BY `id` DESC", []any{b}},
		{"the last of newest first", "read from the end, which is the oldest", auditgql.Page{Last: new(int), Desc: true},
			"SELECT * FROM `log` ORDER BY `id`", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := entsql.Dialect(dialect.SQLite)
			s := d.Select().From(d.Table("log")).OrderExpr(tt.page.By("id"))
			for _, p := range tt.page.Where("id") {
				p(s)
			}
			query, args := s.Query()
			require.Equal(t, tt.want, query, tt.reason)
			require.Equal(t, tt.args, args)
		})
	}
}

func TestParseID(t *testing.T) {
	got, err := auditgql.ParseID(id(7).String())
	require.NoError(t, err)
	require.Equal(t, id(7), *got)
	for _, v := range []any{nil, 7, "7", []any{"a"}} {
		_, err := auditgql.ParseID(v)
		require.ErrorContains(t, err, "sqlaudit: the cursor is not that of an entry")
	}
}
