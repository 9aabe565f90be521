package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden file")

// The example prints what its golden file holds, and the README shows lines of that.
func TestExample(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, run(context.Background(), &b))
	got := regexp.MustCompile(`\d\d:\d\d:\d\d\.\d{3}`).ReplaceAllString(b.String(), "00:00:00.000")
	if *update {
		require.NoError(t, os.WriteFile("testdata/output.golden", []byte(got), 0o600))
	}
	want, err := os.ReadFile("testdata/output.golden")
	require.NoError(t, err)
	require.Equal(t, string(want), got)

	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, excerpt, _ := strings.Cut(string(readme), "```\nTIME")
	excerpt, _, ok := strings.Cut(excerpt, "```")
	require.True(t, ok)
	for line := range strings.Lines("TIME" + excerpt) {
		require.Contains(t, got, line, "the README shows what the example prints")
	}
}
