package object

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/graphql/object/ent"
	_ "github.com/sqlaudit/sqlaudit/internal/graphql/object/ent/runtime"
	"github.com/sqlaudit/sqlaudit/internal/graphql/suite"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

func TestGraphQL(t *testing.T) {
	suite.Run(t, func(t *testing.T, d testdb.Database) *suite.Server {
		s, _ := open(t, d)
		return s
	})
}

// open returns a server over empty tables, and its client.
func open(t *testing.T, d testdb.Database) (*suite.Server, *ent.Client) {
	db := d.Open(t, nil)
	probe := suite.NewProbe(d, db)
	client := ent.NewClient(ent.Driver(probe))
	require.NoError(t, client.Schema.Create(context.Background()))
	return &suite.Server{
		DB:      db,
		Driver:  probe,
		Context: context.Background(),
		Schema:  NewExecutableSchema(Config{Resolvers: &Resolver{Client: client}}),
		Save: func(ctx context.Context, c suite.Customer, owner string) string {
			create := client.Customer.Create().SetName(c.Name).SetNillableCredit(c.Credit)
			if c.Password != "" {
				create.SetPassword(c.Password)
			}
			if owner != "" {
				create.SetOwnerID(parse(t, owner))
			}
			return text(create.SaveX(ctx).ID)
		},
		Rename: func(ctx context.Context, id, name string, credit *int64) {
			update := client.Customer.UpdateOneID(parse(t, id)).SetName(name)
			if credit != nil {
				update.SetCredit(*credit)
			}
			update.ExecX(ctx)
		},
		Fill: func(ctx context.Context, n int) {
			owners := client.User.MapCreateBulk(make([]struct{}, n), func(c *ent.UserCreate, _ int) { c.SetName("u") }).SaveX(ctx)
			client.Customer.MapCreateBulk(owners, func(c *ent.CustomerCreate, i int) { c.SetName("c").SetOwner(owners[i]) }).ExecX(ctx)
		},
		Hire: func(ctx context.Context, name string) string {
			return text(client.User.Create().SetName(name).SaveX(ctx).ID)
		},
	}, client
}

func parse(t *testing.T, id string) int {
	v, err := strconv.Atoi(id)
	require.NoError(t, err)
	return v
}

func text(id int) string { return strconv.Itoa(id) }

// The log is no Node, so that ids of two kinds do not meet.
func TestNoNode(t *testing.T) {
	s, _ := open(t, testdb.SQLite)
	require.Equal(t, []string{"Node"}, s.Schema.Schema().Types["Customer"].Interfaces)
	require.Empty(t, s.Schema.Schema().Types["AuditLog"].Interfaces)
}
