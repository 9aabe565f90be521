package schema

import (
	"slices"

	"entgo.io/ent"

	"github.com/sqlaudit/sqlaudit"
)

// tracked are the types whose changes are recorded. The others are untracked on purpose, with edges to tracked ones. To track a
// further type, add its name.
var tracked = []string{
	"Blob", "Card", "Doc", "File", "Info", "Memo", "Node", "Note", "Pet", "Post", "Sample", "Task", "Tweet", "User",
}

// track returns the mixins of a type.
func track(name string) []ent.Mixin {
	if slices.Contains(tracked, name) {
		return []ent.Mixin{sqlaudit.Mixin{}.Track()}
	}
	return nil
}
