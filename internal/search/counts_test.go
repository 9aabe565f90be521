package search

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/assert"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/hook"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
)

// A count is how often something was drawn, ran to its end, and succeeded.
type count struct{ drawn, executed, succeeded int }

// counts are those of a database, over all iterations.
type counts struct {
	mu      sync.Mutex
	rows    map[row]*count
	ops     map[string]*count
	paths   map[auditdriver.Path]int
	drivers []*auditdriver.Driver
	entries int
}

func newCounts() *counts {
	c := &counts{rows: map[row]*count{}, ops: map[string]*count{}, paths: map[auditdriver.Path]int{}}
	for _, r := range rows {
		c.rows[r] = &count{}
	}
	for i := range ops {
		o := &ops[i]
		c.ops[o.name] = &count{}
	}
	return c
}

func (c *counts) add(rows []row, o *op, f func(*count)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range rows {
		f(c.rows[r])
	}
	if o != nil {
		f(c.ops[o.name])
	}
}

func drawn(n *count)     { n.drawn++ }
func executed(n *count)  { n.executed++ }
func succeeded(n *count) { n.succeeded++ }

// follow has the paths counted that the client's driver takes.
func (c *counts) follow(client *ent.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drivers = append(c.drivers, driverOf(client))
}

// settle adds up the paths of the drivers followed, but for the first n, which live on.
func (c *counts) settle(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.drivers[n:] {
		for p, k := range d.Paths() {
			c.paths[p] += k
		}
	}
	c.drivers = c.drivers[:n]
}

// paths are those that every database takes. The others are those that one has (ownPaths), and those that few rows do not lead to: of more than a statement can name, which
// internal/conformance has, and of others coming in between.
var paths = []auditdriver.Path{
	hook.PathCreate, hook.PathUpsert, hook.PathUpdateOne, hook.PathUpdate, hook.PathDelete, hook.PathLinksCame, hook.PathLinksLeft,
	hook.PathForeignLinks, hook.PathSalvage, hook.PathUntouched,
}

// ownPaths are those of one dialect.
var ownPaths = map[string][]auditdriver.Path{
	dialect.Postgres: {hook.PathStatement, hook.PathReturning},
	dialect.MySQL:    {hook.PathReturning},
}

// report prints the counts, and fails the test if a row was drawn or executed too seldom, or a path never taken.
func (c *counts) report(t *testing.T, dialectName string, atLeast int) {
	c.settle(0)
	var b strings.Builder
	fmt.Fprintf(&b, "%d entries\n%9s %9s %9s\n", c.entries, "drawn", "executed", "succeeded")
	for _, r := range rows {
		n := c.rows[r]
		fmt.Fprintf(&b, "%9d %9d %9d  %s\n", n.drawn, n.executed, n.succeeded, r)
		assert.GreaterOrEqual(t, n.drawn, atLeast, "drawn: %s", r)
		assert.GreaterOrEqual(t, n.executed, atLeast, "executed: %s", r)
		assert.Positive(t, n.succeeded, "succeeded: %s", r)
	}
	for _, p := range slices.Sorted(maps.Keys(c.paths)) {
		fmt.Fprintf(&b, "%9d  path %q\n", c.paths[p], p)
	}
	for _, p := range slices.Concat(paths, ownPaths[dialectName]) {
		assert.Positive(t, c.paths[p], "path %q was never taken", p)
	}
	for i := range ops {
		o := &ops[i]
		n := c.ops[o.name]
		if o.fails {
			continue
		}
		if n.drawn > 0 && n.succeeded == 0 {
			fmt.Fprintf(&b, "%9d %9d %9d  never succeeded: %s\n", n.drawn, n.executed, n.succeeded, o.name)
		}
		if n.drawn >= often {
			assert.Positive(t, n.succeeded, "%s never succeeded", o.name)
		}
	}
	t.Log(b.String())
}

// often is how often an operation is drawn before it is suspicious that it never succeeded.
const often = 200
