package auditlog

import "entgo.io/ent/dialect"

// A Source is where the described rows of a generated client are, and the log about them. Generated clients give theirs by their
// method AuditSource. That of a client within a transaction leads to that transaction.
type Source struct {
	Schema *Schema
	// Driver is the client's. It leads to an audit driver: see auditdriver.Find.
	Driver dialect.Driver
	// Inner returns the transaction beneath a driver of the generated package, or nil.
	Inner func(dialect.Driver) dialect.Tx
	// SchemaOf returns the database schema of a type's table, or "" for the connection's own.
	SchemaOf func(*Type) string
	// Table is the log's, and TableSchema the database schema that it is in, or "".
	Table, TableSchema string
}
