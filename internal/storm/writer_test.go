package storm

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"database/sql"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/storm/load"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// writerVariable holds the job of a process that is a writer and no test.
const writerVariable = "SQLAUDIT_STORM_WRITER"

func TestMain(m *testing.M) {
	if s := os.Getenv(writerVariable); s != "" {
		var j job
		if err := json.Unmarshal([]byte(s), &j); err != nil {
			log.Fatal(err)
		}
		if err := j.work(context.Background(), os.Stdout); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

// A job is what a writing process does.
type job struct {
	Driver, Dialect, Source string
	Seed                    uint64
	Writers                 int
	Steps                   int  // of each writer; with 0 they go on until the process is killed
	Apart                   bool // see setting
}

// work makes the steps and reports each as a line: the step's unique name, its operation, and its error if there was one.
func (j job) work(ctx context.Context, report io.Writer) error {
	db, err := sql.Open(j.Driver, j.Source)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what matters is committed
	l, err := load.Open(ctx, setting{db: testdb.Database{Dialect: j.Dialect}, apart: j.Apart}.driver(db), false)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	for w := range uint64(j.Writers) { //nolint:gosec // small
		wg.Go(func() {
			ctx := sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: w})
			for i := uint64(0); j.Steps == 0 || i < uint64(j.Steps); i++ { //nolint:gosec // not negative
				name := fmt.Sprintf("%d-%d-%d", j.Seed, w, i)
				op, err := l.Step(ctx, rand.New(rand.NewPCG(j.Seed, w<<32|i)), name)
				text := ""
				if err != nil {
					text = strings.ReplaceAll(err.Error(), "\n", " ")
				}
				fmt.Fprintf(report, "%s\t%s\t%s\n", name, op, text)
			}
		})
	}
	wg.Wait()
	return nil
}

// A report is a line of a writing process.
type report struct{ name, op, err string }

// A process is a writer that runs.
type process struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// start runs a job in a process of a test binary, this one or another that was built from the same code.
func (j job) start(t *testing.T, binary string, env ...string) *process {
	t.Helper()
	b, err := json.Marshal(j)
	require.NoError(t, err)
	cmd := exec.Command(binary) //nolint:gosec // the test's own
	cmd.Env = append(append(os.Environ(), writerVariable+"="+string(b)), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return &process{cmd, bufio.NewScanner(out)}
}

// next returns the next report, or false when there will be none.
func (p *process) next() (report, bool) {
	if !p.lines.Scan() {
		return report{}, false
	}
	part := strings.SplitN(p.lines.Text(), "\t", 3)
	if len(part) != 3 {
		return report{}, false // killed as it wrote
	}
	return report{part[0], part[1], part[2]}, true
}
