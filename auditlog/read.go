package auditlog

import (
	"database/sql"
	"encoding"
	"encoding/hex"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/schema/field"
)

// The functions of this file join entities and entries in SQL. The log names an entity by text; to compare another type of id with
// that needs an explicit cast: PostgreSQL refuses to compare text with bigint, and on MySQL and MariaDB 7 equals "7abc" and
// no index is used.

// An Identity is how the log names entities of a type.
type Identity struct {
	Label    string           // the type; empty for one that is not itself recorded
	Formerly []string         // labels that the type had before, under which the log has entries too
	Columns  []IdentityColumn // those whose values make the text that names an entity: one, or two for a composite id
}

// Named reports whether label is that of the type, or was.
func (i Identity) Named(label string) bool {
	return label == i.Label || slices.Contains(i.Formerly, label)
}

// OfType returns the condition that an entry of s is about an entity of the type, whatever its label was then.
func (i Identity) OfType(s *entsql.Selector) *entsql.Predicate {
	labels := append([]string{i.Label}, i.Formerly...)
	switch {
	case slices.ContainsFunc(labels, padding): // rare, so that the others' statements stay as short as they are
		return TextIn(s, ColumnResourceType, labels...)
	case len(labels) == 1:
		return entsql.EQ(s.C(ColumnResourceType), i.Label)
	}
	args := make([]any, len(labels))
	for n, l := range labels {
		args[n] = l
	}
	return entsql.In(s.C(ColumnResourceType), args...)
}

// An IdentityColumn is a column whose value names an entity.
type IdentityColumn struct {
	Name string
	Type field.Type
}

// Entries returns a selector of the entries about entities that i identifies: about those of entities, or, if that is nil,
// about all, also those that are gone.
func (i Identity) Entries(log *entsql.SelectTable, dialectName string, entities *entsql.Selector) *entsql.Selector {
	s := entsql.Dialect(dialectName).Select().From(log)
	s.Where(i.OfType(s))
	if entities != nil {
		s.Where(i.among(identifier(s.C(ColumnResourceID)), entities, "resource_id", i.text(entities)))
	}
	return s
}

// HasEntry restricts entities to those that have an entry that where selects.
func (i Identity) HasEntry(entities *entsql.Selector, log *entsql.SelectTable, where func(*entsql.Selector)) {
	s := entsql.Dialect(entities.Dialect()).Select(log.C(ColumnID)).From(log).WithContext(entities.Context())
	where(s)
	s.Where(entsql.And(i.OfType(s), i.same(identifier(s.C(ColumnResourceID)), i.text(entities), s.Dialect())))
	entities.Where(entsql.Exists(s))
}

// Entities returns a selector of the entities of a table that entries are about.
func (i Identity) Entities(table *entsql.SelectTable, entries *entsql.Selector) *entsql.Selector {
	entries.Where(i.OfType(entries))
	return i.named(table, entries, ColumnResourceID)
}

// Actors returns a selector of the entities of a table that are the actors of entries. Actors of another type than
// actorType are left out.
func (i Identity) Actors(table *entsql.SelectTable, entries *entsql.Selector, actorType string) *entsql.Selector {
	entries.Where(entsql.Or(entsql.IsNull(entries.C(ColumnActorType)), entsql.EQ(entries.C(ColumnActorType), actorType)))
	return i.named(table, entries, ColumnActorID)
}

func (i Identity) named(table *entsql.SelectTable, entries *entsql.Selector, column string) *entsql.Selector {
	s := entsql.Dialect(entries.Dialect()).Select().From(table)
	// The text names the table as it is called here: a later step may give it another name outside.
	return s.Where(i.among(i.text(s), entries, "id", identifier(entries.C(column))))
}

