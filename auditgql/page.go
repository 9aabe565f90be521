package auditgql

import (
	"bytes"
	"fmt"
	"slices"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
)

// A Page says which entries of a connection are asked for, in the words of the Relay specification
// (https://relay.dev/graphql/connections.htm). The zero value asks for all.
type Page struct {
	// After and Before are the ids of the entries between which the page lies, or nil.
	After, Before *uuid.UUID
	// First and Last bound the number of entries, counted from the start or from the end. At most one of them is set.
	First, Last *int
	// Desc says that the connection begins with the newest entry.
	Desc bool
}

// ParseID returns the id of an entry that a cursor holds as text. It fails if v is anything else.
func ParseID(v any) (*uuid.UUID, error) {
	s, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("sqlaudit: the cursor is not that of an entry")
	}
	id, err := uuid.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: the cursor is not that of an entry: %w", err)
	}
	return &id, nil
}

// Limit returns how many entries to read: one more than the page holds, which tells whether there are others. It is 0 for all.
func (p Page) Limit() int {
	switch {
	case p.First != nil:
		return *p.First + 1
	case p.Last != nil:
		return *p.Last + 1
	default:
		return 0
	}
}

// Part reports whether the page may leave out entries of the connection, whose number it then does not tell.
func (p Page) Part() bool {
	return p.After != nil || p.Before != nil || p.First != nil || p.Last != nil
}

// Backward reports whether entries are to be read newest first.
func (p Page) Backward() bool { return p.Desc != (p.Last != nil) }

// Direction returns the direction in which to read, as an option of ent's order terms.
func (p Page) Direction() entsql.OrderTermOption {
	if p.Backward() {
		return entsql.OrderDesc()
	}
	return entsql.OrderAsc()
}

// Where returns the predicates of the page's cursors, given the name of the id's column.
func (p Page) Where(id string) []func(*entsql.Selector) {
	older, newer := p.Before, p.After
	if p.Desc {
		older, newer = newer, older
	}
	var ps []func(*entsql.Selector)
	if newer != nil {
		ps = append(ps, entsql.FieldGT(id, *newer))
	}
	if older != nil {
		ps = append(ps, entsql.FieldLT(id, *older))
	}
	return ps
}

// By returns ORDER BY id in the direction in which to read.
func (p Page) By(id string) entsql.Querier {
	return entsql.ExprFunc(func(b *entsql.Builder) {
		b.Ident(id)
		if p.Backward() {
			b.WriteString(" DESC")
		}
	})
}

// Cut returns the entries of the page, in the order of the connection, out of those that were read, and whether there are others after and
// before them. As the specification allows, what lies beyond a cursor is taken to exist.
func Cut[E any](p Page, read []E, id func(E) uuid.UUID) (entries []E, next, previous bool) {
	entries = slices.Clone(read)
	slices.SortFunc(entries, func(a, b E) int {
		i, j := id(a), id(b)
		if p.Desc {
			i, j = j, i
		}
		return bytes.Compare(i[:], j[:])
	})
	next, previous = p.Before != nil, p.After != nil
	switch n := len(entries); {
	case p.First != nil && n > *p.First:
		return entries[:*p.First], true, previous
	case p.Last != nil && n > *p.Last:
		return entries[n-*p.Last:], next, true
	}
	return entries, next, previous
}
