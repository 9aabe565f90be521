package parity

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/parity/audited/ent/schema"
	audited "github.com/sqlaudit/sqlaudit/internal/parity/audited/script"
	bare "github.com/sqlaudit/sqlaudit/internal/parity/bare/script"
	"github.com/sqlaudit/sqlaudit/internal/parity/mirror"
	"github.com/sqlaudit/sqlaudit/internal/parity/transcript"
)

// logTable is the one table that only the audited package has.
const logTable = "audit_logs"

// A side is one of the two generated packages, with a database of its own.
type side struct {
	backend backend
	db      *sql.DB
	hide    string
	tables  []string
	run     func(*transcript.Transcript, string)
}

func newSide(t *testing.T, b backend, name string) *side {
	s := &side{backend: b, run: bare.Run}
	s.db, s.hide = b.database(t)
	create := bare.Create
	if name == "audited" {
		create, s.run = audited.Create, audited.Run
	}
	require.NoError(t, create(context.Background(), entsql.OpenDB(b.dialect, s.db)))
	rows, err := s.db.Query(b.tables)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var table string
		require.NoError(t, rows.Scan(&table))
		s.tables = append(s.tables, table)
	}
	require.NoError(t, rows.Err())
	slices.Sort(s.tables)
	return s
}

// transcript runs a script on empty tables and returns what it wrote down, and what it left behind.
func (s *side) transcript(t *testing.T, name string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := s.db.Conn(ctx)
	require.NoError(t, err)
	s.backend.empty(t, conn, s.tables)
	require.NoError(t, conn.Close())
	tr := &transcript.Transcript{Env: transcript.Env{Ctx: ctx, DB: s.db, Dialect: s.backend.dialect, Hide: s.hide}}
	s.run(tr, name)
	require.NotEmpty(t, tr.Lines(), "a script that says nothing shows nothing")
	for _, line := range dump(t, s.backend, s.db, s.tables) {
		tr.Line("%s", line)
	}
	return tr.Lines()
}

// TestParity runs every script with and without auditing. Nobody but a reader of the log may notice: all that is returned and all that
// is left in the tables is the same, ids included.
func TestParity(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			without, with := newSide(t, b, "bare"), newSide(t, b, "audited")
			ran, recorded := 0, map[string]bool{}
			for _, name := range audited.Names() {
				t.Run(name, func(t *testing.T) {
					want, got := without.transcript(t, name), with.transcript(t, name)
					ran++
					with.addRecorded(t, recorded)
					for _, line := range want {
						if strings.HasPrefix(line, bare.EndsEarly) {
							t.Fatal("the script itself is wrong:\n" + strings.Join(want, "\n"))
						}
					}
					if d := transcript.Diff(want, got); d != "" {
						t.Errorf("%s: auditing shows (- without, + with it)\n%s", audited.About(name), d)
						if d := transcript.Diff(want, without.transcript(t, name)); d != "" {
							t.Errorf("but the script says different things without auditing, too\n%s", d)
						}
					} else if testing.Verbose() {
						t.Log("\n" + strings.Join(want, "\n"))
					}
				})
			}
			if ran == len(audited.Names()) {
				require.ElementsMatch(t, schema.Tracked, slices.Collect(maps.Keys(recorded)), "or nothing would be compared with anything")
			}
		})
	}
}

// addRecorded adds the types that the log has entries about.
func (s *side) addRecorded(t *testing.T, types map[string]bool) {
	rows, err := s.db.Query("SELECT DISTINCT resource_type FROM " + logTable)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		types[name] = true
	}
	require.NoError(t, rows.Err())
}

// TestTables checks that auditing adds one table, and changes nothing about the others.
func TestTables(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			ddl := func(write func(context.Context, dialect.Driver, io.Writer) error) []string {
				db, hide := b.database(t)
				var buf bytes.Buffer
				require.NoError(t, write(context.Background(), entsql.OpenDB(b.dialect, db), &buf))
				var lines []string
				for line := range strings.Lines(buf.String()) {
					if !strings.Contains(line, logTable) && !strings.HasPrefix(line, "--") {
						lines = append(lines, strings.ReplaceAll(strings.TrimSpace(line), hide+" ", ""))
					}
				}
				slices.Sort(lines) // ent's order is not always the same
				return lines
			}
			want := ddl(bare.DDL)
			require.Greater(t, len(want), 20)
			require.Empty(t, transcript.Diff(want, ddl(audited.DDL)))
		})
	}
}

// TestCopies checks that schemas and scripts of both sides are the same.
func TestCopies(t *testing.T) {
	names, err := mirror.Differing(".")
	require.NoError(t, err)
	require.Empty(t, names, "run go generate ./internal/parity/bare/ent")
	require.Equal(t, audited.Names(), bare.Names())
	seen := map[string]bool{}
	for _, name := range audited.Names() {
		require.False(t, seen[name], "two scripts are named %q", name)
		require.NotEmpty(t, audited.About(name))
		seen[name] = true
	}
}
