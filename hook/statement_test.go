package hook

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Texts are kept by all that they follow from, and not more than a table has room for.
func TestTexts(t *testing.T) {
	tab, made := &table{}, 0
	text := func(key textKey) string {
		return tab.text(key, func() string {
			made++
			return fmt.Sprint(key)
		})
	}
	keys := []textKey{{}, {kind: 'u'}, {query: "q"}, {args: 1}, {one: true}, {lock: lockKey}, {shape: 1}}
	for range 2 {
		for _, key := range keys {
			require.Equal(t, fmt.Sprint(key), text(key))
		}
	}
	require.Equal(t, len(keys), made)
	long := textKey{query: strings.Repeat("q", maxTextQuery+1)}
	require.Equal(t, fmt.Sprint(long), text(long))
	require.Equal(t, fmt.Sprint(long), text(long))
	require.Equal(t, len(keys)+2, made)
	for i := range 2 * maxTexts {
		text(textKey{args: i})
		require.LessOrEqual(t, len(tab.texts), maxTexts)
	}
}

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
