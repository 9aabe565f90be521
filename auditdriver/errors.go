package auditdriver

import (
	"errors"
	"regexp"
)

// Outrun reports whether err says that the database has rolled a transaction back for another's sake: a deadlock, or a serialization failure.
func Outrun(err error) bool {
	if err == nil {
		return false
	}
	if state := sqlState(err); state != "" {
		return state == "40P01" || state == "40001"
	}
	return mysqlDeadlock.MatchString(err.Error())
}

// The texts that github.com/go-sql-driver/mysql gives to errors.
var (
	// mysqlDeadlock matches those of a deadlock, and of a row that has changed since the snapshot, where MariaDB's innodb_snapshot_isolation is on.
	mysqlDeadlock = regexp.MustCompile(`\bError (1213|1020)\b`)
	// mysqlRefused matches the usual ones with which a statement has done nothing and the transaction goes on.
	mysqlRefused = regexp.MustCompile(`\bError (1048|1062|1264|1364|1366|1406|1451|1452|3819|4025)\b`)
)

// Aborted reports whether err says that PostgreSQL ignores the transaction's statements until it is rolled back, entirely or to a savepoint.
func Aborted(err error) bool { return sqlState(err) == "25P02" }

// noTransaction is PostgreSQL's code of what takes a transaction, where there is none.
const noTransaction = "25P01"

// sqlState returns the code of PostgreSQL's that its drivers' errors have, or "".
func sqlState(err error) string {
	var e interface{ SQLState() string }
	if !errors.As(err, &e) {
		return ""
	}
	return e.SQLState()
}
