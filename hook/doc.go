// Package hook records mutations: it reads the rows that a mutation will change, lets ent write, reads them again, and
// hands the difference to the transaction that both share.
//
// The mixin brings a hook into a schema, which calls generated code, and that Record: it finds out who makes a mutation, and why. Generated code also tells about
// the mutation (Target), and has ent write on a driver that lasts for what ent does and no longer (State.Creating, CreatingBulk, State.Updating, Deleting).
// Between the first statement of that and its last, no code of the user's runs.
package hook
