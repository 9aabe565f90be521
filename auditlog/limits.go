package auditlog

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Maximum lengths of what the log stores, in characters. A longer value fails the mutation with a
// *ValueError before anything is written; nothing is ever cut short.
const (
	MaxActorID    = 256
	MaxActorType  = 128
	MaxActorName  = 256
	MaxReason     = 512
	MaxResourceID = 256
	MaxLabel      = 128
)

// check returns a *ValueError unless s is storable text of at most limit characters.
func check(name, s string, limit int) error {
	switch {
	case !utf8.ValidString(s):
		return &ValueError{Name: name, Reason: "not valid UTF-8"}
	case strings.ContainsRune(s, 0):
		return &ValueError{Name: name, Reason: "contains a NUL character"}
	case utf8.RuneCountInString(s) > limit:
		return &ValueError{Name: name, Reason: fmt.Sprintf("%d characters, at most %d are stored", utf8.RuneCountInString(s), limit)}
	}
	return nil
}
