package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// maxParams is how many ids one statement names by parameters: below 65,535, the limit of PostgreSQL
// and MySQL, with room for the statement's other parameters.
const maxParams = 60_000

// maxParamsSQLite is the same for SQLite, whose limit is 32,766.
const maxParamsSQLite = 30_000

// maxChunk is how many ids one read names: below SQLite's limit of 32,766 parameters.
const maxChunk = 10_000

// A row is an entity as the database holds it, in the form of the log.
type row struct {
	key    any    // the primary key
	id     string // the id in the log
	values []json.RawMessage
	actor  any
}

// An image is the rows of one type that a mutation may change, as they were before it.
type image struct {
	typ  *auditlog.Type
	rows []*row
	gone bool // the rows are known to have been deleted
}

// add adds rows that the image does not have yet.
func (o *operation) add(t *auditlog.Type, rows []*row) {
	i := slices.IndexFunc(o.images, func(im *image) bool { return im.typ == t })
	if i < 0 {
		i = len(o.images)
		o.images = append(o.images, &image{typ: t})
	}
	im := o.images[i]
	seen := make(map[string]bool, len(im.rows))
	for _, r := range im.rows {
		seen[r.id] = true
	}
	for _, r := range rows {
		if !seen[r.id] {
			seen[r.id] = true
			im.rows = append(im.rows, r)
		}
	}
}

// A strength is how rows are locked as they are read.
type strength int

const (
	lockNone   strength = iota
	lockUpdate          // against changes
	lockKey             // against changes and against references, for rows that go
)

// read reads rows of t, in the order of their ids. The predicates are the mutation's own: no interceptor and no
// privacy rule takes part.
func (o *operation) read(ctx context.Context, t *auditlog.Type, lock strength, where func(*sql.Selector)) ([]*row, error) {
	name := o.target.Driver.Dialect()
	b := sql.Dialect(name)
	s := b.Select().From(b.Table(t.Table).Schema(o.target.SchemaOf(t))).WithContext(ctx)
	columns := t.Columns()
	s.Select(s.Columns(columns...)...)
	where(s)
	s.OrderBy(s.C(t.IDColumn))
	switch {
	case lock == lockNone, name == dialect.SQLite:
	case lock == lockUpdate && name == dialect.Postgres:
		s.For(sql.LockNoKeyUpdate)
	default:
		s.ForUpdate()
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	query, args := s.Query()
	rows := &sql.Rows{}
	if err := o.target.Driver.Query(ctx, query, args, rows); err != nil {
		return nil, fmt.Errorf("read %s: %w", t.Table, err)
	}
	defer rows.Close()
	var out []*row
	for rows.Next() {
		r, err := scan(rows, t, columns, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", t.Table, err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func scan(rows *sql.Rows, t *auditlog.Type, columns []string, dialectName string) (*row, error) {
	values, err := t.ScanValues(columns)
	if err != nil {
		return nil, err
	}
	cells := make([]any, len(values))
	for i := range values {
		cells[i] = auditlog.NewCell(values[i])
	}
	if err := rows.Scan(cells...); err != nil {
		return nil, err
	}
	node, err := t.Assign(columns, values)
	if err != nil {
		return nil, err
	}
	r := &row{values: make([]json.RawMessage, len(t.Fields))}
	if r.key, err = t.ID(node); err != nil {
		return nil, err
	}
	if r.id, err = t.ResourceID(node); err != nil {
		return nil, err
	}
	for i, f := range t.Fields {
		// The first column is the id.
		if r.values[i], err = cells[i+1].(*auditlog.Cell).Encode(f, dialectName); err != nil {
			return nil, err
		}
	}
	if t.Actor != nil && !cells[slices.Index(columns, t.ActorColumn)].(*auditlog.Cell).Null() {
		r.actor = t.Actor(node)
	}
	return r, nil
}

// readKeys reads the rows with the given primary keys.
func (o *operation) readKeys(ctx context.Context, t *auditlog.Type, lock strength, column string, keys []any) ([]*row, error) {
	var out []*row
	for chunk := range slices.Chunk(keys, maxChunk) {
		rows, err := o.read(ctx, t, lock, func(s *sql.Selector) { s.Where(in(s, column, chunk)) })
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

func in(s *sql.Selector, column string, keys []any) *sql.Predicate {
	if len(keys) == 1 {
		return sql.EQ(s.C(column), keys[0])
	}
	return sql.In(s.C(column), keys...)
}

// narrow returns a predicate that matches the given rows alone. Between the read of the rows and ent's statement another
// transaction may have added one that the mutation's own predicate would match.
func narrow(t *auditlog.Type, rows []*row) (func(*sql.Selector), error) {
	keys := keysOf(rows)
	switch {
	case len(keys) == 0:
		return func(s *sql.Selector) { s.Where(sql.False()) }, nil
	case len(keys) <= maxParams:
		return func(s *sql.Selector) { s.Where(in(s, t.IDColumn, keys)) }, nil
	}
	// Integers can stand in the statement itself.
	var list strings.Builder
	for i, k := range keys {
		switch k.(type) {
		case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		default:
			return nil, fmt.Errorf("%w (%s: %d rows, at most %d)", auditlog.ErrTooManyRows, t.Name, len(keys), maxParams)
		}
		if i > 0 {
			list.WriteString(", ")
		}
		fmt.Fprint(&list, k)
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(t.IDColumn)).WriteString(" IN (").WriteString(list.String()).WriteByte(')')
		}))
	}, nil
}

func keysOf(rows []*row) []any {
	keys := make([]any, len(rows))
	for i, r := range rows {
		keys[i] = r.key
	}
	return keys
}
