package undo

import (
	"bytes"
	"context"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/replay"
)

// prepare makes the plan of undoing entries, with the rows locked that it is about, and fails if something would be lost, or is not known.
func (r *run) prepare(ctx context.Context, entries []*entry) error {
	if err := r.plan(entries); err != nil {
		return err
	}
	if err := r.lockAll(ctx); err != nil {
		return err
	}
	later, err := r.later(ctx)
	if err != nil {
		return err
	}
	found := &conflicts{run: r}
	for _, s := range r.steps {
		if err := found.entity(s, later[s]); err != nil {
			return err
		}
	}
	if err := found.links(ctx, later); err != nil {
		return err
	}
	if err := found.references(ctx); err != nil {
		return err
	}
	if err := found.referrers(ctx); err != nil {
		return err
	}
	if len(found.fatal) > 0 {
		return &ConflictError{Conflicts: found.fatal}
	}
	if len(found.list) > 0 && !r.overwrite {
		return &ConflictError{Conflicts: found.list}
	}
	if err := r.writable(); err != nil {
		return err
	}
	return r.known()
}

// writable fails if an update would have to write what is immutable.
func (r *run) writable() error {
	for _, s := range r.steps {
		if !s.then || s.row == nil {
			continue
		}
		for _, name := range s.names() {
			f, now := s.field(name)
			if s.typ.member(name).Immutable && !f.Sensitive && !replay.Same(s.typ.Type, f, s.fields[name], now) {
				return errorf(ErrImmutable, "%s %s: %s", s.typ.Label, s.id, name)
			}
		}
	}
	return nil
}

// lock reads and locks the row of an entity, which is nil if it is gone.
func (r *run) lock(ctx context.Context, t *auditlog.Type, ids ...string) (*auditlog.Row, error) {
	rows, err := r.identified(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	return rows[ids[0]], nil
}

// lockAll reads and locks the rows of all entities, type by type, each in the order of their keys.
func (r *run) lockAll(ctx context.Context) error {
	for _, t := range r.Types {
		steps := r.of(t)
		if len(steps) == 0 {
			continue
		}
		ids := make([]string, len(steps))
		for i, s := range steps {
			ids[i] = s.id
		}
		rows, err := r.identified(ctx, t.Type, ids)
		if err != nil {
			return err
		}
		for _, s := range steps {
			s.row = rows[s.id]
		}
	}
	return nil
}

// of returns the steps of a type.
func (r *run) of(t *Type) []*step {
	var out []*step
	for _, s := range r.steps {
		if s.typ == t {
			out = append(out, s)
		}
	}
	return out
}

// identified reads and locks rows by what the log names them by. What the type cannot read as an id is none of its rows'.
func (r *run) identified(ctx context.Context, t *auditlog.Type, ids []string) (map[string]*auditlog.Row, error) {
	columns := identity(t)
	var keys [][]any
	for _, id := range ids {
		if v, err := values(t, columns, id); err == nil {
			keys = append(keys, v)
		}
	}
	rows, err := r.rows(ctx, t, true, columns, keys)
	out := make(map[string]*auditlog.Row, len(rows))
	for _, row := range rows {
		out[row.ID] = row
	}
	return out, err
}

// later reads the entries about the entities that are newer than those to undo, or came between them.
func (r *run) later(ctx context.Context) (map[*step][]*entry, error) {
	out := make(map[*step][]*entry)
	for _, t := range r.Types {
		byID := make(map[string]*step)
		var (
			ids   []string
			first uuid.UUID
		)
		for _, s := range r.of(t) {
			byID[s.id] = s
			ids = append(ids, s.id)
			if f := s.first().ID; first == uuid.Nil || bytes.Compare(f[:], first[:]) < 0 {
				first = f
			}
		}
		for chunk := range slices.Chunk(ids, maxChunk) {
			s := r.about(t.Type, chunk...)
			entries, err := r.entries(ctx, s.Where(sql.GT(s.C(auditlog.ColumnID), first)))
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				s := byID[e.ResourceID]
				if f := s.first().ID; !r.undone[e.ID] && bytes.Compare(e.ID[:], f[:]) > 0 && e.Action != auditlog.ActionBaseline {
					out[s] = append(out[s], e)
				}
			}
		}
	}
	return out, nil
}

// known fails if the log does not have a value that is needed and not given.
func (r *run) known() error {
	var unknown []Unknown
	for _, s := range r.steps {
		if !s.then {
			continue
		}
		for _, m := range s.typ.Members {
			_, given := r.given(s.typ.Label, m.Name)
			_, known := s.fields[m.Name]
			if given || known {
				continue
			}
			u := Unknown{
				Type: s.typ.Label, ID: s.id, Field: m.Name, Redacted: s.redacted[m.Name] && s.unread[m.Name] == nil, Err: s.unread[m.Name],
				Required: m.Required && s.row == nil && !s.has(m.Name),
			}
			if u.Required || s.redacted[m.Name] && !r.leave {
				unknown = append(unknown, u)
			}
		}
		if r.leave {
			continue
		}
		for name := range s.fields {
			if f, _ := s.field(name); f == nil {
				unknown = append(unknown, Unknown{Type: s.typ.Label, ID: s.id, Field: name})
			}
		}
		for name := range s.redacted {
			if s.typ.member(name).Name == "" {
				unknown = append(unknown, Unknown{Type: s.typ.Label, ID: s.id, Field: name, Redacted: true})
			}
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.SortStableFunc(unknown, func(a, b Unknown) int {
		return slices.Compare([]string{a.Type, a.ID, a.Field}, []string{b.Type, b.ID, b.Field})
	})
	return &UnknownError{Fields: unknown}
}

// has reports whether links of an edge are to be put back, or the member is what the log names the entity by.
func (s *step) has(name string) bool {
	if edge := s.typ.Edge(name); edge != nil && len(s.delta(edge).add) > 0 {
		return true
	}
	column := s.typ.member(name).Column
	return column != "" && slices.Contains(identity(s.typ.Type), column)
}
