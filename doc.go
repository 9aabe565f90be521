// Package sqlaudit records who changed which tracked field of which ent entity, from what, to what, when and why, in the same
// transaction as the change.
//
// A schema says what is tracked:
//
//	func (Customer) Mixin() []ent.Mixin {
//		return []ent.Mixin{sqlaudit.Mixin{Fields: []string{"name", "email"}}.Track()}
//	}
//
// The extension of package extension generates the log and its queries, and sets up every client: nothing is called at
// start-up. Handlers say who acts and why with NewContext and WithReason.
//
// This package is the front door: what applications and schemas use, and nothing else.
package sqlaudit
