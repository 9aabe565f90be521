package hook

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// maxParams is how many parameters one statement takes for keys: below 65,535, the limit of PostgreSQL
// and MySQL, with room for the statement's other parameters.
const maxParams = 60_000

// maxParamsSQLite is the same for SQLite, whose limit is 32,766.
const maxParamsSQLite = 30_000

// maxChunk is how many parameters one read takes for keys: below SQLite's limit of 32,766.
const maxChunk = 10_000

// An image is the rows of one type that a mutation may change, as they were before it.
type image struct {
	typ  *auditlog.Type
	rows []*auditlog.Row
	has  map[string]bool // their keys, as text
	// fresh is where rows are looked for that came with the mutation.
	fresh []lookup
	// returned says that a statement of ent's returned now, the rows that it changed or read, and unsure that something else may have changed them since.
	returned, unsure bool
	now              []*auditlog.Row
	issued           int // of ent's statements, when that one was
}

// are notes the rows of t that ent's statement returned, as they are. What it did not return is as it was, if the table is plain.
func (o *operation) are(t *auditlog.Type, rows []*auditlog.Row, plain bool) {
	im := o.image(t)
	im.returned, im.unsure, im.now, im.issued = true, im.unsure || !plain, append(im.now, rows...), o.issued
}

// moved reports whether a row may have been returned under another key: one was that was not there, and one that was there was not.
func (im *image) moved() bool {
	if len(im.rows) == 0 || !slices.ContainsFunc(im.now, func(r *auditlog.Row) bool { return !im.has[r.Text] }) {
		return false
	}
	is := make(map[string]bool, len(im.now))
	for _, r := range im.now {
		is[r.Text] = true
	}
	return slices.ContainsFunc(im.rows, func(r *auditlog.Row) bool { return !is[r.Text] })
}

// A lookup is values of columns by which rows are found.
type lookup struct {
	columns []string
	values  [][]any
}

// image returns the image of a type.
func (o *operation) image(t *auditlog.Type) *image {
	for _, im := range o.images {
		if im.typ == t {
			return im
		}
	}
	im := &image{typ: t, has: make(map[string]bool)}
	o.images = append(o.images, im)
	return im
}

// add adds rows that the image of their type does not have yet.
func (o *operation) add(t *auditlog.Type, rows []*auditlog.Row) {
	im := o.image(t)
	for _, r := range rows {
		if !im.has[r.Text] {
			im.has[r.Text] = true
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

// read reads rows of t, in the order of their keys, with more columns than those of the record. The predicates are the mutation's own: no
// interceptor and no privacy rule takes part.
func (o *operation) read(ctx context.Context, t *auditlog.Type, lock strength, where func(*sql.Selector), more ...string) ([]*auditlog.Row, error) {
	query, args := o.selection(ctx, t, o.words(t), lock, where, more...)
	return o.scan(ctx, t, query, args, more...)
}

// selection returns the statement with which rows are read, and its arguments.
func (o *operation) selection(ctx context.Context, t *auditlog.Type, w *words, lock strength, where func(*sql.Selector), more ...string) (string, []any) {
	name := o.base.Dialect()
	b := sql.Dialect(name)
	s := b.Select().From(b.Table(t.Table).Schema(o.target.SchemaOf(t))).WithContext(ctx)
	s.SelectExpr(sql.Raw(w.all))
	for _, c := range more {
		s.AppendSelectExpr(sql.Raw(s.C(c)))
	}
	if where != nil {
		where(s)
		enclose(s)
	}
	s.OrderExpr(sql.Raw(w.keys))
	if lock == lockNone && name == dialect.Postgres {
		// A snapshot shows a row that another transaction has deleted since, beside one that this one has created with the same key. The newer comes last.
		s.OrderExpr(sql.ExprFunc(func(b *sql.Builder) { b.WriteString("age(").Ident(s.C("xmin")).WriteString(") DESC") }))
	}
	switch {
	case lock == lockNone, name == dialect.SQLite:
	case lock == lockUpdate && name == dialect.Postgres:
		s.For(sql.LockNoKeyUpdate)
	default:
		s.ForUpdate()
	}
	query, args := s.Query() // whose errors ent ignores too
	if name == dialect.MySQL && len(args) == 0 {
		auditlog.Digits(s)
		query, args = s.Query()
	}
	return query, args
}

// enclose has the conditions of s end where they do, for what follows them: those of the user's may end in a comment.
func enclose(s *sql.Selector) {
	p := s.P()
	if p == nil {
		return
	}
	text, _ := p.Query()
	if !strings.Contains(text, "--") && !strings.Contains(text, "#") {
		return
	}
	s.SetP(enclosed(p))
}

// enclosed returns a condition that stands for itself beside others, and ahead of what follows.
func enclosed(p *sql.Predicate) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.WriteByte('(').Join(p).WriteString("\n)") })
}

