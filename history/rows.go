package history

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// filter returns the versions that a condition holds for, in their order. It fails with ErrUnknown for a value that the condition needs and the log does not have. It takes
// a statement, and on MySQL and MariaDB one more, once for each condition.
func (r *reader) filter(ctx context.Context, ex dialect.ExecQuerier, c *condition, versions []*Version) ([]*Version, error) {
	if c == nil || len(versions) == 0 {
		return versions, nil
	}
	for _, v := range versions {
		if err := c.known(v); err != nil {
			return nil, err
		}
	}
	if r.dialect == dialect.MySQL && c.types == nil {
		if err := r.columnTypes(ctx, ex, c); err != nil {
			return nil, err
		}
	}
	b := &sql.Builder{}
	b.SetDialect(r.dialect)
	b.WriteString("WITH ")
	main := make([][]driver.Value, len(versions))
	for i, v := range versions {
		for _, column := range c.fields {
			main[i] = append(main[i], v.build.Values[column])
		}
	}
	r.literal(b, c.typ, c.typ.Table, rowColumn, c.fields, c.types, main)
	for _, e := range slices.Backward(c.links) { // one that has its table's name is the last to read that table
		var links [][]driver.Value
		for _, v := range versions {
			if len(v.image.edges[e.Name]) > 0 {
				links = append(links, []driver.Value{v.build.Values[c.typ.Key[0]]})
			}
		}
		b.WriteString(", ")
		r.literal(b, e.HolderType(), c.alias(e), "", []string{e.Column}, nil, links)
	}
	text, args := b.Query()
	where, more, err := c.query(r.dialect, len(args))
	if err != nil {
		return nil, err
	}
	text, args = text+" "+where, append(args, more...)
	keep := make([]bool, len(versions))
	err = rows.Query(ctx, ex, text, args, func(rows *sql.Rows) error {
		var row int
		err := rows.Scan(&row)
		if err == nil {
			keep[row] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sqlaudit: evaluate predicates over the past of %s: %w", c.typ.Name, err)
	}
	out := make([]*Version, 0, len(versions))
	for i, v := range versions {
		if keep[i] {
			out = append(out, v)
		}
	}
	return out, nil
}

// known returns an error if the log does not have what the condition needs of an entity.
func (c *condition) known(v *Version) error {
	for _, column := range c.fields {
		if _, ok := v.build.Values[column]; !ok {
			return fmt.Errorf("%w: a predicate needs %s of %s %s", ErrUnknown, column, v.Type, v.ID)
		}
	}
	for _, e := range c.links {
		if !v.image.begun {
			return fmt.Errorf("%w: a predicate needs %s of %s %s", ErrUnknown, e.Name, v.Type, v.ID)
		}
	}
	return nil
}

// literal writes a common table expression of some name, of rows of the table of t. The types, collations and affinities of its columns are those of
// the table. Number, if it is not empty, is a first column that numbers the rows.
func (r *reader) literal(b *sql.Builder, t *auditlog.Type, name, number string, columns []string, casts map[string]string, rows [][]driver.Value) {
	table := func() {
		schema := r.SchemaOf(t)
		if schema == "" && r.dialect == dialect.SQLite {
			schema = "main" // else it would be the expression itself
		}
		if schema != "" {
			b.Ident(schema).WriteByte('.')
		}
		b.Ident(t.Table)
	}
	names := columns
	if number != "" {
		names = append([]string{number}, columns...)
	}
	row := func(i int) {
		if number != "" {
			b.WriteString(strconv.Itoa(i))
		}
		for k, column := range columns {
			if number != "" || k > 0 {
				b.WriteString(", ")
			}
			v := any(rows[i][k])
			if v == nil {
				v = stdsql.NullString{} // a parameter, so that the statement is the same
			}
			if cast := casts[column]; cast != "" {
				b.WriteString("CAST(").Arg(v).WriteString(" AS " + cast + ")")
			} else {
				b.Arg(v)
			}
		}
	}
	b.Ident(name).WriteByte(' ')
	list := func() { b.WriteByte('(').IdentComma(names...).WriteByte(')') }
	list()
	b.WriteString(" AS (")
	defer b.WriteByte(')')
	if r.dialect == dialect.Postgres {
		// The types of VALUES come from its first row.
		b.WriteString("SELECT * FROM (VALUES (")
		if number != "" {
			b.WriteString("NULL")
		}
		for k, column := range columns {
			if number != "" || k > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(SELECT ").Ident(column).WriteString(" FROM ")
			table()
			b.WriteString(" WHERE FALSE)")
		}
		b.WriteByte(')')
		for i := range rows {
			b.WriteString(", (")
			row(i)
			b.WriteByte(')')
		}
		b.WriteString(") AS v ")
		list()
		b.WriteString(" WHERE ").Ident(names[0]).WriteString(" IS NOT NULL")
		return
	}
	b.WriteString("SELECT ")
	if number != "" {
		b.WriteString("-1")
		if len(columns) > 0 {
			b.WriteString(", ")
		}
	}
	b.IdentComma(columns...)
	b.WriteString(" FROM ")
	table()
	b.WriteString(" WHERE 1 = 0")
	for i := range rows {
		switch {
		case r.dialect == dialect.MySQL:
			b.WriteString(" UNION ALL SELECT ")
			row(i)
			continue
		case i == 0: // SQLite takes 500 selects, and any number of values
			b.WriteString(" UNION ALL VALUES (")
		default:
			b.WriteString(", (")
		}
		row(i)
		b.WriteByte(')')
	}
}

// columnTypes finds out what MySQL and MariaDB are to cast values to: to them, a parameter has a type of its own, which a comparison would heed.
func (r *reader) columnTypes(ctx context.Context, ex dialect.ExecQuerier, c *condition) error {
	c.types = make(map[string]string)
	if len(c.fields) == 0 {
		return nil
	}
	b := sql.Dialect(r.dialect)
	s := b.Select().From(b.Table(c.typ.Table).Schema(r.SchemaOf(c.typ))).WithContext(ctx)
	s.Select(s.Columns(c.fields...)...).Where(sql.False())
	text, args := s.Query()
	rows := &sql.Rows{}
	if err := ex.Query(ctx, text, args, rows); err != nil {
		return fmt.Errorf("sqlaudit: read the types of %s: %w", c.typ.Table, err)
	}
	defer rows.Close()
	list, err := rows.ColumnTypes()
	if err != nil {
		return fmt.Errorf("sqlaudit: read the types of %s: %w", c.typ.Table, err)
	}
	for i, t := range list {
		c.types[c.fields[i]] = castOf(t)
	}
	return rows.Err()
}

func castOf(t *stdsql.ColumnType) string {
	switch name := strings.ToUpper(t.DatabaseTypeName()); name {
	case "DATETIME", "TIMESTAMP":
		return "DATETIME(6)"
	case "DATE":
		return name
	case "TIME":
		return "TIME(6)"
	case "FLOAT", "DOUBLE":
		return name
	case "DECIMAL":
		if p, s, ok := t.DecimalSize(); ok {
			return fmt.Sprintf("DECIMAL(%d, %d)", p, s)
		}
		return "DECIMAL(65, 30)"
	case "BINARY", "VARBINARY", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB":
		return "BINARY"
	default: // numbers and text
		return ""
	}
}
