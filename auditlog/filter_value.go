package auditlog

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// The columns of the log that hold documents are compared by what each database has for that. PostgreSQL: jsonb, whose @> and ? a GIN index
// serves. MySQL and MariaDB: JSON_EXTRACT, which gives JSON on MySQL and text on MariaDB, where JSON_NORMALIZE, in a comment that
// MySQL passes over, makes one text of equal documents. SQLite: json_each and json_tree. Numbers are equal by their value, and documents whatever
// the order of their keys.

// FieldChanged applies to entries in which one of the fields or edges with the given names changed, or which created or deleted an entity that
// has them. No name, no entry.
func FieldChanged(names ...string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		ps := make([]*sql.Predicate, 0, 3*len(names))
		for _, name := range names {
			ps = append(ps, hasKey(s, ColumnAfter, name), hasKey(s, ColumnBefore, name), hasElement(s, ColumnRedacted, name))
		}
		where(s, ps)
	}
}

// FieldFrom applies to entries in which the field, or edge to one, with the given name had the value v before: nil for NULL, or a value whose form in the log
// follows from its Go type, by the client's codec of that type as well. A json.RawMessage is that form itself. Creates and baselines have no
// value before.
func FieldFrom(name string, v any) func(*sql.Selector) {
	return valueIs(ColumnBefore, []string{name}, storedAny(v), codecOf(v))
}

// FieldTo is like FieldFrom, of the value after. Deletes have none.
func FieldTo(name string, v any) func(*sql.Selector) {
	return valueIs(ColumnAfter, []string{name}, storedAny(v), codecOf(v))
}

// valueIs applies to entries that have a value under one of some names, in one of the forms that it may have: also in that of codec, if that returns one.
func valueIs(column string, names []string, v StoredValue, codec func(*sql.Selector) (json.RawMessage, error)) func(*sql.Selector) {
	return func(s *sql.Selector) {
		forms, at, err := v.forms(s.Dialect())
		coded, cerr := codec(s)
		if cerr != nil || coded == nil { // what has a codec may have no form of its own
			err = firstError(cerr, err)
		} else {
			err = v.err
		}
		if err != nil {
			fail(s, &ValueError{Name: "value of " + strconv.Quote(names[0]), Reason: err.Error()})
			return
		}
		if coded != nil {
			forms = append(forms, coded)
		}
		var ps []*sql.Predicate
		for _, name := range names {
			for i, form := range forms {
				if i == 0 && at != nil && s.Dialect() == dialect.SQLite {
					ps = append(ps, hasTime(s, column, name, *at))
					continue
				}
				ps = append(ps, hasValue(s, column, name, form))
			}
		}
		where(s, ps)
	}
}

// EdgeAdded applies to entries in which a link to one of the given ids came to the edge to many with the given name. No id, no entry.
func EdgeAdded(name string, ids ...any) func(*sql.Selector) {
	return edgeHas(ColumnAfter, []string{name}, ids)
}

// EdgeRemoved is like EdgeAdded, of links that went.
func EdgeRemoved(name string, ids ...any) func(*sql.Selector) {
	return edgeHas(ColumnBefore, []string{name}, ids)
}

// Each returns the stored forms of ids.
func Each[T any](ids []T, stored func(T) StoredValue) []any {
	vs := make([]any, len(ids))
	for i, id := range ids {
		vs[i] = stored(id)
	}
	return vs
}

func edgeHas(column string, names []string, ids []any) func(*sql.Selector) {
	return func(s *sql.Selector) {
		ps := make([]*sql.Predicate, 0, len(ids)*len(names))
		for _, id := range ids {
			forms, _, err := storedAny(id).forms(s.Dialect())
			if err != nil {
				fail(s, &ValueError{Name: "id of " + strconv.Quote(names[0]), Reason: err.Error()})
				return
			}
			for _, name := range names {
				ps = append(ps, hasLink(s, column, name, forms[0]))
			}
		}
		where(s, ps)
	}
}

// HasMetadata applies to entries whose metadata have the given key.
func HasMetadata(key string) func(*sql.Selector) {
	return func(s *sql.Selector) { s.Where(hasKey(s, ColumnMetadata, key)) }
}

// MetadataIs applies to entries whose metadata have the given value, as encoding/json writes it, under a key.
func MetadataIs(key string, v any) func(*sql.Selector) {
	return func(s *sql.Selector) {
		form, err := json.Marshal(v)
		if err != nil {
			fail(s, &ValueError{Name: "metadata " + strconv.Quote(key), Reason: fmt.Sprintf("not encodable as JSON: %v", err)})
			return
		}
		s.Where(hasValue(s, ColumnMetadata, key, form))
	}
}

// where restricts s to rows for which one of ps holds, and to none if there are none.
func where(s *sql.Selector, ps []*sql.Predicate) {
	if len(ps) == 0 {
		s.Where(sql.False())
		return
	}
	s.Where(sql.Or(ps...))
}

