// Command mutants shows that the tests can fail. It breaks the code in a copy of the module, one line at a time, and runs the tests that are
// to notice: each breakage of the table must turn them red.
//
//	go run ./internal/mutants [-run regexp] [-v]
//
// It exits with 1 if a breakage stays unnoticed, if the text to be broken is not in the code exactly once or what is put in its
// place does not compile, or if the tests are red without it. What needs a database that the environment does not name is left out, unless
// SQLAUDIT_TEST_REQUIRE_DB is set.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	run := flag.String("run", "", "only breakages whose name matches this regular expression")
	verbose := flag.Bool("v", false, "show the output of the tests")
	flag.Parse()
	only, err := regexp.Compile(*run)
	if err != nil {
		log.Fatal(err)
	}
	ok, err := try(only, *verbose)
	if err != nil {
		log.Fatal(err)
	}
	if !ok {
		os.Exit(1)
	}
}

// A breakage is a change to the code that tests must notice.
type breakage struct {
	name     string
	file     string
	old, new string   // old is in the file exactly once
	imports  string   // what new needs and the file does not import
	tests    string   // as for go test -run
	packages []string // of the tests
	args     []string // to the tests
	database string   // that the tests run on, or "" for SQLite
}

// variables name the databases other than SQLite.
var variables = map[string]string{postgres: "SQLAUDIT_TEST_POSTGRES", mariadb: "SQLAUDIT_TEST_MYSQL"}

// try tries the breakages, and reports whether all were noticed.
func try(only *regexp.Regexp, verbose bool) (bool, error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // temporary
	if err := os.CopyFS(dir, module{os.DirFS(".")}); err != nil {
		return false, fmt.Errorf("copy the module: %w", err)
	}
	c := &workshop{dir: dir, verbose: verbose, sound: map[string]error{}}
	ok := true
	for _, b := range breakages {
		if !only.MatchString(b.name) {
			continue
		}
		start := time.Now()
		outcome, detail := c.try(b)
		ok = ok && outcome.good()
		fmt.Printf("%-10s %-58s %5.1fs  %s\n", outcome, b.name, time.Since(start).Seconds(), detail)
	}
	return ok, nil
}

// module is a module's files without the folders that are no part of it.
type module struct{ fs.FS }

// ReadDir implements fs.ReadDirFS.
func (m module) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(m.FS, name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return name == "." && (e.Name() == ".git" || e.Name() == "bin") }), err
}

// An outcome is what became of a breakage.
type outcome string

const (
	red     outcome = "red"
	leftOut outcome = "left out"
	green   outcome = "GREEN"   // nobody noticed
	stale   outcome = "STALE"   // the table does not fit the code
	unsound outcome = "UNSOUND" // the tests are red anyway
)

func (o outcome) good() bool { return o == red || o == leftOut }

// A workshop is the copy in which things are broken.
type workshop struct {
	dir     string
	verbose bool
	sound   map[string]error // what tests say of the code as it is, by the command
}

func (w *workshop) try(b breakage) (outcome, string) {
	if v := variables[b.database]; v != "" && os.Getenv(v) == "" && os.Getenv("SQLAUDIT_TEST_REQUIRE_DB") == "" {
		return leftOut, v + " is not set"
	}
	path := filepath.Join(w.dir, b.file)
	code, err := os.ReadFile(path) //nolint:gosec // of the table
	if err != nil {
		return stale, err.Error()
	}
	if n := strings.Count(string(code), b.old); n != 1 {
		return stale, fmt.Sprintf("%s has it %d times: %s", b.file, n, b.old)
	}
	command := append([]string{"test", "-trimpath", "-count=1", "-timeout=5m", "-run", b.tests}, b.packages...)
	command = append(command, b.args...)
	key := strings.Join(command, " ")
	if _, known := w.sound[key]; !known {
		_, w.sound[key] = w.run(command)
	}
	if w.sound[key] != nil {
		return unsound, "go " + key
	}
	broken := strings.Replace(string(code), b.old, b.new, 1)
	if b.imports != "" {
		broken = strings.Replace(broken, "\nimport (\n", "\nimport (\n\t\""+b.imports+"\"\n", 1)
	}
	if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
		return stale, err.Error()
	}
	defer os.WriteFile(path, code, 0o600) //nolint:errcheck // a copy
	if out, err := w.run([]string{"build", "./" + filepath.Dir(b.file)}); err != nil {
		return stale, "does not compile: " + strings.TrimSpace(out)
	}
	out, err := w.run(command)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return green, "go " + key
	case !errors.As(err, &exit):
		return unsound, err.Error()
	}
	return red, strings.Join(failed(out), ", ")
}

func (w *workshop) run(args []string) (string, error) {
	var out bytes.Buffer
	cmd := exec.Command("go", args...) //nolint:gosec // of the table
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, &out, &out
	err := cmd.Run()
	if w.verbose {
		fmt.Print(out.String())
	}
	return out.String(), err
}

// few is how many failed tests are named.
const few = 3

var failure = regexp.MustCompile(`(?m)^ *--- FAIL: (\S+)`)

// failed returns the tests that a run says have failed: the most precise of their names, and a few at most.
func failed(out string) []string {
	var names []string
	for _, m := range failure.FindAllStringSubmatch(out, -1) {
		names = append(names, m[1])
	}
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return slices.ContainsFunc(names, func(other string) bool { return strings.HasPrefix(other, n+"/") })
	})
	if len(names) > few {
		names = append(names[:few], fmt.Sprintf("and %d more", len(names)-few))
	}
	if names == nil {
		names = []string{"without a test's name: a panic, or a time-out"}
	}
	return names
}
