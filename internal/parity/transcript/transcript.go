// Package transcript holds what scripts of the parity suite write down.
package transcript

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An Env is what a script runs in.
type Env struct {
	Ctx     context.Context
	DB      *sql.DB
	Dialect string
	// Hide is text that may differ between two runs, such as the name of the database. It is left out of transcripts.
	Hide string
	// HideIDs leaves the ids that the database gives out of a transcript.
	HideIDs bool
}

var anyID = regexp.MustCompile(`\b(id|auto_increment)=\d+`)

// A Transcript is a list of lines. Its zero value is empty. It is safe for concurrent use.
type Transcript struct {
	Env
	mu    sync.Mutex
	lines []string
}

// Line adds a line.
func (t *Transcript) Line(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if t.Hide != "" {
		line = strings.ReplaceAll(line, t.Hide, "<database>")
	}
	if t.HideIDs {
		line = anyID.ReplaceAllString(line, "$1=<id>")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, strings.ReplaceAll(line, "\n", `\n`))
}

// Lines returns the lines so far.
func (t *Transcript) Lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.lines)
}

// Value adds a line with a value.
func (t *Transcript) Value(what string, v any) { t.Line("%s: %s", what, Format(v)) }

// Panics adds a line with what f panics with.
func (t *Transcript) Panics(what string, f func()) {
	defer func() {
		switch v := recover().(type) {
		case nil:
			t.Line("%s: no panic", what)
		case error:
			t.Line("%s: panic: %s", what, FormatError(v))
		default:
			t.Line("%s: panic: %T %s", what, v, Format(v))
		}
	}()
	f()
}

// FormatError returns an error's text, and the types of all that it wraps. What the database says of the text of the statement is left out: the
// statement that it refuses is then the one that reads, which comes first.
func FormatError(err error) string {
	return fmt.Sprintf("%s %q", types(err), ofStatement.ReplaceAllString(err.Error(), "<statement>"))
}

var ofStatement = regexp.MustCompile(`syntax error at (end of input|or near "[^"]*")|use near '.*'|execute [A-Z ]+ in a read-only`)

func types(err error) string {
	name := fmt.Sprintf("%T", err)
	switch e := err.(type) { //nolint:errorlint // each step of the chain is looked at
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			if name == "*pgconn.PrepareError" {
				return types(inner) // whether pgx has prepared a statement on a connection before is chance
			}
			return name + " < " + types(inner)
		}
	case interface{ Unwrap() []error }:
		var inner []string
		for _, err := range e.Unwrap() {
			inner = append(inner, types(err))
		}
		return name + " < {" + strings.Join(inner, ", ") + "}"
	}
	if errors.Is(err, context.Canceled) {
		return name + " (context.Canceled)"
	}
	return name
}

// Format returns a value as text, in one way for values that are equal.
func Format(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case error:
		return FormatError(v)
	case string:
		return strconv.Quote(v)
	case []byte:
		return fmt.Sprintf("bytes %q", v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer && r.IsNil() {
		return fmt.Sprintf("nil %T", v)
	}
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	switch r.Kind() {
	case reflect.Pointer:
		return "&" + Format(r.Elem().Interface())
	case reflect.Slice:
		if r.IsNil() {
			return "nil slice"
		}
		items := make([]string, r.Len())
		for i := range items {
			items[i] = Format(r.Index(i).Interface())
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.String:
		return strconv.Quote(r.String())
	}
	return fmt.Sprintf("%+v", v)
}

// Diff returns the lines of two transcripts, one after the other, with what only the first has after "-" and what only the second
// has after "+". Of what is equal it keeps a few lines around each difference. It is empty if there is none.
func Diff(a, b []string) string {
	// length[i][j] is how long the longest common subsequence of a[i:] and b[j:] is.
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var lines []string
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			lines = append(lines, "  "+a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && length[i+1][j] >= length[i][j+1]:
			lines = append(lines, "- "+a[i])
			i++
		default:
			lines = append(lines, "+ "+b[j])
			j++
		}
	}
	const around = 3
	var out strings.Builder
	skipped, changed := false, func(l string) bool { return l[0] != ' ' }
	for i, l := range lines {
		if !slices.ContainsFunc(lines[max(0, i-around):min(len(lines), i+around+1)], changed) {
			skipped = true
			continue
		}
		if skipped {
			out.WriteString("  …\n")
			skipped = false
		}
		out.WriteString(l + "\n")
	}
	return out.String()
}