// hasKey returns the condition that the object in a column has a key.
func hasKey(s *sql.Selector, column, key string) *sql.Predicate {
	c := s.C(column)
	return sql.P(func(b *sql.Builder) {
		switch b.Dialect() {
		case dialect.Postgres:
			b.Wrap(func(b *sql.Builder) { b.Ident(c).WriteString(" IS NOT NULL AND ").Ident(c).WriteString(" ? ").Arg(key) })
		case dialect.MySQL:
			b.WriteString("COALESCE(JSON_CONTAINS_PATH(").Ident(c).WriteString(", 'one', ").Arg(path(key)).WriteString("), 0)")
		default:
			b.WriteString("EXISTS (SELECT 1 FROM json_each(").Ident(c).WriteString(") WHERE \"key\" = ").Arg(key).WriteByte(')')
		}
	})
}

// hasElement returns the condition that the array in a column has a string.
func hasElement(s *sql.Selector, column, text string) *sql.Predicate {
	c := s.C(column)
	return sql.P(func(b *sql.Builder) {
		switch b.Dialect() {
		case dialect.Postgres:
			b.Wrap(func(b *sql.Builder) {
				b.Ident(c).WriteString(" IS NOT NULL AND ").Ident(c).WriteString(" ? ").Arg(text)
			})
		case dialect.MySQL:
			b.WriteString("COALESCE(JSON_CONTAINS(").Ident(c).WriteString(", ").Arg(string(marshal(text))).WriteString("), 0)")
		default:
			b.WriteString("EXISTS (SELECT 1 FROM json_each(").Ident(c).WriteString(") WHERE \"value\" = ").Arg(text).WriteByte(')')
		}
	})
}

// hasValue returns the condition that the object in a column has a value under a key.
func hasValue(s *sql.Selector, column, key string, form json.RawMessage) *sql.Predicate {
	c := s.C(column)
	form = marshal(form)
	container := form[0] == '{' || form[0] == '['
	return sql.P(func(b *sql.Builder) {
		switch b.Dialect() {
		case dialect.Postgres:
			if !storable(form) {
				b.WriteString("FALSE")
				return
			}
			b.Wrap(func(b *sql.Builder) {
				contains(b, c, key, form)
				if container { // of which it may be a part only
					b.WriteString(" AND ").Ident(c).WriteString(" -> ").Arg(key).WriteString(" = ")
					document(b, form)
				}
			})
		case dialect.MySQL:
			b.WriteString("COALESCE(")
			normalized(b, func() { b.WriteString("JSON_EXTRACT(").Ident(c).WriteString(", ").Arg(path(key)).WriteByte(')') })
			b.WriteString(" = ")
			normalized(b, func() { b.WriteString("JSON_EXTRACT(CONVERT(").Arg(string(form)).WriteString(" USING utf8mb4), '$')") })
			b.WriteString(", 0)")
		default:
			b.WriteString("EXISTS (SELECT 1 FROM json_each(").Ident(c).WriteString(") AS k WHERE k.\"key\" = ").Arg(key).WriteString(" AND ")
			if container {
				sameTree(b, form)
			} else {
				scalar(b, "k", form, func() { b.Ident(c).WriteString(" -> k.fullkey") })
			}
			b.WriteByte(')')
		}
	})
}

// hasLink returns the condition that the object in a column has, under a key, an array with an id.
func hasLink(s *sql.Selector, column, key string, form json.RawMessage) *sql.Predicate {
	c := s.C(column)
	form = marshal(form)
	array := json.RawMessage("[" + string(form) + "]")
	return sql.P(func(b *sql.Builder) {
		switch b.Dialect() {
		case dialect.Postgres:
			if !storable(form) {
				b.WriteString("FALSE")
				return
			}
			b.Wrap(func(b *sql.Builder) { contains(b, c, key, array) })
		case dialect.MySQL:
			extract := func() { b.WriteString("JSON_EXTRACT(").Ident(c).WriteString(", ").Arg(path(key)).WriteByte(')') }
			b.WriteString("COALESCE(JSON_CONTAINS(")
			extract()
			b.WriteString(", ").Arg(string(array)).WriteByte(')')
			if isNumber(form) { // which MariaDB compares as floating point
				b.WriteString(" AND INSTR(REPLACE(REPLACE(REPLACE(")
				extract()
				b.WriteString(", '[', ','), ']', ','), ' ', ''), ").Arg("," + string(form) + ",").WriteString(") > 0")
			}
			b.WriteString(", 0)")
		default:
			b.WriteString("EXISTS (SELECT 1 FROM json_each(").Ident(c).WriteString(") AS k, json_each(CASE k.\"type\" WHEN 'array' THEN k.\"value\" ELSE '[]' END) AS v WHERE k.\"key\" = ").
				Arg(key).WriteString(" AND ")
			if form[0] == '{' {
				b.WriteString("json(v.\"value\") = ").Arg(string(form))
			} else {
				scalar(b, "v", form, func() { b.WriteString("json_quote(v.\"value\")") })
			}
			b.WriteByte(')')
		}
	})
}

