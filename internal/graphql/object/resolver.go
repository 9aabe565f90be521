package object

import (
	"context"
	"fmt"

	"entgo.io/contrib/entgql"

	"github.com/sqlaudit/sqlaudit/internal/graphql/object/ent"
	"github.com/sqlaudit/sqlaudit/internal/graphql/object/ent/customer"
	"github.com/sqlaudit/sqlaudit/internal/graphql/object/ent/user"
)

// A Resolver answers queries from a client.
type Resolver struct{ Client *ent.Client }

var (
	_ ResolverRoot  = (*Resolver)(nil)
	_ QueryResolver = (*Resolver)(nil)
)

// Query implements ResolverRoot.
func (r *Resolver) Query() QueryResolver { return r }

// Node implements QueryResolver.
func (r *Resolver) Node(ctx context.Context, id int) (ent.Noder, error) {
	return r.Client.Noder(ctx, id, ent.WithNodeType(r.table))
}

// Nodes implements QueryResolver.
func (r *Resolver) Nodes(ctx context.Context, ids []int) ([]ent.Noder, error) {
	return r.Client.Noders(ctx, ids, ent.WithNodeType(r.table))
}

// table returns the table of the entity with an id.
func (r *Resolver) table(ctx context.Context, id int) (string, error) {
	if ok, err := r.Client.Customer.Query().Where(customer.ID(id)).Exist(ctx); ok || err != nil {
		return customer.Table, err
	}
	if ok, err := r.Client.User.Query().Where(user.ID(id)).Exist(ctx); ok || err != nil {
		return user.Table, err
	}
	return "", fmt.Errorf("nothing has the id %d", id)
}

// Customers implements QueryResolver.
func (r *Resolver) Customers(ctx context.Context, after *entgql.Cursor[int], first *int, before *entgql.Cursor[int], last *int, orderBy *ent.CustomerOrder, where *ent.CustomerWhereInput) (*ent.CustomerConnection, error) {
	return r.Client.Customer.Query().Paginate(ctx, after, first, before, last, ent.WithCustomerOrder(orderBy), ent.WithCustomerFilter(where.Filter))
}

// Users implements QueryResolver.
func (r *Resolver) Users(ctx context.Context) ([]*ent.User, error) {
	query, err := r.Client.User.Query().CollectFields(ctx)
	if err != nil {
		return nil, err
	}
	return query.All(ctx)
}

// AuditLogs implements QueryResolver.
func (r *Resolver) AuditLogs(ctx context.Context, after *entgql.Cursor[int], first *int, before *entgql.Cursor[int], last *int, orderBy *ent.AuditLogOrder, where *ent.AuditLogWhereInput) (*ent.AuditLogConnection, error) {
	return r.Client.AuditLog.Query().Paginate(ctx, after, first, before, last, ent.WithAuditLogOrder(orderBy), ent.WithAuditLogFilter(where.Filter))
}
