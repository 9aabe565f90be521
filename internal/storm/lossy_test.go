package storm

import (
	"context"
	"database/sql/driver"
	"io"
	"sync"
)

// lossy opens connections that can be lost: beneath database/sql, and so beneath everything. It counts statements, among
// them BEGIN and COMMIT, and has the connection of one of them closed.
type lossy struct {
	driver driver.Driver
	source string

	mu    sync.Mutex
	count int
	lose  *loss
	lost  string // the statement with which it happened
}

// A loss says with which statement a connection is lost, and what then becomes of the statement.
type loss struct {
	at   int
	when moment
	err  error
}

type moment string

const (
	before moment = "before it"        // it never arrives
	after  moment = "after it"         // it is done, and the answer does not arrive
	among  moment = "amid its answer"  // rows are still to come; without rows, as after
	never  moment = "not in this call" // for what goes on
)

// Connect implements driver.Connector.
func (l *lossy) Connect(context.Context) (driver.Conn, error) {
	c, err := l.driver.Open(l.source)
	if err != nil {
		return nil, err
	}
	return &lossyConn{Conn: c, lossy: l}, nil
}

// Driver implements driver.Connector.
func (l *lossy) Driver() driver.Driver { return l.driver }

// arm forgets what was counted and has a connection lost, or none if x is nil.
func (l *lossy) arm(x *loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count, l.lose, l.lost = 0, x, ""
}

// what returns the statement with which a connection was lost.
func (l *lossy) what() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// counted returns how many statements were counted.
func (l *lossy) counted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *lossy) next(query string) moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if l.lose == nil || l.lose.at != l.count {
		return never
	}
	l.lost = query
	return l.lose.when
}

// skipped takes back a next that returned when, for a call that the driver wants made otherwise.
func (l *lossy) skipped(when moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count--
	if when != never {
		l.lost = ""
	}
}

// A lossyConn is a connection. What the drivers of the three databases can do, it can.
type lossyConn struct {
	driver.Conn
	lossy *lossy
	dead  bool
}

func (c *lossyConn) die() error {
	c.dead = true
	_ = c.Conn.Close()
	return c.lossy.lose.err
}

// call makes a call that is one statement. Free, which may be nil, frees its result if the answer is lost.
func (c *lossyConn) call(query string, do func() error, free func()) error {
	if c.dead {
		return driver.ErrBadConn
	}
	when := c.lossy.next(query)
	if when == before {
		return c.die()
	}
	err := do()
	if err == driver.ErrSkip { //nolint:errorlint // the driver's sentinel
		c.lossy.skipped(when)
		return err
	}
	if when == never || err != nil {
		return err
	}
	if free != nil {
		free()
	}
	return c.die()
}

// query is call for a statement that returns rows.
func (c *lossyConn) query(query string, do func() (driver.Rows, error)) (driver.Rows, error) {
	if c.lossy.loses(among) {
		rows, err := do()
		if err == nil {
			c.lossy.next(query)
			return &lossyRows{rows, c}, nil
		}
		return rows, err
	}
	var rows driver.Rows
	err := c.call(query, func() (err error) {
		rows, err = do()
		return err
	}, func() { _ = rows.Close() })
	return rows, err
}

// loses reports whether the next statement is the one with which the connection is lost, at the given moment.
func (l *lossy) loses(when moment) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lose != nil && l.lose.when == when && l.lose.at == l.count+1
}

// lossyRows end with the connection.
type lossyRows struct {
	driver.Rows
	conn *lossyConn
}

func (r *lossyRows) Next([]driver.Value) error {
	if r.conn.dead {
		return driver.ErrBadConn
	}
	_ = r.Close()
	return r.conn.die()
}

func (c *lossyConn) Close() error {
	if c.dead {
		return nil
	}
	return c.Conn.Close()
}

func (c *lossyConn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !c.dead && (!ok || v.IsValid())
}

func (c *lossyConn) ResetSession(ctx context.Context) error {
	if c.dead {
		return driver.ErrBadConn
	}
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *lossyConn) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.Conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *lossyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	var tx driver.Tx
	err := c.call("BEGIN", func() (err error) {
		tx, err = c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
		return err
	}, nil)
	if err != nil {
		return nil, err
	}
	return lossyTx{tx, c}, nil
}

func (c *lossyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	var res driver.Result
	err := c.call(query, func() (err error) {
		res, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	}, nil)
	return res, err
}

func (c *lossyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.query(query, func() (driver.Rows, error) { return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args) })
}

func (c *lossyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if c.dead {
		return nil, driver.ErrBadConn
	}
	s, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return &lossyStmt{s, c, query}, nil
}

type lossyTx struct {
	driver.Tx
	conn *lossyConn
}

func (tx lossyTx) Commit() error { return tx.conn.call("COMMIT", tx.Tx.Commit, nil) }

func (tx lossyTx) Rollback() error {
	if tx.conn.dead {
		return driver.ErrBadConn
	}
	return tx.Tx.Rollback()
}

type lossyStmt struct {
	driver.Stmt
	conn  *lossyConn
	query string
}

func (s *lossyStmt) Close() error {
	if s.conn.dead {
		return nil
	}
	return s.Stmt.Close()
}

func (s *lossyStmt) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return s.conn.CheckNamedValue(v)
}

func (s *lossyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	var res driver.Result
	err := s.conn.call(s.query, func() (err error) {
		res, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		return err
	}, nil)
	return res, err
}

func (s *lossyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.query(s.query, func() (driver.Rows, error) { return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args) })
}

var errLost = io.ErrUnexpectedEOF
