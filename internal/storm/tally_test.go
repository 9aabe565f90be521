package storm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"entgo.io/ent/dialect/sql/sqlgraph"
)

// Why a step is refused.
const (
	deadlock   = "deadlock" // or a serialization failure
	constraint = "constraint"
	notFound   = "not found"
	aborted    = "aborted" // a statement or commit after one that failed
	busy       = "busy"
)

// A tally counts steps by name and outcome.
type tally struct {
	mu     sync.Mutex
	counts map[string]map[string]int // by step and kind, "" for success
	firsts map[string]error          // by kind
}

func (t *tally) add(name string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts, t.firsts = map[string]map[string]int{}, map[string]error{}
	}
	if t.counts[name] == nil {
		t.counts[name] = map[string]int{}
	}
	if err == nil {
		t.counts[name][""]++
		return
	}
	for _, kind := range kindsOf(err) {
		t.counts[name][kind]++
		if t.firsts[kind] == nil {
			t.firsts[kind] = err
		}
	}
}

// kindsOf returns why a step was refused: each kind once.
func kindsOf(err error) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && !strings.HasPrefix(err.Error(), "sqlaudit: ") {
		var kinds []string
		for _, e := range joined.Unwrap() {
			kinds = append(kinds, kindsOf(e)...)
		}
		slices.Sort(kinds)
		return slices.Compact(kinds)
	}
	text := err.Error()
	has := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
	}
	switch {
	case has("40P01", "40001", "Error 1213"):
		return []string{deadlock}
	case has("database is locked", "database table is locked"):
		return []string{busy}
	case has("25P02", "commit unexpectedly resulted in rollback"):
		return []string{aborted}
	case sqlgraph.IsConstraintError(err), has("ent: constraint failed"):
		return []string{constraint}
	case has("not found"):
		return []string{notFound}
	}
	return []string{text}
}

// count returns how many steps were refused for a reason.
func (t *tally) count(kind string) int {
	n := 0
	for _, byKind := range t.counts {
		n += byKind[kind]
	}
	return n
}

// kinds returns the reasons of all refusals.
func (t *tally) kinds() []string { return slices.Sorted(maps.Keys(t.firsts)) }

// missing returns those of the steps that have never succeeded.
func (t *tally) missing(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return t.counts[name][""] > 0 })
}

// String returns the counts as a table.
func (t *tally) String() string {
	kinds := append([]string{""}, t.kinds()...)
	var b strings.Builder
	fmt.Fprintf(&b, "%-32s", "step")
	for _, k := range kinds {
		if k == "" {
			k = "done"
		}
		fmt.Fprintf(&b, "%11s", k[:min(len(k), 10)])
	}
	for _, name := range slices.Sorted(maps.Keys(t.counts)) {
		fmt.Fprintf(&b, "\n%-32s", name)
		for _, k := range kinds {
			fmt.Fprintf(&b, "%11d", t.counts[name][k])
		}
	}
	return b.String()
}
