package undo

import (
	"context"
	"slices"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/replay"
)

// conflicts are what undoing would lose.
type conflicts struct {
	*run
	list  []Conflict
	fatal []Conflict // also if later changes may be overwritten
}

func (c *conflicts) add(s *step, kind Kind, field, target string, by *entry) {
	found := Conflict{Kind: kind, Type: s.typ.Label, ID: s.id, Field: field, Target: target}
	if by != nil {
		found.Entry, found.TxID = by.ID, by.TxID
	}
	c.list = append(c.list, found)
}

// entity looks for what happened to the entity itself, and to its fields.
func (c *conflicts) entity(s *step, later []*entry) error {
	gone := slices.IndexFunc(later, func(e *entry) bool { return e.Action == auditlog.ActionDelete })
	created := slices.IndexFunc(later, func(e *entry) bool { return e.Action == auditlog.ActionCreate })
	at := func(i int) *entry {
		if i < 0 {
			return nil
		}
		return later[i]
	}
	deletes := s.last().Action == auditlog.ActionDelete
	switch {
	case s.row == nil && !s.then:
		if !deletes { // it went otherwise
			c.add(s, Gone, "", "", at(gone))
		}
		return nil
	case s.row == nil && !deletes:
		for _, e := range slices.Backward(later) {
			if e.Action == auditlog.ActionDelete {
				c.add(s, Gone, "", "", e)
				return s.fillFrom(e)
			}
		}
		c.add(s, Gone, "", "", nil) // around ent, and with what it had
		c.fatal = append(c.fatal, c.list[len(c.list)-1])
		return nil
	case s.row == nil:
		return nil
	case deletes || created >= 0:
		c.add(s, Recreated, "", "", at(created))
		s.whole = s.then
		return nil
	}
	if i := slices.IndexFunc(s.entries, func(e *entry) bool { return e.Action == auditlog.ActionCreate && !e.Restores }); i >= 0 && c.moment {
		if s.then {
			c.add(s, Recreated, "", "", s.entries[i])
		}
		return nil
	}
	if !s.then { // all that came later goes with it
		for _, e := range later {
			for _, name := range changed(s.typ, e) {
				c.add(s, Changed, name, "", e)
			}
		}
		return nil
	}
	c.fields(s, later)
	return nil
}

// changed returns the fields that an entry changed, in the order of the schema.
func changed(t *Type, e *entry) []string {
	var out []string
	for _, m := range t.Members {
		if e.touches(m.Name) {
			out = append(out, m.Name)
		}
	}
	return out
}

// fields looks for fields that were changed again, or around ent.
func (c *conflicts) fields(s *step, later []*entry) {
	for _, f := range s.typ.Fields {
		_, known := s.fields[f.Name]
		if !known && !s.redacted[f.Name] {
			continue
		}
		var own, again *entry
		for _, e := range s.entries {
			if e.touches(f.Name) {
				own = e
			}
		}
		for _, e := range later {
			if first := s.touching(f.Name); first != nil && e.touches(f.Name) && slices.Compare(e.ID[:], first.ID[:]) > 0 {
				again = e
			}
		}
		_, now := s.field(f.Name)
		differs := known && own != nil && !replay.Same(s.typ.Type, f, now, own.After[f.Name])
		switch {
		case s.typ.member(f.Name).Touched && (again != nil || differs):
			delete(s.fields, f.Name) // each update changes it, and so will this
		case again != nil:
			c.add(s, Changed, f.Name, "", again)
		case differs:
			c.add(s, Differs, f.Name, "", nil)
		}
	}
}

// touching returns the first of the entries to undo that changed a field.
func (s *step) touching(field string) *entry {
	for _, e := range s.entries {
		if e.touches(field) {
			return e
		}
	}
	return nil
}

