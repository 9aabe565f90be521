// Package replay holds the log and the tables against each other. The log is the truth: folding its entries gives the recorded state of
// every entity (Replay, State). Reconcile compares that with the live tables and so finds what was written around ent.
// Baseline records what was there before the log followed it.
//
// All take a generated client. They read by plain SQL: no hook, interceptor, privacy rule or query limit of the application's takes part.
package replay
