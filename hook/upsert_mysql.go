package hook

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// On MySQL and MariaDB an insert with ON DUPLICATE KEY UPDATE does not say which rows it inserted, and a locking read of rows that are
// not there locks the gaps where they are to be, and deadlocks with others of its kind, or, at READ COMMITTED, locks nothing. So
// the rows that are there are read and locked, and ent's statement is taken apart: what is not there is inserted
// by a statement that fails if it comes in between, which the database undoes alone, and is then tried again row by row. A row may conflict with another
// than was read, by another of its unique keys with one that came in between, or by what the database or a trigger makes of a value: an update fails where it
// meets one that was not read. MariaDB then says which it is, and which rows statements have inserted.

// upsertMySQL runs ent's insert. It returns what the database says of it. As ent's statement, it does all or nothing in a transaction of the user's too.
func (o *operation) upsertMySQL(ctx context.Context, query string, args any) (sql.Result, error) {
	u, err := takeApart(query, args.([]any))
	if err != nil {
		return nil, err
	}
	u.mine = make(map[string]bool)
	o.create.upsert = u
	all := make([]int, len(u.rows))
	for i := range all {
		all[i] = i
	}
	if len(all) == 1 || o.own() {
		err := o.upsertAll(ctx, all)
		return u.result, err
	}
	undone := false
	err = o.savepoint(ctx, func() (bool, error) {
		err := o.upsertAll(ctx, all)
		undone = err != nil
		return undone, err
	})
	o.undone = undone // or, if it could not be undone, the transaction has ended
	return u.result, err
}

func (o *operation) upsertAll(ctx context.Context, all []int) error {
	there, missing, err := []int(nil), all, error(nil)
	if !o.readsLock() {
		if there, missing, err = o.partition(ctx, all, lockNone); err != nil {
			return err
		}
	}
	// What MariaDB says of many that are there is not known, and ent makes of it the ids that it links.
	if len(there) > 0 && len(all) > 1 && (!o.keepsKeys() || linked(o.create.specs)) {
		return o.upsertRows(ctx, all)
	}
	inOrder := func() error {
		o.took(PathUpsertAgain)
		u := o.create.upsert
		u.result, u.inserted, u.mine = insertResult{}, nil, make(map[string]bool)
		return o.upsertRows(ctx, all)
	}
	switch {
	case len(there) == 0:
		if err = o.insertNew(ctx, missing); o.came(err) {
			return inOrder()
		}
		return err
	case len(missing) == 0:
		if err = o.updateThere(ctx, there, false); unread(err) {
			return inOrder()
		}
		return err
	}
	if o.create.upsert.ordered() {
		return o.upsertRows(ctx, all)
	}
	// What is new is inserted ahead of its turn. If a row meets one of them, by what the database makes of it, or is to have a key of theirs, all is done in order.
	met := false
	err = o.savepoint(ctx, func() (bool, error) {
		err := o.insertNew(ctx, missing)
		met = o.came(err)
		if err == nil {
			err = o.updateThere(ctx, there, true)
			met = unread(err) || errors.Is(err, auditlog.ErrUpsert) || sqlgraph.IsUniqueConstraintError(err)
		}
		if met {
			err = nil
		}
		return met, err
	})
	if met && err == nil {
		return inOrder()
	}
	return err
}

// readsLock reports whether a plain read locks what it passes over, and the gaps, by which two that are about to insert would stand in each other's way.
func (o *operation) readsLock() bool { return o.tx.Isolation() == stdsql.LevelSerializable }

// keepsKeys reports whether a row that is updated keeps the unique keys that it has. Else what one row of the insert conflicts with depends on
// the rows before it.
func (o *operation) keepsKeys() bool {
	u, t := o.create.upsert, o.target.Type
	lookups := o.create.lookups(uniqueKeys(t)...)
	if len(lookups) != 1 { // it may conflict by one, and be given another
		return false
	}
	for _, set := range assignments(dialect.MySQL, strings.TrimPrefix(u.tail, onDuplicate)) {
		name := set.column
		if slices.ContainsFunc(lookups[0].columns, func(c string) bool { return o.names([]string{c}) == name }) &&
			!slices.Contains([]string{"VALUES(" + name + ")", o.ident(t) + "." + name, name}, set.value) {
			return false
		}
	}
	return true
}

