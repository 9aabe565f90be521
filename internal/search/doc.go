// Package search looks for a change without its entry, or an entry without its change. Its test draws sequences of operations over
// the types of internal/conformance/ent, in every way that an application may make them, runs them on each database, and has the
// log judged by what shares no code with the library.
//
//	go test -race ./internal/search                                          # bounded: some seconds per database
//	go test ./internal/search -run Search/postgres -search.duration=15m -timeout 30m
//	go test ./internal/search -run Search/sqlite -rapid.seed=42              # the same sequences again
//
// What is drawn does not depend on what is in the database: an operation is a name and some bytes, and picks what it works on by them when it
// runs. So a sequence that fails is shrunk by rapid, printed as the mutations that it made, and written to testdata/rapid. To run it again:
//
//	go test ./internal/search -run Search/sqlite -rapid.failfile=testdata/rapid/….fail
//
// Sequences that run beside each other, as their printed form says, depend on the database's timing too, and may
// need more than one such run.
package search
