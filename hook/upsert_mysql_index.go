package hook

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// indexesKey is under which the driver remembers the unique indexes of a type's table.
type indexesKey struct{ typ *auditlog.Type }

// uniqueIndexes returns the columns of the unique indexes of the target's table by name, which are asked for once. It fails if the schema does not declare one: MySQL and
// MariaDB resolve a conflict by any.
func (o *operation) uniqueIndexes(ctx context.Context) (map[string][]string, error) {
	v, err := o.drv.Remember(indexesKey{o.target.Type}, func() (any, error) { return o.askIndexes(ctx) })
	if err != nil {
		return nil, err
	}
	return v.(map[string][]string), nil
}

func (o *operation) askIndexes(ctx context.Context) (map[string][]string, error) {
	t := o.target.Type
	query, args := "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND TABLE_NAME = ? AND TABLE_SCHEMA = ", []any{t.Table}
	if schema := o.target.SchemaOf(t); schema != "" {
		query, args = query+"?", append(args, schema)
	} else {
		query += "DATABASE()"
	}
	rows := &sql.Rows{}
	if err := o.ex.Query(ctx, query+" ORDER BY INDEX_NAME, SEQ_IN_INDEX", args, rows); err != nil {
		return nil, err
	}
	defer rows.Close()
	indexes := make(map[string][]string)
	for rows.Next() {
		var index, column string
		if err := rows.Scan(&index, &column); err != nil {
			return nil, err
		}
		indexes[index] = append(indexes[index], column)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for name, columns := range indexes {
		if !slices.ContainsFunc(uniqueKeys(t), func(known []string) bool { return same(known, columns) }) {
			return nil, fmt.Errorf("%w: table %s has a unique index %s that the schema of %s does not declare: declare it", auditlog.ErrUpsert, t.Table, name, t.Name)
		}
	}
	return indexes, nil
}

// same reports whether two lists have the same columns.
func same(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(c string) bool { return !slices.Contains(b, c) })
}

// scanUnique reads rows by a unique index. Where they are locked, that is the only one which is used: of a small table the database would read, and lock, all
// rows, and the gaps between them, and two upserts would stand in each other's way.
func (o *operation) scanUnique(ctx context.Context, lock strength, columns []string, query string, args []any, more []string) ([]*auditlog.Row, error) {
	t := o.target.Type
	if lock == lockNone {
		return o.scan(ctx, t, query, args, more...)
	}
	indexes, err := o.uniqueIndexes(ctx)
	if err != nil {
		return nil, err
	}
	for name, of := range indexes {
		if !same(of, columns) {
			continue
		}
		from := " FROM " + o.ident(t)
		by := strings.Replace(query, from, from+" FORCE INDEX ("+o.names([]string{name})+")", 1)
		rows, err := o.scan(ctx, t, by, args, more...)
		if err == nil || !strings.Contains(err.Error(), noIndex) {
			return rows, err
		}
		o.drv.Forget(indexesKey{t}) // it has another name by now
		break
	}
	return o.scan(ctx, t, query, args, more...)
}

// noIndex begins the server's error where a statement names an index that is not there.
const noIndex = "Error 1176 "
