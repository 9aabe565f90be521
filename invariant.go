package sqlaudit

import (
	"context"
	"iter"

	"github.com/sqlaudit/sqlaudit/replay"
)

// What holds the log and the tables against each other. Each is documented in package replay.
type (
	// A State is what the log says: the recorded fields and links of every entity that is there.
	State = replay.State
	// An Entity is what the log says of one.
	Entity = replay.Entity
	// A Finding is an entry that does not continue the ones before it.
	Finding = replay.Finding
	// A Difference is one between the log and the tables.
	Difference = replay.Difference
	// A Report is what Reconcile has read and found.
	Report = replay.Report
	// Progress is how far a run is with a type.
	Progress = replay.Progress
	// A ReplayOption says what Replay, Reconcile and Baseline are to do, and how.
	ReplayOption = replay.Option
	// A ReplayClient is a generated client.
	ReplayClient = replay.Client
)

// ErrInTransaction is returned by Baseline for a client within a transaction.
var ErrInTransaction = replay.ErrInTransaction

// Replay folds the log into the state that it implies.
//
//	state, err := sqlaudit.Replay(ctx, client, sqlaudit.Types("Customer"))
//	state.Entity("Customer", "7").Fields["email"]
func Replay(ctx context.Context, c ReplayClient, opts ...ReplayOption) (*State, error) {
	return replay.Replay(ctx, c, opts...)
}

// Reconcile compares what the log implies with the live tables, and so finds what was written around ent. It locks nothing, and
// what ent does meanwhile is no difference.
//
//	report, err := sqlaudit.Reconcile(ctx, client, sqlaudit.Types("Customer"))
//	fmt.Print(report) // Customer 7: email is "b@example.com", and "a@example.com" in the log
func Reconcile(ctx context.Context, c ReplayClient, opts ...ReplayOption) (*Report, error) {
	return replay.Reconcile(ctx, c, opts...)
}

// Differences is Reconcile as a sequence, which ends with the first error.
func Differences(ctx context.Context, c ReplayClient, opts ...ReplayOption) iter.Seq2[Difference, error] {
	return replay.Differences(ctx, c, opts...)
}

// Baseline records what is there and the log does not know: rows from before their type was tracked, and values of fields and edges
// that are tracked since. It may run while the application does, be stopped, and be run again.
//
//	ctx = sqlaudit.WithReason(ctx, "customers are tracked from today")
//	progress, err := sqlaudit.Baseline(ctx, client, sqlaudit.Types("Customer"))
func Baseline(ctx context.Context, c ReplayClient, opts ...ReplayOption) ([]Progress, error) {
	return replay.Baseline(ctx, c, opts...)
}

// Types names the types to read, by their labels in the log. The default is every tracked type.
func Types(labels ...string) ReplayOption { return replay.Types(labels...) }

// IDs names the entities that Replay reads, by their ids in the log. The default is every entity.
func IDs(ids ...string) ReplayOption { return replay.IDs(ids...) }

// BatchSize sets how many entities Reconcile and Baseline read at a time, and how many entries Replay does: 500 by default.
func BatchSize(n int) ReplayOption { return replay.BatchSize(n) }

// Joined names edges to many that were added to the tracked ones when there were entities already, for Baseline.
func Joined(edges ...string) ReplayOption { return replay.Joined(edges...) }

// OnProgress has Reconcile and Baseline say how far they are after each batch.
func OnProgress(f func(Progress)) ReplayOption { return replay.OnProgress(f) }

// OnFinding has Replay hand on findings, and not collect them.
func OnFinding(f func(Finding)) ReplayOption { return replay.OnFinding(f) }
