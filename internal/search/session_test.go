package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
)

// A session runs blocks, one after the other.
type session struct {
	base       *base
	number     int
	concurrent bool
	held       int // how many connections it holds while it is in no transaction
	tx         *openTx
	lost       bool // the one connection may have been closed by a cancelled context

	mu       sync.Mutex
	notes    []string
	failures []string
}

// An openTx is the transaction that a session is in.
type openTx struct {
	client  *ent.Client
	exec    func(query string) error
	bare    bool // it is a *sql.Tx
	saved   bool // there is a savepoint
	failed  bool // an operation has
	shared  bool // another client was at the tables since it began
	tainted bool // it may refuse to go on, or to commit
	ended   bool
}

func (s *session) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	indent := ""
	if s.tx != nil {
		indent = "    "
	}
	s.notes = append(s.notes, indent+fmt.Sprintf(format, args...))
}

func (s *session) fail(format string, args ...any) {
	s.note("!! "+format, args...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

func (s *session) context() context.Context {
	ctx := context.WithValue(context.Background(), sessionKey{}, s)
	return sqlaudit.NewContext(ctx, sqlaudit.Actor{ID: s.number})
}

func (s *session) run(blocks []block) {
	for _, b := range blocks {
		client := s.base.clients[0]
		if b.client < len(s.base.clients) {
			client = s.base.clients[b.client]
		}
		if b.client == clientConnection && (b.tx == nil || b.tx.begin != beginOptions) {
			conn, err := s.base.db.Conn(context.Background())
			if err != nil {
				s.fail("connect: %v", err)
				return
			}
			client = s.base.onConn(conn)
			s.held = 1
			s.block(b, client)
			s.lost, s.held = false, 0
			if err := conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
				s.note("close: %v", err)
			}
			continue
		}
		s.block(b, client)
	}
}

func (s *session) block(b block, client *ent.Client) {
	extra := []row{}
	if b.client != clientPlain {
		extra = append(extra, rowClient)
	}
	if b.tx == nil {
		s.lost = s.lost && b.client == clientConnection
		s.note("%s:", clientNames[b.client])
		for _, st := range b.steps {
			_ = s.step(s.context(), client, &st, extra)
		}
		return
	}
	s.transaction(b, client, append(extra, rowTx))
}

// isolations are the levels that BeginTx is given.
func (s *session) isolation(n int) sql.IsolationLevel {
	if s.base.dialect == dialect.SQLite {
		return sql.LevelSerializable
	}
	return []sql.IsolationLevel{sql.LevelDefault, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable}[n]
}

func (s *session) transaction(b block, client *ent.Client, extra []row) {
	var (
		tx  *ent.Tx
		std *sql.Tx
		err error
		ctx = s.context()
	)
	s.note("%s, in a transaction (%s):", clientNames[b.client], []string{"Tx", "Tx().Client().Debug()", "BeginTx", "*sql.Tx"}[b.tx.begin])
	open := &openTx{bare: b.tx.begin == beginBare}
	s.lost = s.lost && b.client == clientConnection
	switch b.tx.begin {
	case beginBare:
		if std, err = s.base.db.BeginTx(ctx, nil); err == nil {
			open.client = s.base.onTx(std)
		}
		extra = append(extra, rowClient)
	case beginOptions:
		if tx, err = client.BeginTx(ctx, &entsql.TxOptions{Isolation: s.isolation(b.tx.isolation)}); err == nil {
			open.client = tx.Client()
		}
	default:
		if tx, err = client.Tx(ctx); err == nil {
			open.client = tx.Client()
		}
		if b.tx.begin == beginDebug && err == nil {
			open.client = open.client.Debug()
		}
	}
	if err != nil {
		if s.lost {
			return
		}
		s.fail("begin: %v", err)
		return
	}
	rollback := func() error {
		if std != nil {
			return std.Rollback()
		}
		return tx.Rollback()
	}
	open.exec = func(query string) error { return s.raw(tx, std, query) }
	s.tx = open
	defer func() { s.tx = nil }()
	defer func() {
		r := recover()
		if err, ok := r.(error); r != nil && (!ok || !errors.Is(err, errGone)) {
			s.fail("panic: %v\n%s", r, debug.Stack())
		}
		if !open.ended {
			if err := rollback(); err != nil && !open.tainted && !open.failed {
				s.fail("rollback: %v", err)
			}
			s.note("rollback")
		}
	}()
	if tx != nil && b.tx.hook != nil {
		tx.OnCommit(func(next ent.Committer) ent.Committer {
			return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
				s.note("on commit:")
				_ = s.step(s.context(), open.client, b.tx.hook, extra) // the commit goes on
				return next.Commit(ctx, tx)
			})
		})
	}
	for _, st := range b.steps {
		if err := s.step(s.context(), open.client, &st, extra); err != nil && !b.tx.careless {
			return
		}
	}
	switch b.tx.end {
	case endRollback:
		return
	case endPanic:
		s.note("panic")
		panic(errGone)
	}
	if open.bare && open.tainted {
		s.note("heed the error") // its commit is not the library's to refuse
		return
	}
	s.commit(open, func() error {
		if std != nil {
			return std.Commit()
		}
		return tx.Commit()
	})
}

