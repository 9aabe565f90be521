package sqlaudit

import "github.com/sqlaudit/sqlaudit/undo"

type (
	// UndoOption says how the generated AuditRevert, AuditRevertTransaction, RevertTo and Undelete undo.
	UndoOption = undo.Option

	// Conflict is one thing that undoing would lose, or that is in its way, and ConflictError lists them.
	Conflict = undo.Conflict
	// ConflictError says what undoing would lose. Nothing was changed.
	ConflictError = undo.ConflictError

	// Unknown is a value that undoing needs and the log does not have, and UnknownError lists them.
	Unknown = undo.Unknown
	// UnknownError says which values undoing needs that the log does not have. Nothing was changed.
	UnknownError = undo.UnknownError
)

// What undoing fails with, beside what ent's mutations fail with.
var (
	ErrNoEntry    = undo.ErrNoEntry
	ErrBaseline   = undo.ErrBaseline
	ErrNotDeleted = undo.ErrNotDeleted
	ErrUntracked  = undo.ErrUntracked
	ErrImmutable  = undo.ErrImmutable
)

// Overwrite has later changes overwritten where they are in the way of undoing.
func Overwrite() UndoOption { return undo.Overwrite() }

// LeaveUnknown leaves fields as they are whose old value the log does not have, such as sensitive ones.
func LeaveUnknown() UndoOption { return undo.LeaveUnknown() }

// With gives the value of a field that undoing needs and the log does not have: "password", or "User.password" for one type alone.
func With(field string, value any) UndoOption { return undo.With(field, value) }
