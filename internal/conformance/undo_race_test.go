package conformance

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
)

// Somebody undoes while others update the same field of the same entity. An update is then a conflict, or comes after: the undoing never
// overwrites one that it does not know of.
func TestUndoRace(t *testing.T) {
	const (
		writers = 1
		rounds  = 60
	)
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		u := e.user("u")
		undone, refused := 0, 0
		for round := range rounds {
			name := fmt.Sprint("round ", round)
			u.Update().SetName(name).ExecX(e.ctx)
			entry := e.newest()
			var (
				wg      sync.WaitGroup
				start   = make(chan struct{})
				undoing error
				updates = make([]error, writers)
			)
			wg.Go(func() {
				<-start
				undoing = e.client.AuditRevert(e.ctx, entry)
			})
			for w := range writers {
				wg.Go(func() {
					<-start
					updates[w] = e.client.User.UpdateOneID(u.ID).SetName(fmt.Sprint(name, " ", w)).Exec(e.ctx)
				})
			}
			close(start)
			wg.Wait()
			for _, err := range updates {
				require.True(t, err == nil || kindOf(err) == "deadlock", err)
			}
			var ce *sqlaudit.ConflictError
			switch {
			case undoing == nil:
				undone++
			case errors.As(undoing, &ce):
				refused++
			default:
				require.Equal(t, "deadlock", kindOf(undoing), undoing)
			}
			e.overwrote(t)
			e.reconcile(t)
		}
		t.Logf("undone %d times, refused %d times", undone, refused)
	})
}

// overwrote sees that each undoing overwrote what the entry that it undid had written.
func (e *env) overwrote(t *testing.T) {
	t.Helper()
	entries := e.client.AuditLog.Query().AllX(e.ctx)
	byID := make(map[string]*ent.AuditLog)
	for _, l := range entries {
		byID[l.ID.String()] = l
	}
	for _, l := range entries {
		said, ok := l.Metadata["sqlaudit"].(map[string]any)
		if !ok {
			continue
		}
		undone := byID[said["reverts"].(map[string]any)["entry"].(string)]
		require.Equal(t, string(undone.After["name"]), string(l.Before["name"]))
		require.Equal(t, string(undone.Before["name"]), string(l.After["name"]))
	}
}
