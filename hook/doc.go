// Package hook records mutations: it reads the rows that a mutation will change, lets ent write, reads them again, and
// hands the difference to the transaction that both share.
//
// The mixin brings the hook into a schema. Generated code gives it what only the generated package
// knows: a Target per mutation, and the specification of what ent is about to write (BeforeUpdate, BeforeDelete,
// State.Creating, BeforeBulk), at the last moment before ent writes it.
package hook
