package hook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// An upsert is ent's insert, taken apart.
type upsert struct {
	head, tail string // before the rows, and from ON DUPLICATE KEY UPDATE on
	rows       []tuple
	args       []any // of tail

	result   insertResult
	found    [][]any         // the keys of the rows that were read and locked last
	inserted [][]any         // the keys of what was inserted
	mine     map[string]bool // the same, as text
}

// A tuple is the values of one row, as they stand in the statement, and their arguments.
type tuple struct {
	text string
	args []any
}

// insertResult is what the database would have said of the whole statement.
type insertResult struct{ id, affected int64 }

// LastInsertId implements sql.Result.
func (r insertResult) LastInsertId() (int64, error) { return r.id, nil }

// RowsAffected implements sql.Result.
func (r insertResult) RowsAffected() (int64, error) { return r.affected, nil }

const onDuplicate = " ON DUPLICATE KEY UPDATE "

// takeApart takes an insert of ent's apart.
func takeApart(query string, args []any) (*upsert, error) {
	const values = " VALUES "
	start, end := clause(dialect.MySQL, query, 0, values), clause(dialect.MySQL, query, 0, onDuplicate)
	from := start + len(values)
	if start < 0 || end < from || !complete(dialect.MySQL, query) {
		return nil, notUnderstood(query)
	}
	u := &upsert{head: query[:from], tail: query[end:]}
	start, params := from, 0
	for s := newScanner(dialect.MySQL, query[from:end]); s.next(); {
		at := from + s.at
		switch ch := query[at]; {
		case s.parameter():
			params++
		case ch == '(' && s.depth == 0:
			start, params = at, 0
		case ch == ')' && s.depth == 0:
			if params > len(args) {
				return nil, notUnderstood(query)
			}
			u.rows = append(u.rows, tuple{query[start : at+1], args[:params]})
			args = args[params:]
		}
	}
	u.args = args
	return u, nil
}

// ordered reports whether what to do on a conflict may depend on the rows before it.
func (u *upsert) ordered() bool {
	tail := strings.ToUpper(u.tail)
	return strings.Contains(tail, "SELECT") || strings.Contains(tail, "LAST_INSERT_ID") || strings.Contains(tail, "@")
}

// statement returns ent's insert for some of its rows, without what to do on a conflict, or with it, and with what is to be assigned first.
func (u *upsert) statement(rows []int, conflict bool, first string, more ...any) (string, []any) {
	var (
		b    strings.Builder
		args = []any{}
	)
	b.WriteString(u.head)
	for n, i := range rows {
		if n > 0 {
			b.WriteString(", ")
		}
		b.WriteString(u.rows[i].text)
		args = append(args, u.rows[i].args...)
	}
	if conflict {
		b.WriteString(onDuplicate + first + strings.TrimPrefix(u.tail, onDuplicate))
		args = append(append(args, more...), u.args...)
	}
	return b.String(), args
}

// returningKey returns the clause by which MariaDB returns the keys of rows.
func (o *operation) returningKey() string { return " RETURNING " + o.names(o.target.Type.Key) }

// insertNew inserts rows, and fails if there is one that they conflict with: see came. On MariaDB that is an update which fails, and not an insert, since that
// would leave a lock by which two that meet the same row stand in each other's way when they come to update it.
func (o *operation) insertNew(ctx context.Context, rows []int) error {
	if len(rows) == 0 {
		return nil
	}
	t, c := o.target.Type, o.create
	u := c.upsert
	none := ""
	if c.returns {
		none, _ = o.guard(nil)
	}
	query, args := u.statement(rows, c.returns, none)
	var (
		keys [][]any
		id   int64
		err  error
	)
	if c.returns {
		if keys, err = o.scanKeys(ctx, t, query+o.returningKey(), args); err != nil {
			return err
		}
		said := keys[:min(1, len(keys))]
		if valuesOf(c.specs[rows[0]], t.Key) != nil { // of ids that are given it says the last
			said = keys[max(0, len(keys)-1):]
		}
		for _, key := range said {
			id, _ = key[0].(int64)
		}
	} else {
		var res sql.Result
		if err := o.ex.Exec(ctx, query, args, &res); err != nil {
			return err
		}
		if id, err = res.LastInsertId(); err != nil {
			return err
		}
		for n, i := range rows {
			key := valuesOf(c.specs[i], t.Key)
			if key == nil {
				key = []any{id + int64(n)}
			}
			keys = append(keys, key)
		}
	}
	if u.result.id == 0 {
		u.result.id = id
	}
	u.result.affected += int64(len(rows))
	for _, key := range keys {
		if err := o.inserts(key); err != nil {
			return err
		}
	}
	return nil
}

