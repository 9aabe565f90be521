package auditlog

import (
	"database/sql/driver"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
)

// The functions of this file and the next are the predicates of generated filters: each restricts a selector of the log's entries, by one
// condition that is never NULL, so that ent's And, Or and Not combine them. What they are given is checked when the query runs: then
// it fails with a *ValueError, or with that error's text.

// About applies to entries about the entity of a type that the given values identify: an id, or the parts of a composite one.
func About(typ Identity, id ...any) func(*sql.Selector) {
	return AboutAny(typ, [][]any{id}, KeyText)
}

// AboutAny applies to entries about the entities of a type with the given ids, whose texts in the log name gives. No id, no entry.
func AboutAny[ID any](typ Identity, ids []ID, name func(ID) (string, error)) func(*sql.Selector) {
	return func(s *sql.Selector) {
		texts, err := textsOf(typ.Label+" id", ids, name)
		if err != nil {
			fail(s, err)
			return
		}
		s.Where(sql.And(typ.OfType(s), TextIn(s, ColumnResourceID, texts...)))
	}
}

// IDText returns the text by which the log names an entity or an actor with the given id. It is IDString for any type of id.
func IDText[ID any](id ID) (string, error) { return IDString(id) }

// ByActor applies to entries of the given actors: ids of any type that Actor.ID takes, or Actors, of which those that say so are restricted to their
// type. No actor, no entry.
func ByActor(actors ...any) func(*sql.Selector) {
	return func(s *sql.Selector) {
		var ids []string
		ps := make([]*sql.Predicate, 0, 1)
		for _, a := range actors {
			actor, ok := a.(Actor)
			if !ok {
				actor.ID = a
			}
			id, err := textOf("actor id", actor.ID, IDString)
			if err != nil {
				fail(s, err)
				return
			}
			if actor.Type == "" {
				ids = append(ids, id)
				continue
			}
			ps = append(ps, sql.And(TextIn(s, ColumnActorID, id), known(s, ColumnActorID), TextIn(s, ColumnActorType, actor.Type), known(s, ColumnActorType)))
		}
		if len(ids) > 0 || len(ps) == 0 {
			ps = append(ps, sql.And(TextIn(s, ColumnActorID, ids...), known(s, ColumnActorID)))
		}
		s.Where(sql.Or(ps...))
	}
}

// ByImpersonator applies to entries of changes that one of the given ids made as somebody else. It takes what WithImpersonator takes. No id, no entry.
func ByImpersonator(ids ...any) func(*sql.Selector) {
	return func(s *sql.Selector) {
		texts, err := textsOf("impersonator id", ids, func(id any) (string, error) {
			if a, ok := id.(Actor); ok {
				id = a.ID
			}
			return IDString(id)
		})
		if err != nil {
			fail(s, err)
			return
		}
		s.Where(sql.And(TextIn(s, ColumnImpersonatorID, texts...), known(s, ColumnImpersonatorID)))
	}
}

// known returns the condition that a column is not NULL.
func known(s *sql.Selector, column string) *sql.Predicate { return sql.NotNull(s.C(column)) }

// During applies to entries that were written at from or later, and before to. A zero time leaves its end open. It compares ids, whose times
// are those of the entries: the primary key serves it. From after to is an error.
func During(from, to time.Time) func(*sql.Selector) {
	return func(s *sql.Selector) {
		if !from.IsZero() && !to.IsZero() && from.After(to) {
			fail(s, &ValueError{Name: "time range", Reason: fmt.Sprintf("it starts at %s, after its end at %s", from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano))})
			return
		}
		ps := make([]*sql.Predicate, 0, 2)
		if !from.IsZero() {
			ps = append(ps, sql.GTE(s.C(ColumnID), LowID(from)))
		}
		if !to.IsZero() {
			ps = append(ps, sql.LT(s.C(ColumnID), LowID(to)))
		}
		if len(ps) == 0 {
			ps = append(ps, known(s, ColumnID)) // any time
		}
		s.Where(sql.And(ps...))
	}
}

func textsOf[ID any](name string, ids []ID, text func(ID) (string, error)) ([]string, error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		var err error
		if texts[i], err = textOf(name, id, text); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func textOf[ID any](name string, id ID, text func(ID) (string, error)) (string, error) {
	s, err := text(id)
	if err != nil {
		return "", &ValueError{Name: name, Reason: err.Error()}
	}
	return s, nil
}

// fail has the query of s fail with err. Ent asks a selector for its errors almost everywhere; where it does not, the statement has
// an argument that cannot be sent.
func fail(s *sql.Selector, err error) {
	s.AddError(err)
	s.Where(sql.P(func(b *sql.Builder) {
		b.WriteString("CAST(").Arg(unsendable{err}).WriteString(" AS CHAR) IS NULL")
	}))
}

type unsendable struct{ err error }

// Value implements driver.Valuer.
func (u unsendable) Value() (driver.Value, error) { return nil, u.err }
