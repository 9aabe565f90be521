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
