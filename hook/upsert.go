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

// resolve runs ent's insert. Where it says what to do on a conflict, the rows that it may conflict with are read and locked first, by every
// unique key. Another transaction can add such a row in between, whose old values were then unknown. On SQLite nobody else
// writes by then; on PostgreSQL the update branch is narrowed to the rows read, and where that passes over a row all is done
// again; for MySQL and MariaDB see upsertMySQL.
func (o *operation) resolve(ctx context.Context, query string, args any, run func(string, any) (int, error)) error {
	c, t := o.create, o.target.Type
	if len(c.conflict()) == 0 || !t.Recorded() {
		_, err := run(query, args)
		return err
	}
	o.took(PathUpsert)
	lock := lockUpdate
	if len(t.Unique) > 0 {
		lock = lockKey
	}
	for try := 0; ; try++ {
		before, err := o.conflicts(ctx, lock)
		if err != nil {
			return err
		}
		o.add(t, before)
		clauses, updates := splitConflict(query)
		if o.base.Dialect() != dialect.Postgres || !updates {
			_, err = run(query, args)
			return err
		}
		again, err := o.narrowed(ctx, clauses, args, run)
		if err != nil || !again {
			return err
		}
		o.took(PathUpsertAgain)
		if try == maxTries {
			return fmt.Errorf("%w: a row conflicts by a unique index of table %s that the schema does not declare: declare it", auditlog.ErrUpsert, t.Table)
		}
	}
}

// narrowed runs ent's insert with its update branch narrowed to the rows that were read. It reports whether a row came in between and
// was passed over: then nothing was done.
func (o *operation) narrowed(ctx context.Context, clauses [3]string, args any, run func(string, any) (int, error)) (bool, error) {
	if len(o.create.specs) == 1 {
		return o.passesOver(ctx, clauses, args, run)
	}
	if err := o.ex.Exec(ctx, "SAVEPOINT sqlaudit", []any{}, nil); err != nil {
		return false, err
	}
	again, err := o.passesOver(ctx, clauses, args, run)
	if err != nil {
		return false, err
	}
	end := "RELEASE SAVEPOINT sqlaudit"
	if again {
		end = "ROLLBACK TO SAVEPOINT sqlaudit"
	}
	return again, o.ex.Exec(ctx, end, []any{}, nil)
}

func (o *operation) passesOver(ctx context.Context, clauses [3]string, args any, run func(string, any) (int, error)) (bool, error) {
	c, t := o.create, o.target.Type
	own := args.([]any)
	query, more := o.condition(len(own))
	if clauses[1] != "" {
		query += " AND (" + clauses[1] + ")"
	}
	query = clauses[0] + " WHERE " + query
	own = append(own[:len(own):len(own)], more...)
	var mine []*auditlog.Row
	if clauses[2] == "" { // a composite id: ent asks for nothing back
		var err error
		if mine, err = o.scan(ctx, t, query+" RETURNING "+o.names(t.Columns()), own); err != nil || len(mine) == len(c.specs) {
			return false, err
		}
	} else {
		n, err := run(query+clauses[2], own)
		if err != nil || n == len(c.specs) {
			return false, err
		}
		if mine, err = o.readKeys(ctx, t, lockNone, t.Key, tuplesOf(c.ids)); err != nil {
			return false, err
		}
	}
	// Another row may have come in between, or the user's own condition did not hold.
	now, err := o.conflicts(ctx, lockNone)
	if err != nil {
		return false, err
	}
	done := make(map[string]bool)
	for _, r := range mine {
		done[r.Text] = true
	}
	im := o.image(t)
	return slices.ContainsFunc(now, func(r *auditlog.Row) bool { return !im.has[r.Text] && !done[r.Text] }), nil
}

// condition returns the condition that a row is among those read, with parameters numbered after the given number.
func (o *operation) condition(after int) (string, []any) {
	t := o.target.Type
	rows := o.image(t).rows
	if len(rows) == 0 {
		return "FALSE", nil
	}
	b := &sql.Builder{}
	b.SetDialect(dialect.Postgres)
	b.SetTotal(after)
	columns := make([]string, len(t.Key))
	for i, c := range t.Key {
		columns[i] = o.names([]string{t.Table}) + "." + o.names([]string{c})
	}
	tuples(b, columns, keysOf(rows))
	query, args := b.Query()
	return query, args
}

// splitConflict splits an insert with ON CONFLICT DO UPDATE into what comes before the condition of its update, that condition, and its
// RETURNING clause. It reports false for one that does nothing on a conflict.
func splitConflict(query string) (parts [3]string, updates bool) {
	at := clause(query, 0, " DO UPDATE SET ")
	if at < 0 {
		return parts, false
	}
	end := clause(query, at, " RETURNING ")
	if end < 0 {
		end = len(query)
	}
	parts[0], parts[2] = query[:end], query[end:]
	if where := clause(query, at, " WHERE "); where >= 0 && where < end {
		parts[0], parts[1] = query[:where], query[where+len(" WHERE "):end]
	}
	return parts, true
}

