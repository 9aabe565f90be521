package history

import (
	"errors"
	"fmt"
)

var (
	// ErrNotYet says that an entity did not exist yet at a moment: the log has its creation later.
	ErrNotYet = errors.New("sqlaudit: it did not exist yet")

	// ErrGone says that an entity had been deleted by a moment.
	ErrGone = errors.New("sqlaudit: it was gone")

	// ErrUnrecorded says that the log knows nothing of an entity at a moment: it has no entry about it at all, or the first comes later and is not its
	// creation, so that it may have been there already. See sqlaudit.Baseline.
	ErrUnrecorded = errors.New("sqlaudit: the log does not know of it")

	// ErrUnknown says that the log does not have a value: of a field that is not tracked, or not since that long, or is sensitive.
	ErrUnknown = errors.New("sqlaudit: the log does not know the value")

	// ErrPredicate says that a predicate cannot be answered from what the log has of the past: it reads another table, or a field that is not tracked. The
	// error says which. It is never answered from today's tables instead.
	ErrPredicate = errors.New("sqlaudit: the predicate cannot be answered from the log")

	// ErrNoVersion says that an entity has no version before or after one.
	ErrNoVersion = errors.New("sqlaudit: there is no such version")

	// ErrLive is returned where a version is asked for of an entity that was read from its table.
	ErrLive = errors.New("sqlaudit: the entity is no version of the past: it was read from its table")
)

// A NotThereError says that an entity was not there at a moment. Errors.Is finds ErrNotYet, ErrGone or ErrUnrecorded in it, and the generated IsNotFound
// answers true.
type NotThereError struct {
	Err      error // ErrNotYet, ErrGone or ErrUnrecorded
	Type, ID string
	Moment   Moment
	// NotFound is ent's error, which the generated IsNotFound looks for.
	NotFound error
}

// Error implements error.
func (e *NotThereError) Error() string {
	what := map[error]string{
		ErrNotYet: "did not exist yet", ErrGone: "was gone", ErrUnrecorded: "is not known to the log",
	}[e.Err]
	return fmt.Sprintf("sqlaudit: %s %s %s (as of %s)", e.Type, e.ID, what, e.Moment)
}

// Unwrap returns why, and ent's own error.
func (e *NotThereError) Unwrap() []error { return []error{e.Err, e.NotFound} }
