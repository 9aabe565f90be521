package conformance

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/card"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/memo"
)

func TestPage(t *testing.T) { runCases(t, pageCases) }

// cards creates cards with the given ids, each in an entry.
func (e *env) cards(ids ...string) {
	for _, id := range ids {
		e.client.Card.Create().SetID(id).SetNumber("1").ExecX(e.ctx)
	}
}

func (e *env) entries() *ent.AuditLogQuery {
	return e.client.AuditLog.Query().Where(auditlog.ResourceType("Card"))
}

func (e *env) page(t *testing.T, args sqlaudit.PageArgs) *sqlaudit.Page[*ent.AuditLog] {
	t.Helper()
	p, err := e.entries().Page(e.ctx, args)
	require.NoError(t, err)
	return p
}

// text returns a page as "<a b>", with a bracket where nothing precedes or follows, and a dot where something does.
func text(p *sqlaudit.Page[*ent.AuditLog]) string {
	s := "<"
	if p.HasPrevious {
		s = "."
	}
	for i, l := range p.Entries {
		if i > 0 {
			s += " "
		}
		s += l.ResourceID
	}
	if p.HasNext {
		return s + "."
	}
	return s + ">"
}

var pageCases = []testCase{
	{"forwards and back", "each entry once, in either order and either direction", func(t *testing.T, e *env) {
		e.cards("a", "b", "c", "d", "e")
		for newest, want := range map[bool][]string{false: {"<a b.", ".c d.", ".e>"}, true: {"<e d.", ".c b.", ".a>"}} {
			args := sqlaudit.PageArgs{Size: 2, NewestFirst: newest}
			var pages []*sqlaudit.Page[*ent.AuditLog]
			for i, w := range want {
				p := e.page(t, args)
				require.Equal(t, w, text(p))
				pages, args.After = append(pages, p), p.Next
				require.Equal(t, i < len(want)-1, p.HasNext)
			}
			past := e.page(t, args)
			require.Equal(t, ".>", text(past))
			require.Equal(t, args.After, past.Next)
			args.After, args.Before = "", past.Previous
			require.Equal(t, map[bool]string{false: ".d e>", true: ".b a>"}[newest], text(e.page(t, args)))
			for i := len(pages) - 1; i > 0; i-- {
				args.Before = pages[i].Previous
				require.Equal(t, want[i-1], text(e.page(t, args)))
			}
			args.Before = pages[0].Previous
			require.Equal(t, "<.", text(e.page(t, args)))
		}
	}},
	{"a cursor holds for both orders", "it is a place between two entries", func(t *testing.T, e *env) {
		e.cards("a", "b", "c", "d")
		p := e.page(t, sqlaudit.PageArgs{Size: 2})
		require.Equal(t, ".b a>", text(e.page(t, sqlaudit.PageArgs{After: p.Next, NewestFirst: true})))
		require.Equal(t, "<d c.", text(e.page(t, sqlaudit.PageArgs{Before: p.Next, NewestFirst: true})))
		require.Equal(t, "<a b.", text(e.page(t, sqlaudit.PageArgs{Before: p.Next})))
	}},
	{"an empty log", "there is no place yet, and then there is", func(t *testing.T, e *env) {
		p := e.page(t, sqlaudit.PageArgs{Total: true})
		require.Equal(t, "<>", text(p))
		require.Empty(t, p.Next+p.Previous)
		e.cards("a")
		p = e.page(t, sqlaudit.PageArgs{After: p.Next})
		require.Equal(t, "<a>", text(p))
		e.cards("b")
		require.Equal(t, ".b>", text(e.page(t, sqlaudit.PageArgs{After: p.Next})))
	}},
	{"total", "of all that the query selects, whatever the fields", func(t *testing.T, e *env) {
		e.cards("a", "b", "c")
		require.Equal(t, 0, e.page(t, sqlaudit.PageArgs{Size: 1}).Total)
		require.Equal(t, 3, e.page(t, sqlaudit.PageArgs{Size: 1, Total: true}).Total)
		p, err := e.entries().Where(auditlog.ResourceIDIn("a", "c")).Select(auditlog.FieldReason).Page(e.ctx, sqlaudit.PageArgs{Size: 1, Total: true})
		require.NoError(t, err)
		require.Equal(t, 2, p.Total)
	}},
	{"statements", "one; one more with a cursor, and one more for the total, whatever the number of entries", func(t *testing.T, e *env) {
		for _, n := range []int{1, 1000} {
			e.client.Card.MapCreateBulk(make([]int, n), func(c *ent.CardCreate, i int) { c.SetID(fmt.Sprint(n, i)).SetNumber("1") }).ExecX(e.ctx)
			e.probe.reset()
			p := e.page(t, sqlaudit.PageArgs{Size: 10})
			require.Equal(t, []string{"SELECT log"}, e.probe.noted())
			e.probe.reset()
			e.page(t, sqlaudit.PageArgs{Size: 10, After: p.Next, Total: true})
			require.Equal(t, []string{"SELECT log", "SELECT log", "SELECT log"}, e.probe.noted())
		}
		e.probe.reset()
		n := 0
		for _, err := range e.entries().Each(e.ctx, sqlaudit.PageArgs{Size: 500}) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 1001, n)
		require.Len(t, e.probe.noted(), 3)
	}},
	{"what a query selects", "conditions, fields and where it starts from stay", func(t *testing.T, e *env) {
		e.cards("a", "b", "c")
		e.user("u")
		e.client.Card.Update().Where(card.ID("b")).SetNumber("2").ExecX(e.ctx)
		q := e.client.Card.Query().Where(card.IDIn("a", "b")).QueryHistory()
		p, err := q.Select(auditlog.FieldAction).Page(e.ctx, sqlaudit.PageArgs{Size: 2})
		require.NoError(t, err)
		require.True(t, p.HasNext)
		require.Equal(t, "create", p.Entries[1].Action)
		require.NotZero(t, p.Entries[1].ID)
		require.Empty(t, p.Entries[1].ResourceID, "it was not selected")
		p, err = q.Page(e.ctx, sqlaudit.PageArgs{Size: 2, After: p.Next})
		require.NoError(t, err)
		require.Len(t, p.Entries, 1)
		require.True(t, p.HasPrevious)
		require.Equal(t, "update", p.Entries[0].Action)
		p, err = e.client.Card.QueryHistory(e.client.Card.GetX(e.ctx, "b")).Page(e.ctx, sqlaudit.PageArgs{})
		require.NoError(t, err)
		require.Len(t, p.Entries, 2)
	}},
	{"interceptors and policies", "they apply to pages as to every query, and hide no page from the others", func(t *testing.T, e *env) {
		e.client.Memo.Create().SetText("seen").ExecX(e.ctx)
		hidden := e.client.Memo.Create().SetText("hidden").SaveX(e.ctx)
		e.client.Memo.DeleteOne(hidden).ExecX(e.ctx)
		p, err := e.client.Memo.QueryHistory().Page(e.ctx, sqlaudit.PageArgs{Total: true})
		require.NoError(t, err)
		require.Len(t, p.Entries, 1)
		require.Equal(t, 1, p.Total)
		p, err = e.client.Memo.QueryHistory().Page(withDeleted(e.ctx), sqlaudit.PageArgs{})
		require.NoError(t, err)
		require.Len(t, p.Entries, 3)
		require.Equal(t, 2, e.client.Memo.Query().Where(memo.HasHistory()).CountX(withDeleted(e.ctx)))

		e.cards("a", "b", "c", "d", "e")
		keep := map[string]bool{"c": true, "e": true}
		client := ent.NewClient(ent.Driver(e.probe))
		client.AuditLog.Intercept(ent.InterceptFunc(func(next ent.Querier) ent.Querier {
			return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
				v, err := next.Query(ctx, q)
				if entries, ok := v.([]*ent.AuditLog); ok {
					v = slices.DeleteFunc(slices.Clone(entries), func(l *ent.AuditLog) bool { return !keep[l.ResourceID] })
				}
				return v, err
			})
		}))
		var seen []string
		for l, err := range client.AuditLog.Query().Where(auditlog.ResourceType("Card")).Each(e.ctx, sqlaudit.PageArgs{Size: 2}) {
			require.NoError(t, err)
			seen = append(seen, l.ResourceID)
		}
		require.Equal(t, []string{"c", "e"}, seen, "a page of which nothing is to be seen is not the end")
	}},
	{"what contradicts pages", "it is refused, also where an interceptor does it", func(t *testing.T, e *env) {
		e.cards("a")
		for _, q := range []*ent.AuditLogQuery{e.entries().Limit(1), e.entries().Offset(0), e.entries().Order(auditlog.ByActorID())} {
			_, err := q.Page(e.ctx, sqlaudit.PageArgs{})
			require.ErrorIs(t, err, sqlaudit.ErrNotPaged)
			for _, err := range q.Each(e.ctx, sqlaudit.PageArgs{}) {
				require.ErrorIs(t, err, sqlaudit.ErrNotPaged)
			}
		}
		client := ent.NewClient(ent.Driver(e.probe))
		client.AuditLog.Intercept(ent.TraverseFunc(func(_ context.Context, q ent.Query) error {
			q.(*ent.AuditLogQuery).Limit(1)
			return nil
		}))
		_, err := client.AuditLog.Query().Page(e.ctx, sqlaudit.PageArgs{})
		require.ErrorIs(t, err, sqlaudit.ErrNotPaged)
		var ve *sqlaudit.ValueError
		next := e.page(t, sqlaudit.PageArgs{}).Next
		for _, args := range []sqlaudit.PageArgs{{Size: -1}, {Size: 10_001}, {After: next, Before: next}} {
			_, err := e.entries().Page(e.ctx, args)
			require.ErrorAs(t, err, &ve)
		}
		for _, args := range []sqlaudit.PageArgs{{Before: next}, {Total: true}, {Size: -1}} {
			for _, err := range e.entries().Each(e.ctx, args) {
				require.ErrorAs(t, err, &ve)
			}
		}
		for _, cursor := range []string{"x", next[1:], next + "A", " " + next, "Z" + next[1:], next[:len(next)-1], "AAAAAAAAAAAAAAAAAAAAAAA"} {
			_, err := e.entries().Page(e.ctx, sqlaudit.PageArgs{After: cursor})
			require.ErrorIs(t, err, sqlaudit.ErrCursor, cursor)
		}
	}},
	{"a sequence", "it can be left at any entry, writes are possible meanwhile, and it begins where it is told", func(t *testing.T, e *env) {
		e.cards("a", "b", "c", "d")
		var seen []string
		for l, err := range e.entries().Each(e.ctx, sqlaudit.PageArgs{Size: 1}) {
			require.NoError(t, err)
			seen = append(seen, l.ResourceID)
			if len(seen) == 1 {
				e.cards("e")
			}
			if len(seen) == 3 {
				break
			}
		}
		require.Equal(t, []string{"a", "b", "c"}, seen)
		seen = nil
		for l, err := range e.entries().Each(e.ctx, sqlaudit.PageArgs{Size: 2, NewestFirst: true, After: e.page(t, sqlaudit.PageArgs{Size: 4}).Next}) {
			require.NoError(t, err)
			seen = append(seen, l.ResourceID)
		}
		require.Equal(t, []string{"d", "c", "b", "a"}, seen)
		ctx, cancel := context.WithCancel(e.ctx)
		cancel()
		for _, err := range e.entries().Each(ctx, sqlaudit.PageArgs{}) {
			require.ErrorIs(t, err, context.Canceled)
		}
	}},
	{"while others write", "what was there is read once, whatever is added and wherever", func(t *testing.T, e *env) {
		e.cards("a", "b", "c", "d")
		first := e.page(t, sqlaudit.PageArgs{Size: 2, NewestFirst: true})
		e.cards("e", "f")
		second := e.page(t, sqlaudit.PageArgs{Size: 2, NewestFirst: true, After: first.Next})
		require.Equal(t, ".b a>", text(second))
		require.Equal(t, ".d c.", text(e.page(t, sqlaudit.PageArgs{Size: 2, NewestFirst: true, Before: second.Previous})))
		require.Equal(t, "<f e.", text(e.page(t, sqlaudit.PageArgs{Size: 9, NewestFirst: true, Before: first.Previous})))
	}},
	{"settled on nothing", "an empty log is complete", func(t *testing.T, e *env) {
		to, err := sqlaudit.Settled(e.ctx, e.client)
		require.NoError(t, err)
		require.False(t, to.IsZero(), "which would be an open end")
		e.cards("a")
		require.Empty(t, e.found(t, auditlog.During(time.Time{}, to)))
		e.inTx(t, func(tx *ent.Tx) {
			_, err := sqlaudit.Settled(e.ctx, tx.Client())
			require.ErrorIs(t, err, sqlaudit.ErrUnsettled)
		})
	}},
}

