package hook

import (
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// upsertWhole returns ent's insert with what to do on a conflict and its record, and false if it is not understood. The rows that it may
// conflict with are locked in it, and its update branch is narrowed to those, so that none is updated whose old values are not known.
func (o *operation) upsertWhole(query string, args any) (string, []any, bool) {
	r, err := o.resolution(query)
	if err != nil {
		return "", nil, false
	}
	o.create.updates = !r.nothing
	if r.nothing { // what it returns, it inserted
		query, own := o.insertWhole(query, args)
		return query, own, true
	}
	if r.where != "" || r.tail == "" || r.moves {
		return "", nil, false
	}
	var (
		t, st   = o.target.Type, o.statement
		own     = args.([]any)
		ident   = o.ident(t)
		key     = ident + "." + o.names(t.Key)
		old     = []string{key + ` AS "__was"`}
		differs = []string{`s."__was" IS NULL`} // it has come

		all, before, after object
		hidden             names
	)
	columns, _, _ := o.everything()
	for i, f := range t.Fields {
		form := st.table.forms[i]
		was, is := fmt.Sprintf(`s."__o%d"`, i), fmt.Sprintf(`s."__v%d"`, i)
		old = append(old, ident+"."+o.names([]string{f.Column})+fmt.Sprintf(` AS "__o%d"`, i))
		differ := form.Differs(was, is)
		differs = append(differs, differ)
		if f.Sensitive {
			hidden.where(f.Name, `CASE WHEN s."__was" IS NULL THEN `+is+" IS NOT NULL ELSE "+differ+" END")
			continue
		}
		all.where(f.Name, form.Value(is), "")
		before.where(f.Name, form.Value(was), differ)
		after.where(f.Name, form.Value(is), differ)
	}
	where, more := o.conflicting(len(own), r)
	log := o.drv.Writer().Insertion(auditlog.Selection{
		From:       `(SELECT * FROM "__new" LEFT JOIN "__old" ON "__was" = "__k")`,
		Where:      strings.Join(differs, " OR "),
		Action:     `CASE WHEN s."__was" IS NULL THEN 'create' ELSE 'update' END`,
		ResourceID: `s."__id"`,
		Before:     `CASE WHEN s."__was" IS NOT NULL THEN ` + before.text(false) + " END",
		After:      `CASE WHEN s."__was" IS NULL THEN ` + all.text(true) + " ELSE " + after.text(false) + " END",
		Redacted:   hidden.text(),
	}, st.stamp.Shape(), len(own)+len(more))
	query = `WITH "__old" AS MATERIALIZED (SELECT ` + strings.Join(old, ", ") + " FROM " + ident + " WHERE " + where + " ORDER BY " + key + r.lock.clause() +
		`), "__new" AS (` + r.head + " WHERE " + key + ` IN (SELECT "__was" FROM "__old")` + r.tail + ", " + columns +
		`), "__log" AS (` + log + `) SELECT ` + strings.TrimPrefix(r.tail, " RETURNING ") + ` FROM "__new" WHERE CASE WHEN NOT ` + st.table.sure +
		" THEN (" + literal(errNotPlain) + ` || "__id")::boolean ELSE TRUE END`
	return query, o.logArgs(append(slices.Clip(own), more...)), true
}

// conflicting returns the condition that a row has a unique key, by which it may conflict, of one of those that ent is about to insert, with parameters numbered after the
// given number.
func (o *operation) conflicting(after int, r *resolution) (string, []any) {
	t, b := o.target.Type, sql.Dialect(dialect.Postgres)
	s := b.Select().From(b.Table(t.Table).Schema(o.target.SchemaOf(t)))
	matches := []*sql.Predicate{sql.False()}
	for _, l := range o.lookups(r) {
		matches = append(matches, in(s, l.columns, l.values))
	}
	builder := &sql.Builder{}
	builder.SetDialect(dialect.Postgres)
	builder.SetTotal(after)
	builder.Wrap(func(b *sql.Builder) { b.Join(sql.Or(matches...)) })
	return builder.Query()
}
