package storm

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/storm/load"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// skewVariable is by how much the clock of a process is off, if its binary is one that skewed has built.
const skewVariable = "SQLAUDIT_STORM_SKEW"

var packageClause = regexp.MustCompile(`(?m)^package (\w+)`)

// skewed builds this package's tests so that every reading of the clock in the library is off by the duration in the environment, and
// returns the binary. The library's files are those of this tree but for the call.
func skewed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	put := func(path, content string) {
		target, err := filepath.Abs(path)
		require.NoError(t, err)
		source := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		require.NoError(t, os.WriteFile(source, []byte(content), 0o600))
		replace[target] = source
	}
	packages := map[string]string{} // by folder
	for _, pattern := range []string{"../../*.go", "../../auditlog/*.go", "../../auditdriver/*.go", "../../hook/*.go", "../../mixin/*.go", "../conformance/ent/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			b, err := os.ReadFile(file) //nolint:gosec // of this module
			require.NoError(t, err)
			text := string(b)
			if strings.HasSuffix(file, "_test.go") || !strings.Contains(text, "time.Now()") {
				continue
			}
			put(file, strings.ReplaceAll(text, "time.Now()", "time.Now().Add(skewOfProcess)"))
			packages[filepath.Dir(file)] = packageClause.FindStringSubmatch(text)[1]
		}
	}
	require.NotEmpty(t, packages, "nothing reads the clock")
	for folder, name := range packages {
		put(folder+"/skew.go", "package "+name+`

import ("os"; "time")

var skewOfProcess, _ = time.ParseDuration(os.Getenv("`+skewVariable+`"))
`)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	put("overlay.json", string(overlay))
	binary := filepath.Join(dir, "skewed.test")
	out, err := exec.Command("go", "test", "-c", "-o", binary, "-overlay", filepath.Join(dir, "overlay.json"), ".").CombinedOutput() //nolint:gosec // the test's own
	require.NoError(t, err, string(out))
	return binary
}

// Processes write whose clocks differ by seconds. An entity's entries are in the order of its changes all the same, since
// their ids carry the database's time, and on SQLite are newer than all that is there.
func TestSkew(t *testing.T) {
	binary := skewed(t)
	apart := []string{"-3s", "0s", "2s", "7s"}
	for _, c := range []setting{
		postgres("read committed"), postgres("read committed").unprepared(), mariadb("REPEATABLE-READ"), {name: "sqlite", db: testdb.SQLite},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := c.db.Source(t, c.params)
			db := c.db.Connect(t, source)
			drv := entsql.OpenDB(c.db.Dialect, db)
			require.NoError(t, load.Create(t.Context(), drv))
			_, err := load.Open(t.Context(), drv, true)
			require.NoError(t, err)
			var processes []*process
			for i, skew := range apart {
				j := job{Driver: c.db.Driver, Dialect: c.db.Dialect, Source: source, Seed: *seed<<32 + uint64(i), Writers: 4, Steps: *steps, Apart: c.apart} //nolint:gosec // small
				processes = append(processes, j.start(t, binary, skewVariable+"="+skew))
			}
			for _, p := range processes {
				for ok := true; ok; {
					_, ok = p.next()
				}
				require.NoError(t, p.cmd.Wait())
			}
			t.Logf("%d entries", len(oracle.Log(t, db)))
			oracle.Reconcile(t, db)
		})
	}
}