// TestLateCommit has a transaction commit after one that wrote later: who reads on from the newest entry misses it, and who reads up to what is settled does not.
func TestLateCommit(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		consume := func(from, to time.Time) (seen []string) {
			for l, err := range e.entries().Where(auditlog.During(from, to)).Each(e.ctx, sqlaudit.PageArgs{}) {
				require.NoError(t, err)
				seen = append(seen, l.ResourceID)
			}
			return seen
		}
		e.cards("before")
		settle := func() (time.Time, error) {
			ctx, cancel := context.WithTimeout(e.ctx, time.Minute)
			defer cancel()
			return sqlaudit.Settled(ctx, e.client)
		}
		settled := func() time.Time {
			s, err := settle()
			require.NoError(t, err)
			return s
		}
		start := settled()
		require.Equal(t, []string{"before"}, consume(time.Time{}, start))

		late := e.begin(t, e.client)
		late.Card.Create().SetID("late").SetNumber("1").ExecX(e.ctx)
		_, err := late.ExecContext(e.ctx, "SELECT 1") // from here on entries are written through
		require.NoError(t, err)
		if b.dialect == dialect.SQLite { // the others wait for their turn
			mid := settled()
			require.Empty(t, consume(start, mid))
			require.NoError(t, late.Commit())
			require.Equal(t, []string{"late"}, consume(mid, settled()))
			return
		}
		e.cards("early")
		require.Equal(t, ".early>", text(e.page(t, sqlaudit.PageArgs{After: e.page(t, sqlaudit.PageArgs{Size: 1}).Next})))
		missed := e.page(t, sqlaudit.PageArgs{}).Next

		ctx, cancel := context.WithTimeout(e.ctx, 500*time.Millisecond)
		defer cancel()
		_, err = sqlaudit.Settled(ctx, e.client)
		require.ErrorIs(t, err, context.DeadlineExceeded, "there is a transaction to wait for")

		type result struct {
			at  time.Time
			err error
		}
		done := make(chan result, 1)
		go func() {
			at, err := settle()
			done <- result{at, err}
		}()
		require.NoError(t, late.Commit())
		require.Equal(t, ">", text(e.page(t, sqlaudit.PageArgs{After: missed}))[1:], "the entry that came late is before the cursor")
		waited := <-done
		require.NoError(t, waited.err)
		require.Equal(t, []string{"late", "early"}, consume(start, waited.at))
	})
}

