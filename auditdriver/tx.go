package auditdriver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// maxPending is how many entries a transaction holds before it writes them.
const maxPending = 1000

// A Tx is a transaction and the entries of what was changed in it. Entries are collected and written together: by
// Commit, before a statement that reads the log, when many have gathered, and before each raw statement
// (ExecContext, QueryContext), which may be a savepoint; from the first of those on they are written as soon
// as their change is made.
type Tx struct {
	dialect.Tx
	drv *Driver
	id  uuid.UUID
	// ctx is the context that the transaction was begun with. Commit, which has none, writes with it.
	ctx context.Context

	// turn is held by the mutation that is being recorded, from its first statement to its last: between its read of
	// old values and its write no other mutation of the same transaction may come.
	turn chan struct{}

	isolation atomic.Int64 // the level, as far as it is known

	joined bool // transactions that are begun in it are itself, and their ends have no effect

	mu      sync.Mutex
	pending []*auditlog.Entry
	through bool
	locked  bool
	rows    *sql.Rows // of the last query
	failure error     // why Commit fails
	doubt   error     // after which the database may have rolled the transaction back
	ended   error     // why the database has rolled the transaction back
	over    bool      // it was committed or rolled back
}

func (d *Driver) newTx(ctx context.Context, tx dialect.Tx) *Tx {
	return &Tx{Tx: tx, drv: d, id: uuid.Must(uuid.NewV7()), ctx: ctx, turn: make(chan struct{}, 1)}
}

// ID returns the id that the transaction has in the log.
func (tx *Tx) ID() uuid.UUID { return tx.id }

// Isolation returns the isolation level that the transaction was begun with, or the default one if none was asked for, or what SetIsolation was told.
func (tx *Tx) Isolation() sql.IsolationLevel { return sql.IsolationLevel(tx.isolation.Load()) }

// SetIsolation notes a level that turned out to be the transaction's.
func (tx *Tx) SetIsolation(level sql.IsolationLevel) { tx.isolation.Store(int64(level)) }

// Exec implements dialect.Tx.
func (tx *Tx) Exec(ctx context.Context, query string, args, v any) error {
	if err := tx.ready(ctx, query); err != nil {
		return err
	}
	return tx.note(tx.Tx.Exec(ctx, query, args, v))
}

// Query implements dialect.Tx.
func (tx *Tx) Query(ctx context.Context, query string, args, v any) error {
	if err := tx.ready(ctx, query); err != nil {
		return err
	}
	err := tx.note(tx.Tx.Query(ctx, query, args, v))
	if rows, ok := v.(*entsql.Rows); ok && err == nil {
		rows, _ := rows.ColumnScanner.(*sql.Rows)
		tx.reading(rows)
	}
	return err
}

// reading remembers rows, with whose reading the database may still roll the transaction back.
func (tx *Tx) reading(rows *sql.Rows) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.drv.Dialect() != dialect.Postgres {
		tx.rows = rows
	}
}

// ready is called ahead of each statement. It has entries written that the statement may read.
func (tx *Tx) ready(ctx context.Context, query string) error {
	if err := tx.usable(); err != nil {
		return err
	}
	if strings.Contains(query, tx.drv.writer.Table()) {
		return tx.flush(ctx)
	}
	return nil
}

// usable returns an error if the database has, or may have, rolled the transaction back: what came now would be committed at once, by itself.
func (tx *Tx) usable() error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.usableLocked()
}

func (tx *Tx) usableLocked() error {
	tx.noteRows()
	if tx.doubt != nil && !tx.over {
		switch there, err := tx.there(); {
		case err != nil:
			return fmt.Errorf("sqlaudit: the database may have rolled the transaction back: %w", errors.Join(tx.doubt, err))
		case !there:
			tx.end(tx.doubt)
		}
		tx.doubt = nil
	}
	if tx.ended != nil {
		return fmt.Errorf("sqlaudit: the database has rolled the transaction back: %w", tx.ended)
	}
	return nil
}

// there reports whether the database has the transaction still. It does what fails within one, or without one.
func (tx *Tx) there() (bool, error) {
	if tx.drv.Dialect() == dialect.SQLite {
		err := tx.Tx.Exec(tx.ctx, "BEGIN", []any{}, nil)
		if err == nil {
			return false, tx.Tx.Exec(tx.ctx, "ROLLBACK", []any{}, nil)
		}
		if strings.Contains(err.Error(), "within a transaction") {
			return true, nil
		}
		return false, err
	}
	const savepoint = "SAVEPOINT sqlaudit_there"
	if err := tx.Tx.Exec(tx.ctx, savepoint, []any{}, nil); err != nil {
		return false, err
	}
	err := tx.Tx.Exec(tx.ctx, "RELEASE "+savepoint, []any{}, nil)
	if err != nil && strings.Contains(err.Error(), "Error 1305") { // there is no such savepoint
		return false, nil
	}
	return err == nil, err
}

// end notes that the database has rolled the transaction back, with err.
func (tx *Tx) end(err error) {
	tx.ended = err
	if tx.failure == nil {
		tx.failure = err
	}
}

