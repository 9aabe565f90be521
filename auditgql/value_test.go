package auditgql_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditgql"
	"github.com/sqlaudit/sqlaudit/auditlog"
)

func TestChanges(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	got := auditgql.Changes([]auditlog.Change{
		{Field: "n", Old: int64(1), New: int64(2)},
		{Field: "fee", New: "5 EUR"},
		{Field: "password", Redacted: true},
		{Field: "gone", Old: raw("[1]"), New: raw("[2]"), Err: errors.New("no such field")},
	}, auditlog.Values{"n": raw("1"), "gone": raw("[1]")}, auditlog.Values{"n": raw("9007199254740993"), "fee": raw(`{"$codec": "5 EUR"}`), "gone": raw("[2]")})
	require.Equal(t, []auditgql.Change{
		{Field: "n", Old: auditgql.Value("1"), New: auditgql.Value("9007199254740993"), Text: "n: 1 → 2"},
		{Field: "fee", New: auditgql.Value(`{"$codec": "5 EUR"}`), Text: `fee: ∅ → "5 EUR"`}, // as it is recorded
		{Field: "password", Redacted: true, Text: "password: changed (redacted)"},
		{Field: "gone", Old: auditgql.Value("[1]"), New: auditgql.Value("[2]"), Text: "gone: [1] → [2]"},
	}, got)
}

func ExampleValue() {
	var b bytes.Buffer
	for _, v := range []auditgql.Value{auditgql.Value(`{"a": 1}`), nil} {
		v.MarshalGQL(&b)
		b.WriteByte('\n')
	}
	auditgql.MarshalValues(auditlog.Values{"email": json.RawMessage(`"a@example.com"`)}).MarshalGQL(&b)
	auditgql.MarshalValues(nil).MarshalGQL(&b)
	fmt.Println(b.String())
	// Output:
	// {"a": 1}
	// null
	// {"email":"a@example.com"}
	// null
}

// Recorded values are shown, not given.
func TestNoInput(t *testing.T) {
	require.ErrorContains(t, new(auditgql.Value).UnmarshalGQL("x"), "cannot be given as an argument")
	_, err := auditgql.UnmarshalValues("x")
	require.ErrorContains(t, err, "cannot be given as an argument")
}
