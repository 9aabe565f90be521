package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// resolve runs ent's insert. Where it says what to do on a conflict, the rows that it may conflict with are read and locked first, by every
// unique key, and its update is narrowed to the rows read, whose old values are known. What that passes over the database tells: a row that another
// transaction has added since, or one that no given key leads to, as where the database fills or rounds a column, a trigger changes a key, or the schema
// does not declare a unique index. It is read, and all is done again. For MySQL and MariaDB see upsertMySQL.
func (o *operation) resolve(ctx context.Context, query string, args any, run func(string, any) error) error {
	c, t := o.create, o.target.Type
	if len(c.conflict()) == 0 || !t.Recorded() {
		return run(query, args)
	}
	o.took(PathUpsert)
	lock := lockUpdate
	if len(t.Unique) > 0 {
		lock = lockKey
	}
	rows, err := o.conflicts(ctx, lock)
	if err != nil {
		return err
	}
	clauses, updates := splitConflict(query)
	if !updates {
		o.add(t, rows)
		return run(query, args)
	}
	for try := 0; ; try++ {
		o.add(t, rows)
		passed, err := o.narrowed(ctx, clauses, args.([]any), run)
		if err != nil || len(passed) == 0 {
			return err
		}
		o.took(PathUpsertAgain)
		if try == maxTries {
			return fmt.Errorf("%w: the rows of table %s that it meets are others each time: create the entities one by one", auditlog.ErrUpsert, t.Table)
		}
		if rows, err = o.readKeys(ctx, t, lock, t.Key, passed); err != nil {
			return err
		}
	}
}

// narrowed runs ent's insert with its update narrowed to the rows that were read. It returns the keys of those that this passed over: then nothing was
// done.
func (o *operation) narrowed(ctx context.Context, clauses [3]string, args []any, run func(string, any) error) (passed [][]any, err error) {
	switch several := len(o.create.specs) > 1; {
	case several && o.base.Dialect() == dialect.SQLite && (clauses[1] != "" || !o.distinct(clauses[0])):
		return nil, o.foretold(ctx, clauses, args, run)
	case several && o.base.Dialect() == dialect.Postgres:
		err = o.savepoint(ctx, func() (undo bool, err error) {
			passed, err = o.passesOver(ctx, clauses, args, run)
			return len(passed) > 0, err
		})
		return passed, err
	}
	return o.passesOver(ctx, clauses, args, run)
}

// distinct reports whether each row of ent's insert has another value of the unique key by which alone it may conflict. If not, SQLite lets it meet rows
// that it has inserted itself.
func (o *operation) distinct(query string) bool {
	c, t := o.create, o.target.Type
	at := clause(query, 0, " ON CONFLICT (")
	if at < 0 {
		return false
	}
	target, _, _ := strings.Cut(query[at+len(" ON CONFLICT ("):], ")")
	unique := append([][]string{t.Key}, t.Unique...)
	i := slices.IndexFunc(unique, func(columns []string) bool {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = o.names([]string{c})
		}
		return same(names, strings.Split(target, ", "))
	})
	if i < 0 {
		return false
	}
	seen := make(map[string]bool, len(c.specs))
	for _, spec := range c.specs {
		if values := valuesOf(spec, unique[i]); values != nil {
			seen[keyText(values)] = true
		}
	}
	return len(seen) == len(c.specs)
}

// foretold runs ent's insert on SQLite, where nobody else writes, having asked which rows it will meet.
func (o *operation) foretold(ctx context.Context, clauses [3]string, args []any, run func(string, any) error) error {
	t := o.target.Type
	keys, err := o.passed(ctx, clauses[0], args)
	if err != nil {
		return err
	}
	rows, err := o.readKeys(ctx, t, lockNone, t.Key, keys)
	if err != nil {
		return err
	}
	o.add(t, rows)
	if clauses[1] != "" {
		clauses[1] = " WHERE " + clauses[1]
	}
	return run(strings.Join(clauses[:], ""), args)
}

// savepoint runs f, and has the database undo what it did if it says so.
func (o *operation) savepoint(ctx context.Context, f func() (undo bool, err error)) error {
	if err := o.ex.Exec(ctx, "SAVEPOINT sqlaudit", []any{}, nil); err != nil {
		return err
	}
	undo, err := f()
	if err != nil {
		return err
	}
	if undo {
		if err := o.ex.Exec(ctx, "ROLLBACK TO SAVEPOINT sqlaudit", []any{}, nil); err != nil {
			return err
		}
	}
	return o.ex.Exec(ctx, "RELEASE SAVEPOINT sqlaudit", []any{}, nil)
}