// TakeTurn waits until no other mutation of the transaction is being recorded, or ctx is done. It returns what gives the turn back.
// It fails if a change must not be made any more, since nothing could stop it from being committed unrecorded.
func (tx *Tx) TakeTurn(ctx context.Context) (release func(), err error) {
	if release, err = tx.wait(ctx); err != nil {
		return nil, err
	}
	if err = tx.usable(); err == nil {
		err = tx.refuses()
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// wait waits for the turn.
func (tx *Tx) wait(ctx context.Context) (release func(), err error) {
	release = func() { <-tx.turn }
	select {
	case tx.turn <- struct{}{}:
		return release, nil
	default:
	}
	select {
	case tx.turn <- struct{}{}:
		return release, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (tx *Tx) refuses() error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.over {
		return sql.ErrTxDone
	}
	if tx.Bare() && tx.failure != nil {
		return fmt.Errorf("%w: %w", auditlog.ErrIncomplete, tx.failure)
	}
	return nil
}

// note remembers an error with which the database has rolled the transaction back, or may have: SQLite may where it runs out of something or is interrupted, MySQL
// and MariaDB do on a deadlock and may on more, by their settings. PostgreSQL ignores what comes then, until it is told to roll back.
func (tx *Tx) note(err error) error {
	if err != nil {
		tx.mu.Lock()
		tx.noteLocked(err)
		tx.mu.Unlock()
	}
	return err
}

// noteRows notes the error with which the reading of the last rows ended.
func (tx *Tx) noteRows() {
	if tx.rows != nil {
		if err := tx.rows.Err(); err != nil {
			tx.noteLocked(err)
		}
		tx.rows = nil
	}
}

func (tx *Tx) noteLocked(err error) {
	switch tx.drv.Dialect() {
	case dialect.SQLite:
		tx.doubt = err
	case dialect.MySQL:
		switch {
		case Outrun(err):
			tx.end(err)
		case !mysqlRefused.MatchString(err.Error()):
			tx.doubt = err
		}
	}
}

// ExecContext runs a raw statement, which may be a savepoint: entries are written before it, and at once from here on. It waits for a mutation that is
// being recorded.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	release, err := tx.writeThrough(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	res, err := execContext(ctx, tx.Tx, query, args)
	return res, tx.note(err)
}

// QueryContext is like ExecContext, for statements that return rows.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	release, err := tx.writeThrough(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	rows, err := queryContext(ctx, tx.Tx, query, args) //nolint:sqlclosecheck // the caller closes them
	tx.reading(rows)
	return rows, tx.note(err)
}

func (tx *Tx) writeThrough(ctx context.Context) (release func(), err error) {
	if release, err = tx.wait(ctx); err != nil {
		return nil, err
	}
	if err = tx.usable(); err == nil {
		tx.mu.Lock()
		tx.through = true
		tx.mu.Unlock()
		err = tx.flush(ctx)
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// Record adds entries to the transaction's. If it fails, so will Commit.
func (tx *Tx) Record(ctx context.Context, entries []*auditlog.Entry) error {
	tx.mu.Lock()
	if tx.over {
		tx.mu.Unlock()
		return sql.ErrTxDone
	}
	tx.pending = append(tx.pending, entries...)
	due := tx.through || len(tx.pending) >= maxPending
	tx.mu.Unlock()
	if !due {
		return nil
	}
	return tx.flush(ctx)
}

// Pending reports whether the transaction holds entries that are not written yet.
func (tx *Tx) Pending() bool {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return len(tx.pending) > 0
}

func (tx *Tx) flush(ctx context.Context) error {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.over || tx.failure != nil || len(tx.pending) == 0 {
		return nil
	}
	if err := tx.usableLocked(); err != nil {
		tx.failure = err
		return err
	}
	entries := tx.pending
	tx.pending = nil
	if err := tx.drv.writer.Write(ctx, tx.Tx, tx.id, entries); err != nil {
		tx.failure = err
		tx.noteLocked(err)
		return err
	}
	return nil
}

// aborted reports whether PostgreSQL ignores the transaction's statements until it is rolled back, as err said. Its commit is then a rollback.
func (tx *Tx) aborted(err error) bool {
	return Aborted(err) && Aborted(tx.Tx.Exec(tx.ctx, "SELECT 1", []any{}, nil))
}

// Lock takes the write lock of a database that has only one, once, so that a mutation that is about to read
// waits for it as the write alone would have done.
func (tx *Tx) Lock(ctx context.Context) error {
	query := tx.drv.writer.LockStatement()
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if query == "" || tx.locked {
		return nil
	}
	if err := tx.Tx.Exec(ctx, query, []any{}, nil); err != nil {
		tx.noteLocked(err)
		return err
	}
	tx.locked = true
	return nil
}

// Fail makes Commit fail with auditlog.ErrIncomplete and err: the transaction holds, or may hold, a change without
// its entry.
func (tx *Tx) Fail(err error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.failure == nil {
		tx.failure = err
	}
}

// Bare reports whether the transaction is one on which a client was built, whose commit the driver does not see.
func (tx *Tx) Bare() bool { return tx == tx.drv.outer.Load() }

// Commit writes the collected entries, with the context that the transaction was begun with, and commits. If
// they cannot be written it rolls back and returns the error. It waits for a mutation that is being recorded.
func (tx *Tx) Commit() error {
	tx.turn <- struct{}{}
	defer func() { <-tx.turn }()
	// What flush returns stays as the transaction's failure.
	_ = tx.flush(tx.ctx)
	if tx.joined {
		return tx.refuses()
	}
	tx.mu.Lock()
	over := tx.over
	if err := tx.usableLocked(); err != nil && tx.failure == nil && !over {
		tx.failure = err
	}
	err := tx.failure
	tx.over = true
	tx.mu.Unlock()
	if err != nil && !over && !tx.aborted(err) {
		return errors.Join(fmt.Errorf("%w: %w", auditlog.ErrIncomplete, err), tx.Tx.Rollback())
	}
	return tx.Tx.Commit()
}

// Rollback implements dialect.Tx.
func (tx *Tx) Rollback() error {
	if tx.joined {
		return nil
	}
	tx.mu.Lock()
	tx.over = true
	tx.mu.Unlock()
	return tx.Tx.Rollback()
}
