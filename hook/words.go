package hook

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// Words are how a type's table stands in statements. They are put together once for each driver.
type words struct {
	table   string   // its name
	columns []string // those that it is read with, as they stand in RETURNING
	list    string   // columns
	keys    string   // the primary key, as it stands in ORDER BY
	all     string   // columns, as they stand in SELECT
	plain   string   // see askPlain
	one     string   // what follows the columns where ent reads the entity that it has updated

	byKey [lockKey + 1]string // reads of the row that has a key, by how it is locked
}

// wordsKey is under which the driver remembers words.
type wordsKey struct{ *auditlog.Type }

// words returns those of a type.
func (o *operation) words(t *auditlog.Type) *words {
	if t == o.target.Type && o.known != nil {
		return o.known
	}
	v, _ := o.drv.Remember(wordsKey{t}, func() (any, error) { return o.newWords(t), nil })
	w := v.(*words)
	if t == o.target.Type {
		o.known = w
	}
	return w
}

func (o *operation) newWords(t *auditlog.Type) *words {
	b := sql.Dialect(o.base.Dialect())
	s := b.Select().From(b.Table(t.Table).Schema(o.target.SchemaOf(t)))
	query, _ := b.Delete(t.Table).Schema(o.target.SchemaOf(t)).Query()
	w := &words{
		table: strings.TrimPrefix(query, "DELETE FROM "), keys: strings.Join(s.Columns(t.Key...), ", "), all: strings.Join(s.Columns(t.Columns()...), ", "),
	}
	for _, c := range t.Columns() {
		c = o.names([]string{c})
		if o.base.Dialect() == dialect.Postgres { // MariaDB takes plain names alone in RETURNING
			c = w.table + "." + c
		}
		w.columns = append(w.columns, c)
	}
	w.list = strings.Join(w.columns, ", ")
	w.plain = o.askPlain(t, w.table)
	key := make([]any, len(t.Key))
	for i := range key {
		key[i] = 0 // which stands as a parameter
	}
	w.one = onesClause(b, t, o.target.SchemaOf(t))
	for lock := range w.byKey {
		w.byKey[lock], _ = o.selection(context.Background(), t, w, strength(lock), func(s *sql.Selector) { s.Where(in(s, t.Key, [][]any{key})) })
	}
	return w
}

// ident returns the name of a type's table as it stands in statements.
func (o *operation) ident(t *auditlog.Type) string { return o.words(t).table }

// plain returns an expression that says whether nothing but a statement itself changes rows of a type's table. Statements ask again as they
// run: a trigger may have been created meanwhile.
func (o *operation) plain(t *auditlog.Type) string { return o.words(t).plain }

// names returns columns as they stand in statements.
func (o *operation) names(columns []string) string {
	b := sql.Builder{}
	b.SetDialect(o.base.Dialect())
	return b.IdentComma(columns...).String()
}

// master returns the table in which SQLite describes the database that the table of t is in.
func (o *operation) master(t *auditlog.Type) string {
	schema := o.target.SchemaOf(t)
	if schema == "" {
		schema = "main"
	}
	return o.names([]string{schema}) + ".sqlite_master"
}

// regclass returns the object id of a table of PostgreSQL's.
func regclass(table string) string { return literal(table) + "::pg_catalog.regclass" }

// currentCatalogue is the condition that PostgreSQL's catalogue is read as it is by now: a snapshot that is older does not show the triggers that fire all the same.
const currentCatalogue = "pg_catalog.current_setting('transaction_isolation') IN ('read committed', 'read uncommitted')"

// plainPostgres returns what plain does for a table of PostgreSQL's, with a further condition of its row in pg_class, called c.
func plainPostgres(table, further string) string {
	return "COALESCE((SELECT " + currentCatalogue + " AND c.relkind = 'r' AND NOT c.relhassubclass AND NOT c.relhasrules AND NOT c.relrowsecurity" + further +
		" AND (NOT c.relhastriggers OR NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal))" +
		" FROM pg_catalog.pg_class c WHERE c.oid = " + regclass(table) + "), FALSE)"
}

// askPlain returns what plain does, for a table of that name.
func (o *operation) askPlain(t *auditlog.Type, table string) string {
	switch o.base.Dialect() {
	case dialect.MySQL:
		return "TRUE"
	case dialect.SQLite:
		none := "NOT EXISTS (SELECT 1 FROM %s WHERE type = 'trigger' AND tbl_name = " + literal(t.Table) + " COLLATE NOCASE)"
		return "(" + fmt.Sprintf(none, o.master(t)) + " AND " + fmt.Sprintf(none, "sqlite_temp_master") + ")"
	}
	return plainPostgres(table, "")
}