// errGone is what a session panics with ahead of a commit.
var errGone = errors.New("search: gone")

// commit commits a transaction. One in which an operation failed may refuse where the library, or PostgreSQL, could not go on.
func (s *session) commit(open *openTx, commit func() error) {
	failed := open.failed
	if failed {
		s.base.counts.add(in(rowHalfDone), nil, drawn)
	}
	err := commit()
	open.ended = true
	s.note("commit: %v", err)
	failed = failed || open.failed // by a hook of the commit
	switch {
	case err == nil && failed:
		s.base.counts.add(in(rowHalfDone), nil, func(n *count) { n.executed++; n.succeeded++ })
	case err == nil, open.tainted, failed && s.base.dialect == dialect.Postgres, (s.concurrent || open.shared) && conflict(err):
	case failed && errors.Is(err, sqlaudit.ErrIncomplete) && unreadable.MatchString(err.Error()): // what stays of it cannot be recorded
	default:
		s.fail("commit: %v", err)
	}
}

// raw runs a statement of the user's own in a transaction.
func (s *session) raw(tx *ent.Tx, std *sql.Tx, query string) error {
	ctx := s.context()
	if std == nil {
		_, err := tx.ExecContext(ctx, query)
		return err
	}
	_, err := s.tx.client.ExecContext(ctx, query)
	return err
}

// aside does what is no operation.
func (s *session) aside(kind stepKind) {
	var err error
	switch kind {
	case stepSavepoint:
		if err = s.tx.exec("SAVEPOINT s"); err == nil {
			s.tx.saved = true
		}
	case stepRollbackTo:
		if s.tx.saved {
			err = s.tx.exec("ROLLBACK TO SAVEPOINT s")
		}
	case stepHistory:
		_, err = s.tx.client.User.QueryHistory().Count(s.context())
	}
	s.note("%s: %v", step{kind: kind}, err)
	if err != nil && !s.tx.tainted && (!s.tx.failed || !aborted(err)) && !s.concurrent {
		s.fail("%s: %v", step{kind: kind}, err)
	}
}

