package hook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
)

// resolve runs ent's insert. Where it says what to do on a conflict, the rows that it may conflict with are read and locked first, by the unique key
// that it names, or every one, and its update is narrowed to the rows read, whose old values are known. If that does less than all, the database is asked
// what the statement as it is would do: it may have passed over a row that another transaction has added since, or one that no given key leads to, as where
// the database fills or rounds a column, a trigger changes a key, or the schema does not declare a unique index. It is read, and all is done again. For MySQL
// and MariaDB see upsertMySQL.
func (o *operation) resolve(ctx context.Context, query string, args any, run func(string, any) error) error {
	c, t := o.create, o.target.Type
	if len(c.conflict()) == 0 || !t.Recorded() {
		return run(query, args)
	}
	o.took(PathUpsert)
	r, err := o.resolution(query)
	if err != nil {
		return err
	}
	own := args.([]any)
	if r.nothing { // what it returns, it inserted
		_, err := o.upserting(ctx, r.head, r.tail, own, run)
		return err
	}
	rows, err := o.conflicts(ctx, r)
	if err != nil {
		return err
	}
	o.add(t, rows)
	many := len(c.specs) > 1
	// On SQLite nobody else writes, and one of many may update what it has inserted itself: what it would do, it may.
	asWhole := many && !r.moves && o.base.Dialect() == dialect.SQLite
	var told []string
	for try := 0; ; try++ {
		ok, err := o.narrowed(ctx, r, own, told, run)
		if ok || err != nil {
			return err
		}
		var fresh []*auditlog.Row
		if told, fresh, err = o.wouldDo(ctx, r, own); err != nil {
			return err
		}
		o.add(t, fresh)
		if asWhole {
			ok, err = o.accept(ctx, r.whole(), r.tail, own, false, told, run)
			if ok || err != nil {
				return err
			}
		}
		switch {
		case !many && len(told) == 0: // the user's own condition did not hold, or a trigger has passed over the row
			if c.quiet {
				return nil
			}
			_, err := o.attempt(ctx, r, own, run) // what triggers have done beside stays
			return err
		case try == maxTries:
			return fmt.Errorf("%w: the rows of table %s that it meets are others each time: create the entities one by one", auditlog.ErrUpsert, t.Table)
		}
		o.took(PathUpsertAgain)
	}
}

// A resolution is an insert of ent's with ON CONFLICT, taken apart.
type resolution struct {
	head  string // up to the condition of its update
	where string // that condition, if there is one
	tail  string // what it returns: nothing, of a composite id

	nothing bool         // on a conflict
	target  []string     // the columns by which alone it conflicts, as they stand in the statement, if it names them
	sets    []assignment // of the update
	moves   bool         // which may give a row that is there another primary key
	lock    strength     // and locks it so
}

// whole returns the statement without its tail.
func (r *resolution) whole() string {
	if r.where == "" {
		return r.head
	}
	return r.head + " WHERE " + r.where
}

const doUpdate = " DO UPDATE SET "

// resolution takes an insert of ent's apart. It fails with ErrUpsert for one that is not understood.
func (o *operation) resolution(query string) (*resolution, error) {
	t, name := o.target.Type, o.base.Dialect()
	r := &resolution{head: query, lock: lockUpdate}
	if id := o.create.specs[0].ID; id != nil {
		if head, ok := strings.CutSuffix(query, " RETURNING "+o.names([]string{id.Column})); ok {
			r.head, r.tail = head, query[len(head):]
		}
	}
	const onConflict, target = " ON CONFLICT", " ("
	on := clause(name, r.head, 0, onConflict)
	if on < 0 || !complete(name, r.head) || occurrences(name, r.head, "CONFLICT") > 1 { // SQLite takes several
		return nil, notUnderstood(query)
	}
	if rest := r.head[on+len(onConflict):]; strings.HasPrefix(rest, target) {
		columns, _, _ := strings.Cut(rest[len(target):], ")")
		r.target = strings.Split(columns, ", ")
	}
	if strings.HasSuffix(r.head, " DO NOTHING") {
		r.nothing = true
		return r, nil
	}
	at := clause(name, r.head, on, doUpdate)
	if at < 0 {
		return nil, notUnderstood(query)
	}
	where, wheres := clause(name, r.head, at, " WHERE "), occurrences(name, r.head[at:], "WHERE")
	switch {
	case wheres > 1 || wheres == 1 && where < 0: // an expression brings one
		return nil, notUnderstood(query)
	case where >= 0:
		r.head, r.where = r.head[:where], r.head[where+len(" WHERE "):]
	}
	r.sets = assignments(name, r.head[at+len(doUpdate):])
	for _, set := range r.sets {
		is := func(c string) bool { return set.column == o.names([]string{c}) }
		key := slices.ContainsFunc(t.Key, is)
		r.moves = r.moves || key && set.value != o.names([]string{t.Table})+"."+set.column
		if key || slices.ContainsFunc(t.Unique, func(columns []string) bool { return slices.ContainsFunc(columns, is) }) {
			r.lock = lockKey
		}
	}
	return r, nil
}

