package hook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// On PostgreSQL ent's statement and its record can be one: common table expressions lock, change, compare and record. There is no further round
// trip then, nor a transaction that ent alone would not have begun. It takes that PostgreSQL can make the forms of the type's values (see
// auditlog.Type.PostgresForms), and that the driver prepares statements, since planning costs more than a round trip saves. In the user's transaction that
// is so of updates and deletes, unless entries wait there that would have to be written first; an insert could not go on where the table turns out to have a trigger.
// In all else it is like a returning statement.

// A statement is ent's statement and its record in one.
type statement struct {
	table *table
	lock  strength
	set   map[string]bool // the columns that an update sets
	one   bool            // it has one row at most
	stamp auditlog.Stamp
	stale bool // the table is not plain any more: nothing was done
}

// whole returns the statement that an operation on one table can be, or nil. Set are the columns that an update sets. All stamps must be the same.
func (o *operation) whole(tab *table, set map[string]bool, stamps ...auditlog.Stamp) *statement {
	t := o.target.Type
	if !tab.whole || !o.drv.Prepares() {
		return nil
	}
	for i, f := range t.Fields {
		if (set == nil || set[f.Column]) && !tab.forms[i].There() {
			return nil
		}
	}
	for i := range stamps {
		if !stamps[i].Equal(&stamps[0]) {
			return nil
		}
	}
	stamp := stamps[0]
	if t.ActorColumn != "" && stamp.ActorID == "" && stamp.ActorType == "" && stamp.ActorName == "" {
		return nil
	}
	return &statement{table: tab, stamp: stamp}
}

// sureOf is like the table's sure, for a statement of one row that comes or goes: the row itself says what types its columns have, so that the catalogue is not asked for
// them, and what is computed does not matter. Value returns how a column stands in the row. Where it returns "", the column is not there, and sure itself is what is returned.
func (o *operation) sureOf(value func(column string) string) string {
	tab, expr := o.statement.table, o.plain(o.target.Type)
	for _, c := range tab.types {
		v := value(c.column)
		if v == "" {
			return tab.sure
		}
		expr += fmt.Sprintf(" AND pg_catalog.pg_typeof(%s)::oid = %d", v, c.id)
	}
	return expr
}

// beginAutocommit begins an operation without a transaction.
func (o *operation) beginAutocommit() {
	o.phase, o.autocommit, o.ex, o.deleted, o.release = open, true, o.base, -1, func() {}
}

// fallBack has the operation go on with a record of its own.
func (o *operation) fallBack(ctx context.Context) error {
	o.statement = nil
	if !o.autocommit {
		return nil
	}
	o.autocommit, o.phase = false, idle
	return o.begin(ctx)
}

// ofLog returns err as one of the log's, if it is one.
func (o *operation) ofLog(err error) error {
	if err == nil {
		return nil
	}
	text, log := err.Error(), o.drv.Writer().Table()
	if strings.HasPrefix(o.target.Type.Table, log) || !strings.Contains(text, `"`+log) && !strings.Contains(text, "table "+log) {
		return err
	}
	return auditlog.Failed("write entries", err)
}

// text returns the text of ent's statement with its record, of a kind, as f puts it together.
func (o *operation) text(kind byte, query string, args int, f func() string) string {
	st := o.statement
	return st.table.text(textKey{kind: kind, query: query, args: args, one: st.one, lock: st.lock, shape: st.stamp.Shape()}, f)
}

// logArgs returns ent's arguments and those of the insert of the statement's entries.
func (o *operation) logArgs(own []any) []any {
	id := uuid.Must(uuid.NewV7())
	if o.tx != nil {
		id = o.tx.ID()
	}
	return auditlog.InsertionArgs(slices.Grow(slices.Clip(own), 9), o.target.Type, id, &o.statement.stamp)
}

// updateWhole runs ent's update with its record. It returns how many rows there were.
func (o *operation) updateWhole(ctx context.Context, query string, args any) (int, error) {
	own := args.([]any)
	return o.count(ctx, o.text('u', query, len(own), func() string { return o.updateText(query, len(own)) }), o.logArgs(own))
}

