package auditgql

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Value is a recorded value, as JSON. It is null for SQL NULL and where there is no value.
type Value json.RawMessage

// MarshalGQL implements graphql.Marshaler.
func (v Value) MarshalGQL(w io.Writer) {
	if len(v) == 0 {
		v = Value("null")
	}
	_, _ = w.Write(v)
}

// UnmarshalGQL implements graphql.Unmarshaler. It fails: recorded values are no input.
func (*Value) UnmarshalGQL(any) error { return errOutput }

var errOutput = errors.New("sqlaudit: a recorded value cannot be given as an argument: filter by the other fields of the log")

// MarshalValues returns what writes the values of an entry as an object.
func MarshalValues(v auditlog.Values) graphql.Marshaler {
	if v == nil {
		return graphql.Null
	}
	return graphql.MarshalAny(v)
}

// UnmarshalValues fails: recorded values are no input.
func UnmarshalValues(any) (auditlog.Values, error) { return nil, errOutput }

// A Change is one field or edge of an entry, as GraphQL shows it.
type Change struct {
	Field string
	// Old and New are the values before and after. Of an edge that leads to many they hold the ids that went and those that came.
	Old, New Value
	// Redacted says that the field is sensitive: it changed, and its values were never stored.
	Redacted bool
	// Text is the change on one line, for people.
	Text string
}

// Changes returns changes as GraphQL shows them, with their values as they are recorded in before and after, which have the names of the changes: see
// auditlog.Schema.Rename.
func Changes(changes []auditlog.Change, before, after auditlog.Values) []Change {
	out := make([]Change, len(changes))
	for i, c := range changes {
		out[i] = Change{Field: c.Field, Old: Value(before[c.Field]), New: Value(after[c.Field]), Redacted: c.Redacted, Text: c.String()}
	}
	return out
}