// contains writes the condition that PostgreSQL's containment makes, which an index can serve.
func contains(b *sql.Builder, column, key string, form json.RawMessage) {
	b.Ident(column).WriteString(" IS NOT NULL AND ").Ident(column).WriteString(" @> ")
	document(b, marshal(map[string]json.RawMessage{key: form}))
}

func document(b *sql.Builder, doc json.RawMessage) {
	b.WriteString("CAST(CAST(").Arg(string(doc)).WriteString(" AS text) AS jsonb)")
}

// normalized writes a JSON document so that equal ones compare as equal. JSON_NORMALIZE is there since MariaDB 10.7; what is older compares
// the text.
func normalized(b *sql.Builder, document func()) {
	b.WriteString("/*M!100700 JSON_NORMALIZE(*/ ")
	document()
	b.WriteString(" /*M!100700 ) COLLATE utf8mb4_bin */")
}

// scalar writes SQLite's condition that a row of json_each has a value that is no array and no object. Text writes that value as JSON.
func scalar(b *sql.Builder, row string, form json.RawMessage, text func()) {
	col := func(name string) { b.WriteString(row + ".\"" + name + "\"") }
	switch form[0] {
	case 'n', 't', 'f':
		col("type")
		b.WriteString(" = ").Arg(string(form))
	case '"':
		var v string
		_ = json.Unmarshal(form, &v) // marshal has made it
		col("type")
		b.WriteString(" = 'text' AND ")
		col("value")
		b.WriteString(" = ").Arg(v)
	default:
		if n, err := strconv.ParseInt(string(form), 10, 64); err == nil {
			col("type")
			b.WriteString(" IN ('integer', 'real') AND ")
			col("value")
			b.WriteString(" = ").Arg(n)
			return
		}
		text() // since two numbers of many digits can have the same floating point value
		b.WriteString(" = ").Arg(string(form))
	}
}

// sameTree writes SQLite's condition that row k of json_each is an array or object with the given content, whatever the order of keys.
func sameTree(b *sql.Builder, form json.RawMessage) {
	tree := func(doc func()) {
		b.WriteString("SELECT fullkey, CASE type WHEN 'real' THEN 'integer' ELSE type END, atom FROM json_tree(")
		doc()
		b.WriteByte(')')
	}
	theirs := func() { b.WriteString("CASE WHEN k.\"type\" IN ('array', 'object') THEN k.\"value\" ELSE 'null' END") }
	ours := func() { b.Arg(string(form)) }
	b.WriteString("NOT EXISTS (")
	tree(theirs)
	b.WriteString(" EXCEPT ")
	tree(ours)
	b.WriteString(") AND NOT EXISTS (")
	tree(ours)
	b.WriteString(" EXCEPT ")
	tree(theirs)
	b.WriteByte(')')
}

// hasTime is hasValue of a time, on SQLite, where entries keep the zone that a time was given in: it compares instants.
func hasTime(s *sql.Selector, column, key string, t time.Time) *sql.Predicate {
	c := s.C(column)
	text := t.UTC().Format(time.RFC3339Nano)
	fraction := text[len("2006-01-02T15:04:05") : len(text)-1]
	return sql.P(func(b *sql.Builder) {
		const v = "k.\"value\""
		b.WriteString("EXISTS (SELECT 1 FROM json_each(").Ident(c).WriteString(") AS k WHERE k.\"key\" = ").Arg(key).
			WriteString(" AND k.\"type\" = 'text' AND length(" + v + ") >= 20 AND strftime('%s', substr(" + v + ", 1, 19)) - " +
				"CASE WHEN substr(" + v + ", -1) = 'Z' THEN 0 ELSE (substr(" + v + ", -6, 1) || '1') * (substr(" + v + ", -5, 2) * 3600 + substr(" + v + ", -2) * 60) END = ").
			Arg(t.Unix()).
			WriteString(" AND substr(" + v + ", 20, length(" + v + ") - 19 - CASE WHEN substr(" + v + ", -1) = 'Z' THEN 1 ELSE 6 END) = ").Arg(fraction).
			WriteByte(')')
	})
}

// path returns the JSON path of an object's member.
func path(key string) string { return "$." + string(marshal(key)) }

// marshal returns v as the writer writes it.
func marshal(v any) json.RawMessage {
	b, _ := json.Marshal(v) // a string, or what was JSON before
	return b
}

func isNumber(form json.RawMessage) bool {
	return slices.Contains([]byte("-0123456789"), form[0])
}
