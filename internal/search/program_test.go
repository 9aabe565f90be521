package search

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// A program is what one run does: sessions beside each other, or one alone.
type program struct{ sessions [][]block }

// A block is some steps through one client, in a transaction or not.
type block struct {
	client int
	tx     *txPlan
	steps  []step
}

// A txPlan says how a transaction of the user's begins and ends.
type txPlan struct {
	begin, isolation int
	careless         bool // go on after an error, and commit
	end              int
	hook             *step // what an OnCommit hook does, if there is one
}

const (
	beginTx = iota
	beginDebug
	beginOptions
	beginBare // a client on a bare *sql.Tx
)

const (
	endCommit = iota
	endRollback
	endPanic
)

// A step is an operation, or something that is done within a transaction alone.
type step struct {
	kind      stepKind
	op        *op
	args      []byte
	modifier  modifier
	at        int // the statement at which it happens
	behaviour *behaviour
	rival     *step
}

type stepKind int

const (
	stepOp stepKind = iota
	stepSavepoint
	stepRollbackTo
	stepHistory
)

// A modifier is what happens to an operation.
type modifier int

const (
	none         modifier = iota
	cancelled             // its context is, from the beginning
	cancelBefore          // its context is, before a statement
	cancelAfter           // or after it
	panics                // the driver does, before a statement
	interrupted           // another client makes an operation before a statement
	hooked                // a hook does what it may
	guarded               // it has a savepoint of its own, to which a failure rolls back
)

var modifierNames = []string{"", "cancelled", "cancelled before", "cancelled after", "a panic before", "interrupted before", "hooked", "guarded"}

// bits draws a number of n bits, each as likely as any other.
func bits(t *rapid.T, n int) int {
	v := 0
	for range n {
		v <<= 1
		if rapid.Bool().Draw(t, "") {
			v |= 1
		}
	}
	return v
}

// likely are the modifiers by how often they are drawn, of 32.
var likely = []struct {
	m     modifier
	times int
}{{none, 18}, {guarded, 3}, {hooked, 3}, {interrupted, 4}, {cancelled, 1}, {cancelBefore, 1}, {cancelAfter, 1}, {panics, 1}}

func drawArgs(t *rapid.T) []byte { return rapid.SliceOfN(rapid.Byte(), nargs, nargs).Draw(t, "args") }

func drawStep(t *rapid.T) step {
	s := step{op: &ops[bits(t, 10)%len(ops)], args: drawArgs(t)}
	n := bits(t, 5)
	for _, l := range likely {
		if n -= l.times; n < 0 {
			s.modifier = l.m
			break
		}
	}
	switch s.modifier {
	case cancelBefore, cancelAfter, panics:
		s.at = 1 + bits(t, 3)
	case interrupted:
		s.at = 1 + bits(t, 3)
		s.rival = &step{op: s.op, args: s.args} // the same: most likely to collide
		if bits(t, 1) == 1 {
			s.rival = &step{op: &ops[bits(t, 10)%len(ops)], args: drawArgs(t)}
		}
	case hooked:
		s.behaviour = behaviours[bits(t, 8)%len(behaviours)]
	}
	return s
}

func drawTxStep(t *rapid.T) step {
	switch n := bits(t, 4); n {
	case 13, 14, 15:
		return step{kind: stepKind(n - 12)}
	}
	return drawStep(t)
}

var (
	steps   = rapid.Custom(drawStep)
	txSteps = rapid.Custom(drawTxStep)
	blocks  = rapid.Custom(func(t *rapid.T) block {
		b := block{client: bits(t, 5) % nclients}
		if bits(t, 1) == 0 {
			b.steps = rapid.SliceOfN(steps, 1, 6).Draw(t, "steps")
			return b
		}
		b.tx = &txPlan{begin: bits(t, 2), isolation: bits(t, 2), careless: bits(t, 2) != 0}
		switch bits(t, 3) {
		case 6:
			b.tx.end = endRollback
		case 7:
			b.tx.end = endPanic
		}
		if bits(t, 3) == 7 {
			s := steps.Draw(t, "on commit")
			s.modifier, s.rival, s.at = none, nil, 0
			b.tx.hook = &s
		}
		b.steps = rapid.SliceOfN(txSteps, 1, 10).Draw(t, "steps")
		return b
	})
)

// drawProgram draws a session, or, one time in eight, up to four.
func drawProgram(t *rapid.T) program {
	n := 1
	if bits(t, 3) == 7 {
		n = 2 + bits(t, 2)%3
	}
	var p program
	for range n {
		var session []block
		for _, part := range rapid.SliceOf(rapid.SliceOfN(blocks, 1, -1)).Draw(t, "blocks") {
			session = append(session, part...)
		}
		p.sessions = append(p.sessions, session)
	}
	return p
}

// GoString keeps rapid's own account of a block short. What it does is in the session's notes.
func (b block) GoString() string {
	names := make([]string, len(b.steps))
	for i, s := range b.steps {
		names[i] = s.String()
	}
	return fmt.Sprintf("{%s: %s}", clientNames[b.client], strings.Join(names, "; "))
}

// GoString is as GoString of a block.
func (s step) GoString() string { return s.String() }

func (s step) String() string {
	switch s.kind {
	case stepSavepoint:
		return "SAVEPOINT"
	case stepRollbackTo:
		return "ROLLBACK TO SAVEPOINT"
	case stepHistory:
		return "read the log"
	}
	text := s.op.name
	switch {
	case s.at > 0:
		text += fmt.Sprintf(" [%s statement %d]", modifierNames[s.modifier], s.at)
	case s.modifier != none:
		text += " [" + modifierNames[s.modifier] + "]"
	}
	return text
}