func (o *operation) passesOver(ctx context.Context, clauses [3]string, args []any, run func(string, any) error) ([][]any, error) {
	c, t := o.create, o.target.Type
	where, more, err := o.condition(len(args), keysOf(o.image(t).rows))
	if err != nil {
		return nil, err
	}
	if clauses[1] != "" {
		where = "(" + clauses[1] + "\n) AND " + where
	}
	query, own := clauses[0]+" WHERE "+where, slices.Concat(args, more)
	if clauses[2] == "" { // a composite id: ent asks for nothing back
		rows, err := o.scan(ctx, t, query+" RETURNING "+o.words(t).list, own)
		if err != nil {
			return nil, err
		}
		c.keys = keysOf(rows)
	} else {
		if err := run(query+clauses[2], own); err != nil {
			return nil, err
		}
		c.keys = tuplesOf(c.ids)
	}
	switch {
	case len(c.keys) == len(c.specs):
		return nil, nil
	case len(c.specs) > 1 && o.base.Dialect() == dialect.SQLite: // it is not undone
		return nil, fmt.Errorf("%w: it meets rows of table %s to which what is given does not lead: create the entities one by one", auditlog.ErrUpsert, t.Table)
	}
	return o.passed(ctx, clauses[0], args)
}

// passed returns the keys of the rows that ent's insert meets beside those that were read and those that it has returned, and of what it would insert now: an
// insert that updates nothing is asked for them, and undone. There are none if the user's own condition did not hold, or a trigger has passed over the row.
func (o *operation) passed(ctx context.Context, query string, args []any) (keys [][]any, err error) {
	t := o.target.Type
	at := clause(query, 0, doUpdate) + len(doUpdate)
	column, _, _ := strings.Cut(query[at:], " = ")
	own := args[:o.parametersIn(query[:at])]
	known, more, err := o.condition(len(own), append(keysOf(o.image(t).rows), o.create.keys...))
	if err != nil {
		return nil, err
	}
	err = o.savepoint(ctx, func() (bool, error) {
		var err error
		keys, err = o.scanKeys(ctx, t, query[:at]+column+" = "+o.names([]string{t.Table})+"."+column+" WHERE NOT "+known+" RETURNING "+o.names(t.Key), slices.Concat(own, more))
		return true, err
	})
	return keys, err
}

// condition returns the condition that a row has one of the given keys, with parameters numbered after the given number.
func (o *operation) condition(after int, keys [][]any) (string, []any, error) {
	t := o.target.Type
	if len(keys) == 0 {
		return "(FALSE)", nil, nil
	}
	columns := make([]string, len(t.Key))
	for i, c := range t.Key {
		columns[i] = o.names([]string{t.Table}) + "." + o.names([]string{c})
	}
	if o.base.Dialect() == dialect.SQLite && after+len(keys)*len(columns) > maxParamsSQLite { // they are one
		return listed(t, columns, keys)
	}
	b := &sql.Builder{}
	b.SetDialect(o.base.Dialect())
	b.SetTotal(after)
	tuples(b, columns, keys)
	query, args := b.Query()
	return "(" + query + ")", args, nil
}

// listed returns the condition, for SQLite, that a column has one of the given values, which are integers or text, as a document.
func listed(t *auditlog.Type, columns []string, keys [][]any) (string, []any, error) {
	list := make([]any, len(keys))
	for i, k := range keys {
		switch k[0].(type) {
		case int64, string:
		default:
			columns = nil
		}
		list[i] = k[0]
	}
	if len(columns) != 1 {
		return "", nil, fmt.Errorf("%w (%s: %d rows, beside what is given of them)", auditlog.ErrTooManyRows, t.Name, len(keys))
	}
	text, err := json.Marshal(list)
	return "(" + columns[0] + " IN (SELECT value FROM json_each(?)))", []any{string(text)}, err
}

// parametersIn returns how many parameters stand in the beginning of a statement of ent's.
func (o *operation) parametersIn(query string) int {
	mark := byte('?')
	if o.base.Dialect() == dialect.Postgres {
		mark = '$'
	}
	n, quote := 0, byte(0)
	for i := range len(query) {
		switch ch := query[i]; {
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '\'' || ch == '"' || ch == '`':
			quote = ch
		case ch == mark:
			n++
		}
	}
	return n
}

const doUpdate = " DO UPDATE SET "

// splitConflict splits an insert with ON CONFLICT DO UPDATE into what comes before the condition of its update, that condition, and its
// RETURNING clause. It reports false for one that does nothing on a conflict.
func splitConflict(query string) (parts [3]string, updates bool) {
	at := clause(query, 0, doUpdate)
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
	sets := query[clause(query, 0, doUpdate):]
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
		case ch == '\'' || ch == '"' || ch == '`':
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
	if len(c.keys) > 0 {
		return []lookup{{t.Key, c.keys}}
	}
	if len(c.ids) > 0 {
		return []lookup{{t.Key, tuplesOf(c.ids)}}
	}
	if len(t.Key) == 1 || c.keys != nil {
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
		if !slices.ContainsFunc(append([][]string{t.Key}, t.Unique...), func(known []string) bool { return same(known, columns) }) {
			return fmt.Errorf("%w: table %s has a unique index %s that the schema of %s does not declare: declare it", auditlog.ErrUpsert, t.Table, name, t.Name)
		}
	}
	return nil
}

// same reports whether two lists have the same columns.
func same(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(c string) bool { return !slices.Contains(b, c) })
}
