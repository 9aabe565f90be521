package search

import (
	"context"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
)

// nargs is how many bytes are drawn for one operation. One that asks for more gets zeros.
const nargs = 20

// An args is what an operation takes its choices from.
type args struct {
	drawn []byte
	next  int
}

// n returns a number below k. The simplest choice is to be 0.
func (a *args) n(k int) int {
	if a.next >= len(a.drawn) {
		return 0
	}
	a.next++
	return int(a.drawn[a.next-1]) % k
}

// seldom reports true one time in k.
func (a *args) seldom(k int) bool { return a.n(k) == k-1 }

// oneOf returns one of the values.
func oneOf[T any](a *args, values ...T) T { return values[a.n(len(values))] }

// A call is an operation being made.
type call struct {
	*args
	ctx    context.Context
	client *ent.Client
	s      *session
	// alone says that nothing else can happen to the tables meanwhile, so that counts can be foretold.
	alone bool
}

func (c *call) on(dialects ...string) bool {
	for _, d := range dialects {
		if c.s.base.dialect == d {
			return true
		}
	}
	return false
}

// A poolError is that of a query by which an operation picks what it works on.
type poolError struct{ error }

// pick returns one of the ids that there are, mostly; sometimes one that there is not.
func pick[T any](c *call, query func(context.Context) ([]T, error), missing T) T {
	return choose(c, all(c, query), missing)
}

func choose[T any](c *call, ids []T, missing T) T {
	choice := c.n(256)
	if len(ids) == 0 || choice%16 == 15 {
		return missing
	}
	return ids[choice%len(ids)]
}

// some returns up to three of the ids that there are.
func some[T any](c *call, query func(context.Context) ([]T, error), missing T) []T {
	there := all(c, query)
	ids := make([]T, 1+c.n(3))
	for i := range ids {
		ids[i] = choose(c, there, missing)
	}
	return ids
}

func all[T any](c *call, query func(context.Context) ([]T, error)) []T {
	ids, err := query(everything(c.ctx))
	if err != nil {
		panic(poolError{err})
	}
	return ids
}

const missingID = 1 << 30

func (c *call) users() []int      { return some(c, c.userIDs, missingID) }
func (c *call) user() int         { return pick(c, c.userIDs, missingID) }
func (c *call) node() int         { return pick(c, c.nodeIDs, missingID) }
func (c *call) nodes() []int      { return some(c, c.nodeIDs, missingID) }
func (c *call) pet() uuid.UUID    { return pick(c, c.petIDs, uuid.Max) }
func (c *call) pets() []uuid.UUID { return some(c, c.petIDs, uuid.Max) }
func (c *call) group() uuid.UUID  { return pick(c, c.groupIDs, uuid.Max) }
func (c *call) groups() []uuid.UUID {
	return some(c, c.groupIDs, uuid.Max)
}

func (c *call) userIDs(ctx context.Context) ([]int, error) {
	return c.client.User.Query().Order(ent.Asc("id")).IDs(ctx)
}

func (c *call) nodeIDs(ctx context.Context) ([]int, error) {
	return c.client.Node.Query().Order(ent.Asc("id")).IDs(ctx)
}

func (c *call) petIDs(ctx context.Context) ([]uuid.UUID, error) {
	return c.client.Pet.Query().Order(ent.Asc("id")).IDs(ctx)
}

func (c *call) groupIDs(ctx context.Context) ([]uuid.UUID, error) {
	return c.client.Group.Query().Order(ent.Asc("id")).IDs(ctx)
}

func (c *call) team() int { return pick(c, c.client.Team.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) teams() []int {
	return some(c, c.client.Team.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) post() int { return pick(c, c.client.Post.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) posts() []int {
	return some(c, c.client.Post.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) tag() string { return pick(c, c.client.Tag.Query().Order(ent.Asc("id")).IDs, "missing") }
func (c *call) tags() []string {
	return some(c, c.client.Tag.Query().Order(ent.Asc("id")).IDs, "missing")
}
func (c *call) room() int { return pick(c, c.client.Room.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) rooms() []int {
	return some(c, c.client.Room.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) shelf() int {
	return pick(c, c.client.Shelf.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) book() int { return pick(c, c.client.Book.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) books() []int {
	return some(c, c.client.Book.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) box() int { return pick(c, c.client.Box.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) boxes() []int {
	return some(c, c.client.Box.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) lamp() int { return pick(c, c.client.Lamp.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) org() int  { return pick(c, c.client.Org.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) site() int { return pick(c, c.client.Site.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) sites() []int {
	return some(c, c.client.Site.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) memo() int { return pick(c, c.client.Memo.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) badges() []int {
	return some(c, c.client.Badge.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) twin() int { return pick(c, c.client.Twin.Query().Order(ent.Asc("id")).IDs, missingID) }
func (c *call) member() int {
	return pick(c, c.client.Membership.Query().Order(ent.Asc("id")).IDs, missingID)
}
func (c *call) card() string {
	return pick(c, c.client.Card.Query().Order(ent.Asc("id")).IDs, "missing")
}
func (c *call) doc() string {
	return pick(c, c.client.Doc.Query().Order(ent.Asc("doc_id")).IDs, "missing")
}

// count fails the run if n rows were not what an operation was to affect. On MySQL and MariaDB an update counts the rows that it changed.
func (c *call) count(what string, want int, updates bool, n int, err error) error {
	if err != nil || !c.alone || updates && c.on(dialect.MySQL) {
		return err
	}
	if n != want {
		return fmt.Errorf("%w: %s affected %d rows, not %d", errWrong, what, n, want)
	}
	return nil
}

// errWrong is that an operation did not do what it was to do.
var errWrong = errors.New("search: wrong result")