// scan reads rows of t by a query of its columns.
func (o *operation) scan(ctx context.Context, t *auditlog.Type, query string, args any, more ...string) ([]*auditlog.Row, error) {
	o.hasRead = true
	rows := &sql.Rows{}
	if err := o.ex.Query(ctx, query, args, rows); err != nil {
		return nil, err
	}
	defer rows.Close()
	cells, err := t.Cells(more...)
	if err != nil {
		return nil, auditlog.Failed("read "+t.Table, err)
	}
	var out []*auditlog.Row
	for rows.Next() {
		r, err := cells.Scan(rows, o.base.Dialect())
		if err != nil {
			return nil, auditlog.Failed("read "+t.Table, err)
		}
		if o.issued == 0 {
			if err := o.hold(t, r); err != nil {
				return nil, err
			}
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// maxHeld is how many bytes the rows may take that a mutation is about to change. With what they become, and their entries, it is two to three times as much.
const maxHeld = 96 << 20

// hold fails if a row of t that may change is one too many to be held in memory until the mutation ends.
func (o *operation) hold(t *auditlog.Type, r *auditlog.Row) error {
	if o.held += r.Size(); o.held > maxHeld {
		return fmt.Errorf("%w (%s: more rows than are held in %d MiB of memory)", auditlog.ErrTooManyRows, t.Name, maxHeld>>20)
	}
	return nil
}

// matched reads and locks the rows for which the conditions of an update or a delete of many hold. On MySQL and MariaDB a locking read also locks what it
// passes over, and waits for it, which a statement of ent's need not. So where the transaction has just begun, and a plain read shows what is
// there, the rows are looked up first.
func (o *operation) matched(ctx context.Context, lock strength, where func(*sql.Selector)) ([]*auditlog.Row, error) {
	t := o.target.Type
	if where == nil || o.single || o.base.Dialect() != dialect.MySQL || !o.own() || lock == lockNone {
		return o.read(ctx, t, lock, where)
	}
	var conditions *sql.Predicate // a predicate need not give the same ones twice
	keys, err := o.keys(ctx, t, func(s *sql.Selector) {
		where(s)
		conditions = s.P()
	})
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	return o.readKeys(ctx, t, lock, t.Key, keys, func(s *sql.Selector) {
		if conditions != nil {
			s.Where(enclosed(conditions))
		}
	})
}

// keys reads the primary keys of rows of t.
func (o *operation) keys(ctx context.Context, t *auditlog.Type, where func(*sql.Selector)) ([][]any, error) {
	b := sql.Dialect(o.base.Dialect())
	s := b.Select().From(b.Table(t.Table).Schema(o.target.SchemaOf(t))).WithContext(ctx)
	s.Select(s.Columns(t.Key...)...)
	where(s)
	enclose(s)
	s.OrderBy(s.Columns(t.Key...)...)
	query, args := s.Query() // whose errors ent ignores too
	return o.scanKeys(ctx, t, query, args)
}

// scanKeys reads the primary keys of rows of t by a query of them.
func (o *operation) scanKeys(ctx context.Context, t *auditlog.Type, query string, args any) ([][]any, error) {
	o.hasRead = true
	rows := &sql.Rows{}
	if err := o.ex.Query(ctx, query, args, rows); err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]any
	for rows.Next() {
		values, err := t.ScanValues(t.Key)
		if err != nil {
			return nil, auditlog.Failed("read "+t.Table, err)
		}
		cells, dest := make([]*auditlog.Cell, len(values)), make([]any, len(values))
		for i, v := range values {
			cells[i] = auditlog.NewCell(v)
			dest[i] = cells[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, auditlog.Failed("read "+t.Table, err)
		}
		key := make([]any, len(cells))
		for i, c := range cells {
			if key[i], err = c.Value(); err != nil {
				return nil, auditlog.Failed("read "+t.Table, err)
			}
		}
		out = append(out, key)
	}
	return out, rows.Err()
}

// readKeys reads the rows with the given values of columns, for which further conditions hold.
func (o *operation) readKeys(ctx context.Context, t *auditlog.Type, lock strength, columns []string, values [][]any, further ...func(*sql.Selector)) ([]*auditlog.Row, error) {
	if len(values) == 1 && slices.Equal(columns, t.Key) && !slices.ContainsFunc(further, func(f func(*sql.Selector)) bool { return f != nil }) && parameters(values[0]) {
		return o.scan(ctx, t, o.words(t).byKey[lock], values[0])
	}
	var out []*auditlog.Row
	for chunk := range slices.Chunk(values, maxChunk/len(columns)) {
		rows, err := o.read(ctx, t, lock, func(s *sql.Selector) {
			s.Where(in(s, columns, chunk))
			for _, f := range further {
				if f != nil {
					f(s)
				}
			}
		})
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// parameters reports whether values stand in a statement of ent's as plain parameters.
func parameters(values []any) bool {
	return !slices.ContainsFunc(values, func(v any) bool {
		switch v.(type) {
		case nil, sql.Querier, sql.ParamFormatter:
			return true
		}
		return false
	})
}

// again returns the rows of an image as they are now: those that it has, and those that came. On MariaDB and MySQL a plain read sees the
// transaction's snapshot, which may be older than the rows that were locked; a locking one sees the rows.
func (o *operation) again(ctx context.Context, im *image) ([]*auditlog.Row, error) {
	lock := lockNone
	if o.base.Dialect() == dialect.MySQL {
		lock = lockUpdate
	}
	var (
		out []*auditlog.Row
		at  = make(map[string]int)
	)
	keys := lookup{im.typ.Key, keysOf(im.rows)}
	others := []lookup{}
	for _, l := range im.fresh {
		if slices.Equal(l.columns, keys.columns) {
			keys.values = append(keys.values, l.values...)
		} else {
			others = append(others, l)
		}
	}
	for _, l := range append([]lookup{keys}, others...) {
		rows, err := o.readKeys(ctx, im.typ, lock, l.columns, l.values)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if i, ok := at[r.Text]; ok {
				out[i] = r
				continue
			}
			at[r.Text] = len(out)
			out = append(out, r)
		}
	}
	return out, nil
}

// in returns the condition that columns have one of the given values.
func in(s *sql.Selector, columns []string, values [][]any) *sql.Predicate {
	if len(values) == 1 {
		ps := make([]*sql.Predicate, len(columns))
		for i, c := range columns {
			ps[i] = sql.EQ(s.C(c), values[0][i])
		}
		return sql.And(ps...)
	}
	if len(columns) == 1 {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v[0]
		}
		return sql.In(s.C(columns[0]), list...)
	}
	names := s.Columns(columns...)
	return sql.P(func(b *sql.Builder) { tuples(b, names, values) })
}

// tuples writes the condition that columns have one of the given tuples of values.
func tuples(b *sql.Builder, columns []string, values [][]any) {
	b.Wrap(func(b *sql.Builder) { b.IdentComma(columns...) }).WriteString(" IN (")
	if b.Dialect() == dialect.SQLite {
		b.WriteString("VALUES ")
	}
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.Wrap(func(b *sql.Builder) { b.Args(v...) })
	}
	b.WriteByte(')')
}

// narrow returns a predicate that matches the given rows alone, in the place of p. Between the read of the rows and ent's statement another
// transaction may have added one that the mutation's own predicate would match. On SQLite, where no other transaction can write by
// now, it is p itself if there are more rows than a statement can name.
func (o *operation) narrow(rows []*auditlog.Row, p func(*sql.Selector)) (func(*sql.Selector), error) {
	t := o.target.Type
	n := len(rows) * len(t.Key)
	switch {
	case n > maxParamsSQLite && o.base.Dialect() == dialect.SQLite:
		o.took(PathUnnarrowed)
		return p, nil
	case n > maxParams:
		o.took(PathInline)
	}
	return narrow(t, rows)
}

func narrow(t *auditlog.Type, rows []*auditlog.Row) (func(*sql.Selector), error) {
	keys := keysOf(rows)
	switch {
	case len(keys) == 0:
		return func(s *sql.Selector) { s.Where(sql.False()) }, nil
	case len(keys)*len(t.Key) <= maxParams:
		return func(s *sql.Selector) { s.Where(in(s, t.Key, keys)) }, nil
	}
	// Integers can stand in the statement itself.
	tooMany := fmt.Errorf("%w (%s: %d rows, of which a statement can name %d)", auditlog.ErrTooManyRows, t.Name, len(keys), maxParams/len(t.Key))
	if len(t.Key) > 1 {
		return nil, tooMany
	}
	var list strings.Builder
	for i, k := range keys {
		n, ok := k[0].(int64)
		if !ok {
			return nil, tooMany
		}
		if i > 0 {
			list.WriteString(", ")
		}
		list.WriteString(strconv.FormatInt(n, 10))
	}
	return func(s *sql.Selector) {
		s.Where(sql.P(func(b *sql.Builder) {
			b.Ident(s.C(t.Key[0])).WriteString(" IN (").WriteString(list.String()).WriteByte(')')
		}))
	}, nil
}

func keysOf(rows []*auditlog.Row) [][]any {
	keys := make([][]any, len(rows))
	for i, r := range rows {
		keys[i] = r.Key
	}
	return keys
}