// movesKeys reports whether an insert with ON CONFLICT DO UPDATE may give a row that is there another primary key: it sets a column of it, and not to itself.
func (o *operation) movesKeys(query string) bool {
	t := o.target.Type
	sets := query[clause(query, 0, " DO UPDATE SET "):]
	return slices.ContainsFunc(t.Key, func(c string) bool {
		name := o.names([]string{c})
		set := " " + name + " = "
		at := clause(sets, 0, set)
		if at < 0 {
			return false
		}
		value, itself := sets[at+len(set):], o.names([]string{t.Table})+"."+name
		return value != itself && !strings.HasPrefix(value, itself+", ")
	})
}

// clause returns the position of a clause at or after a position, outside of quotes and parentheses, or -1.
func clause(query string, from int, words string) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(query); i++ {
		switch ch := query[i]; {
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '\'' || ch == '"':
			quote = ch
		case ch == '(':
			depth++
		case ch == ')':
			depth--
		case ch == ' ' && depth == 0 && i >= from && strings.HasPrefix(query[i:], words):
			return i
		}
	}
	return -1
}

// conflicts reads the rows that have a unique key of one of the rows that ent is about to insert.
func (o *operation) conflicts(ctx context.Context, lock strength) ([]*auditlog.Row, error) {
	var (
		out  []*auditlog.Row
		seen = make(map[string]bool)
	)
	for _, l := range o.create.lookups(o.target.Type) {
		rows, err := o.readKeys(ctx, o.target.Type, lock, l.columns, l.values)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !seen[r.Text] {
				seen[r.Text] = true
				out = append(out, r)
			}
		}
	}
	return out, nil
}

// lookups returns the unique keys of what is to be inserted: NULL conflicts with nothing.
func (c *creation) lookups(t *auditlog.Type) []lookup {
	var lookups []lookup
	for _, columns := range append([][]string{t.Key}, t.Unique...) {
		l := lookup{columns: columns}
		for _, spec := range c.specs {
			if values := valuesOf(spec, columns); values != nil {
				l.values = append(l.values, values)
			}
		}
		if len(l.values) > 0 {
			lookups = append(lookups, l)
		}
	}
	return lookups
}

// valuesOf returns the values that a specification has for columns, or nil if it lacks one.
func valuesOf(spec *sqlgraph.CreateSpec, columns []string) []any {
	values := make([]any, len(columns))
	for i, column := range columns {
		if values[i] = given(spec, column); values[i] == nil {
			return nil
		}
	}
	return values
}

// upserted is where the rows are looked for that an insert with ON CONFLICT may have created: by the ids that the database returned, else by
// the keys that were given.
func (o *operation) upserted() []lookup {
	c, t := o.create, o.target.Type
	if c.upsert != nil {
		return []lookup{{t.Key, c.upsert.inserted}}
	}
	if len(c.ids) > 0 {
		return []lookup{{t.Key, tuplesOf(c.ids)}}
	}
	if len(t.Key) == 1 {
		return nil // nothing was returned, so nothing was inserted
	}
	return c.lookups(t)
}

func tuplesOf(ids []any) [][]any {
	tuples := make([][]any, len(ids))
	for i, id := range ids {
		tuples[i] = []any{id}
	}
	return tuples
}

// checkIndexes returns an error if the table has a unique index that the schema does not declare: MySQL and MariaDB resolve a conflict by any.
func (o *operation) checkIndexes(ctx context.Context) error {
	t := o.target.Type
	query, args := "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_NAME = ? AND TABLE_SCHEMA = ", []any{t.Table}
	if schema := o.target.SchemaOf(t); schema != "" {
		query, args = query+"?", append(args, schema)
	} else {
		query += "DATABASE()"
	}
	rows := &sql.Rows{}
	if err := o.ex.Query(ctx, query+" ORDER BY INDEX_NAME, SEQ_IN_INDEX", args, rows); err != nil {
		return err
	}
	defer rows.Close()
	indexes := make(map[string][]string)
	for rows.Next() {
		var index, column string
		if err := rows.Scan(&index, &column); err != nil {
			return err
		}
		indexes[index] = append(indexes[index], column)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for name, columns := range indexes {
		if !slices.ContainsFunc(append([][]string{t.Key}, t.Unique...), func(known []string) bool {
			return len(known) == len(columns) && !slices.ContainsFunc(known, func(c string) bool { return !slices.Contains(columns, c) })
		}) {
			return fmt.Errorf("%w: table %s has a unique index %s that the schema of %s does not declare: declare it", auditlog.ErrUpsert, t.Table, name, t.Name)
		}
	}
	return nil
}
