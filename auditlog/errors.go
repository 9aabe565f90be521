package auditlog

import (
	"errors"
	"fmt"
)

var (
	// ErrNotGenerated is returned by the first write of a type whose schema uses the mixin
	// while the code was generated without the extension. Nothing was written.
	ErrNotGenerated = errors.New("sqlaudit: the schema uses sqlaudit.Mixin but the code was generated without its extension: add extension.New() to entc.Extensions in ent/entc.go and run go generate")

	// ErrHookMissing is returned by the writes of a tracked type whose schema hook is not the mixin's, as happens when a
	// mixin that embeds it overrides Hooks(), and by a write that did not pass through the hook because another hook put it in
	// the place of one that did. Nothing was written.
	ErrHookMissing = errors.New("sqlaudit: the write did not pass through the hook of sqlaudit.Mixin: return it from a mixin that overrides Hooks(), and hand on the mutation and the context that a hook is given")

	// ErrReadOnly is returned when entries are created, changed or removed through the client.
	ErrReadOnly = errors.New("sqlaudit: the audit log is written by the library alone: entries cannot be created, changed or removed through the client")

	// ErrDriver is returned when the driver of a mutation is not one that the extension
	// installed, so that the record could not share its transaction. Nothing was written.
	ErrDriver = errors.New("sqlaudit: the client's driver is not the audit driver: build clients with the generated NewClient or Open, and wrap drivers before passing them")

	// ErrOtherClient is returned by Client.Mutate for a mutation that another client made, or one within another
	// transaction. Nothing was written.
	ErrOtherClient = errors.New("sqlaudit: the mutation was made by another client or in another transaction: run it with the client that made it")

	// ErrUpsert is returned by creates with OnConflict of which it could not be told what they do, such as where a table of MariaDB's has a unique
	// index that the schema does not declare. The error says which, and what to do. Nothing was written; a transaction of yours in which ent's
	// statement had run by then cannot be committed.
	ErrUpsert = errors.New("sqlaudit: what OnConflict would do could not be recorded")

	// ErrIncomplete is returned by Commit when the transaction holds a change whose entry could
	// not be written. The transaction is rolled back.
	ErrIncomplete = errors.New("sqlaudit: the transaction holds a change that could not be recorded and was rolled back")

	// ErrTooManyRows is returned by an update or delete that matches more rows than one statement can name, or whose rows would take more
	// memory than a mutation is given. The error says which. Nothing was written; a transaction of yours in which ent's statement had run
	// by then cannot be committed.
	ErrTooManyRows = errors.New("sqlaudit: the mutation matches too many rows: narrow its predicate and run it in parts, such as by ranges of ids")
)

// A ValueError says that something given to the record, such as an actor's id or a reason, cannot
// be stored. It is returned before anything is written.
type ValueError struct {
	Name   string // what was given: "actor id", "reason", …
	Reason string // why it cannot be stored
}

// Error implements error.
func (e *ValueError) Error() string {
	return fmt.Sprintf("sqlaudit: invalid %s: %s", e.Name, e.Reason)
}

// A WriteError says that entries could not be written, and that the change they describe was
// not kept. It is never a constraint error of the entity being changed; Unwrap gives the cause.
type WriteError struct {
	Op  string // what was being done: "write entries", "read rows before the mutation", …
	Err error
}

// Error implements error.
func (e *WriteError) Error() string { return fmt.Sprintf("sqlaudit: %s: %v", e.Op, e.Err) }

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// Failed returns err as a *WriteError of op, unless it is nil or already says that it is ours.
func Failed(op string, err error) error {
	var (
		we *WriteError
		ve *ValueError
	)
	if err == nil || errors.As(err, &we) || errors.As(err, &ve) || errors.Is(err, ErrTooManyRows) {
		return err
	}
	return &WriteError{Op: op, Err: err}
}
