package hook

import (
	"context"
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// Of the rows of an update of which ent's statement tells what they are, only what it sets is read, where nothing else of them can change: the table has no
// triggers, and no tracked columns that the database computes. To know that of a table of MariaDB's takes privileges that an application need not have.

// A part is a type with those of its recorded fields alone that an update sets, and its words.
type part struct {
	typ   *auditlog.Type
	words *words
}

// partOf returns the part of the target's type that an update of columns can change, or nil if that may be the whole.
func (o *operation) partOf(tab *table, set map[string]bool) *part {
	t := o.target.Type
	if tab.computed || t.Links(set) {
		return nil
	}
	key := make([]byte, len(t.Fields))
	for i, f := range t.Fields {
		if set[f.Column] {
			key[i] = 1
		}
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	p, ok := tab.parts[string(key)]
	if !ok {
		if typ := t.Part(set); typ != nil {
			p = &part{typ, o.newWords(typ)}
			if o.base.Dialect() == dialect.SQLite { // where that is known by the time that the part is read
				p.words.plain = "TRUE"
			}
		}
		if len(tab.parts) == 0 || len(tab.parts) >= maxTexts {
			tab.parts = make(map[string]*part)
		}
		tab.parts[string(key)] = p
	}
	return p
}

// readPart has rows of the target's type read in a part.
func (o *operation) readPart(p *part) {
	o.full, o.target.Type, o.known = o.target.Type, p.typ, p.words
}

// readFull has rows of the target's type read in full.
func (o *operation) readFull() {
	if o.full != nil {
		o.target.Type, o.known, o.full = o.full, nil, nil
	}
}

// forgetTable has what is known of the target's table be asked for again.
func (o *operation) forgetTable() {
	t := o.target.Type
	if o.full != nil {
		t = o.full
	}
	o.drv.Forget(tableKey{t})
}

// readPartSQLite has rows of the target's type read in the part that an update of columns can change, if it turns out that nothing else can: there is no trigger,
// and no column that is computed, tracked or not. Nobody else writes by now.
func (o *operation) readPartSQLite(ctx context.Context, tab *table, set map[string]bool) error {
	p := o.partOf(tab, set)
	if p == nil {
		return nil
	}
	t, schema := o.target.Type, ""
	if name := o.target.SchemaOf(t); name != "" {
		schema = ", " + literal(name)
	}
	rows := &sql.Rows{}
	query := "SELECT " + o.plain(t) + " AND NOT EXISTS (SELECT 1 FROM pragma_table_xinfo(" + literal(t.Table) + schema + ") WHERE hidden > 1)"
	if err := o.ex.Query(ctx, query, []any{}, rows); err != nil {
		return err
	}
	defer rows.Close()
	alone, err := sql.ScanBool(rows)
	if alone {
		o.readPart(p)
	}
	return err
}

// updatePart runs ent's update on PostgreSQL so that it returns what it sets, of the rows as they were and are. If the table is not plain any more, it does
// nothing.
func (o *operation) updatePart(ctx context.Context, query string, args any, p *part) (n int, plain bool, err error) {
	o.readPart(p)
	r := o.returning
	text := r.table.text(textKey{kind: 'p', query: query, lock: r.lock}, func() string {
		old, update := o.joinedUpdate(query, r.lock, true)
		return old + `, "__new" AS (` + update + `) SELECT "__new"."__o0" IS NOT NULL, "__new".*, p.plain FROM (SELECT ` + r.table.sure + ` AS plain) AS p LEFT JOIN "__new" ON TRUE`
	})
	rows := &sql.Rows{}
	if err := o.ex.Query(ctx, text, args, rows); err != nil {
		return 0, false, err
	}
	defer rows.Close()
	var there bool
	line, err := o.newLine(2, &there)
	if err != nil {
		return 0, false, err
	}
	for rows.Next() {
		if n == 0 { // where there are none, a line says whether the table is plain
			first := slices.Repeat([]any{passed{}}, len(line.dest))
			first[0], first[len(first)-1] = &there, &line.plain
			if err := rows.Scan(first...); err != nil {
				return 0, false, auditlog.Failed("read "+p.typ.Table, err)
			}
			if !there {
				return 0, line.plain, nil
			}
		}
		if err := line.scan(rows, o.wasAndIs); err != nil {
			return n, true, err
		}
		n++
	}
	return n, true, rows.Err()
}
