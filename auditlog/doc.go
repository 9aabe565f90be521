// Package auditlog is the record: what an entry of the audit log holds, who and why travel
// with a context, how values become JSON and come back typed, and the one statement that
// writes entries.
//
// It knows neither hooks nor drivers, and imports nothing else of this module.
package auditlog
