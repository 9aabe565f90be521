package hook

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A creation is what ent inserts: one entity, or all of a bulk.
type creation struct {
	specs  []*sqlgraph.CreateSpec
	batch  *sqlgraph.BatchCreateSpec
	stamps []auditlog.Stamp // of specs

	inserted bool
	ids      []any   // what the database returned for specs, where it returns ids
	keys     [][]any // of the rows that an upsert returned, where that is narrowed
	lastID   int64   // where it does not
	upsert   *upsert

	quiet   bool            // the table has nothing that does more than ent's statement says, such as a trigger
	updates bool            // on a conflict
	returns bool            // ent's statement is to return the rows
	rows    []*auditlog.Row // what it returned
	plain   bool            // and that nothing has changed them since
}

// createsOne has an operation be the creation of one entity.
func (o *operation) createsOne(spec *sqlgraph.CreateSpec) {
	one := &struct { // one allocation
		creation
		spec  [1]*sqlgraph.CreateSpec
		stamp [1]auditlog.Stamp
	}{spec: [1]*sqlgraph.CreateSpec{spec}, stamp: [1]auditlog.Stamp{o.stamp}}
	one.specs, one.stamps = one.spec[:], one.stamp[:]
	o.create = &one.creation
}

// are notes the rows that ent's statement returned.
func (c *creation) are(rows []*auditlog.Row, plain bool) error {
	c.rows, c.plain = append(c.rows, rows...), c.plain && plain
	return nil
}

// conflict returns what is to happen where a row is there already.
func (c *creation) conflict() []sql.ConflictOption {
	if c.batch != nil {
		return c.batch.OnConflict
	}
	return c.specs[0].OnConflict
}

// beforeCreate begins the operation when the specifications are complete, ahead of ent's first statement, unless nothing is recorded.
func (o *operation) beforeCreate(ctx context.Context) (bool, error) {
	c, t := o.create, o.target.Type
	var (
		links []link
		joins map[string]*join
	)
	for _, spec := range c.specs {
		links = append(links, o.links(spec.Edges, false)...)
		for table, j := range o.joined(spec.Edges, nil) {
			if joins == nil {
				joins = make(map[string]*join)
			}
			if joins[table] == nil {
				joins[table] = &join{typ: j.typ}
			}
			j.own(func() [][]any { return [][]any{{spec.ID.Value}} })
			joins[table].add = append(joins[table].add, j.add...)
		}
	}
	if !t.Recorded() && len(links)+len(joins) == 0 {
		o.took(PathUntouched)
		return false, nil
	}
	for _, spec := range c.specs {
		if err := checkID(t, spec); err != nil {
			return false, err
		}
	}
	o.joins = joins
	o.took(PathCreate)
	if t.Recorded() && (!o.spares(len(c.specs) <= few) || len(c.conflict()) > 0) {
		tab, err := o.tableOf(ctx, t)
		if err != nil {
			return false, err
		}
		c.quiet = tab.plain
		c.returns = tab.plain && !o.spares(len(c.specs) <= few)
		if o.tx == nil && len(links)+len(joins) == 0 && !linked(c.specs) && (len(c.conflict()) == 0 || len(c.specs) == 1) { // many may lock in another order than that of their keys
			if o.statement = o.whole(tab, nil, c.stamps...); o.statement != nil {
				o.statement.one = len(c.specs) == 1
				o.beginAutocommit()
				return true, nil
			}
		}
	}
	if err := o.begin(ctx); err != nil {
		return false, err
	}
	if len(links)+len(joins)+len(c.conflict()) == 0 {
		return true, nil
	}
	return true, o.fails(o.orAgain(ctx, func() error {
		if err := o.tx.Lock(ctx); err != nil {
			return err
		}
		if len(c.conflict()) > 0 && t.Recorded() && o.base.Dialect() == dialect.MySQL {
			if _, err := o.uniqueIndexes(ctx); err != nil {
				return err
			}
		}
		return o.readLinks(ctx, links, nil)
	}))
}

// linked reports whether ent writes other tables after the insert, or other rows, for which it begins a transaction.
func linked(specs []*sqlgraph.CreateSpec) bool {
	return slices.ContainsFunc(specs, func(spec *sqlgraph.CreateSpec) bool {
		return external(&sqlgraph.UpdateSpec{Edges: sqlgraph.EdgeMut{Add: spec.Edges}})
	})
}

// checkID returns an error if what will identify a created entity cannot stand in the log.
func checkID(t *auditlog.Type, spec *sqlgraph.CreateSpec) error {
	if !t.Tracked() {
		return nil
	}
	for _, c := range t.Identity.Columns {
		if given(spec, c.Name) == nil { // the database is to give it
			return nil
		}
	}
	values := make([]any, len(t.Identity.Columns))
	for i, c := range t.Identity.Columns {
		values[i] = given(spec, c.Name)
	}
	_, err := t.IDText(values)
	return err
}

// given returns the value that a specification has for a column of its own row, or nil.
func given(spec *sqlgraph.CreateSpec, column string) any {
	if spec.ID != nil && spec.ID.Column == column {
		return spec.ID.Value
	}
	for _, f := range spec.Fields {
		if f.Column == column {
			return f.Value
		}
	}
	for _, e := range spec.Edges {
		if (e.Rel == sqlgraph.M2O || e.Rel == sqlgraph.O2O && (e.Inverse || e.Bidi)) && e.Columns[0] == column {
			return e.Target.Nodes[0]
		}
	}
	return nil
}

