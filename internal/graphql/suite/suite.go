package suite

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// Run runs the cases on every database. Open returns a server over empty tables.
func Run(t *testing.T, open func(*testing.T, testdb.Database) *Server) {
	for _, d := range []testdb.Database{testdb.SQLite, testdb.Postgres, testdb.MariaDB} {
		t.Run(d.Name, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) {
					c.run(t, open(t, d))
					if t.Failed() {
						t.Log(c.reason)
					}
				})
			}
		})
	}
}

type connection struct {
	TotalCount int
	PageInfo   struct {
		HasNextPage, HasPreviousPage bool
		StartCursor, EndCursor       *string
	}
	Edges []struct {
		Cursor string
		Node   struct {
			ID, Action, ActorID, ResourceID string
			Changes                         []change
			Before, After                   json.RawMessage
			Redacted                        []string
		}
	}
}

type change struct {
	Field, Text string
	Old, New    json.RawMessage
	Redacted    bool
}

func (c connection) ids() []string {
	ids := make([]string, len(c.Edges))
	for i, e := range c.Edges {
		ids[i] = e.Node.ID
	}
	return ids
}

// ids returns those of the entries about a customer, or about all, by plain SQL.
func (s *Server) ids(t *testing.T, customer string) []string {
	t.Helper()
	ids := []string{}
	for _, e := range oracle.Log(t, s.DB) {
		if customer == "" || e.Type == "Customer" && e.Resource == customer {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

const page = `totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } }`

// history is that of one customer, who is found among all by name.
const history = `query($name: String!, $after: Cursor, $first: Int, $before: Cursor, $last: Int, $order: AuditLogOrder, $where: AuditLogWhereInput) {
	customers(where: {name: $name}) { edges { node {
		history(after: $after, first: $first, before: $before, last: $last, orderBy: $order, where: $where) { ` + page + ` }
	} } }
}`

const log = `query($name: String, $after: Cursor, $first: Int, $before: Cursor, $last: Int, $order: AuditLogOrder, $where: AuditLogWhereInput) {
	customers(where: {name: $name}) { totalCount }
	auditLogs(after: $after, first: $first, before: $before, last: $last, orderBy: $order, where: $where) { ` + page + ` }
}`

// A pager asks for a page of a connection.
type pager func(args map[string]any) connection

func (s *Server) history(t *testing.T, name string) pager {
	return func(args map[string]any) connection {
		t.Helper()
		args["name"] = name
		var v struct {
			Customers struct {
				Edges []struct{ Node struct{ History connection } }
			}
		}
		s.query(t, history, args, &v)
		require.Len(t, v.Customers.Edges, 1)
		return v.Customers.Edges[0].Node.History
	}
}

func (s *Server) log(t *testing.T) pager {
	return func(args map[string]any) connection {
		t.Helper()
		var v struct{ AuditLogs connection }
		s.query(t, log, args, &v)
		return v.AuditLogs
	}
}

// pages checks that the pages of a connection hold each of the entries once and in order, whatever their size and whichever end they begin at.
func pages(t *testing.T, next pager, want []string) {
	t.Helper()
	reversed := slices.Clone(want)
	slices.Reverse(reversed)
	for _, direction := range []string{"ASC", "DESC"} {
		want := want
		if direction == "DESC" {
			want = reversed
		}
		order := map[string]any{"direction": direction, "field": "ID"}
		all := next(map[string]any{"order": order})
		require.Equal(t, want, all.ids())
		require.Equal(t, len(want), all.TotalCount)
		for size := 1; size <= len(want)+1; size++ {
			var forward, backward []string
			args := map[string]any{"order": order, "first": size}
			for n := 0; ; n++ {
				c := next(args)
				require.Equal(t, len(want), c.TotalCount, "the number of all, not of those on the page")
				require.Equal(t, n > 0, c.PageInfo.HasPreviousPage)
				require.Equal(t, c.Edges[0].Cursor, *c.PageInfo.StartCursor)
				forward = append(forward, c.ids()...)
				if args["after"] = *c.PageInfo.EndCursor; !c.PageInfo.HasNextPage {
					break
				}
			}
			require.Equal(t, want, forward, "pages of %d, %s", size, direction)
			args = map[string]any{"order": order, "last": size}
			for {
				c := next(args)
				backward = append(c.ids(), backward...)
				if args["before"] = *c.PageInfo.StartCursor; !c.PageInfo.HasPreviousPage {
					break
				}
			}
			require.Equal(t, want, backward, "pages of %d from the end, %s", size, direction)
		}
	}
}

type testCase struct {
	name   string
	reason string
	run    func(*testing.T, *Server)
}

var cases = []testCase{
	{"pages of a history", "each entry once and in order, whichever end one begins at", func(t *testing.T, s *Server) {
		id := s.Save(s.Context, Customer{Name: "a"}, "")
		s.Save(s.Context, Customer{Name: "b"}, "")
		for n := range 4 {
			s.Rename(s.Context, id, fmt.Sprint("a", n), nil)
		}
		require.Len(t, s.ids(t, id), 5)
		pages(t, s.history(t, "a3"), s.ids(t, id))
	}},
	{"pages of the log", "the same of everything", func(t *testing.T, s *Server) {
		a, b := s.Save(s.Context, Customer{Name: "a"}, ""), s.Save(s.Context, Customer{Name: "b"}, "")
		s.Rename(s.Context, b, "c", nil)
		s.Rename(s.Context, a, "d", nil)
		pages(t, s.log(t), s.ids(t, ""))
	}},
	{"between two cursors", "after and before bound a page together", func(t *testing.T, s *Server) {
		id := s.Save(s.Context, Customer{Name: "a"}, "")
		for n := range 4 {
			s.Rename(s.Context, id, fmt.Sprint("a", n), nil)
		}
		ids, next := s.ids(t, id), s.history(t, "a3")
		all := next(map[string]any{})
		c := next(map[string]any{"after": all.Edges[0].Cursor, "before": all.Edges[4].Cursor})
		require.Equal(t, ids[1:4], c.ids())
		require.Equal(t, 5, c.TotalCount)
		require.True(t, c.PageInfo.HasNextPage && c.PageInfo.HasPreviousPage)
		c = next(map[string]any{"after": all.Edges[0].Cursor, "before": all.Edges[4].Cursor, "last": 2})
		require.Equal(t, ids[2:4], c.ids())
		c = next(map[string]any{"first": 0})
		require.Empty(t, c.Edges)
		require.Equal(t, 5, c.TotalCount)
	}},
	{"where", "filters on the fields of the log", func(t *testing.T, s *Server) {
		id := s.Save(sqlaudit.NewContext(s.Context, sqlaudit.Actor{ID: "1"}), Customer{Name: "a"}, "")
		s.Rename(sqlaudit.NewContext(s.Context, sqlaudit.Actor{ID: "2"}), id, "b", nil)
		s.Rename(sqlaudit.WithReason(s.Context, "ticket 7"), id, "c", nil)
		ids := s.ids(t, id)
		for _, next := range []pager{s.history(t, "c"), s.log(t)} {
			for _, tt := range []struct {
				where map[string]any
				want  []string
			}{
				{map[string]any{}, ids},
				{map[string]any{"action": "update"}, ids[1:]},
				{map[string]any{"actorID": "2"}, ids[1:2]},
				{map[string]any{"actorIDIsNil": true}, ids[2:]},
				{map[string]any{"reasonHasPrefix": "ticket"}, ids[2:]},
				{map[string]any{"not": map[string]any{"action": "update"}}, ids[:1]},
				{map[string]any{"or": []any{map[string]any{"actorID": "1"}, map[string]any{"actorID": "2"}}}, ids[:2]},
				{map[string]any{"id": ids[1]}, ids[1:2]},
				{map[string]any{"idGT": ids[0], "resourceID": id}, ids[1:]},
				{map[string]any{"actorID": "3"}, ids[:0]},
			} {
				c := next(map[string]any{"where": tt.where})
				require.Equal(t, tt.want, c.ids(), "%v", tt.where)
				require.Equal(t, len(tt.want), c.TotalCount)
			}
			c := next(map[string]any{"where": map[string]any{"action": "update"}, "first": 1})
			require.Equal(t, ids[1:2], c.ids())
			require.Equal(t, 2, c.TotalCount, "the number of those that the filter selects")
		}
	}},
	{"changes", "fields and values as they are recorded; of a sensitive field only that it changed", func(t *testing.T, s *Server) {
		big := int64(1<<62 + 1) // a float64 could not hold it
		owner := s.Hire(s.Context, "u")
		id := s.Save(s.Context, Customer{Name: `a"ä`, Password: "secret"}, owner)
		s.Rename(s.Context, id, "b", &big)
		var v struct{ AuditLogs connection }
		s.query(t, `query($id: String!) { auditLogs(where: {resourceID: $id, resourceType: "Customer"}) { edges { node {
			id action resourceID redacted before after changes { field old new redacted text }
		} } } }`, map[string]any{"id": id}, &v)
		create, update := v.AuditLogs.Edges[0].Node, v.AuditLogs.Edges[1].Node
		require.Equal(t, []string{"password"}, create.Redacted)
		require.Equal(t, []change{
			{"name", `name: ∅ → "a\"ä"`, json.RawMessage("null"), json.RawMessage(`"a\"ä"`), false},
			{"credit", "credit: ∅ → ∅", json.RawMessage("null"), json.RawMessage("null"), false},
			{"password", "password: changed (redacted)", json.RawMessage("null"), json.RawMessage("null"), true},
			{"owner", create.Changes[3].Text, json.RawMessage("null"), create.Changes[3].New, false},
		}, create.Changes[:4])
		require.Contains(t, string(create.Changes[3].New), owner)
		require.Equal(t, "null", string(create.Before))
		require.Equal(t, []change{
			{"name", `name: "a\"ä" → "b"`, json.RawMessage(`"a\"ä"`), json.RawMessage(`"b"`), false},
			{"credit", fmt.Sprint("credit: ∅ → ", big), json.RawMessage("null"), json.RawMessage(fmt.Sprint(big)), false},
		}, update.Changes)
		require.JSONEq(t, fmt.Sprintf(`{"name": "b", "credit": %d}`, big), string(update.After))
		require.Contains(t, string(update.After), fmt.Sprint(big), "as it is recorded, to the last digit")
		require.JSONEq(t, `{"name": "a\"ä", "credit": null}`, string(update.Before))
		data, errs := Execute(s.Context, s.Schema, `{ auditLogs { edges { node { before after changes { old new text } } } } }`, nil)
		require.Empty(t, errs)
		require.NotContains(t, string(data), "secret")
	}},
	{"statements", "the histories of a list are read together, however long it is", func(t *testing.T, s *Server) {
		count := func(query string) (log, all int) {
			s.Driver.Reset()
			var v any
			s.query(t, query, nil, &v)
			return s.Driver.OfLog()
		}
		const (
			entries = `{ customers { edges { node { history(first: 1) { edges { node { id } } } } } } }`
			counted = `{ customers { edges { node { history(first: 1) { totalCount edges { node { id } } } } } } }`
			deep    = `{ users { history { totalCount } customers { history(last: 1) { edges { node { id changes { text } } } } } } }`
			aliases = `{ customers { edges { node { a: history(first: 1) { edges { node { id } } } b: history(last: 1) { edges { node { id } } } } } } }`
		)
		s.Fill(s.Context, 1)
		for _, rows := range []int{1, 1000} {
			if rows > 1 {
				s.Fill(s.Context, rows-1)
			}
			for _, tt := range []struct {
				query    string
				log, all int
			}{{entries, 1, 2}, {counted, 2, 3}, {deep, 2, 4}, {aliases, 2, 3}} {
				log, all := count(tt.query)
				require.Equal(t, []int{tt.log, tt.all}, []int{log, all}, "%d customers: %s", rows, tt.query)
			}
		}
	}},
	{"SQL", "what a database is asked is known, and is seen to change", golden},
	{"a history each", "a page is one of each entity's own history, not of what was read together", func(t *testing.T, s *Server) {
		var customers []string
		for n := range 5 {
			customers = append(customers, s.Save(s.Context, Customer{Name: fmt.Sprint("c", n)}, ""))
		}
		for n, id := range customers {
			for i := range n {
				s.Rename(s.Context, id, fmt.Sprint("c", n, i), nil)
			}
		}
		var v struct {
			Customers struct {
				Edges []struct {
					Node struct {
						Name                     string
						All, First, Last, Update connection
					}
				}
			}
		}
		s.query(t, `{ customers(orderBy: {field: NAME}) { edges { node { name
			all: history { `+page+` }
			first: history(first: 2) { `+page+` }
			last: history(last: 2, orderBy: {direction: DESC}) { `+page+` }
			update: history(first: 1, where: {action: "update"}) { `+page+` }
		} } } }`, nil, &v)
		require.Len(t, v.Customers.Edges, 5)
		for n, c := range v.Customers.Edges {
			ids := s.ids(t, customers[n])
			require.Len(t, ids, n+1)
			require.Equal(t, ids, c.Node.All.ids())
			require.Equal(t, ids[:min(2, n+1)], c.Node.First.ids())
			require.Equal(t, n+1, c.Node.First.TotalCount)
			require.Equal(t, n+1 > 2, c.Node.First.PageInfo.HasNextPage)
			oldest := slices.Clone(ids[:min(2, n+1)])
			slices.Reverse(oldest)
			require.Equal(t, oldest, c.Node.Last.ids(), "the last of those that begin with the newest are the oldest")
			require.Equal(t, n+1 > 2, c.Node.Last.PageInfo.HasPreviousPage)
			require.Equal(t, ids[min(1, n):min(2, n+1)][:min(1, n)], c.Node.Update.ids())
			require.Equal(t, n, c.Node.Update.TotalCount)
		}
	}},
	{"what cannot be answered", "an error that says so, and nothing of the log", func(t *testing.T, s *Server) {
		s.Save(s.Context, Customer{Name: "a"}, "")
		for _, tt := range []struct{ args, want string }{
			{`first: 1, last: 1`, "Passing both `first` and `last` to paginate a connection is not supported."},
			{`first: -1`, "`first` on a connection cannot be less than zero."},
			{`after: "no cursor"`, "cannot decode cursor"},
			{`orderBy: {field: NAME}`, `Value "NAME" does not exist in "AuditLogOrderField!" enum.`},
		} {
			require.Contains(t, s.failure(t, `{ customers { edges { node { history(`+tt.args+`) { totalCount } } } } }`, nil), tt.want)
			require.Contains(t, s.failure(t, `{ auditLogs(`+tt.args+`) { totalCount } }`, nil), tt.want)
		}
	}},
}
