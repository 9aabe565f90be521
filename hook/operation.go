package hook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
)

// An operation is what ent does for one mutation, between its first statement and its last. It is opened by what needs the
// transaction first, and closed by the driver call with which ent ends: no code of the user's runs within.
type operation struct {
	target Target
	stamp  auditlog.Stamp
	single bool           // a deletion by id
	known  *words         // of the target's type
	full   *auditlog.Type // that type, while the target has a part of it

	base    dialect.Driver // the one that ent would write with
	drv     *auditdriver.Driver
	tx      *auditdriver.Tx
	ex      dialect.ExecQuerier // where statements go, within the transaction
	end     dialect.Tx          // the transaction, if it is the operation's own
	release func()              // gives back the transaction's turn
	phase   phase

	create     *creation
	returning  *returning // ent's update or delete, if it returns its rows
	statement  *statement // ent's statement, if it is one with its record
	autocommit bool       // that is not in a transaction
	images     []*image   // of the rows that may change, in the order in which they were read
	owners     [][]any    // the entities of which edges alone are updated
	joins      map[string]*join
	adds       []*addition
	going      map[goner]bool // the rows that a deletion takes with it

	hasRead    bool   // rows were read
	held       int    // how many bytes those take that may change
	updates    bool   // ent updates rows of the target's type, whose ids must not change
	deletes    bool   // ent deletes them
	deleted    int    // how many of them its delete affected, or -1 while that is not known
	nobody     bool   // the row that ent's update names is not there
	tells      bool   // ent's own read of the row that its update names can say what became of it
	unmodified string // of ent's update, ahead of what modifiers add to it
	setsOwn    bool   // ent's first statement updates the rows themselves
	issued     int    // how many of ent's statements were issued
	last       error  // what the last of them failed with
	failure    error  // what the record failed with
	unknown    error  // why it is not known what the mutation left in a transaction whose commit is not ours to stop
	savepoints int    // how many are open
	undone     bool   // ent's statement failed, and nothing of it is left
}

type phase int

const (
	idle phase = iota
	open
	done
)

// find returns the audit driver, and the transaction, that drv and the mutation's own driver lead to. It fails if they are not the same.
func (t *Target) find(drv dialect.Driver) (*auditdriver.Driver, *auditdriver.Tx, error) {
	d, tx, err := auditdriver.Find(drv, t.Inner)
	if err != nil {
		return nil, nil, err
	}
	own, ownTx, err := auditdriver.Find(Base(t.Driver), t.Inner)
	if err != nil {
		return nil, nil, err
	}
	if own != d || ownTx != tx {
		return nil, nil, auditlog.ErrOtherClient
	}
	return d, tx, nil
}

// begin opens the transaction, or takes its turn in the user's.
func (o *operation) begin(ctx context.Context) error {
	if o.phase != idle {
		return nil
	}
	o.ex, o.deleted = o.base, -1
	if o.tx == nil {
		tx, err := o.base.Tx(ctx)
		if err != nil {
			return err
		}
		if _, o.tx, err = auditdriver.Find(tx, o.target.Inner); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if !o.tx.Bare() {
			o.ex, o.end, o.release, o.phase = tx, tx, func() {}, open // nobody else has it
			return nil
		}
	}
	release, err := o.tx.TakeTurn(ctx)
	if err != nil {
		return err
	}
	o.release, o.phase = release, open
	return nil
}

// own reports whether the transaction is the operation's own.
func (o *operation) own() bool { return o.end != nil }

// fails ends the operation before ent has written: what ent was about to change could not be read. An error of the database is one that ent's own
// statement would have met, and is returned as it is.
func (o *operation) fails(err error) error {
	if err == nil || o.phase != open {
		return err
	}
	o.phase = done
	defer o.release()
	o.failure = o.rollback(err)
	return o.failure
}

// close records what ent did, unless it failed with cause, and ends the operation.
func (o *operation) close(ctx context.Context, cause error) error {
	if o.phase != open {
		return cause
	}
	return o.ending(func() error { return o.settle(ctx, cause) })
}

// ending runs f, with which the operation ends. If it panics, as the driver or a value that encodes itself may, nothing of the
// mutation can be committed.
func (o *operation) ending(f func() error) error {
	o.phase = done
	defer o.release()
	returned := false
	defer func() {
		if !returned && !o.autocommit {
			o.tx.Fail(errPanic)
			_ = o.rollback(errPanic)
		}
	}()
	err := f()
	returned = true
	return err
}

// settle is what close does.
func (o *operation) settle(ctx context.Context, cause error) error {
	switch {
	case o.autocommit:
		return cause
	case cause != nil && o.own():
		return o.rollback(cause)
	case cause != nil:
		o.salvage(context.WithoutCancel(ctx))
		return cause
	}
	if err := o.record(ctx); err != nil {
		err = auditlog.Failed("record the mutation", err)
		o.tx.Fail(err)
		o.failure = o.rollback(err)
		return o.failure
	}
	if !o.own() {
		return nil
	}
	err := o.end.Commit()
	if errors.Is(err, auditlog.ErrIncomplete) {
		o.failure = err
	}
	return err
}

// abandon ends an operation that ent did not end: see End.
func (o *operation) abandon(ctx context.Context) {
	if o.phase == open {
		_ = o.close(ctx, errAbandoned) // nothing of it is committed, or what it left is recorded
	}
}

