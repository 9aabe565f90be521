package hook

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A table is what is known of a type's table.
type table struct {
	plain    bool   // nothing but a statement itself changes its rows
	computed bool   // a recorded column changes with others
	sure     string // on PostgreSQL, an expression that says whether it is plain, and its recorded columns are as they are known
	types    []columnType
	forms    []auditlog.Form
	id       auditlog.Form
	whole    bool // PostgreSQL can make entries

	mu    sync.Mutex
	texts map[textKey]string
	parts map[string]*part // by which of the recorded fields they have
}

// A columnType is the id of the type that a column has, of which its form in the log is made.
type columnType struct {
	column string
	id     int64
}

// A textKey is what the text of a statement made of one of ent's follows from, beside the type and its table.
type textKey struct {
	kind  byte   // 'c', 'u' or 'd', 'U' or 'D' of those that return their rows, and 'p' of an update that returns a part of them
	query string // ent's, which also says the columns that it sets
	args  int    // of ent's
	one   bool   // it has one row at most
	lock  strength
	shape auditlog.Shape
}

// Texts that are kept of a table: so many, of queries of at most so many bytes.
const (
	maxTexts     = 500
	maxTextQuery = 4 << 10
)

// text returns what f does, which is kept.
func (tab *table) text(key textKey, f func() string) string {
	if len(key.query) > maxTextQuery {
		return f()
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	text, ok := tab.texts[key]
	if !ok {
		if len(tab.texts) == 0 || len(tab.texts) >= maxTexts {
			tab.texts = make(map[textKey]string)
		}
		text = f()
		tab.texts[key] = text
	}
	return text
}

// tableOf returns what is known of the table of t. It is asked for once.
func (o *operation) tableOf(ctx context.Context, t *auditlog.Type) (*table, error) {
	switch o.base.Dialect() {
	case dialect.Postgres:
	case dialect.MySQL:
		return o.remembered(ctx, tableKey{}, func() (*table, error) { return o.askMariaDB(ctx) })
	default:
		return o.remembered(ctx, tableKey{t}, func() (*table, error) { return o.askSQLite(ctx, t) })
	}
	if o.tx != nil && o.tx.Isolation() > stdsql.LevelReadCommitted {
		return &table{}, nil // see currentCatalogue
	}
	lasts := true
	v, err := o.drv.Remember(tableKey{t}, func() (tab any, err error) {
		tab, lasts, err = o.askTable(ctx, t)
		return tab, err
	})
	if err != nil {
		return nil, err
	}
	if !lasts {
		o.drv.Forget(tableKey{t})
		if o.tx != nil { // whose level a statement has set
			o.tx.SetIsolation(stdsql.LevelRepeatableRead)
		}
	}
	return v.(*table), nil
}

// askTable asks PostgreSQL about the table of t. It reports whether the answer is one for other transactions too.
func (o *operation) askTable(ctx context.Context, t *auditlog.Type) (tab *table, lasts bool, err error) {
	rows := &sql.Rows{}
	if err := o.base.Query(ctx, "SELECT a.attname, a.atttypid::pg_catalog.regtype::text, a.atttypid::bigint, a.attgenerated <> '', "+o.plain(t)+", "+
		currentCatalogue+" OR pg_catalog.current_setting('default_transaction_isolation') NOT IN ('read committed', 'read uncommitted')"+
		" FROM pg_catalog.pg_attribute a WHERE a.attrelid = "+regclass(o.ident(t))+" AND a.attnum > 0 AND NOT a.attisdropped",
		[]any{}, rows); err != nil {
		return nil, false, err
	}
	defer rows.Close()
	types, ids := make(map[string]string), make(map[string]int64)
	tab = &table{}
	for rows.Next() {
		var (
			column, typ string
			id          int64
			generated   bool
		)
		if err := rows.Scan(&column, &typ, &id, &generated, &tab.plain, &lasts); err != nil {
			return nil, false, err
		}
		types[column], ids[column] = typ, id
		tab.computed = tab.computed || generated && t.Records(column)
	}
	if err := rows.Err(); err != nil {
		return nil, false, err
	}
	tab.forms, tab.id, tab.whole = t.PostgresForms(types)
	tab.whole = tab.whole && tab.plain && !tab.computed
	for _, c := range t.Columns() {
		i := slices.IndexFunc(t.Fields, func(f *auditlog.Field) bool { return f.Column == c })
		if i < 0 && len(t.Identity.Columns) == 1 && c == t.Identity.Columns[0].Name || i >= 0 && i < len(tab.forms) && tab.forms[i].There() {
			tab.types = append(tab.types, columnType{c, ids[c]})
		}
	}
	tab.sure = plainPostgres(o.ident(t), " AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND "+tab.altered(t)+")")
	return tab, lasts, nil
}

// altered returns the condition that a column, called a, is a recorded one that has come to be computed, or has another type than the forms in the log are made
// of.
func (tab *table) altered(t *auditlog.Type) string {
	var names []string
	for _, c := range t.Columns() {
		names = append(names, literal(c))
	}
	was := "CASE a.attname WHEN '' THEN 0" // it takes one at least
	for _, c := range tab.types {
		was += fmt.Sprintf(" WHEN %s THEN %d", literal(c.column), c.id)
	}
	return "a.attname IN (" + strings.Join(names, ", ") + ") AND (a.attgenerated <> '' OR a.atttypid <> " + was + " ELSE a.atttypid END)"
}

// remembered returns what ask returned once. In the user's transaction that waits for its turn: a statement there looks at the rows of the one before it, which another
// goroutine may be reading.
func (o *operation) remembered(ctx context.Context, key tableKey, ask func() (*table, error)) (*table, error) {
	v, err := o.drv.Remember(key, func() (any, error) {
		if o.tx == nil || o.phase == open {
			return ask()
		}
		release, err := o.tx.TakeTurn(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		return ask()
	})
	if err != nil {
		return nil, err
	}
	return v.(*table), nil
}

// askMariaDB asks about any table of MariaDB, whose inserts and deletes return rows, and whose triggers cannot change the table that they
// are on. MySQL's return nothing.
func (o *operation) askMariaDB(ctx context.Context) (*table, error) {
	rows := &sql.Rows{}
	if err := o.base.Query(ctx, "SELECT VERSION()", []any{}, rows); err != nil {
		return nil, err
	}
	defer rows.Close()
	version, err := sql.ScanString(rows)
	return &table{plain: strings.Contains(version, "MariaDB")}, err
}

// askSQLite asks about the table of t, which may be a view, or of a module's making.
func (o *operation) askSQLite(ctx context.Context, t *auditlog.Type) (*table, error) {
	if o.tx != nil { // or the mutation would write after it has read, which SQLite may refuse
		if err := o.tx.Lock(ctx); err != nil {
			return nil, err
		}
	}
	rows := &sql.Rows{}
	query := "SELECT EXISTS (SELECT 1 FROM " + o.master(t) + " WHERE type = 'table' AND name = " + literal(t.Table) + " COLLATE NOCASE AND sql NOT LIKE 'CREATE VIRTUAL%')" +
		" AND NOT EXISTS (SELECT 1 FROM sqlite_temp_master WHERE name = " + literal(t.Table) + " COLLATE NOCASE) AND " + o.plain(t)
	if err := o.base.Query(ctx, query, []any{}, rows); err != nil {
		return nil, err
	}
	defer rows.Close()
	plain, err := sql.ScanBool(rows)
	return &table{plain: plain}, err
}

// tableKey is under which the driver remembers a table.
type tableKey struct{ *auditlog.Type }
