package history

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

var (
	// ErrCursor is returned for a cursor that is not one of a page.
	ErrCursor = errors.New("sqlaudit: the text is no cursor of a page: pass on what Page.Next or Page.Previous gave, unchanged")

	// ErrNotPaged is returned for pages of a query that has, or that an interceptor gives, an order, a limit or an offset of its own.
	ErrNotPaged = errors.New("sqlaudit: the pages of a query have an order and a limit: leave out its own Order, Limit and Offset")
)

const (
	defaultSize = 50
	maxSize     = 10_000
)

// PageArgs say which page of entries to read. The zero value is the first one, oldest entries first.
type PageArgs struct {
	// Size is the most entries that a page has: 50 if it is zero, at most 10,000.
	Size int
	// After has the page begin where another ended: it is that page's Next. Before has it end where another began: it is that one's Previous.
	// At most one is set.
	After, Before string
	// NewestFirst turns the order of the entries round. The default is oldest first.
	NewestFirst bool
	// Total has all entries that the query selects counted, which takes one more statement, and as long as counting takes.
	Total bool
}

// A Page is a part of a log, in the order of the entries' ids: no two have the same place in it. A cursor is a place between two entries, so that what is
// written or removed meanwhile neither moves nor repeats the others. It holds for both orders.
type Page[E any] struct {
	Entries []E
	// Next is where the page ends, and Previous where it begins: for After and Before. They are there as well if no entry follows yet, and empty only where
	// there is nothing to go by: of a page without entries that was asked for without a cursor.
	Next, Previous string
	// HasNext and HasPrevious say whether entries follow and precede.
	HasNext, HasPrevious bool
	// Total is the number of all entries that the query selects, if PageArgs asked for it.
	Total int
}

// Pages are how the pages of a generated query are read.
type Pages[E any] struct {
	// Refused says that the query has an order or bounds of its own.
	Refused bool
	ID      func(E) uuid.UUID
	// Read reads entries. Interceptors may have left out some of those that were read.
	Read func(ctx context.Context, where func(*sql.Selector), order sql.OrderTermOption, limit int) (entries, read []E, err error)
	// Exist is told the order so that it looks from the place on. Without one PostgreSQL may read all that is on its other side.
	Exist func(ctx context.Context, where func(*sql.Selector), order sql.OrderTermOption) (bool, error)
	Count func(ctx context.Context) (int, error)
}

// ReadPage reads a page. It takes one statement, one more if args have a cursor, and one more for the total. It fails with a *auditlog.ValueError for
// args that contradict each other, and with ErrCursor and ErrNotPaged.
func ReadPage[E any](ctx context.Context, p Pages[E], args PageArgs) (*Page[E], error) {
	w, err := newSpan(args)
	if err != nil {
		return nil, err
	}
	page, err := readWindow(ctx, p, w)
	if err != nil {
		return nil, err
	}
	out := &Page[E]{Entries: page.entries}
	if page.has {
		out.Previous, out.Next = page.begin.cursor(), page.end.cursor()
	}
	out.HasNext = page.more
	if w.has {
		if out.HasPrevious, err = p.Exist(ctx, page.begin.where(!w.up), order(!w.up)); err != nil {
			return nil, err
		}
	}
	if w.back {
		slices.Reverse(out.Entries)
		out.Previous, out.Next = out.Next, out.Previous
		out.HasPrevious, out.HasNext = out.HasNext, out.HasPrevious
	}
	if args.Total {
		out.Total, err = p.Count(ctx)
	}
	return out, err
}

// Each reads page after page. It takes one statement for each.
func Each[E any](ctx context.Context, p Pages[E], args PageArgs) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		var none E
		w, err := newSpan(args)
		if err == nil && (args.Before != "" || args.Total) {
			err = &auditlog.ValueError{Name: "page", Reason: "a sequence begins at its start or After a page: it has no Before and no Total"}
		}
		for err == nil {
			var page window[E]
			if page, err = readWindow(ctx, p, w); err != nil {
				break
			}
			for _, e := range page.entries {
				if !yield(e, nil) {
					return
				}
			}
			if !page.more {
				return
			}
			w.place, w.has = page.end, true
		}
		yield(none, err)
	}
}

// A span says what to read: from a place, if it has one, upwards or downwards in the order of ids.
type span struct {
	place
	has      bool
	up, back bool // back: against the order of the page
	size     int
}

func newSpan(args PageArgs) (w span, err error) {
	invalid := func(format string, v ...any) (span, error) {
		return w, &auditlog.ValueError{Name: "page", Reason: fmt.Sprintf(format, v...)}
	}
	w.size = args.Size
	switch {
	case w.size == 0:
		w.size = defaultSize
	case w.size < 0 || w.size > maxSize:
		return invalid("a size of %d is not between 1 and %d", w.size, maxSize)
	}
	text := args.After
	if args.Before != "" {
		if args.After != "" {
			return invalid("After and Before are both set")
		}
		text, w.back = args.Before, true
	}
	w.up = args.NewestFirst == w.back
	if text != "" {
		w.has = true
		w.place, err = parseCursor(text)
	}
	return w, err
}

// A window is what was read of a span, in the order in which it was.
type window[E any] struct {
	entries    []E
	begin, end place
	has        bool // begin and end are there
	more       bool
}

func readWindow[E any](ctx context.Context, p Pages[E], w span) (window[E], error) {
	out := window[E]{begin: w.place, end: w.place, has: w.has}
	if p.Refused {
		return out, ErrNotPaged
	}
	where := func(*sql.Selector) {}
	if w.has {
		where = w.where(w.up)
	}
	entries, read, err := p.Read(ctx, where, order(w.up), w.size+1)
	if err != nil {
		return out, err
	}
	if read == nil {
		read = entries // an interceptor had them from elsewhere
	}
	if out.more = len(read) > w.size; out.more {
		read = read[:w.size]
	}
	if len(read) == 0 {
		return out, nil
	}
	first, last := p.ID(read[0]), p.ID(read[len(read)-1])
	out.has = true
	if w.up {
		out.begin, out.end = place(first), place(successor(last))
	} else {
		out.begin, out.end = place(successor(first)), place(last)
	}
	for _, e := range entries {
		if c := bytes.Compare(idBytes(p.ID(e)), idBytes(last)); c == 0 || c < 0 == w.up {
			out.entries = append(out.entries, e)
		}
	}
	return out, nil
}

func order(up bool) sql.OrderTermOption {
	if up {
		return sql.OrderAsc()
	}
	return sql.OrderDesc()
}

func idBytes(id uuid.UUID) []byte { return id[:] }

// A place between two entries is the lowest id above it.
type place uuid.UUID

// where returns the condition that an entry is above the place, or below it.
func (p place) where(above bool) func(*sql.Selector) {
	if above {
		return sql.FieldGTE(auditlog.ColumnID, uuid.UUID(p))
	}
	return sql.FieldLT(auditlog.ColumnID, uuid.UUID(p))
}

// A cursor is a place as text: a byte that says so, and the id, in base64 for URLs (RFC 4648).
const cursorVersion = 1

func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{cursorVersion}, p[:]...))
}

func parseCursor(text string) (place, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != 1+len(place{}) || b[0] != cursorVersion {
		return place{}, fmt.Errorf("%w (%.64q)", ErrCursor, text)
	}
	p := place(b[1:])
	if uuid.UUID(p).Version() != 7 {
		return place{}, fmt.Errorf("%w (%.64q)", ErrCursor, text)
	}
	return p, nil
}
