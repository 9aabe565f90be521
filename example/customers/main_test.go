package main

import (
	"bytes"
	"context"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// The Python program prints such lines too: customers as they are added, then field, when, from, to, and by whom. It tells old and new values in the
// other order.
const want = `Customer 1 added with name John Doe and email jdoe@example.com.
Customer 2 added with name Jane Doe and email jane@example.com.
FIELD 'name' CHANGED AT 2006-01-02T15:04:05Z FROM nothing TO "Jane Doe" BY USER 1
FIELD 'email' CHANGED AT 2006-01-02T15:04:05Z FROM nothing TO "jane@example.com" BY USER 1
FIELD 'user_id' CHANGED AT 2006-01-02T15:04:05Z FROM nothing TO 1 BY USER 1
FIELD 'name' CHANGED AT 2006-01-02T15:04:05Z FROM "Jane Doe" TO "Jane Smith" BY USER 1
`

func TestExample(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, run(context.Background(), &b))
	got := regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`).ReplaceAllString(b.String(), "2006-01-02T15:04:05Z")
	require.Equal(t, want, got)
}
