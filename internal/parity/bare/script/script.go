// Package script holds what is done to a client, once with auditing and once without. A script says what it does in ent's words alone,
// and writes down all that its caller could notice.
package script

import (
	"context"
	"io"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/parity/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/parity/kinds"
	"github.com/sqlaudit/sqlaudit/internal/parity/transcript"

	_ "github.com/sqlaudit/sqlaudit/internal/parity/bare/ent/runtime" // schema hooks
)

// A Script is one run: a client on empty tables, and the transcript that comes of it.
//
// Of several edges that a mutation adds at once, ent keeps the ids in a map. A script adds one at a time where their order would
// show: in the ids of an edge schema, and in the text of an error.
type Script struct {
	*transcript.Transcript
	Client  *ent.Client
	cleanup []func()
}

// A scene is a script, and what it is about.
type scene struct {
	name, about string
	run         func(*Script)
}

func scenes() []scene {
	var all []scene
	for _, part := range [][]scene{
		queryScenes, fieldScenes, edgeScenes, errorScenes, deleteScenes, bulkScenes, txScenes, hookScenes, nestedScenes, guardScenes, upsertScenes,
		throughScenes, idScenes, clientScenes,
	} {
		all = append(all, part...)
	}
	return all
}

// Names returns the names of all scripts.
func Names() []string {
	var names []string
	for _, s := range scenes() {
		names = append(names, s.name)
	}
	return names
}

// About returns what the named script is about.
func About(name string) string {
	for _, s := range scenes() {
		if s.name == name {
			return s.about
		}
	}
	return ""
}

// Create creates the tables.
func Create(ctx context.Context, drv dialect.Driver) error {
	return ent.NewClient(ent.Driver(drv)).Schema.Create(ctx)
}

// DDL writes the statements that create the tables.
func DDL(ctx context.Context, drv dialect.Driver, w io.Writer) error {
	return ent.NewClient(ent.Driver(drv)).Schema.WriteTo(ctx, w)
}

// EndsEarly begins the line of a script that panics.
const EndsEarly = "the script ends early"

// Run runs the named script. A script that panics ends there, and its transcript says so.
func Run(t *transcript.Transcript, name string) {
	s := &Script{Transcript: t}
	s.Client = s.NewClient()
	kinds.Reset()
	defer func() {
		if v := recover(); v != nil {
			t.Panics(EndsEarly, func() { panic(v) })
		}
		for i := len(s.cleanup) - 1; i >= 0; i-- {
			s.cleanup[i]()
		}
	}()
	for _, sc := range scenes() {
		if sc.name == name {
			sc.run(s)
		}
	}
}

// NewClient returns a further client on the same database.
func (s *Script) NewClient(opts ...ent.Option) *ent.Client {
	return ent.NewClient(append([]ent.Option{ent.Driver(sql.OpenDB(s.Dialect, s.DB))}, opts...)...)
}

// Begin begins a transaction that ends with the script at the latest.
func (s *Script) Begin() *ent.Tx {
	tx, err := s.Client.Tx(s.Ctx)
	if err != nil {
		panic(err)
	}
	s.cleanup = append(s.cleanup, func() { _ = tx.Rollback() })
	return tx
}

// InTx runs f in a transaction and commits it.
func (s *Script) InTx(f func(*ent.Tx)) {
	tx := s.Begin()
	f(tx)
	s.Err("commit", tx.Commit())
}

// Got returns a function that writes down a result, as in
//
//	s.Got("create")(client.User.Create().Save(ctx))
func (s *Script) Got(what string) func(any, error) {
	return func(v any, err error) {
		if err == nil {
			s.Value(what, v)
			return
		}
		s.Line("%s: %s, %s%s", what, transcript.Format(v), transcript.FormatError(err), is(err))
	}
}

// Err writes down an error, or that there is none.
func (s *Script) Err(what string, err error) {
	if err == nil {
		s.Line("%s: no error", what)
		return
	}
	s.Line("%s: %s%s", what, transcript.FormatError(err), is(err))
}

// is says what ent says about an error.
func is(err error) string {
	text := ""
	for _, q := range []struct {
		name string
		is   func(error) bool
	}{
		{"not found", ent.IsNotFound}, {"not singular", ent.IsNotSingular}, {"not loaded", ent.IsNotLoaded},
		{"validation", ent.IsValidationError}, {"constraint", ent.IsConstraintError},
	} {
		if q.is(err) {
			text += " [" + q.name + "]"
		}
	}
	return text
}

// Watch has every mutation of a client write down that it begins and ends, under the given names, outermost first.
func (s *Script) Watch(c interface{ Use(...ent.Hook) }, names ...string) {
	for _, name := range names {
		c.Use(s.watcher(name))
	}
}

func (s *Script) watcher(name string) ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			s.Line("%s: %s %s", name, m.Op(), m.Type())
			v, err := next.Mutate(ctx, m)
			s.Got(name+" ends")(v, err)
			return v, err
		})
	}
}

// user creates a user.
func (s *Script) user(name string) *ent.User {
	return s.Client.User.Create().SetName(name).SetEmail(name + "@example.com").SaveX(s.Ctx)
}

// users creates users.
func (s *Script) users(names ...string) []*ent.User {
	us := make([]*ent.User, len(names))
	for i, n := range names {
		us[i] = s.user(n)
	}
	return us
}
