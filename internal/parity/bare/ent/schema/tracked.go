package schema

import "entgo.io/ent"

// track returns the mixins of a type: none, for here nothing is recorded.
func track(string) []ent.Mixin { return nil }