// upsertRows runs rows of ent's insert one by one, in their order.
func (o *operation) upsertRows(ctx context.Context, rows []int) error {
	for _, i := range rows {
		if err := o.upsertRow(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// upsertRow runs one row of ent's insert.
func (o *operation) upsertRow(ctx context.Context, i int) error {
	rows := []int{i}
	for try := 0; ; try++ {
		there, err := o.meets(ctx, i, try)
		if err != nil {
			return err
		}
		came := false
		if there {
			err = o.updateThere(ctx, rows, false)
			came = unread(err)
		} else {
			err = o.insertNew(ctx, rows)
			came = o.came(err)
		}
		if !came {
			return err
		}
		if try == maxTries {
			return fmt.Errorf("%w: no row of table %s is found by the unique keys that it conflicts with: give their values as the database stores them",
				auditlog.ErrUpsert, o.target.Type.Table)
		}
	}
}

// meets finds the row that one of ent's insert conflicts with: by a plain read, then by a locking one, which shows what the snapshot does not, and then, on
// MariaDB, by the database's own word. It reports whether there is one.
func (o *operation) meets(ctx context.Context, i, try int) (bool, error) {
	lock := lockNone
	switch {
	case try == 0 && o.readsLock():
		return false, nil
	case try > 1 && o.create.returns:
		rows, err := o.asked(ctx, i)
		o.meet(rows)
		return len(rows) > 0, err
	case try > 0:
		lock = lockUpdate
	}
	there, _, err := o.partition(ctx, []int{i}, lock)
	return len(there) > 0, err
}

// asked reads and locks the row that one of ent's insert conflicts with by now: the insert is run with an update that changes nothing, and undone.
func (o *operation) asked(ctx context.Context, i int) ([]*auditlog.Row, error) {
	t := o.target.Type
	query, args := o.create.upsert.statement([]int{i}, false, "")
	key := o.names(t.Key[:1])
	var keys [][]any
	if err := o.savepoint(ctx, func() (bool, error) {
		var err error
		keys, err = o.scanKeys(ctx, t, query+onDuplicate+key+" = "+key+o.returningKey(), args)
		return err == nil, err
	}); err != nil {
		return nil, err
	}
	return o.readUnique(ctx, lockKey, lookup{t.Key, keys}) // what was inserted is not there any more
}

// meet notes rows that were read and locked as they were, unless this mutation has inserted them.
func (o *operation) meet(rows []*auditlog.Row) {
	u := o.create.upsert
	u.found = keysOf(rows)
	for _, r := range rows {
		if !u.mine[r.Text] {
			o.add(o.target.Type, []*auditlog.Row{r})
		}
	}
}

// partition tells the rows that conflict with one that is there from the others. Those that are there are found by a read of the given
// strength, locked, and noted as they were unless this mutation has inserted them. What a locking read finds for one row conflicts with it by the
// database's own comparison.
func (o *operation) partition(ctx context.Context, rows []int, lock strength) (there, missing []int, err error) {
	t := o.target.Type
	sub := &creation{}
	for _, i := range rows {
		sub.specs = append(sub.specs, o.create.specs[i])
	}
	lookups := sub.lookups(uniqueKeys(t)...)
	var found []*auditlog.Row
	has := make(map[string]bool)
	for _, l := range lookups {
		met, err := o.readUnique(ctx, lock, l)
		met = slices.DeleteFunc(met, func(r *auditlog.Row) bool { return has[r.Text] }) // one that is locked has no other keys by now
		if err == nil && lock == lockNone && len(met) > 0 {
			// What the snapshot shows may be gone, or have other keys. It is locked by the index by which ent's statement would lock it: the entry in that, and then the row.
			met, err = o.readUnique(ctx, lockKey, lookup{l.columns, refs(met, l.columns)})
		}
		if err != nil {
			return nil, nil, err
		}
		found = append(found, met...)
		for _, r := range met {
			has[r.Text] = true
		}
		if len(rows) == 1 && len(met) > 0 && lock == lockNone && slices.Equal(l.columns, t.Key) {
			break // the database looks there first
		}
	}
	if len(found) == 0 {
		return nil, rows, nil
	}
	taken := make([]map[string]bool, len(lookups)) // by the keys that rows have, as text
	for n, l := range lookups {
		taken[n] = make(map[string]bool)
		for _, values := range refs(found, l.columns) {
			taken[n][keyText(values)] = true
		}
	}
	o.meet(found)
	for _, i := range rows {
		conflicts := lock != lockNone && len(found) > 0
		for n, l := range lookups {
			values := valuesOf(o.create.specs[i], l.columns)
			conflicts = conflicts || values != nil && taken[n][keyText(values)]
		}
		if conflicts {
			there = append(there, i)
		} else {
			missing = append(missing, i)
		}
	}
	return there, missing, nil
}

// readUnique reads rows by a unique key, with the columns of every one.
func (o *operation) readUnique(ctx context.Context, lock strength, l lookup) ([]*auditlog.Row, error) {
	t := o.target.Type
	more := slices.Concat(uniqueKeys(t)...)
	var out []*auditlog.Row
	for chunk := range slices.Chunk(l.values, maxChunk/len(l.columns)) {
		query, args := o.selection(ctx, t, o.words(t), lock, func(s *sql.Selector) { s.Where(in(s, l.columns, chunk)) }, more...)
		rows, err := o.scanUnique(ctx, lock, l.columns, query, args, more)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// refs returns the values that rows have in columns.
func refs(rows []*auditlog.Row, columns []string) [][]any {
	values := make([][]any, len(rows))
	for i, r := range rows {
		values[i] = make([]any, len(columns))
		for k, c := range columns {
			values[i][k] = r.Ref(c).Value
		}
	}
	return values
}

// keyText returns the values of a unique key as text, by which those that are given are compared with those that are stored. Two that the database
// takes for equal may have different texts: the insert then fails, and is tried again row by row.
func keyText(values []any) string {
	var b strings.Builder
	for _, v := range values {
		if dv, err := driver.DefaultParameterConverter.ConvertValue(v); err == nil {
			v = dv
		}
		switch x := v.(type) {
		case []byte:
			v = string(x)
		case time.Time:
			v = x.UTC()
		}
		fmt.Fprintf(&b, "%v\x00", v)
	}
	return b.String()
}
