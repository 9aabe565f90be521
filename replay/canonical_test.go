package replay

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		reason string
		a, b   string
		same   bool
	}{
		{"white space and the order of keys are the database's", `{"b": [1, 2], "a": null}`, `{"a":null,"b":[1,2]}`, true},
		{"the last of equal keys is kept", `{"a":1,"a":2}`, `{"a":2}`, true},
		{"an escape is the character", `"\u003c\u00e9\/"`, `"<é/"`, true},
		{"numbers are their value", `1.0`, `1`, true},
		{"as jsonb writes small ones", `1e-7`, `0.0000001`, true},
		{"as jsonb writes large ones", `1e+21`, `1000000000000000000000`, true},
		{"larger still", `12.5E30`, `12500000000000000000000000000000`, true},
		{"zero has no sign and no exponent", `-0.00e5`, `0`, true},
		{"no digit of a large integer is lost", `9007199254740993`, `9007199254740992`, false},
		{"nor of a fraction", `0.10000000000000000001`, `0.1`, false},
		{"signs differ", `-1`, `1`, false},
		{"a string is no number", `"1"`, `1`, false},
		{"null is no empty list", `null`, `[]`, false},
		{"the JSON null is no SQL NULL", `{"$json":null}`, `null`, false},
		{"the order of a list counts", `[1,2]`, `[2,1]`, false},
		{"an exponent that no machine holds stays as it is", `1e99999999999999999999`, `1e99999999999999999999`, true},
	} {
		t.Run(c.reason, func(t *testing.T) {
			require.Equal(t, c.same, Equal(json.RawMessage(c.a), json.RawMessage(c.b)))
			once := Canonical(json.RawMessage(c.a))
			require.Equal(t, string(once), string(Canonical(once)))
		})
	}
	for _, s := range []string{"no JSON", "1 2", "1]", ""} {
		require.Equal(t, s, string(Canonical(json.RawMessage(s))))
	}
	require.True(t, Equal(nil, nil))
	require.False(t, Equal(nil, json.RawMessage("null")))
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{`1.50e3`, `{"a":[-0,1e-9]}`, `"\ud800"`, `00`, `1e400`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		once := Canonical(b)
		require.Equal(t, string(once), string(Canonical(once)), "the form of the form is the form")
		if json.Valid(b) {
			require.True(t, json.Valid(once))
		}
	})
}
