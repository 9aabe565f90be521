package sqlaudit

import (
	"time"

	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/history"
)

// What reads the past. Each is documented in package history.
type (
	// A Moment is a point of the past. Its zero value is now.
	Moment = history.Moment
	// A Version is an entity as a transaction left it: see the generated AuditVersion of entities.
	Version = history.Version
	// A Diff is what changed of an entity between two points.
	Diff = history.Diff
	// A NotThereError says that an entity was not there at a moment.
	NotThereError = history.NotThereError
)

// Errors of what reads the past. Each is documented in package history.
var (
	ErrNotYet        = history.ErrNotYet
	ErrGone          = history.ErrGone
	ErrUnrecorded    = history.ErrUnrecorded
	ErrUnknown       = history.ErrUnknown
	ErrPredicate     = history.ErrPredicate
	ErrNoVersion     = history.ErrNoVersion
	ErrLive          = history.ErrLive
	ErrNoTransaction = history.ErrNoTransaction
)

// AsOf returns the moment t, by the log's clock. What was written at t itself has happened.
func AsOf(t time.Time) Moment { return history.AsOf(t) }

// AfterTx returns the moment right after a transaction's last entry.
func AfterTx(txID uuid.UUID) Moment { return history.AfterTx(txID) }

// EdgeIDs returns the ids at the other end of a tracked edge of a version, as their Go type.
//
//	v, _ := customer.AuditVersion()
//	owners, err := sqlaudit.EdgeIDs[int](v, customer.EdgeOwner)
func EdgeIDs[ID any](v *Version, edge string) ([]ID, error) { return history.EdgeIDs[ID](v, edge) }
