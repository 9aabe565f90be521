package hook

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An object of many members is made of a row, unless a name is too long to be a column's.
func TestObjectOfARow(t *testing.T) {
	var o object
	for _, name := range []string{"a", `b"c`, "d'e", strings.Repeat("f", maxName)} {
		o.where(name, "s.v", "TRUE")
	}
	require.Equal(t, `(SELECT to_jsonb(r) FROM (SELECT s.v AS "a", s.v AS "b""c", s.v AS "d'e", s.v AS "`+strings.Repeat("f", maxName)+`") AS r)`, o.text(true))
	require.Contains(t, o.text(false), "CASE WHEN TRUE THEN jsonb_build_object('d''e', s.v) ELSE '{}' END")
	require.Equal(t, `jsonb_build_object('a', s.v, 'b"c', s.v, 'd''e', s.v)`, o[:3].text(true))
	o.where(strings.Repeat("g", maxName+1), "s.v", "TRUE")
	require.NotContains(t, o.text(true), "to_jsonb")
}
