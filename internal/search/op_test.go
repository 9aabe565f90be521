package search

import "slices"

// A row is one of the table of paths that the log has to tell the truth about.
type row string

const (
	rowCreate   row = "create, with edges, in bulk"
	rowUpsert   row = "upsert"
	rowUpdate   row = "update"
	rowValue    row = "values that land: Add, Append, Clear, Modify, defaults, triggers"
	rowDelete   row = "delete, cascade, set null"
	rowEdge     row = "edges, from either side"
	rowThrough  row = "edge schemas, composite ids"
	rowKind     row = "ids and fields of every kind"
	rowPolicy   row = "soft delete, privacy, hooks"
	rowTx       row = "transactions, savepoints, two clients"
	rowHalfDone row = "a mutation that fails, and a commit"
	rowClient   row = "clients, contexts, drivers"
)

var rows = []row{
	rowCreate, rowUpsert, rowUpdate, rowValue, rowDelete, rowEdge, rowThrough, rowKind, rowPolicy, rowTx, rowHalfDone, rowClient,
}

// An op is an operation.
type op struct {
	name string
	rows []row
	run  func(*call) error
	only []string // the dialects that have it, where not all do
	// fails says that it never succeeds, on some database.
	fails bool
}

// in returns the rows that an op covers.
func in(r ...row) []row { return r }

// ops are the operations, in an order in which simpler ones come first.
var ops = slices.Concat(createOps, updateOps, deleteOps, edgeOps, throughOps, kindOps, upsertOps, policyOps, clientOps)
