package schema

import (
	"slices"

	"entgo.io/ent"

	"github.com/sqlaudit/sqlaudit"
)

// Tracked are the types whose changes are recorded. The others are untracked on purpose, with edges to tracked ones. To track a
// further type, add its name.
var Tracked = []string{
	"Blob", "Card", "Doc", "File", "Friendship", "Info", "Membership", "Memo", "Node", "Note", "Pet", "Post", "Sample", "Task", "Tweet",
	"TweetLike", "User",
}

// track returns the mixins of a type.
func track(name string) []ent.Mixin {
	if slices.Contains(Tracked, name) {
		return []ent.Mixin{sqlaudit.Mixin{}.Track()}
	}
	return nil
}