// updateText returns ent's update, with so many arguments, and its record.
func (o *operation) updateText(query string, args int) string {
	var (
		t, st         = o.target.Type, o.statement
		ident         = o.ident(t)
		key           = ident + "." + o.names(t.Key)
		id            = ident + "." + o.names([]string{t.Identity.Columns[0].Name})
		b             strings.Builder
		old           = []string{key + ` AS "__k"`, st.table.id.Value(id) + ` AS "__id"`}
		now           = []string{`"__old"."__k"`, `"__old"."__id"`}
		differs       []string
		before, after object
		hidden        names
	)
	for i, f := range t.Fields {
		if !st.set[f.Column] {
			continue
		}
		column, form := ident+"."+o.names([]string{f.Column}), st.table.forms[i]
		was, is := fmt.Sprintf(`"__o%d"`, i), fmt.Sprintf(`"__n%d"`, i)
		old, now = append(old, column+" AS "+was), append(now, `"__old".`+was, column+" AS "+is)
		differ := form.Differs("s."+was, "s."+is)
		differs = append(differs, differ)
		if f.Sensitive {
			hidden.where(f.Name, differ)
			continue
		}
		before.where(f.Name, form.Value("s."+was), differ)
		after.where(f.Name, form.Value("s."+is), differ)
	}
	set, where := query, ""
	if at := clause(dialect.Postgres, query, 0, " WHERE "); at >= 0 {
		set, where = query[:at], "("+query[at+len(" WHERE "):]+"\n) AND "
	}
	b.WriteString(`WITH "__old" AS MATERIALIZED (SELECT ` + strings.Join(old, ", ") + " FROM " + ident + " WHERE " + where + st.table.sure + " ORDER BY " + key)
	b.WriteString(st.lock.clause() + `), "__new" AS (` + set + ` FROM "__old" WHERE ` + key + ` = "__old"."__k" RETURNING ` + strings.Join(now, ", ") + `), "__log" AS (`)
	b.WriteString(o.drv.Writer().Insertion(auditlog.Selection{
		From: `"__new"`, Where: strings.Join(differs, " OR "), Order: `s."__k"`, One: st.one, Action: literal(auditlog.ActionUpdate), ResourceID: `s."__id"`,
		Before: before.text(len(differs) == 1), After: after.text(len(differs) == 1), Redacted: hidden.text(),
	}, st.stamp.Shape(), args))
	b.WriteString(`) SELECT count(*), count(*) > 0 OR ` + st.table.sure + ` FROM "__new"`) // where it is not plain there are none
	return b.String()
}

// deleteWhole runs ent's delete with its record. It returns how many rows there were.
func (o *operation) deleteWhole(ctx context.Context, query string, args any) (int, error) {
	own := args.([]any)
	return o.count(ctx, o.text('d', query, len(own), func() string { return o.deleteText(query, len(own)) }), o.logArgs(own))
}

// deleteText returns ent's delete, with so many arguments, and its record.
func (o *operation) deleteText(query string, args int) string {
	t := o.target.Type
	ident := o.ident(t)
	key, where := ident+"."+o.names(t.Key), ""
	if at := clause(dialect.Postgres, query, 0, " WHERE "); at >= 0 {
		query, where = query[:at], "("+query[at+len(" WHERE "):]+"\n) AND "
	}
	st := o.statement
	sure := st.table.sure
	columns, before, redacted := o.everything()
	log := o.drv.Writer().Insertion(auditlog.Selection{
		From: `"__gone"`, Order: `s."__k"`, One: st.one, Action: literal(auditlog.ActionDelete), ResourceID: `s."__id"`, Before: before, Redacted: redacted,
	}, st.stamp.Shape(), args)
	old, gone := `"__old" AS MATERIALIZED (SELECT `+key+` AS "__key" FROM `+ident+" WHERE "+where+sure+" ORDER BY "+key+" FOR UPDATE), ", ` USING "__old" WHERE `+key+` = "__key"`
	if st.one { // there is no order to lock in
		old, gone = "", " WHERE "+where+o.sureOf(func(c string) string { return ident + "." + o.names([]string{c}) })
	}
	return "WITH " + old + `"__gone" AS (` + query + gone + " RETURNING " + columns +
		`), "__log" AS (` + log + `) SELECT count(*), count(*) > 0 OR ` + sure + ` FROM "__gone"`
}

// everything returns the columns of rows that come or go, and the expressions of their values and of the names of their sensitive fields.
func (o *operation) everything() (columns, all, redacted string) {
	var (
		t, st  = o.target.Type, o.statement
		ident  = o.ident(t)
		list   = []string{ident + "." + o.names(t.Key) + ` AS "__k"`, st.table.id.Value(ident+"."+o.names([]string{t.Identity.Columns[0].Name})) + ` AS "__id"`}
		values object
		hidden names
	)
	for i, f := range t.Fields {
		name := fmt.Sprintf(`"__v%d"`, i)
		list = append(list, ident+"."+o.names([]string{f.Column})+" AS "+name)
		if f.Sensitive {
			hidden.where(f.Name, "s."+name+" IS NOT NULL")
			continue
		}
		values.where(f.Name, st.table.forms[i].Value("s."+name), "")
	}
	all = values.text(true)
	if st.one {
		all = values.built(true)
	}
	return strings.Join(list, ", "), all, hidden.text()
}

