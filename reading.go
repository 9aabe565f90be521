package sqlaudit

import (
	"context"
	"time"

	"github.com/sqlaudit/sqlaudit/history"
)

// What reads the log. Each is documented in package history.
type (
	// PageArgs say which page of entries to read: see Page on the query of the log.
	PageArgs = history.PageArgs
	// A Page is a part of a log, with cursors to those before and after it.
	Page[E any] = history.Page[E]
	// A LogClient is a generated client.
	LogClient = history.Client
)

// Errors of reading. Each is documented in package history.
var (
	ErrCursor    = history.ErrCursor
	ErrNotPaged  = history.ErrNotPaged
	ErrUnsettled = history.ErrUnsettled
)

// Settled returns a time before which the log is complete: every entry that was written before it is there to be read, and none will
// appear any more. It may wait for the transactions that are open. Who must see everything reads up to it, and the next time on from it:
//
//	settled, err := sqlaudit.Settled(ctx, client)
//	for entry, err := range client.AuditLog.Query().Where(auditlog.During(last, settled)).Each(ctx, sqlaudit.PageArgs{}) { … }
//	last = settled
func Settled(ctx context.Context, c LogClient) (time.Time, error) { return history.Settled(ctx, c) }