// errAbandoned ends an operation that ent did not, and errPanic stands for the outcome of a statement that did not return.
var (
	errAbandoned = errors.New("sqlaudit: the mutation ended between two statements")
	errPanic     = errors.New("sqlaudit: a statement did not return")
)

// rollback rolls the operation's own transaction back. It returns err, joined with the rollback's error.
func (o *operation) rollback(err error) error {
	if !o.own() {
		return err
	}
	if rerr := o.end.Rollback(); rerr != nil && !errors.Is(rerr, sql.ErrTxDone) {
		return errors.Join(err, fmt.Errorf("rolling back: %w", rerr))
	}
	return err
}

// salvage records what a mutation that failed within the user's transaction has left there, for the user may
// commit it: ent's own transaction does not exist within another. If that cannot be found out, Commit will fail.
func (o *operation) salvage(ctx context.Context) {
	if o.issued == 0 || o.undone {
		return
	}
	o.took(PathSalvage)
	// Of rows that came, or that were not read before, reading again cannot tell.
	came := o.create != nil && !o.create.inserted || o.returning != nil && !o.returning.done || len(o.joins) > 0 && o.base.Dialect() != dialect.SQLite
	if unknown := o.last != nil && !refused(o.last) && !auditdriver.Aborted(o.last); unknown && (came || errors.Is(o.last, errPanic)) {
		o.lose(o.last)
		return
	}
	if c := o.create; c != nil && !c.inserted && c.upsert == nil { // that may have inserted some of its rows
		o.create = nil
	}
	o.deleted = -1
	if err := o.record(ctx); err != nil && !auditdriver.Aborted(err) { // else nothing of it will stay
		o.lose(err)
	}
}

// lose makes the user's Commit fail: what the mutation left cannot be found out. Where the commit is not ours to stop, the mutation's error says so.
func (o *operation) lose(err error) {
	o.tx.Fail(err)
	if o.tx.Bare() {
		o.unknown = fmt.Errorf("%w: %w", auditlog.ErrIncomplete, err)
	}
}

// refused reports whether err is the database's own answer to a statement, which then has done nothing, or that of a driver which did not send it. After any other
// error, such as one of the connection, or of reading or encoding the answer, it may have.
func refused(err error) bool {
	var state interface{ SQLState() string }
	return !ours(err) && (sqlgraph.IsConstraintError(err) || errors.As(err, &state) || notSent.MatchString(err.Error()) || sqliteBusy.MatchString(err.Error()) ||
		strings.Contains(err.Error(), "constraint failed") || mysqlError.MatchString(err.Error()))
}

// ours reports whether err is of the record, whatever its text says.
func ours(err error) bool {
	var we *auditlog.WriteError
	return errors.As(err, &we)
}

var (
	// mysqlError matches the text that github.com/go-sql-driver/mysql gives to an error of the server.
	mysqlError = regexp.MustCompile(`\bError \d+ \(\w+\): `)
	// notSent matches the texts of database/sql and of pgx for an argument that they do not take.
	notSent = regexp.MustCompile(`^(sql: converting argument |failed to encode args\[)`)
	// sqliteBusy matches those of SQLite's drivers where another has the lock.
	sqliteBusy = regexp.MustCompile(`^database (table )?is locked\b`)
)

// The ways that a record is taken. Each operation is counted under what ent did, and under how it was made exact.
const (
	PathCreate       auditdriver.Path = "create"        // rows returned by ent's insert, or read after it
	PathUpsert       auditdriver.Path = "upsert"        // rows that may conflict read and locked before it
	PathUpsertAgain  auditdriver.Path = "upsert again"  // another transaction's row came in between: undone, and done again
	PathUpdateOne    auditdriver.Path = "update one"    // one row read and locked before ent's update, and read again
	PathUpdate       auditdriver.Path = "update"        // any number of them, and the update narrowed to those
	PathDelete       auditdriver.Path = "delete"        // rows read and locked, also those that go with them, and the delete narrowed
	PathStatement    auditdriver.Path = "statement"     // ent's statement and its record are one
	PathReturning    auditdriver.Path = "returning"     // ent's own update or delete returned the rows: nothing read before or after
	PathInline       auditdriver.Path = "narrow inline" // ids stand in the statement, there being more than parameters allow
	PathUnnarrowed   auditdriver.Path = "narrow none"   // SQLite's write lock keeps others out
	PathLinksCame    auditdriver.Path = "links came"    // a join table's insert
	PathLinksAgain   auditdriver.Path = "links again"   // another transaction's link came in between: read and done again
	PathLinksLeft    auditdriver.Path = "links left"    // a join table's delete, narrowed to the rows read
	PathForeignLinks auditdriver.Path = "foreign links" // rows of other types by an edge's other side
	PathSalvage      auditdriver.Path = "salvage"       // what a mutation that failed half done left in the user's transaction
	PathBegunAgain   auditdriver.Path = "begun again"   // the database had rolled its own transaction back for another's sake
	PathUntouched    auditdriver.Path = "untouched"     // ent writes nothing that is recorded: no read, no transaction
)

func (o *operation) took(p auditdriver.Path) { o.drv.Took(p) }
