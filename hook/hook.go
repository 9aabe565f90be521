package hook

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Mutation is an ent mutation of a package that was generated with the extension.
type Mutation interface {
	ent.Mutation
	AuditTarget() Target
}

// A Target is what generated code tells about a mutation.
type Target struct {
	Schema *auditlog.Schema
	Type   *auditlog.Type
	// Driver is the one that the mutation runs on, and Inner gives the transaction beneath a driver of
	// the generated package.
	Driver dialect.Driver
	Inner  func(dialect.Driver) dialect.Tx
	// Actor is the client's actor function, or nil.
	Actor auditlog.ActorFunc
	// SchemaOf returns the database schema of a type's table, or "" for the connection's own.
	SchemaOf func(*auditlog.Type) string
	// Wrap gives an error of the database the form in which the generated package returns it.
	Wrap func(error) error
	// State is the mutation's own.
	State *State
}

// New returns the hook that records mutations. It is safe for concurrent use.
func New() ent.Hook {
	return func(next ent.Mutator) ent.Mutator { return &recorder{next: next} }
}

// Refuse returns a hook whose mutations fail with err.
func Refuse(err error) ent.Hook {
	return func(ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) { return nil, err })
	}
}

// recorder is a type of its own so that Arrange can tell it among other hooks.
type recorder struct{ next ent.Mutator }

// Mutate implements ent.Mutator.
func (r *recorder) Mutate(ctx context.Context, m ent.Mutation) (ent.Value, error) {
	am, ok := m.(Mutation)
	if !ok {
		return nil, fmt.Errorf("%w (type %s)", auditlog.ErrNotGenerated, m.Type())
	}
	o := &operation{target: am.AuditTarget(), mutation: m}
	if o.concerns() {
		if err := o.identify(ctx); err != nil {
			return nil, err
		}
	}
	// The hook of a tracked type is the innermost.
	ctx, unit, err := auditdriver.NewUnit(ctx, o.target.Driver, o.target.Inner, o.target.Type.Tracked())
	if err != nil {
		return nil, err
	}
	o.unit = unit
	*o.target.State = State{op: o}
	ctx = context.WithValue(ctx, operationKey{}, o)

	ended := false
	defer func() {
		if !ended { // a panic passes through
			if unit.Issued() > 0 {
				unit.Fail(errors.New("sqlaudit: the mutation did not return"))
			}
			_ = unit.Rollback(nil)
		}
	}()
	v, err := r.next.Mutate(ctx, m)
	err = o.finish(ctx, v, err)
	ended = true
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Arrange moves the hook of New to the end of a type's schema hooks, where it is the innermost: it then sees what
// other hooks leave to be written, and no other hook runs within its transaction. It is called once per type, as the first
// client is made, and changes hooks in place. Where ent has not registered the hooks yet, as for a client that is a package's
// variable, they stay in their order.
func Arrange(hooks []ent.Hook) {
	if i := find(hooks); i >= 0 {
		h := hooks[i]
		copy(hooks[i:], hooks[i+1:])
		hooks[len(hooks)-1] = h
	}
}

// Guard returns a hook whose mutations fail with auditlog.ErrHookMissing unless the hook of New is among a type's schema hooks.
// It looks when it is first asked, for ent may register them after the client was made.
func Guard(typeName string, hooks []ent.Hook) ent.Hook {
	there := sync.OnceValue(func() bool { return find(hooks) >= 0 })
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			if !there() {
				return nil, fmt.Errorf("%w (type %s)", auditlog.ErrHookMissing, typeName)
			}
			return next.Mutate(ctx, m)
		})
	}
}

// find returns the position of the hook of New, or -1.
func find(hooks []ent.Hook) int {
	nop := ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) { return nil, nil })
	return slices.IndexFunc(hooks, func(h ent.Hook) bool {
		if h == nil {
			return false
		}
		_, ok := h(nop).(*recorder)
		return ok
	})
}

type operationKey struct{}

