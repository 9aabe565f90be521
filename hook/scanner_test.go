package hook

import (
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"
)

func TestScanner(t *testing.T) {
	const pg, my, lite = dialect.Postgres, dialect.MySQL, dialect.SQLite
	for _, tt := range []struct {
		dialects []string
		query    string
		want     string // what stands outside, with _ for what does not, or nothing if the statement does not end
	}{
		{[]string{pg, my, lite}, `a 'b''c' d`, `a ______ d`},
		{[]string{pg, lite}, `a 'b\' c`, `a ____ c`},
		{[]string{pg, lite}, `a 'b\'c' d`, ``},
		{[]string{my}, `a 'b\'c' "d\"e" f`, "a ______ ______ f"},
		{[]string{pg}, `a E'b\'c''d\'e' f`, "a E____________ f"},
		{[]string{pg}, "a E'b' \n --it's\n 'c\\'d' e", "a E____________________ e"},
		{[]string{pg}, "a E'b' -- it's\n'c\\'d' e", "a E__________________ e"},
		{[]string{pg}, "a E'b' 'c\\' e", "a E___ ____ e"},
		{[]string{pg}, `name'b\' c`, "name____ c"},
		{[]string{pg, lite}, `"a""b" c`, "______ c"},
		{[]string{my, lite}, "`a``b` c", "______ c"},
		{[]string{lite}, `[a'b] c`, "_____ c"},
		{[]string{pg}, `a[1] c`, "a[1] c"},
		{[]string{pg, my, lite}, "a -- it's\nb", "a ________b"},
		{[]string{my}, "a 1--1 b # it's\nc", "a 1--1 b _______c"},
		{[]string{pg}, "a # 1", "a # 1"},
		{[]string{pg, my, lite}, "a -- b", ""},
		{[]string{pg, my, lite}, "a /* it's ) */ b", "a ____________ b"},
		{[]string{pg}, "a /* b /* c */ it's */ d", "a ____________________ d"},
		{[]string{my, lite}, "a /* b /* c */ d", "a ____________ d"},
		{[]string{pg, my, lite}, "a /* b", ""},
		{[]string{pg}, "a $$it's$$ b", "a ________ b"},
		{[]string{pg}, "a $it$it's $$ $it$ b", "a ________________ b"},
		{[]string{pg}, "a $1 + $2 b", "a $1 + $2 b"},
		{[]string{pg}, "a$b$c d", "a$b$c d"},
		{[]string{my, lite}, "a $$ b", "a $$ b"},
		{[]string{pg, my, lite}, "a (b (c)) d", "a (b (c)) d"},
		{[]string{pg, my, lite}, "a (b", ""},
		{[]string{pg, my, lite}, "a ) (", ""},
	} {
		for _, name := range tt.dialects {
			got := []byte(strings.Repeat("_", len(tt.query)))
			s := newScanner(name, tt.query)
			for s.next() {
				got[s.at] = tt.query[s.at]
			}
			if s.broken {
				got = nil
			}
			require.Equal(t, tt.want, string(got), "%s: %s", name, tt.query)
			require.Equal(t, tt.want != "", complete(name, tt.query))
		}
	}
}

func TestAssignments(t *testing.T) {
	require.Equal(t, []assignment{{"`a`", "f(1, 2)"}, {"`b`", "', `c` = 1'"}, {"`d`", "`d` + 1"}}, assignments(dialect.MySQL, "`a` = f(1, 2), `b` = ', `c` = 1', `d` = `d` + 1"))
}

// FuzzScanner: whatever stands in a statement, it is gone over to its end, and a place is found where it is.
func FuzzScanner(f *testing.F) {
	f.Add("a E'b\\'c' /* d /* e */ */ $f$ g $f$ -- h\n # i\n [j] `k`")
	f.Fuzz(func(t *testing.T, query string) {
		for _, name := range []string{dialect.Postgres, dialect.MySQL, dialect.SQLite} {
			last := -1
			for s := newScanner(name, query); s.next(); last = s.at {
				require.Greater(t, s.at, last)
				require.Less(t, s.at, len(query))
			}
			if at := clause(name, query, 0, " x"); at >= 0 {
				require.Equal(t, " x", query[at:at+2])
			}
			assignments(name, query)
		}
	})
}

func TestJoinsByOr(t *testing.T) {
	for _, tt := range []struct {
		rest     string
		pg, mine bool
	}{
		{``, false, false},
		{` AND (a OR b)`, false, false},
		{` AND a IS NULL or b`, true, true},
		{`) AND a) OR b`, true, true},
		{`) AND a OR b) AND c`, true, true},
		{`) AND (a OR b)) AND c`, false, false},
		{` AND a = ' OR ' AND "or" = nor -- OR`, false, false},
		{` AND a || b = c`, false, true},
		{` AND a XOR b`, false, true},
	} {
		require.Equal(t, tt.pg, joinsByOr(dialect.Postgres, tt.rest), tt.rest)
		require.Equal(t, tt.pg, joinsByOr(dialect.SQLite, tt.rest), tt.rest)
		require.Equal(t, tt.mine, joinsByOr(dialect.MySQL, tt.rest), tt.rest)
	}
}