// links looks for links that were changed again, and for those to what is gone or linked to another entity.
func (c *conflicts) links(ctx context.Context, later map[*step][]*entry) error {
	for _, t := range c.Types {
		for _, edge := range t.Edges {
			var (
				owners  [][]any
				targets []string
				steps   []*step
			)
			for _, s := range c.of(t) {
				d := s.links[edge]
				if d == nil || !s.then {
					continue
				}
				steps = append(steps, s)
				targets = append(targets, d.add...)
				if s.row != nil {
					owners = append(owners, s.row.Key)
				}
			}
			if len(steps) == 0 {
				continue
			}
			now, err := c.linked(ctx, edge, owners)
			if err != nil {
				return err
			}
			there, err := c.targets(ctx, edge, targets)
			if err != nil {
				return err
			}
			for _, s := range steps {
				if err := c.edge(s, edge, now[s.key()], there, later[s]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// edge looks at the links of one edge of an entity: now are those that it has, and there are the rows of what links to put back lead to.
func (c *conflicts) edge(s *step, edge *auditlog.Edge, now map[string]bool, there map[string]*auditlog.Row, later []*entry) error {
	again := make(map[string]*entry)
	for _, e := range later {
		if first := s.touching(edge.Name); first == nil || slices.Compare(e.ID[:], first.ID[:]) < 0 {
			continue
		}
		for _, side := range []auditlog.Values{e.Before, e.After} {
			ids, err := links(side, edge.Name)
			if err != nil {
				return err
			}
			for _, id := range ids {
				again[id] = e
			}
		}
	}
	left := make(map[string]bool) // whether there was a link after the last of the entries
	for _, e := range s.entries {
		for i, side := range []auditlog.Values{e.Before, e.After} {
			ids, err := links(side, edge.Name)
			if err != nil {
				return err
			}
			for _, id := range ids {
				left[id] = i == 1
			}
		}
	}
	d := s.links[edge]
	if s.row != nil && !s.whole && s.last().Action != auditlog.ActionDelete {
		for _, id := range slices.Concat(d.remove, d.add) {
			if again[id] != nil || now[id] != left[id] {
				c.add(s, Changed, edge.Name, id, again[id])
			}
		}
	}
	for _, id := range slices.Clone(d.add) {
		row := there[id]
		switch {
		case row == nil && c.returns(edge.TargetType(), id) == nil:
			c.add(s, NoTarget, edge.Name, id, nil)
			d.add = slices.DeleteFunc(d.add, func(other string) bool { return other == id })
		case row != nil && c.goes(edge.TargetType(), id):
			d.add = slices.DeleteFunc(d.add, func(other string) bool { return other == id })
		case row != nil && c.taken(s, edge, row):
			c.add(s, Taken, edge.Name, id, nil)
		}
	}
	return nil
}

// taken reports whether the row that holds a link to put back is linked to another entity, and will be.
func (c *conflicts) taken(s *step, edge *auditlog.Edge, row *auditlog.Row) bool {
	if edge.HolderType() != edge.TargetType() {
		return false
	}
	owner := row.Ref(edge.Column)
	if owner.Value == nil || owner.Text == s.key() {
		return false
	}
	for _, other := range c.steps {
		if other.typ.Type == edge.Owner() && other.key() == owner.Text && (!other.then || other.links[edge] != nil && slices.Contains(other.links[edge].remove, row.Text)) {
			return false
		}
		if other.typ.Type == edge.TargetType() && other.key() == row.Text {
			for name := range other.fields {
				if f, _ := other.field(name); f != nil && f.Column == edge.Column {
					return false
				}
			}
		}
	}
	return true
}

// targets reads what links lead to.
func (c *conflicts) targets(ctx context.Context, edge *auditlog.Edge, ids []string) (map[string]*auditlog.Row, error) {
	return c.byKey(ctx, edge.TargetType(), ids)
}

// returns returns the step by which the entity with that key is created again, or nil.
func (r *run) returns(t *auditlog.Type, key string) *step {
	return r.find(t, key, func(s *step) bool { return s.then && s.row == nil })
}

// goes reports whether the entity with that key is to go.
func (r *run) goes(t *auditlog.Type, key string) bool {
	return r.find(t, key, func(s *step) bool { return !s.then }) != nil
}

func (r *run) find(t *auditlog.Type, key string, which func(*step) bool) *step {
	for _, s := range r.steps {
		if s.typ.Type == t && s.key() == key && key != "" && which(s) {
			return s
		}
	}
	return nil
}

// references looks for foreign keys to put back that lead to what is gone.
func (c *conflicts) references(ctx context.Context) error {
	type field struct {
		*step
		name   string
		target string
	}
	wanted := make(map[*auditlog.Type][]field)
	var order []*auditlog.Type
	for _, s := range c.steps {
		if !s.then {
			continue
		}
		for _, name := range s.names() {
			f, now := s.field(name)
			fk := s.reference(f)
			raw := s.fields[name]
			if fk == nil || replay.Equal(raw, null) || s.row != nil && replay.Same(s.typ.Type, f, raw, now) {
				continue
			}
			t := c.Schema.Named(fk.References)
			if wanted[t] == nil {
				order = append(order, t)
			}
			wanted[t] = append(wanted[t], field{s, name, text(raw)})
		}
	}
	for _, t := range order {
		var ids []string
		for _, f := range wanted[t] {
			ids = append(ids, f.target)
		}
		there, err := c.byKey(ctx, t, ids)
		if err != nil {
			return err
		}
		for _, f := range wanted[t] {
			if there[f.target] == nil && c.returns(t, f.target) == nil {
				c.add(f.step, NoTarget, f.name, f.target, nil)
				if f.typ.member(f.name).Optional {
					f.fields[f.name] = null
				}
			}
		}
	}
	return nil
}

// referrers looks for rows that refer to entities that are to go, and were not made to by what is undone.
func (c *conflicts) referrers(ctx context.Context) error {
	came, err := c.came()
	if err != nil {
		return err
	}
	for _, t := range c.Types {
		byKey := make(map[string]*step)
		var keys [][]any
		for _, s := range c.of(t) {
			if !s.then && s.row != nil {
				byKey[s.row.Text] = s
				keys = append(keys, s.row.Key)
			}
		}
		if len(keys) == 0 {
			continue
		}
		for _, ref := range t.Referrers() {
			rows, err := c.rows(ctx, ref.Type, false, []string{ref.Column}, keys, ref.Column)
			if err != nil {
				return err
			}
			for _, row := range rows {
				s := byKey[row.Ref(ref.Column).Text]
				if s == nil || c.accounted(ref, row, came) {
					continue
				}
				c.add(s, Referred, ref.Column, ref.Type.Name+" "+row.Text, nil)
			}
		}
	}
	return nil
}

// A cameKey names a link.
type cameKey struct {
	edge          *auditlog.Edge
	owner, target string
}

// came returns the links that came with what is undone, by the ids of their owners in the log.
func (c *conflicts) came() (map[cameKey]bool, error) {
	came := make(map[cameKey]bool)
	for _, s := range c.steps {
		for _, edge := range s.typ.Edges {
			for _, e := range s.entries {
				ids, err := links(e.After, edge.Name)
				if err != nil {
					return nil, err
				}
				for _, id := range ids {
					came[cameKey{edge, s.id, id}] = true
				}
			}
		}
	}
	return came, nil
}

// accounted reports whether a row that refers to an entity that is to go does so by what is undone, or will not any more.
func (c *conflicts) accounted(ref auditlog.Referrer, row *auditlog.Row, came map[cameKey]bool) bool {
	if s := c.find(ref.Type, row.Text, func(*step) bool { return true }); s != nil {
		if !s.then {
			return true
		}
		for name := range s.fields {
			if f, _ := s.field(name); f != nil && f.Column == ref.Column {
				return true
			}
		}
	}
	for _, edge := range ref.Type.Ends() {
		owner, target := row.Ref(edge.Column), row.Ref(edge.Target)
		id := owner.Text
		if s := c.find(edge.Owner(), owner.Text, func(*step) bool { return true }); s != nil {
			id = s.id
		}
		if (edge.Column == ref.Column || edge.Target == ref.Column) && came[cameKey{edge, id, target.Text}] {
			return true
		}
	}
	return false
}