// TestSettled reads up to what is settled while transactions of every length write: each entry is read once, in the order of their ids.
func TestSettled(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		client := ent.NewClient(ent.Driver(entsql.OpenDB(b.dialect, db)))
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for i := range 15 {
					tx, err := client.Tx(e.ctx)
					if err != nil {
						t.Error(err)
						return
					}
					for k := range 1 + (w+i)%3 {
						if err := tx.Twin.Create().SetName(fmt.Sprint(w, i, k)).Exec(e.ctx); err != nil {
							t.Error(err)
						}
						if _, err := tx.ExecContext(e.ctx, "SELECT 1"); err != nil { // writes the entry
							t.Error(err)
						}
					}
					if i%5 == 4 {
						err = tx.Rollback()
					} else {
						err = tx.Commit()
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		done := make(chan struct{})
		go func() {
			writers.Wait()
			close(done)
		}()
		var seen []string
		var from time.Time
		for last := false; !last; {
			select {
			case <-done:
				last = true
			default:
			}
			ctx, cancel := context.WithTimeout(e.ctx, time.Minute)
			to, err := sqlaudit.Settled(ctx, client)
			cancel()
			require.NoError(t, err)
			for l, err := range client.AuditLog.Query().Where(auditlog.During(from, to)).Each(e.ctx, sqlaudit.PageArgs{Size: 7}) {
				require.NoError(t, err)
				seen = append(seen, l.ID.String())
			}
			from = to
		}
		var want []string
		for _, l := range e.log(t) {
			want = append(want, l.ID)
		}
		require.Len(t, want, 4*12*2)
		require.Equal(t, want, seen)
	})
}