// step runs one step, through a client.
func (s *session) step(ctx context.Context, client *ent.Client, st *step, extra []row) error {
	if st.kind != stepOp {
		s.aside(st.kind)
		return nil
	}
	if st.op.only != nil && !slices.Contains(st.op.only, s.base.dialect) {
		return nil
	}
	rows := slices.Compact(slices.Sorted(slices.Values(slices.Concat(st.op.rows, extra, st.modifier.rows()))))
	s.base.counts.add(rows, st.op, drawn)
	s.note("%s", st)
	if st.modifier == guarded && s.tx != nil {
		if err := s.tx.exec("SAVEPOINT guard"); err != nil && !s.tx.tainted && !s.tx.failed && !s.concurrent {
			s.fail("savepoint: %v", err)
		}
	}
	err := s.attempt(ctx, client, st)
	switch st.modifier {
	case cancelled, cancelBefore, cancelAfter:
		s.lost = true
		if s.tx != nil {
			s.tx.tainted = true
		} else {
			s.quiet()
		}
	case panics:
		if s.tx == nil {
			s.quiet()
		}
	}
	s.base.counts.add(rows, st.op, executed)
	if err == nil {
		s.base.counts.add(rows, st.op, succeeded)
	} else {
		s.note("  → %v", err)
		if !s.expected(st, err) {
			s.fail("%s: unexpected error: %v", st, err)
		}
		if s.tx != nil {
			s.tx.failed = true
			s.tx.tainted = s.tx.tainted || taints(st, err)
		}
	}
	if st.modifier == guarded && s.tx != nil && !s.tx.ended {
		query := "RELEASE SAVEPOINT guard"
		if err != nil {
			query = "ROLLBACK TO SAVEPOINT guard"
		}
		if err := s.tx.exec(query); err != nil && !s.tx.tainted && !s.tx.failed && !s.concurrent {
			s.fail("%s: %v", query, err)
		}
	}
	return err
}

// quiet returns when no transaction is open: database/sql rolls back one whose context is cancelled by and by, as that is in which ent has panicked, and on
// SQLite another that has read does not wait for the write lock, with auditing or without.
func (s *session) quiet() {
	if s.concurrent {
		return
	}
	for start := time.Now(); s.base.db.Stats().InUse > s.held; runtime.Gosched() {
		if time.Since(start) > 10*time.Second {
			s.fail("a transaction is left open")
			return
		}
	}
}

// rows returns those that what happens to an operation belongs to.
func (m modifier) rows() []row {
	switch m {
	case cancelled, cancelBefore, cancelAfter:
		return in(rowClient)
	case panics, interrupted, guarded:
		return in(rowTx)
	case hooked:
		return in(rowPolicy)
	}
	return nil
}

// attempt runs an operation, with what is to happen to it.
func (s *session) attempt(ctx context.Context, client *ent.Client, st *step) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case poolError:
			err = r.error
		case error:
			if !errors.Is(r, errRevoked) {
				s.fail("panic: %v\n%s", r, debug.Stack())
			}
			err = r
		default:
			s.fail("panic: %v\n%s", r, debug.Stack())
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	switch st.modifier {
	case cancelled:
		cancel()
	case cancelBefore:
		ctx = withMoment(ctx, &moment{at: st.at, before: cancel})
	case cancelAfter:
		ctx = withMoment(ctx, &moment{at: st.at, after: cancel})
	case panics:
		ctx = withMoment(ctx, &moment{at: st.at, before: func() { panic(errRevoked) }})
	case interrupted:
		ctx = withMoment(ctx, &moment{at: st.at, before: func() { s.interrupt(st.rival) }})
	case hooked:
		ctx = withBehaviour(ctx, st.behaviour)
	}
	alone := st.modifier == none && !s.concurrent
	if s.base.dialect == dialect.MySQL && s.tx != nil && s.tx.shared {
		alone = false // a statement that writes meets rows which came since the transaction's snapshot, and a read does not
	}
	return st.op.run(&call{args: &args{drawn: st.args}, ctx: ctx, client: client, s: s, alone: alone})
}

// interrupt makes an operation by another client, which waits for nobody.
func (s *session) interrupt(st *step) {
	if st.op.only != nil && !slices.Contains(st.op.only, s.base.dialect) {
		return
	}
	if s.tx != nil {
		s.tx.shared = true
	}
	other := &session{base: s.base, number: s.number, concurrent: true}
	err := other.attempt(other.context(), s.base.rival, st)
	for _, n := range other.notes {
		s.note("  meanwhile: %s", n)
	}
	s.note("  meanwhile: %s: %v", st, err)
	if err != nil && !other.expected(st, err) {
		s.fail("meanwhile: %s: unexpected error: %v", st, err)
	}
	s.failures = append(s.failures, other.failures...)
}
