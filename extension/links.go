package extension

import (
	"slices"
	"strings"

	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/entc/gen"
)

// linksOf returns the links of an edge of n that leads to many, or to one whose row holds the foreign key.
func linksOf(n *gen.Type, e *gen.Edge) (*links, error) {
	if e.Type.HasCompositeID() {
		return nil, fail(n.Name, "edge %q leads to %s, whose id is composed of two fields: track the edge that goes through it instead", e.Name, e.Type.Name)
	}
	if why := idProblem(e.Type); why != "" {
		return nil, fail(n.Name, "edge %q cannot be recorded, since of %s %s: remove it from Edges, or exclude it", e.Name, e.Type.Name, why)
	}
	l := &links{Name: e.Name, Holder: e.Type.Name, Type: e.Type.Name, edge: e}
	if !e.M2M() {
		l.Column, l.Target = e.Rel.Column(), e.Type.ID.StorageKey()
		return l, nil
	}
	l.Holder, l.Column, l.Target = e.Rel.Table, e.Rel.Columns[0], e.Rel.Columns[1]
	if e.IsInverse() {
		l.Column, l.Target = l.Target, l.Column
	}
	if t := through(e); t != nil {
		l.Holder = t.Name
	}
	return l, nil
}

// through returns the edge schema of a many-to-many edge, or nil.
func through(e *gen.Edge) *gen.Type {
	if e.Through == nil && e.Ref != nil {
		return e.Ref.Through
	}
	return e.Through
}

// addHolders adds the types and join tables whose rows are recorded links, and the types that those lead to.
func (m *model) addHolders() error {
	for _, t := range slices.Clone(m.Types) {
		for _, l := range t.Links {
			e := edge(t.Type, l.Name)
			m.describe(e.Type)
			if tt := through(e); tt != nil {
				if why := idProblem(tt); why != "" {
					return fail(t.Name, "edge %q goes through %s and cannot be recorded, since %s: exclude it", e.Name, tt.Name, why)
				}
				m.describe(tt)
			} else if e.M2M() {
				m.addJoin(e)
			}
		}
	}
	return nil
}

// describe adds a type, unless it is there.
func (m *model) describe(n *gen.Type) {
	if m.Type(n.Name) == nil {
		m.Types = append(m.Types, &typ{Type: n})
	}
}

// addJoin adds the join table of an edge, unless it is there.
func (m *model) addJoin(e *gen.Edge) {
	if e.IsInverse() {
		e = e.Ref
	}
	if slices.ContainsFunc(m.Joins, func(j *join) bool { return j.Table == e.Rel.Table }) {
		return
	}
	j := &join{Var: "audit" + e.Owner.Name + e.StructField() + "Links", Config: e.Owner.Name + e.StructField(), Table: e.Rel.Table, Key: e.Rel.Columns}
	for i, end := range []*gen.Type{e.Owner, e.Type} {
		j.ForeignKeys = append(j.ForeignKeys, &foreignKey{Column: e.Rel.Columns[i], References: end.Name, Cascade: true})
	}
	m.Joins = append(m.Joins, j)
}

// addForeignKeys adds to each described type the foreign keys of its table that are recorded, are an end of a recorded edge, or cascade;
// and the types that these point at, for their deletion and their edges change such rows.
func (m *model) addForeignKeys(g *gen.Graph) error {
	for i := 0; i < len(m.Types); i++ {
		t := m.Types[i]
		t.Unique = unique(t.Type)
		for _, n := range g.Nodes {
			for _, e := range n.Edges {
				name, references := foreignKeyOf(n, e, t.Type)
				if name == "" || references.IsView() || references.HasCompositeID() {
					continue
				}
				recorded := slices.ContainsFunc(t.Fields, func(c *column) bool { return c.key == name })
				if !recorded && !cascades(e) && !m.isEnd(t, name) {
					continue
				}
				if why := idProblem(references); why != "" {
					return fail(n.Name, "by edge %q a deletion of %s changes rows of %s, and cannot be recorded, since %s: give %s another id, or exclude the edge and have it not cascade",
						e.Name, references.Name, t.Name, why, references.Name)
				}
				if err := t.addForeignKey(&foreignKey{Column: name, References: references.Name, Cascade: cascades(e)}); err != nil {
					return err
				}
				m.describe(references)
			}
		}
		slices.SortFunc(t.ForeignKeys, func(a, b *foreignKey) int { return strings.Compare(a.Column, b.Column) })
	}
	return nil
}

// addForeignKey adds a foreign key, which more than one edge may declare. The rows that it is in go with what it points at if one of them says so.
func (t *typ) addForeignKey(fk *foreignKey) error {
	i := slices.IndexFunc(t.ForeignKeys, func(o *foreignKey) bool { return o.Column == fk.Column })
	switch {
	case i < 0:
		t.ForeignKeys = append(t.ForeignKeys, fk)
	case t.ForeignKeys[i].References != fk.References:
		return fail(t.Name, "column %q is the foreign key of edges to %s and to %s: give one of them another column", fk.Column, t.ForeignKeys[i].References, fk.References)
	default:
		t.ForeignKeys[i].Cascade = t.ForeignKeys[i].Cascade || fk.Cascade
	}
	return nil
}

// foreignKeyOf returns the column of t's table that holds the foreign key of an edge of n, and the type that it points at; or "".
func foreignKeyOf(n *gen.Type, e *gen.Edge, t *gen.Type) (string, *gen.Type) {
	switch {
	case n == t && e.OwnFK():
		if f := e.Field(); f != nil {
			return f.StorageKey(), e.Type
		}
		return e.Rel.Column(), e.Type
	case e.Type == t && e.Ref == nil && !e.OwnFK() && !e.M2M():
		return e.Rel.Column(), n
	}
	return "", nil
}

// isEnd reports whether a column of t holds the id of the entity that has a recorded edge, or of the one that it leads to.
func (m *model) isEnd(t *typ, column string) bool {
	return slices.ContainsFunc(m.Types, func(o *typ) bool {
		return slices.ContainsFunc(o.Links, func(l *links) bool {
			return l.Holder == t.Name && (l.Column == column || l.Target == column)
		})
	})
}

// cascades reports whether the row that holds e's foreign key goes with the row that it points at. Ent takes the
// action from the edge that edge.To declares.
func cascades(e *gen.Edge) bool {
	if e.IsInverse() {
		e = e.Ref
	}
	a := e.EntSQL()
	return a != nil && a.OnDelete == entsql.Cascade
}

// unique returns the columns of each of n's unique indexes beside the primary key, sorted.
func unique(n *gen.Type) [][]string {
	var us [][]string
	for _, f := range n.Fields {
		if f.Unique {
			us = append(us, []string{f.StorageKey()})
		}
	}
	for _, e := range n.Edges {
		if e.O2O() && e.OwnFK() {
			us = append(us, []string{e.Rel.Column()})
		}
	}
	for _, idx := range n.Indexes {
		if idx.Unique {
			us = append(us, idx.Columns)
		}
	}
	slices.SortFunc(us, slices.Compare)
	return slices.CompactFunc(us, slices.Equal)
}
