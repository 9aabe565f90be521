// Package undo takes back what the log says was done: an entry, a transaction, or all that happened to an entity since a moment.
//
// It reads the log, locks the rows that it is about, looks for changes that came later and would be lost, and then has ent write, by
// mutations like any other: hooks, validators and policies of the user's take part, and the undoing is itself recorded. Generated code gives
// a Client, which says how ent's mutations of each type are made.
package undo