func notUnderstood(query string) error {
	return fmt.Errorf("%w: the statement is not understood: give OnConflict one action, and expressions without comments or quotes that do not end: %s", auditlog.ErrUpsert, query)
}

// lookups returns the unique keys of what is to be inserted by which it may conflict: by the one that it names, or any.
func (o *operation) lookups(r *resolution) []lookup {
	t := o.target.Type
	if columns := o.named(r); columns != nil {
		return o.create.lookups(columns)
	}
	return o.create.lookups(uniqueKeys(t)...)
}

// named returns the unique key that an insert names to conflict by, if the schema has it.
func (o *operation) named(r *resolution) []string {
	for _, columns := range uniqueKeys(o.target.Type) {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = o.names([]string{c})
		}
		if same(names, r.target) {
			return columns
		}
	}
	return nil
}

// uniqueKeys returns the columns of the primary key of t and of its unique indexes.
func uniqueKeys(t *auditlog.Type) [][]string { return append([][]string{t.Key}, t.Unique...) }

// narrowed runs ent's insert with its update narrowed to the rows that were read, and reports whether it is to be so: it inserted or updated as many rows as
// there are, or those that were told. Else nothing of it stays.
func (o *operation) narrowed(ctx context.Context, r *resolution, args []any, told []string, run func(string, any) error) (bool, error) {
	if c := o.create; len(c.specs) == 1 && c.quiet { // if it does nothing, there is nothing to undo
		n, err := o.attempt(ctx, r, args, run)
		return n == 1, err
	}
	query, own, err := o.onlyRead(r, args)
	if err != nil {
		return false, err
	}
	ok, err := o.accept(ctx, query, r.tail, own, true, told, run)
	if sqlgraph.IsUniqueConstraintError(err) { // a row that it passed over may not have made room for another
		return false, nil
	}
	return ok, err
}

// attempt runs ent's insert with its update narrowed to the rows that were read. It returns how many it inserted or updated.
func (o *operation) attempt(ctx context.Context, r *resolution, args []any, run func(string, any) error) (int, error) {
	query, own, err := o.onlyRead(r, args)
	if err != nil {
		return 0, err
	}
	return o.upserting(ctx, query, r.tail, own, run)
}

// onlyRead returns ent's insert, up to its tail, with its update narrowed to the rows that were read.
func (o *operation) onlyRead(r *resolution, args []any) (string, []any, error) {
	where, more, err := o.condition(len(args), keysOf(o.image(o.target.Type).rows))
	if r.where != "" {
		where = "(" + r.where + "\n) AND " + where
	}
	return r.head + " WHERE " + where, slices.Concat(args, more), err
}

// accept runs an insert with ON CONFLICT, and undoes it unless the rows that it inserted or updated are those that were told, or all, if that will do. See
// marks.
func (o *operation) accept(ctx context.Context, query, tail string, args []any, all bool, told []string, run func(string, any) error) (ok bool, err error) {
	err = o.savepoint(ctx, func() (bool, error) {
		n, err := o.upserting(ctx, query, tail, args, run)
		switch {
		case err != nil:
			return sqlgraph.IsUniqueConstraintError(err), err
		case all && n == len(o.create.specs):
			ok = true
		case told != nil:
			is, err := o.marks(ctx, o.create.keys)
			if err != nil {
				return false, err
			}
			ok = slices.Equal(is, told)
		}
		return !ok, nil
	})
	return ok, err
}

// marks returns the unique values of the rows with the given keys, in order: those that the database does not make anew each time. By them it is told whether
// two runs of a statement do the same.
func (o *operation) marks(ctx context.Context, keys [][]any) ([]string, error) {
	t := o.target.Type
	columns := slices.Concat(t.Unique...)
	if len(columns) == 0 || !slices.ContainsFunc(o.create.specs, func(s *sqlgraph.CreateSpec) bool { return valuesOf(s, t.Key) == nil }) {
		columns = append(columns, t.Key...)
	}
	rows, err := o.readUnique(ctx, lockNone, lookup{t.Key, keys})
	marks := make([]string, len(rows))
	for i, values := range refs(rows, columns) {
		marks[i] = keyText(values)
	}
	slices.Sort(marks)
	return marks, err
}

// upserting runs an insert with ON CONFLICT and notes the keys of the rows that it inserted or updated. It returns how many there are.
func (o *operation) upserting(ctx context.Context, query, tail string, args []any, run func(string, any) error) (int, error) {
	c, t := o.create, o.target.Type
	if tail == "" { // a composite id: ent asks for nothing back
		rows, err := o.scan(ctx, t, query+" RETURNING "+o.words(t).list, args)
		c.keys = keysOf(rows)
		return len(rows), err
	}
	err := run(query+tail, args)
	c.keys = tuplesOf(c.ids)
	return len(c.keys), err
}

