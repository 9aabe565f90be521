package undo

import (
	"context"
	"maps"
	"slices"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/replay"
)

// write takes the steps. What changed last is put back first, so that what is unique is free, and what refers to a row goes before it; an entity that is
// created again comes after those that it refers to. Links are put back when all entities are there.
func (r *run) write(ctx context.Context) error {
	for _, s := range r.steps {
		if err := r.take(ctx, s); err != nil {
			return err
		}
	}
	for _, s := range r.steps {
		if err := r.follow(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) take(ctx context.Context, s *step) error {
	if s.done {
		return nil
	}
	s.done = true
	if err := r.refresh(ctx, s); err != nil {
		return err
	}
	switch {
	case s.then && s.row == nil:
		return r.create(ctx, s)
	case s.then:
		return r.update(ctx, s)
	case s.row != nil:
		return r.remove(ctx, s)
	}
	return nil
}

// refresh reads the row again, which earlier steps may have changed.
func (r *run) refresh(ctx context.Context, s *step) error {
	if !r.wrote {
		return nil
	}
	var err error
	s.row, err = r.lock(ctx, s.typ.Type, s.id)
	return err
}

// create creates the entity again.
func (r *run) create(ctx context.Context, s *step) error {
	w := &Write{}
	var err error
	if s.key() != "" {
		w.Node, err = node(s.typ.Type, s.typ.Key, s.id)
	} else {
		w.Node, err = node(s.typ.Type, identity(s.typ.Type), s.id)
	}
	if err != nil {
		return err
	}
	for _, name := range s.names() {
		f, _ := s.field(name)
		raw := s.fields[name]
		if late, err := r.precede(ctx, s, f, raw); err != nil {
			return err
		} else if late {
			s.late = append(s.late, name)
			continue
		}
		if err := r.put(w, s, f, raw, nil); err != nil {
			return err
		}
	}
	if err := r.fill(w, s); err != nil {
		return err
	}
	for _, edge := range s.typ.Edges {
		d := s.links[edge]
		if d == nil || len(d.add) == 0 {
			continue
		}
		var free []string
		rows, err := r.byKey(ctx, edge.TargetType(), d.add)
		if err != nil {
			return err
		}
		for _, id := range d.add {
			row := rows[id]
			taken := row != nil && edge.HolderType() == edge.TargetType() && row.Ref(edge.Column).Value != nil
			if row != nil && !taken && r.find(edge.TargetType(), id, func(*step) bool { return true }) == nil {
				free = append(free, id)
			}
		}
		s.more = s.more || len(free) < len(d.add)
		if len(free) > 0 {
			if err := link(w, edge, free, nil); err != nil {
				return err
			}
		}
	}
	r.wrote = true
	s.node, err = s.typ.Create(ctx, w)
	return err
}

// precede creates what a field to put back refers to, if that is to be created again. It reports whether the field is to be put back only when all is
// there: what it refers to is not there yet, since it refers to s in turn, or what has its place must be free first; or its other end is in the
// row of another entity.
func (r *run) precede(ctx context.Context, s *step, f *auditlog.Field, raw []byte) (late bool, err error) {
	fk := s.reference(f)
	if fk == nil || replay.Equal(raw, null) {
		return false, nil
	}
	m := s.typ.member(f.Name)
	if m.Bidi && len(r.steps) > 1 {
		return true, nil
	}
	other := r.returns(r.Schema.Named(fk.References), text(raw))
	if other == nil || other == s {
		return false, nil
	}
	if s.row != nil && m.Optional {
		return true, nil
	}
	if err := r.take(ctx, other); err != nil {
		return false, err
	}
	return other.node == nil && other.row == nil, nil
}

// put has a write put back a field, which is now as given.
func (r *run) put(w *Write, s *step, f *auditlog.Field, raw, now []byte) error {
	m := s.typ.member(f.Name)
	null := replay.Equal(raw, null)
	switch {
	case m.Column != "" && null:
		w.null = append(w.null, m.Column)
		return nil
	case m.Column != "":
		v, err := s.typ.Decode(f, raw)
		if err != nil {
			return err
		}
		set := setting{column: m.Column, value: v, document: f.Document(raw)}
		if set.document != nil {
			if set.again, err = s.typ.Decode(f, raw); err != nil {
				return err
			}
		}
		w.set = append(w.set, set)
		return nil
	}
	// An edge whose foreign key is in the entity's own row, and no field.
	l := Link{Edge: f.Name}
	was, err := s.typ.Decode(f, now)
	if err != nil {
		return err
	}
	v, err := s.typ.Decode(f, raw)
	if err != nil {
		return err
	}
	if was != nil && (v == nil || m.Bidi) {
		l.Remove = []any{was}
	}
	if v != nil {
		l.Add = []any{v}
	}
	if was != nil || v != nil {
		w.links = append(w.links, l)
	}
	return nil
}

// fill gives a write the values of With that the log does not have.
func (r *run) fill(w *Write, s *step) error {
	for _, m := range s.typ.Members {
		if _, known := s.fields[m.Name]; known && !s.redacted[m.Name] || s.row != nil && !s.redacted[m.Name] {
			continue
		}
		v, ok := r.given(s.typ.Label, m.Name)
		switch {
		case !ok:
		case m.Column != "":
			w.set = append(w.set, setting{column: m.Column, value: v})
		default:
			w.links = append(w.links, Link{Edge: m.Name, Add: []any{v}})
		}
	}
	return nil
}

// link has a write add and remove links of an edge to many.
func link(w *Write, edge *auditlog.Edge, add, remove []string) error {
	l := Link{Edge: edge.Name}
	for _, part := range []struct {
		texts []string
		ids   *[]any
	}{{add, &l.Add}, {remove, &l.Remove}} {
		for _, text := range part.texts {
			v, err := id(edge.TargetType(), text)
			if err != nil {
				return err
			}
			*part.ids = append(*part.ids, v)
		}
	}
	w.links = append(w.links, l)
	return nil
}

// update puts back what of the entity's fields is not as it was, and takes links away.
func (r *run) update(ctx context.Context, s *step) error {
	w := &Write{}
	for _, name := range s.names() {
		f, now := s.field(name)
		raw := s.fields[name]
		if replay.Same(s.typ.Type, f, raw, now) || f.Sensitive {
			continue
		}
		if late, err := r.precede(ctx, s, f, raw); err != nil {
			return err
		} else if late {
			s.late = append(s.late, name)
			if raw = null; replay.Equal(raw, now) {
				continue
			}
		}
		if err := r.put(w, s, f, raw, now); err != nil {
			return err
		}
	}
	if err := r.fill(w, s); err != nil {
		return err
	}
	for _, edge := range s.typ.Edges {
		remove, add, err := r.change(ctx, s, edge)
		if err != nil {
			return err
		}
		if len(r.steps) > 1 { // what it leads to may be there only later
			s.more, add = s.more || len(add) > 0, nil
		} else if err := r.free(ctx, edge, add); err != nil {
			return err
		}
		if len(remove)+len(add) > 0 {
			if err := link(w, edge, add, remove); err != nil {
				return err
			}
		}
	}
	return r.mutate(ctx, s, w)
}

func (r *run) mutate(ctx context.Context, s *step, w *Write) error {
	if w.empty() {
		return nil
	}
	var err error
	if w.Node, err = node(s.typ.Type, s.typ.Key, s.row.Text); err != nil {
		return err
	}
	r.wrote = true
	return s.typ.Update(ctx, w)
}

// change returns which links of an edge are still to be taken away, and to be put back.
func (r *run) change(ctx context.Context, s *step, edge *auditlog.Edge) (remove, add []string, err error) {
	d := s.links[edge]
	if d == nil && !s.whole {
		return nil, nil, nil
	}
	if d == nil {
		d = &delta{}
	}
	linked, err := r.linked(ctx, edge, [][]any{s.row.Key})
	if err != nil {
		return nil, nil, err
	}
	now := linked[s.row.Text]
	for _, id := range d.add {
		if !now[id] {
			add = append(add, id)
		}
	}
	one := !s.typ.member(edge.Name).Many && len(add) > 0
	for id := range now {
		if slices.Contains(d.remove, id) || (s.whole || one) && !slices.Contains(d.add, id) {
			remove = append(remove, id)
		}
	}
	slices.Sort(remove)
	return remove, add, nil
}

// follow writes what could not be written before all entities were there.
func (r *run) follow(ctx context.Context, s *step) error {
	if !s.more && len(s.late) == 0 {
		return nil
	}
	if err := r.refresh(ctx, s); err != nil {
		return err
	}
	if s.row == nil { // a hook has made something else of it
		return nil
	}
	w := &Write{}
	for _, name := range s.late {
		f, now := s.field(name)
		if raw := s.fields[name]; !replay.Same(s.typ.Type, f, raw, now) {
			if err := r.put(w, s, f, raw, now); err != nil {
				return err
			}
		}
	}
	for _, edge := range s.typ.Edges {
		remove, add, err := r.change(ctx, s, edge)
		if err != nil {
			return err
		}
		if err := r.free(ctx, edge, add); err != nil {
			return err
		}
		if len(remove)+len(add) > 0 {
			if err := link(w, edge, add, remove); err != nil {
				return err
			}
		}
	}
	return r.mutate(ctx, s, w)
}

// free takes links from the entities that have them, where what they lead to can be linked to one only.
func (r *run) free(ctx context.Context, edge *auditlog.Edge, targets []string) error {
	if edge.HolderType() != edge.TargetType() || len(targets) == 0 {
		return nil
	}
	rows, err := r.byKey(ctx, edge.TargetType(), targets)
	if err != nil {
		return err
	}
	owned := make(map[string][]string)
	for _, target := range targets {
		if row := rows[target]; row != nil && row.Ref(edge.Column).Value != nil {
			owner := row.Ref(edge.Column).Text
			owned[owner] = append(owned[owner], target)
		}
	}
	for _, t := range r.Types {
		if t.Type != edge.Owner() {
			continue
		}
		for _, owner := range slices.Sorted(maps.Keys(owned)) {
			w := &Write{}
			if w.Node, err = node(t.Type, t.Key, owner); err != nil {
				return err
			}
			if err := link(w, edge, nil, owned[owner]); err != nil {
				return err
			}
			r.wrote = true
			if err := t.Update(ctx, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove deletes the entity, which was not there. What came to it by a link, and would go with it by the database, is taken from it first.
func (r *run) remove(ctx context.Context, s *step) error {
	w := &Write{}
	for _, edge := range s.typ.Edges {
		holder := edge.HolderType()
		if holder != edge.TargetType() || !slices.ContainsFunc(holder.ForeignKeys, func(fk *auditlog.ForeignKey) bool { return fk.Column == edge.Column && fk.Cascade }) {
			continue
		}
		linked, err := r.linked(ctx, edge, [][]any{s.row.Key})
		if err != nil {
			return err
		}
		var came []string
		for _, e := range s.entries {
			ids, err := links(e.After, edge.Name)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if linked[s.row.Text][id] && !r.goes(edge.TargetType(), id) {
					came = append(came, id)
				}
			}
		}
		if len(came) > 0 {
			if err := link(w, edge, nil, came); err != nil {
				return err
			}
		}
	}
	if err := r.mutate(ctx, s, w); err != nil {
		return err
	}
	w = &Write{}
	var err error
	if w.Node, err = node(s.typ.Type, s.typ.Key, s.row.Text); err != nil {
		return err
	}
	r.wrote = true
	return s.typ.Delete(ctx, w)
}