// An operation is one mutation being recorded.
type operation struct {
	target   Target
	mutation ent.Mutation
	stamp    auditlog.Stamp
	unit     *auditdriver.Unit

	images  []*image               // of the rows that may change, in the order in which they were read
	creates []*sqlgraph.CreateSpec // what is created: one, or all of a bulk
	batch   *sqlgraph.BatchCreateSpec
	stamps  []auditlog.Stamp // by creates, in a bulk
	member  bool             // of a bulk that another operation records
	going   map[goner]bool   // the rows that a deletion takes with it
}

// concerns reports whether the mutation may be recorded. One of an untracked type may if it deletes, or has edges.
func (o *operation) concerns() bool {
	m := o.mutation
	return o.target.Type.Tracked() || m.Op().Is(ent.OpDelete|ent.OpDeleteOne) ||
		len(m.AddedEdges())+len(m.RemovedEdges())+len(m.ClearedEdges()) > 0
}

// identify finds out who makes the mutation and why, before anything is opened or written.
func (o *operation) identify(ctx context.Context) error {
	origin := auditlog.OriginFromContext(ctx)
	if origin.Actor.IsZero() && o.target.Actor != nil {
		actor, err := o.target.Actor(ctx)
		if err != nil {
			return fmt.Errorf("sqlaudit: actor function: %w", err)
		}
		origin.Actor = actor
	}
	var err error
	o.stamp, err = origin.Stamp()
	return err
}

// of returns the operation of ctx if it is one on the given table, and ent is about to use drv for it.
func of(ctx context.Context, drv dialect.Driver, table string) (*operation, error) {
	o, _ := ctx.Value(operationKey{}).(*operation)
	if o == nil || o.target.Type.Table != table {
		return nil, auditlog.ErrHookMissing
	}
	if !o.unit.Runs(drv, o.target.Inner) {
		return nil, auditlog.ErrOtherClient
	}
	return o, nil
}

// finish records what the mutation did and ends its unit. Err is the mutation's own.
func (o *operation) finish(ctx context.Context, v ent.Value, err error) error {
	o.unit.Watch(false)
	switch {
	case !o.unit.Active() || o.member:
		return o.unit.Rollback(err) // there is nothing to commit
	case err != nil && o.unit.Own():
		return o.unit.Rollback(err)
	case err != nil:
		o.salvage(ctx, err)
		return o.unit.Rollback(err)
	}
	entries, err := o.entries(ctx, v)
	if err == nil {
		err = o.unit.Record(ctx, entries)
	}
	if err != nil {
		err = auditlog.Failed("record the mutation", err)
		o.unit.Fail(err)
		return o.unit.Rollback(err)
	}
	if err := o.unit.Commit(); err != nil {
		return o.target.Wrap(err)
	}
	return nil
}

// salvage records what a mutation that failed with cause within the user's transaction has left there, for the user may
// commit it: ent's own transaction does not exist within another. If that cannot be found out, Commit will fail.
func (o *operation) salvage(ctx context.Context, cause error) {
	if o.unit.Issued() == 0 {
		return
	}
	// The insert of a create comes first; that a second statement was issued says that it succeeded.
	if len(o.creates) > 0 && o.unit.Issued() == 1 {
		if !refused(cause) && !aborted(cause) {
			o.unit.Fail(cause)
			return
		}
		o.creates = nil
	}
	entries, err := o.entries(ctx, nil)
	if err == nil {
		err = o.unit.Record(ctx, entries)
	}
	if err != nil && !aborted(err) {
		o.unit.Fail(err)
	}
}

// refused reports whether err is the database's own answer to a statement, which then has done nothing. After any other error,
// such as one of the connection or of reading the answer, it may have.
func refused(err error) bool {
	var state interface{ SQLState() string }
	return sqlgraph.IsConstraintError(err) || errors.As(err, &state) ||
		strings.Contains(err.Error(), "constraint failed") || mysqlError.MatchString(err.Error())
}

// mysqlError matches the text that github.com/go-sql-driver/mysql gives to an error of the server.
var mysqlError = regexp.MustCompile(`\bError \d+ \(\w+\): `)

// aborted reports whether err says that PostgreSQL ignores the transaction's statements until it is rolled back, entirely or to a
// savepoint from before the mutation: nothing of it will stay.
func aborted(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && state.SQLState() == "25P02"
}