// text returns the identity of s's rows as the log writes it: as KeyText does.
func (i Identity) text(s *entsql.Selector) entsql.Querier {
	names := make([]string, len(i.Columns))
	for n, c := range i.Columns {
		names[n] = s.C(c.Name)
	}
	name := s.Dialect()
	return entsql.ExprFunc(func(b *entsql.Builder) {
		if len(names) == 1 {
			i.Columns[0].text(b, name, names[0])
			return
		}
		concat := func(b *entsql.Builder, sep string) {
			for n, c := range i.Columns {
				if n > 0 {
					b.WriteString(sep + "'/'" + sep)
				}
				c.part(b, name, names[n])
			}
		}
		if name == dialect.MySQL {
			b.WriteString("CONCAT").Wrap(func(b *entsql.Builder) { concat(b, ", ") })
			return
		}
		b.Wrap(func(b *entsql.Builder) { concat(b, " || ") })
	})
}

// part writes the column as a part of a composite id.
func (c IdentityColumn) part(b *entsql.Builder, dialectName, column string) {
	if c.Type != field.TypeString && c.Type != field.TypeEnum {
		c.text(b, dialectName, column)
		return
	}
	b.WriteString("REPLACE(REPLACE(")
	c.text(b, dialectName, column)
	b.WriteString(", '%', '%25'), '/', '%2F')")
}

func (c IdentityColumn) text(b *entsql.Builder, dialectName, column string) {
	switch {
	case c.Type == field.TypeString || c.Type == field.TypeEnum:
		b.Ident(column)
	case c.Type == field.TypeBytes && dialectName == dialect.Postgres:
		b.WriteString("encode(").Ident(column).WriteString(", 'hex')")
	case c.Type == field.TypeBytes:
		b.WriteString("LOWER(HEX(").Ident(column).WriteString("))")
	case dialectName == dialect.MySQL:
		b.WriteString("CONVERT(").Ident(column).WriteString(" USING utf8mb4) COLLATE utf8mb4_bin")
	default:
		b.WriteString("CAST(").Ident(column).WriteString(" AS TEXT)")
	}
}

// Chunks returns the distinct ids in lists, each of a length below the number of parameters that every database takes.
func Chunks(ids []string) iter.Seq[[]string] {
	return slices.Chunk(slices.Compact(slices.Sorted(slices.Values(ids))), 10_000)
}

// ChunksOf returns list in parts of a length below the number of parameters that every database takes.
func ChunksOf[T any](list []T) iter.Seq[[]T] { return slices.Chunk(list, 10_000) }

// scanID has dest scan the id that the log writes as s: as text, or as the integer or the bytes that databases give it, if it takes no text, or takes it
// for another id.
func scanID(s string, dest sql.Scanner) error {
	stored := []any{s}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		stored = append(stored, n)
	}
	if b, err := hex.DecodeString(s); err == nil {
		stored = append(stored, b)
	}
	var first error
	for _, v := range stored {
		err := dest.Scan(v)
		if err == nil {
			text, terr := IDString(dest)
			if terr != nil || text == s { // what cannot be written is not compared
				return nil
			}
			err = fmt.Errorf("sqlaudit: %q is the text of no id: that would be %q", s, text)
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// ParseID sets the id that dest points at to the one that the log writes as s.
func ParseID(s string, dest any) error {
	switch dest := dest.(type) {
	case *string:
		*dest = s
		return nil
	case *[]byte:
		b, err := hex.DecodeString(s)
		*dest = b
		return err
	case sql.Scanner:
		return scanID(s, dest)
	case encoding.TextUnmarshaler:
		return dest.UnmarshalText([]byte(s))
	}
	switch v := reflect.ValueOf(dest).Elem(); v.Kind() {
	case reflect.String:
		v.SetString(s)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(s, 10, v.Type().Bits())
		v.SetInt(n)
		return err
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(s, 10, v.Type().Bits())
		v.SetUint(n)
		return err
	default:
		return fmt.Errorf("sqlaudit: %s is no id", v.Type())
	}
}