// insert runs ent's insert where it asks for no ids back.
func (o *operation) insert(ctx context.Context, query string, args, v any) error {
	var own sql.Result
	res, ok := v.(*sql.Result)
	if !ok {
		res = &own
	}
	if len(o.create.conflict()) > 0 && o.target.Type.Recorded() && o.base.Dialect() == dialect.MySQL {
		o.took(PathUpsert)
		var err error
		if *res, err = o.upsertMySQL(ctx, query, args); err == nil {
			o.create.inserted = true
		}
		return err
	}
	if n, done, err := o.insertRecorded(ctx, query, args, nil); done || err != nil {
		if err == nil {
			*res = driver.RowsAffected(n)
			o.create.inserted = true
		}
		return err
	}
	if c := o.create; c.returns && len(c.conflict()) == 0 {
		n, err := o.insertKeyed(ctx, query, args)
		if err != nil {
			return err
		}
		c.inserted = true
		*res = insertResult{affected: int64(n)}
		if o.base.Dialect() == dialect.MySQL && n > 0 {
			for _, r := range c.rows {
				c.ids = append(c.ids, r.Key[0])
			}
			first, _ := c.ids[0].(int64)
			*res = insertResult{id: first, affected: int64(n)}
		}
		return nil
	}
	if err := o.resolve(ctx, query, args, func(query string, args any) error { return o.ex.Exec(ctx, query, args, res) }); err != nil {
		return err
	}
	o.create.inserted = true
	if o.base.Dialect() == dialect.MySQL {
		o.create.lastID, _ = (*res).LastInsertId() // a driver has it in memory
	}
	return nil
}

// insertReturning runs ent's insert where it asks for the ids. They are read here, so that the connection is free for the record.
func (o *operation) insertReturning(ctx context.Context, query string, args, v any) error {
	c := o.create
	var b *buffered
	if _, done, err := o.insertRecorded(ctx, query, args, &b); done || err != nil {
		if err == nil {
			c.inserted = true
			v.(*sql.Rows).ColumnScanner = b
		}
		return err
	}
	if err := o.resolve(ctx, query, args, func(query string, args any) error {
		if c.returns {
			var list string
			list, args = o.lines(args)
			query += ", " + list
		}
		rows := &sql.Rows{}
		if err := o.ex.Query(ctx, query, args, rows); err != nil {
			return err
		}
		c.rows, c.plain = nil, true
		scan := scanID(rows)
		if c.returns {
			var given any
			l, err := o.newLine(1, &given)
			if err != nil {
				return errors.Join(err, rows.Close())
			}
			scan = func(id *any) error {
				err := l.scan(rows, c.are)
				*id = given
				return err
			}
		}
		var err error
		if b, err = bufferIDs(rows, scan); err != nil {
			return err
		}
		c.ids = b.ids
		return nil
	}); err != nil {
		return err
	}
	c.inserted = true
	if c.returns && len(c.conflict()) > 0 {
		o.are(o.target.Type, c.rows, c.plain)
	}
	v.(*sql.Rows).ColumnScanner = b
	return nil
}

// key returns the primary key of the i-th created entity.
func (c *creation) key(t *auditlog.Type, i int, dialectName string) []any {
	spec := c.specs[i]
	key := make([]any, len(t.Key))
	for k, column := range t.Key {
		key[k] = given(spec, column)
	}
	switch {
	case len(key) > 1 || key[0] != nil: // ent has it, or has been told it
	case i < len(c.ids):
		key[0] = c.ids[i]
	case dialectName == dialect.MySQL:
		key[0] = c.lastID + int64(i)
	}
	return key
}

// created returns the entities that were created, in the order in which they were, with who made each.
func (o *operation) created(ctx context.Context) ([]*auditlog.Row, []auditlog.Stamp, error) {
	c, t := o.create, o.target.Type
	if c == nil || !t.Recorded() || len(c.conflict()) > 0 {
		return nil, nil, nil
	}
	keys := make([][]any, len(c.specs))
	for i := range c.specs {
		keys[i] = c.key(t, i, o.base.Dialect())
	}
	found := c.rows
	if !c.returns || !c.plain || o.issued > 1 {
		var err error
		if found, err = o.again(ctx, &image{typ: t, fresh: []lookup{{t.Key, keys}}}); err != nil {
			return nil, nil, err
		}
	}
	byKey := make(map[string]*auditlog.Row, len(found))
	for _, r := range found {
		byKey[r.Text] = r
	}
	rows := make([]*auditlog.Row, len(keys))
	for i, key := range keys {
		text, err := auditlog.KeyText(key)
		if err != nil {
			return nil, nil, err
		}
		if rows[i] = byKey[text]; rows[i] == nil && len(keys) == 1 && len(found) == 1 {
			rows[i] = found[0] // the database has given the id another text
		}
		if rows[i] == nil {
			return nil, nil, fmt.Errorf("sqlaudit: %s %s is not there after its creation", t.Name, text)
		}
	}
	return rows, c.stamps, nil
}
