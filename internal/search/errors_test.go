package search

import (
	"context"
	"database/sql"
	"errors"
	"regexp"
	"strings"

	"entgo.io/ent/dialect"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/privacy"
)

// movedID lets pass that the columns of a composite id cannot be updated.
func movedID(err error) error {
	if err != nil && strings.Contains(err.Error(), "cannot change ids") {
		return errMovedID
	}
	return err
}

var errMovedID = errors.New("search: an update cannot change ids")

var (
	// dataError matches what a database says of values that it does not store: that they are too long, or out of range.
	dataError = regexp.MustCompile(`SQLSTATE 2[12]\w{3}|Error (1264|1292|1366|1406|1690|4025|3140) |integer overflow`)
	// unreadable matches what is said of a sum of which SQLite makes a float, as ent cannot read it: the mutation is undone.
	unreadable = regexp.MustCompile(`converting driver.Value type float64 \("[^"]*"\) to a int64`)
	// lostConnection matches what is said on a connection that a cancelled context has closed.
	lostConnection = regexp.MustCompile(`bad connection|conn closed|connection is already closed`)
	// contended matches what it says when others are at the same rows.
	contended = regexp.MustCompile(`SQLSTATE (40\w{3}|55P03)|Error (1205|1213|1020) |database is locked|database table is locked|try again`)
)

// conflict reports whether err is that others were at the same rows.
func conflict(err error) bool { return contended.MatchString(err.Error()) }

func aborted(err error) bool { return strings.Contains(err.Error(), "SQLSTATE 25P02") }

// expected reports whether an operation may have failed with err, given what was done to it.
func (s *session) expected(st *step, err error) bool {
	switch {
	case errors.Is(err, errWrong):
		return false
	case ent.IsConstraintError(err), ent.IsNotFound(err), ent.IsValidationError(err):
		return true
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, privacy.Deny), errors.Is(err, errRevoked), errors.Is(err, errMovedID):
		return true
	case strings.Contains(err.Error(), "unexpected Account.ID type"): // ent's own, of an upsert with an id of a Go type
		return true
	case strings.Contains(err.Error(), "inconsistent id values"): // ent's own, of a bulk that a hook has made twice
		return true
	case strings.Contains(err.Error(), "vetoed"), dataError.MatchString(err.Error()), unreadable.MatchString(err.Error()):
		return true
	case s.tx != nil && s.tx.bare && strings.Contains(err.Error(), "cannot start another"): // where nothing is recorded; ent itself panics
		return true
	case s.tx != nil && (s.tx.tainted || aborted(err)):
		return true
	case s.lost && lostConnection.MatchString(err.Error()):
		return true
	case st.modifier == cancelled || st.modifier == cancelBefore || st.modifier == cancelAfter:
		return !errors.Is(err, sqlaudit.ErrDriver)
	case (st.modifier == interrupted || s.concurrent || s.tx != nil && s.tx.shared) && conflict(err):
		return true
	case errors.Is(err, sqlaudit.ErrUpsert): // the database does not say which ids those got that have no key
		return s.base.dialect == dialect.MySQL
	}
	return false
}

// taints reports whether, after err, a transaction may refuse to be used or committed.
func taints(st *step, err error) bool {
	switch st.modifier {
	case cancelled, cancelBefore, cancelAfter, panics:
		return true
	}
	return conflict(err) || errors.Is(err, sqlaudit.ErrIncomplete) || unreadable.MatchString(err.Error()) || errors.Is(err, errMovedID) || errors.Is(err, context.Canceled) || st.behaviour != nil
}
