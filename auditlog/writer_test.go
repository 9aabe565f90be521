package auditlog

import (
	"encoding/json"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What is written of values is what encoding/json makes of them.
func TestObject(t *testing.T) {
	form := rapid.Custom(func(t *rapid.T) json.RawMessage {
		v := rapid.OneOf(
			rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil),
			rapid.MapOf(rapid.String(), rapid.String()).AsAny(), rapid.SliceOf(rapid.Float64Range(-1e9, 1e9)).AsAny(),
		).Draw(t, "value")
		b, err := json.Marshal(v)
		require.NoError(t, err)
		return b
	})
	plain := rapid.Map(rapid.SampledFrom([]string{`"<&>"`, `{"a":"<"}`, "null"}), func(s string) json.RawMessage { return json.RawMessage(s) })
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.MapOfN(rapid.String(), rapid.OneOf(form, plain), 0, 5).Draw(t, "values")
		want, err := json.Marshal(v)
		require.NoError(t, err)
		got, err := object(v)
		require.NoError(t, err)
		require.Equal(t, string(want), got)
	})
}

func TestQuoted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`), rapid.StringMatching("[a-z\u2028\"\\\\<>&]*")).Draw(t, "text")
		want, err := json.Marshal(s)
		require.NoError(t, err)
		got, err := quoted(s)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	})
}

// That PostgreSQL reads an array as what it was made of is for the conformance suite to say (TestWho). Here is what has to be escaped.
func TestArray(t *testing.T) {
	require.Equal(t, `{"a\"b\\c","",NULL,"NULL","{,}"}`, array([][]any{{`a"b\c`}, {""}, {nil}, {"NULL"}, {"{,}"}}, 0))
}

// A JSON document would make another text of one that is not UTF-8: nothing is written.
func TestNotUTF8(t *testing.T) {
	w := NewWriter(dialect.MySQL, "", "audit_logs")
	for _, n := range []int{1, few + 1} {
		entries := make([]*Entry, n)
		for i := range entries {
			entries[i] = &Entry{Action: ActionDelete, ResourceType: "T", ResourceID: "a\xff"}
		}
		err := w.Write(t.Context(), nil, uuid.New(), entries) // nobody is there to be asked
		var we *WriteError
		require.ErrorAs(t, err, &we)
		require.ErrorContains(t, err, `resource_id is not UTF-8: "a\xff"`)
	}
}
