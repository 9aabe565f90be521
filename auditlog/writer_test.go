package auditlog

import (
	"encoding/json"
	"fmt"
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
		v := rapid.MapOfN(rapid.String(), rapid.OneOf(form, plain, rapid.Just[json.RawMessage](nil)), 0, 5).Draw(t, "values")
		typ := &Type{}
		for name := range v {
			if len(name)%2 == 0 {
				typ.Fields = append(typ.Fields, &Field{Name: name})
			} else {
				typ.Edges = append(typ.Edges, &Edge{Name: name})
			}
		}
		want, err := json.Marshal(v)
		require.NoError(t, err)
		var o Object
		for range 2 { // what was taken is gone
			for _, m := range newMembers(typ) {
				name := ""
				if m.Field != nil {
					require.Same(t, typ.Fields[m.Index], m.Field)
					name = m.Field.Name
				} else {
					name = m.Edge.Name
				}
				o.Add(m, v[name])
			}
			require.Equal(t, len(v) == 0, o.Empty())
			require.Equal(t, string(want), o.Take())
		}
	})
}

func TestQuoted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`), rapid.StringMatching("[a-z\u2028\"\\\\<>&]*")).Draw(t, "text")
		want, err := json.Marshal(s)
		require.NoError(t, err)
		got, err := appendQuoted([]byte("x"), s)
		require.NoError(t, err)
		require.Equal(t, "x"+string(want), string(got))
	})
}

// What MariaDB is given of many rows is JSON, and says what they are.
func TestJSONRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			rows []row
			same [len(row{})]bool
		)
		for c := range same {
			same[c] = rapid.Bool().Draw(t, "same")
		}
		for range rapid.IntRange(0, 3).Draw(t, "rows") {
			var r row
			for c := range r {
				r[c] = rapid.OneOf(rapid.String(), rapid.Just(""), rapid.StringMatching("[\x00-\x1f\"\\\\\u2028]*")).Draw(t, "text")
			}
			rows = append(rows, r)
		}
		var got [][]*string
		require.NoError(t, json.Unmarshal([]byte(jsonRows(rows, 1<<63, same)), &got))
		require.Len(t, got, len(rows))
		for i, r := range rows {
			require.Equal(t, fmt.Sprintf("8000-00000000000%d", i), *got[i][0])
			n := 0
			for c := range r {
				if same[c] {
					continue
				}
				if n++; got[i][n] == nil {
					require.True(t, r.null(c))
				} else {
					require.Equal(t, r[c], *got[i][n])
				}
			}
			require.Len(t, got[i], 1+n)
		}
	})
}

// That PostgreSQL reads an array as what it was made of is for the conformance suite to say (TestWho). Here is what has to be escaped.
func TestArray(t *testing.T) {
	require.Equal(t, `{"a\"b\\c"," ",NULL,"NULL","{,}"}`, array([]row{{3: `a"b\c`}, {3: " "}, {}, {3: "NULL"}, {3: "{,}"}}, 3))
	require.Equal(t, `{"",""}`, array(make([]row, 2), 0))
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