// everythingOf returns how a column stands among those of everything, or "".
func (o *operation) everythingOf(column string) string {
	t := o.target.Type
	if i := slices.IndexFunc(t.Fields, func(f *auditlog.Field) bool { return f.Column == column }); i >= 0 {
		return fmt.Sprintf(`"__v%d"`, i)
	}
	if column == t.Key[0] {
		return `"__k"`
	}
	return ""
}

// errNotPlain is the text of the error with which a statement fails, having done nothing, if the table is not plain any more.
const errNotPlain = "sqlaudit: the table is not plain"

// insertWhole returns ent's insert with its record.
func (o *operation) insertWhole(query string, args any) (string, []any) {
	own := args.([]any)
	return o.text('c', query, len(own), func() string { return o.insertText(query, len(own)) }), o.logArgs(own)
}

// insertText returns ent's insert, with so many arguments, and its record.
func (o *operation) insertText(query string, args int) string {
	columns, after, redacted := o.everything()
	returning := " RETURNING "
	result := `count(*)`
	if at := clause(dialect.Postgres, query, 0, " RETURNING "); at >= 0 {
		result = query[at+len(" RETURNING "):]
		returning = ", "
	}
	log := o.drv.Writer().Insertion(auditlog.Selection{
		From: `"__new"`, One: o.statement.one, Action: literal(auditlog.ActionCreate), ResourceID: `s."__id"`, After: after, Redacted: redacted,
	}, o.statement.stamp.Shape(), args)
	sure := o.statement.table.sure
	if o.statement.one {
		sure = o.sureOf(o.everythingOf)
	}
	return `WITH "__new" AS (` + query + returning + columns + `), "__log" AS (` + log + `) SELECT ` + result + ` FROM "__new" WHERE CASE WHEN ` +
		sure + " THEN TRUE ELSE (" + literal(errNotPlain) + ` || "__id")::boolean END`
}

// creationWhole returns ent's insert with its record, and false if it is not understood.
func (o *operation) creationWhole(query string, args any) (string, []any, bool) {
	if len(o.create.conflict()) > 0 {
		return o.upsertWhole(query, args)
	}
	query, own := o.insertWhole(query, args)
	return query, own, true
}

// insertRecorded runs ent's insert as one statement with its record, if it is to. It returns how many rows there were, or the ids in ids, and
// whether that is done. If the table is not plain any more, the operation goes on without.
func (o *operation) insertRecorded(ctx context.Context, query string, args any, ids **buffered) (n int, done bool, err error) {
	switch {
	case o.statement == nil:
		return 0, false, nil
	case len(args.([]any)) > maxParams:
		return 0, false, o.fallBack(ctx)
	}
	query, own, ok := o.creationWhole(query, args)
	if !ok {
		return 0, false, o.fallBack(ctx)
	}
	o.took(PathStatement)
	rows := &sql.Rows{}
	if err = o.ex.Query(ctx, query, own, rows); err == nil {
		defer rows.Close()
		if ids != nil {
			*ids, err = bufferIDs(rows, scanID(rows))
		} else {
			for rows.Next() && err == nil {
				err = rows.Scan(&n)
			}
			err = errors.Join(err, rows.Err())
		}
	}
	switch {
	case err != nil && strings.Contains(err.Error(), errNotPlain):
		o.forgetTable()
		return 0, false, o.fallBack(ctx)
	case err == nil && ids != nil && o.create.updates && len((*ids).ids) == 0: // it passed over a row that came in between
		o.took(PathUpsertAgain)
		return 0, false, o.fallBack(ctx)
	}
	return n, true, o.ofLog(err)
}

// count runs a statement that returns how many rows it changed, and whether the table is plain. If it is not, nothing was done.
func (o *operation) count(ctx context.Context, query string, args []any) (n int, err error) {
	rows := &sql.Rows{}
	if err := o.ex.Query(ctx, query, args, rows); err != nil {
		return 0, err
	}
	defer rows.Close()
	plain := false
	if rows.Next() {
		if err := rows.Scan(&n, &plain); err != nil {
			return 0, err
		}
	}
	o.statement.stale = !plain
	return n, rows.Err()
}