// wouldDo runs ent's insert as it is, and undoes it. It returns the marks of the rows that this inserted or updated, and, locked, those that are there and were
// not read.
func (o *operation) wouldDo(ctx context.Context, r *resolution, args []any) (marks []string, fresh []*auditlog.Row, err error) {
	t := o.target.Type
	var keys [][]any
	if err := o.savepoint(ctx, func() (undo bool, err error) {
		if keys, err = o.scanKeys(ctx, t, r.whole()+" RETURNING "+o.names(t.Key), args); err == nil {
			marks, err = o.marks(ctx, keys)
		}
		return err == nil, err
	}); err != nil {
		return nil, nil, err
	}
	has := o.image(t).has
	unread := keys[:0]
	for _, key := range keys {
		text, err := auditlog.KeyText(key)
		if err != nil {
			return nil, nil, err
		}
		if !has[text] {
			unread = append(unread, key)
		}
	}
	fresh, err = o.readKeys(ctx, t, r.lock, t.Key, unread)
	return marks, fresh, err
}

// savepoint runs f, and has the database undo what it did if it says so. After an error PostgreSQL is not to do anything more in a transaction of the user's either.
func (o *operation) savepoint(ctx context.Context, f func() (undo bool, err error)) error {
	o.savepoints++
	defer func() { o.savepoints-- }()
	name := fmt.Sprint("sqlaudit", o.savepoints) // MySQL and MariaDB let go of one where another of its name begins
	if err := o.ex.Exec(ctx, "SAVEPOINT "+name, []any{}, nil); err != nil {
		return err
	}
	undo, err := f()
	if undo && !auditdriver.Outrun(err) {
		if rerr := o.ex.Exec(context.WithoutCancel(ctx), "ROLLBACK TO SAVEPOINT "+name, []any{}, nil); rerr != nil {
			return errors.Join(err, rerr)
		}
	}
	if err != nil {
		return err
	}
	return o.ex.Exec(ctx, "RELEASE SAVEPOINT "+name, []any{}, nil)
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
	most := maxParamsSQLite
	if o.base.Dialect() == dialect.Postgres {
		most = maxParams
	}
	if after+len(keys)*len(columns) > most { // they are one
		return o.listed(after, columns, keys)
	}
	b := &sql.Builder{}
	b.SetDialect(o.base.Dialect())
	b.SetTotal(after)
	tuples(b, columns, keys)
	query, args := b.Query()
	return "(" + query + ")", args, nil
}

// listed returns the condition that columns have one of the given keys, which are integers or text, as a document.
func (o *operation) listed(after int, columns []string, keys [][]any) (string, []any, error) {
	t := o.target.Type
	list := make([]map[string]any, len(keys))
	for i, key := range keys {
		list[i] = make(map[string]any, len(key))
		for k, v := range key {
			switch v.(type) {
			case int64, string:
			default:
				return "", nil, fmt.Errorf("%w (%s: %d rows, beside what is given of them)", auditlog.ErrTooManyRows, t.Name, len(keys))
			}
			list[i][t.Key[k]] = v
		}
	}
	text, err := json.Marshal(list)
	values := make([]string, len(columns))
	from := fmt.Sprintf("jsonb_populate_recordset(NULL::%s, $%d::jsonb) AS r", o.ident(t), after+1) // which knows the columns' types
	for i, c := range t.Key {
		values[i] = "r." + o.names([]string{c})
		if o.base.Dialect() == dialect.SQLite {
			from, values[i] = "json_each(?)", "value ->> "+literal(`$."`+c+`"`)
		}
	}
	return "((" + strings.Join(columns, ", ") + ") IN (SELECT " + strings.Join(values, ", ") + " FROM " + from + "))", []any{string(text)}, err
}

// conflicts reads and locks the rows that have a unique key, by which it may conflict, of one of the rows that ent is about to insert.
func (o *operation) conflicts(ctx context.Context, r *resolution) ([]*auditlog.Row, error) {
	var (
		out  []*auditlog.Row
		seen = make(map[string]bool)
	)
	for _, l := range o.lookups(r) {
		rows, err := o.readKeys(ctx, o.target.Type, r.lock, l.columns, l.values)
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

// lookups returns what is to be inserted has of the given unique keys: NULL conflicts with nothing.
func (c *creation) lookups(keys ...[]string) []lookup {
	var lookups []lookup
	for _, columns := range keys {
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

// upserted is where the rows are looked for that an insert with ON CONFLICT may have created: by the keys that the database returned.
func (o *operation) upserted() []lookup {
	c, t := o.create, o.target.Type
	if c.upsert != nil {
		return []lookup{{t.Key, c.upsert.inserted}}
	}
	if len(c.keys) > 0 {
		return []lookup{{t.Key, c.keys}}
	}
	return nil // nothing was returned, so nothing was inserted
}

func tuplesOf(ids []any) [][]any {
	tuples := make([][]any, len(ids))
	for i, id := range ids {
		tuples[i] = []any{id}
	}
	return tuples
}
