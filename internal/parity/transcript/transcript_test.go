package transcript

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		name, reason string
		a, b         []string
		want         string
	}{
		{"equal", "nothing to tell", []string{"a", "b"}, []string{"a", "b"}, ""},
		{"changed", "one of each", []string{"a", "b", "c"}, []string{"a", "x", "c"}, "  a\n- b\n+ x\n  c\n"},
		{"added", "at the end", []string{"a"}, []string{"a", "b"}, "  a\n+ b\n"},
		{"removed", "at the start", []string{"a", "b"}, []string{"b"}, "- a\n  b\n"},
		{"far", "only what is around", []string{"1", "2", "3", "4", "a"}, []string{"1", "2", "3", "4", "b"}, "  …\n  2\n  3\n  4\n- a\n+ b\n"},
	} {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, Diff(tt.a, tt.b), tt.reason) })
	}
}

func TestFormat(t *testing.T) {
	seven := 7
	var none *int
	require.Equal(t, "nil", Format(nil))
	require.Equal(t, "nil *int", Format(none))
	require.Equal(t, "[&7, nil *int]", Format([]*int{&seven, none}))
	require.Equal(t, "nil slice", Format([]string(nil)))
	require.Equal(t, `["a"]`, Format([]string{"a"}))
	err := fmt.Errorf("b: %w", errors.Join(errors.New("a"), context.Canceled))
	require.Equal(t, `*fmt.wrapError < *errors.joinError < {*errors.errorString, *errors.errorString (context.Canceled)} "b: a\ncontext canceled"`, Format(err))

	tr := &Transcript{Env: Env{Hide: "secret"}}
	tr.Line("a %s", "secret\nb")
	tr.Panics("p", func() { panic("boom") })
	tr.Panics("q", func() {})
	require.Equal(t, []string{`a <database>\nb`, `p: panic: string "boom"`, "q: no panic"}, tr.Lines())
}