// inserts notes the key of a row that a statement has inserted, or updated if it was read.
func (o *operation) inserts(key []any) error {
	u := o.create.upsert
	text, err := auditlog.KeyText(key)
	if err != nil || u.mine[text] || o.image(o.target.Type).has[text] {
		return err
	}
	u.inserted, u.mine[text] = append(u.inserted, key), true
	return nil
}

// updateThere runs the rows of ent's insert that are there. Where others were inserted ahead of them, it may not meet those.
func (o *operation) updateThere(ctx context.Context, rows []int, ahead bool) error {
	if len(rows) == 0 {
		return nil
	}
	u := o.create.upsert
	if len(rows) > 1 && o.create.returns {
		query, args := u.statement(rows, true, "")
		return o.updateMany(ctx, query, args)
	}
	guard, known := "", []any(nil)
	if len(rows) == 1 {
		keys := u.found
		if !ahead {
			keys = append(slices.Clone(keys), u.inserted...)
		}
		guard, known = o.guard(keys)
	}
	query, args := u.statement(rows, true, guard, known...)
	var res sql.Result
	if err := o.ex.Exec(ctx, query, args, &res); err != nil {
		return err
	}
	n, err := res.RowsAffected()
	u.result.affected += n
	if id, _ := res.LastInsertId(); u.result.id == 0 {
		u.result.id = id
	}
	if err != nil || n != 1 || !o.create.returns {
		return err
	}
	// It has inserted a row, of which a trigger has made another than the one that was read, or the driver counts rows that stay as they were.
	came, err := o.asked(ctx, rows[0])
	if err != nil {
		return err
	}
	if len(came) == 0 {
		return fmt.Errorf("%w: what it has inserted into table %s is not found: a trigger makes other keys each time", auditlog.ErrUpsert, o.target.Type.Table)
	}
	return o.inserts(came[0].Key)
}

// updateMany runs many rows of ent's insert that are there, by a statement that is not guarded: it must return the rows that were read.
func (o *operation) updateMany(ctx context.Context, query string, args []any) error {
	u, t := o.create.upsert, o.target.Type
	keys, err := o.scanKeys(ctx, t, query+o.returningKey(), args)
	if err != nil {
		return err
	}
	var last int64
	for _, key := range keys {
		text, err := auditlog.KeyText(key)
		if err != nil {
			return err
		}
		if !o.image(t).has[text] { // nor is it to be one that was inserted ahead of its turn
			return fmt.Errorf("%w: by what the database makes of them, rows conflict with others of table %s than by what is given: create the entities one by one", auditlog.ErrUpsert, t.Table)
		}
		u.result.affected += 2
		last, _ = key[0].(int64)
	}
	if u.result.id == 0 {
		u.result.id = last
	}
	return nil
}

// errUnread stands in the database's error where an update met a row that was not read.
const errUnread = "sqlaudit: a row came in between"

// unread reports whether err is that.
func unread(err error) bool { return err != nil && strings.Contains(err.Error(), errUnread) }

// came reports whether err is that of an insert of new rows that conflicts with one that is there.
func (o *operation) came(err error) bool {
	if o.create.returns {
		return unread(err)
	}
	return sqlgraph.IsUniqueConstraintError(err)
}

// guard returns an assignment, ahead of those of ent's update of a row that is there, which fails if it meets another row than those of the given keys. Of many
// see updateMany. EXP is out of range, in any mode of the database's, and only if it is evaluated.
func (o *operation) guard(keys [][]any) (string, []any) {
	t := o.target.Type
	known, args := "FALSE", []any(nil)
	if len(keys) > 0 {
		b := &sql.Builder{}
		b.SetDialect(o.base.Dialect())
		tuples(b, t.Key, keys)
		known, args = b.Query()
	}
	key := o.names(t.Key[:1])
	return key + " = IF(" + known + ", " + key + ", IF(EXP(9999 + LENGTH(CONCAT(" + literal(errUnread) + ", " + key + "))) > 0, " + key + ", " + key + ")), ", args
}
