package suite

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// operations are those whose statements are kept.
var operations = []struct{ name, query string }{
	{"history", `{ customers(where: {name: "c"}) { edges { node { history { edges { node { id } } } } } } }`},
	{"history_page", `query($after: Cursor) { customers(where: {name: "c"}) { edges { node { history(first: 2, after: $after, where: {action: "update"}) { totalCount edges { node { id } } } } } } }`},
	{"histories", `query($after: Cursor) { customers { edges { node { history(last: 2, after: $after, where: {action: "update"}) { totalCount edges { node { id } } } } } } }`},
	{"log", `query($after: Cursor) { auditLogs(first: 2, after: $after, orderBy: {direction: DESC}) { totalCount edges { node { id } } } }`},
}

// golden compares the statements of operations with what is kept of them.
func golden(t *testing.T, s *Server) {
	s.Save(s.Context, Customer{Name: "c"}, "")
	s.Save(s.Context, Customer{Name: "d"}, "")
	after := s.history(t, "c")(map[string]any{}).Edges[0].Cursor
	for _, o := range operations {
		s.Driver.Reset()
		var v any
		variables := map[string]any{}
		if strings.Contains(o.query, "$after") {
			variables["after"] = after
		}
		s.query(t, o.query, variables, &v)
		got := strings.Join(s.Driver.queries, "\n") + "\n"
		file := filepath.Join("testdata", "sql", o.name, s.Driver.Dialect()+".sql")
		if *update {
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err, "run the test with -update")
		require.Equal(t, string(want), got, "run the test with -update, and read the difference")
	}
}
