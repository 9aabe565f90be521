package conformance

import (
	"context"
	"database/sql"
	"reflect"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
)

// Where the client is told which database schemas its tables are in, rows, links and log are read and written there.
func TestDatabaseSchemas(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		t.Run("elsewhere", func(t *testing.T) { e.elsewhere(t, b.open(t)) })
		require.Empty(t, e.log(t), "nothing is written where the connection looks by itself")
	}, dialect.Postgres, dialect.MySQL)
}

// elsewhere makes changes in the database schema of another connection.
func (e *env) elsewhere(t *testing.T, there *sql.DB) {
	c := e.clientOf(t, there)
	ctx := context.Background()
	g := c.Group.Create().SetName("g").SaveX(ctx)
	u := c.User.Create().SetName("u").SetEmail("u").AddGroups(g).SaveX(ctx)
	c.User.Create().SetName("v").SetEmail("u").OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(ctx)
	c.User.CreateBulk(c.User.Create().SetName("w").SetEmail("w"), c.User.Create().SetName("x").SetEmail("u")).
		OnConflictColumns(user.FieldEmail).UpdateNewValues().ExecX(ctx)
	c.Pet.Create().SetName("p").SetOwner(u).ExecX(ctx)
	team := c.Team.Create().SetSlug("t").AddMembers(u).SaveX(ctx)
	c.User.Update().Where(user.HasGroups()).SetAge(1).ClearGroups().ClearPets().ExecX(ctx)
	c.Team.DeleteOne(team).ExecX(ctx)
	c.User.DeleteOne(u).ExecX(ctx)
	require.NotEmpty(t, u.QueryHistory().AllX(ctx))
	require.Equal(t, 1, c.User.Query().Where(user.HasHistory()).CountX(ctx))

	require.Len(t, oracle.Log(t, there), 17)
	oracle.Reconcile(t, there)
	report, err := sqlaudit.Reconcile(ctx, c)
	require.NoError(t, err)
	require.True(t, report.OK(), report)
}

// clientOf returns a client that is told that all its tables are in the database schema of another connection, where it creates them.
func (e *env) clientOf(t *testing.T, there *sql.DB) *ent.Client {
	t.Helper()
	var name string
	query := "SELECT current_schema()"
	if e.backend.dialect == dialect.MySQL {
		query = "SELECT DATABASE()"
	}
	require.NoError(t, there.QueryRow(query).Scan(&name))
	createTables(t, e.backend, there)

	config := ent.SchemaConfig{}
	for i, v := 0, reflect.ValueOf(&config).Elem(); i < v.NumField(); i++ {
		v.Field(i).SetString(name)
	}
	return ent.NewClient(ent.Driver(e.driver()), ent.AlternateSchema(config))
}
