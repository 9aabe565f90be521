package history

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// A Past is the entities of a type as they were at a moment, as far as the log has it. It is made by the generated AsOf, AsOfTx, At and Now of a client, is
// not changed by its methods, and is as safe for concurrent use as the client.
//
// What it returns are entities of the client's, with their tracked fields set. Everything else in them is unknown and has its zero value:
// their generated AuditVersion says what is known. Their methods work as on entities that were read from the table: Update is by id, and changes what is there today.
type Past[N, ID any, P ~func(*sql.Selector)] struct {
	kind   *Kind[N, ID, P]
	moment Moment
}

// Moment returns which it is.
func (p *Past[N, ID, P]) Moment() Moment { return p.moment }

// Get returns the entity with an id, as it was. It fails with a *NotThereError, which the generated IsNotFound finds too, if it was not there, with ErrNoTransaction for a
// moment after a transaction that the log does not have, and as a query of the type does for what its interceptors and policy refuse. They apply to what the entity
// was then. It takes a statement, and one more each for a moment after a transaction, for what interceptors and policy restrict to, and for one that was not there.
func (p *Past[N, ID, P]) Get(ctx context.Context, id ID) (*N, error) {
	v, err := p.version(ctx, p.kind.Node(id))
	if err != nil {
		return nil, err
	}
	return p.kind.node(v), nil
}

// GetX is like Get, but panics if an error occurs.
func (p *Past[N, ID, P]) GetX(ctx context.Context, id ID) *N {
	n, err := p.Get(ctx, id)
	if err != nil {
		panic(err)
	}
	return n
}

func (p *Past[N, ID, P]) version(ctx context.Context, node *N) (*Version, error) {
	k := p.kind
	id, err := k.name(node)
	if err != nil {
		return nil, err
	}
	r, err := newReader(k.Source)
	if err != nil {
		return nil, err
	}
	c, err := k.condition(ctx, r, nil)
	if err != nil {
		return nil, err
	}
	place, err := p.moment.Resolve(ctx, r.ex(), k.Source)
	if err != nil {
		return nil, err
	}
	images, err := r.imagesOf(ctx, r.ex(), k.Type, place, []string{id})
	if err != nil {
		return nil, err
	}
	if len(images) == 0 {
		return nil, p.missing(ctx, r, place, id)
	}
	versions, err := k.versions(ctx, r, r.ex(), c, images)
	if err == nil && len(versions) == 0 {
		err = k.NotFound // it may not be seen
	}
	if err != nil {
		return nil, err
	}
	return versions[0], nil
}

// missing returns why an entity was not there.
func (p *Past[N, ID, P]) missing(ctx context.Context, r *reader, place Place, id string) error {
	e := &NotThereError{Err: ErrUnrecorded, Type: p.kind.Type.Label, ID: id, Moment: p.moment, NotFound: p.kind.NotFound}
	// The first entry, and whether there was one by then.
	s := r.log(ctx, p.kind.Type)
	about(s, []string{id})
	later := r.log(ctx, p.kind.Type)
	about(later, []string{id})
	place.Happened(later)
	s.Select(s.C(auditlog.ColumnAction)).OrderBy(s.C(auditlog.ColumnID)).Limit(1)
	s.AppendSelectExprAs(sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("EXISTS ").Wrap(func(b *sql.Builder) { b.Join(later.Select(later.C(auditlog.ColumnID))) })
	}), "sqlaudit_was")
	err := rows.Select(ctx, r.ex(), s, "read the log", func(rows *sql.Rows) error {
		var (
			action string
			was    bool
		)
		if err := rows.Scan(&action, &was); err != nil {
			return err
		}
		switch {
		case was:
			e.Err = ErrGone
		case action == auditlog.ActionCreate:
			e.Err = ErrNotYet
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e
}

// Diff returns what changed of the entity with an id from p to another moment, before or after it. It takes as many statements as two Gets. It fails as
// Get does if the entity was there at neither.
func (p *Past[N, ID, P]) Diff(ctx context.Context, to *Past[N, ID, P], id ID) (Diff, error) {
	d := Diff{Type: p.kind.Type.Label}
	name, err := p.kind.name(p.kind.Node(id))
	if err != nil {
		return d, err
	}
	d.ID = name
	was, missing, err := p.there(ctx, id)
	if err != nil {
		return d, err
	}
	is, _, err := to.there(ctx, id)
	if err != nil {
		return d, err
	}
	if was == nil && is == nil {
		return d, missing
	}
	return difference(p.kind.Source.Schema, d.Type, d.ID, was, is), nil
}

// there returns what the entity with an id was, or why it was not there or may not be seen.
func (p *Past[N, ID, P]) there(ctx context.Context, id ID) (i *image, missing, err error) {
	v, err := p.version(ctx, p.kind.Node(id))
	var nt *NotThereError
	switch {
	case err == nil:
		return v.image, nil, nil
	case errors.As(err, &nt), errors.Is(err, p.kind.NotFound):
		return nil, err, nil
	default:
		return nil, nil, err
	}
}
