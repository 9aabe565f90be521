package relay

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent/customer"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent/privacy"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent/user"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/viewer"
	"github.com/sqlaudit/sqlaudit/internal/graphql/suite"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A world is a log that ada and bob have written, which a policy and an interceptor stand before: ada sees what she did to customers, auditors see all.
type world struct {
	server       *suite.Server
	client       *ent.Client
	ada, bob     *ent.User
	acme, bolt   *ent.Customer
	mine         []string // the entries that ada sees, by plain SQL
	mineOfAcme   []string
	all          []string
	asAda, asAll context.Context
	asNobody     context.Context
}

func newWorld(t *testing.T, d testdb.Database) *world {
	w := &world{asNobody: context.Background()}
	w.server, w.client = open(t, d)
	w.asAll = w.server.Context
	w.ada, w.bob = w.client.User.Create().SetName("ada").SaveX(w.asNobody), w.client.User.Create().SetName("bob").SaveX(w.asNobody)
	w.asAda = viewer.NewContext(w.asNobody, viewer.Viewer{ID: w.ada.ID.String()})
	byAda := sqlaudit.NewContext(w.asNobody, sqlaudit.Actor{ID: w.ada.ID})
	byBob := sqlaudit.NewContext(w.asNobody, sqlaudit.Actor{ID: w.bob.ID})
	w.acme = w.client.Customer.Create().SetName("acme").SetOwner(w.ada).SaveX(byAda)
	w.bolt = w.client.Customer.Create().SetName("bolt").SaveX(byBob)
	w.acme.Update().SetName("acme inc").ExecX(byBob)
	w.acme.Update().SetName("acme ltd").ExecX(byAda)
	w.bob.Update().SetName("bobby").ExecX(byAda)
	for _, e := range oracle.Log(t, w.server.DB) {
		w.all = append(w.all, e.ID)
		if e.ActorID == w.ada.ID.String() && e.Type == "Customer" {
			w.mine = append(w.mine, e.ID)
			if e.Resource == w.acme.ID.String() {
				w.mineOfAcme = append(w.mineOfAcme, e.ID)
			}
		}
	}
	require.Len(t, w.all, 7, "what nobody may read is recorded all the same")
	require.Len(t, w.mineOfAcme, 2)
	return w
}

func texts(ids []uuid.UUID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = id.String()
	}
	return out
}

func entryIDs(entries []*ent.AuditLog) []string {
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.ID.String()
	}
	return out
}

// A wayOfReading is one of the generated ones.
type wayOfReading struct {
	name string
	read func(context.Context, *world) ([]string, error)
	want func(*world) []string // what ada gets
}

var waysOfReading = []wayOfReading{
	{"the log itself", func(ctx context.Context, w *world) ([]string, error) {
		ids, err := w.client.AuditLog.Query().Order(auditlog.ByID()).IDs(ctx)
		return texts(ids), err
	}, func(w *world) []string { return w.mine }},
	{"QueryHistory of a type", func(ctx context.Context, w *world) ([]string, error) {
		es, err := w.client.Customer.QueryHistory().All(ctx)
		return entryIDs(es), err
	}, func(w *world) []string { return w.mine }},
	{"QueryHistory of a type that the interceptor hides", func(ctx context.Context, w *world) ([]string, error) {
		es, err := w.client.User.QueryHistory().All(ctx)
		return entryIDs(es), err
	}, func(*world) []string { return []string{} }},
	{"QueryHistory of entities", func(ctx context.Context, w *world) ([]string, error) {
		es, err := w.client.Customer.QueryHistory(w.acme, w.bolt).All(ctx)
		return entryIDs(es), err
	}, func(w *world) []string { return w.mine }},
	{"QueryHistory of an entity", func(ctx context.Context, w *world) ([]string, error) {
		es, err := w.acme.QueryHistory().All(ctx)
		return entryIDs(es), err
	}, func(w *world) []string { return w.mineOfAcme }},
	{"QueryHistory of a query", func(ctx context.Context, w *world) ([]string, error) {
		es, err := w.client.Customer.Query().Where(customer.ID(w.acme.ID)).QueryHistory().All(ctx)
		return entryIDs(es), err
	}, func(w *world) []string { return w.mineOfAcme }},
	{"WithHistory", func(ctx context.Context, w *world) ([]string, error) {
		c, err := w.client.Customer.Query().Where(customer.ID(w.acme.ID)).WithHistory().Only(ctx)
		if err != nil {
			return nil, err
		}
		es, err := c.History()
		return entryIDs(es), err
	}, func(w *world) []string { return w.mineOfAcme }},
	{"WithHistory of entities that an edge leads to", func(ctx context.Context, w *world) ([]string, error) {
		u, err := w.client.User.Query().Where(user.ID(w.ada.ID)).WithCustomers(func(q *ent.CustomerQuery) { q.WithHistory() }).Only(ctx)
		if err != nil {
			return nil, err
		}
		es, err := u.Edges.Customers[0].History()
		return entryIDs(es), err
	}, func(w *world) []string { return w.mineOfAcme }},
	{"a number", func(ctx context.Context, w *world) ([]string, error) {
		n, err := w.client.Customer.QueryHistory(w.acme).Count(ctx)
		return make([]string, n), err
	}, func(*world) []string { return make([]string, 2) }},
	{"groups", func(ctx context.Context, w *world) ([]string, error) {
		return w.client.AuditLog.Query().GroupBy(auditlog.FieldResourceID).Strings(ctx)
	}, func(w *world) []string { return []string{w.acme.ID.String()} }},
	{"one by its id", func(ctx context.Context, w *world) ([]string, error) {
		e, err := w.client.AuditLog.Get(ctx, uuid.MustParse(w.mine[0]))
		if err != nil {
			return nil, err
		}
		return []string{e.ID.String()}, nil
	}, func(w *world) []string { return w.mine[:1] }},
	{"entities from the log", func(ctx context.Context, w *world) ([]string, error) {
		ids, err := w.client.AuditLog.Query().QueryCustomer().IDs(ctx)
		return texts(ids), err
	}, func(w *world) []string { return []string{w.acme.ID.String()} }},
	{"actors from the log", func(ctx context.Context, w *world) ([]string, error) {
		ids, err := w.client.AuditLog.Query().QueryActor().IDs(ctx)
		return texts(ids), err
	}, func(w *world) []string { return []string{w.ada.ID.String()} }},
	{"GraphQL: the log", graphQL(`{ auditLogs { edges { node { id } } } }`),
		func(w *world) []string { return w.mine }},
	{"GraphQL: history", graphQL(`query($x: ID) { customers(where: {id: $x}) { edges { node { history { edges { node { id } } } } } } }`),
		func(w *world) []string { return w.mineOfAcme }},
	{"GraphQL: a page of each history", graphQL(`{ customers { edges { node { history(first: 3) { edges { node { id } } } } } } }`),
		func(w *world) []string { return w.mineOfAcme }},
}

// graphQL runs an operation, and returns the ids that the entries in it have.
func graphQL(query string) func(context.Context, *world) ([]string, error) {
	return func(ctx context.Context, w *world) ([]string, error) {
		data, errs := suite.Execute(ctx, w.server.Schema, query, map[string]any{"x": w.acme.ID.String()}) // which some ask for
		if len(errs) > 0 {
			return nil, errs[0]
		}
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			return nil, err
		}
		return idsIn(v), nil
	}
}

func idsIn(v any) []string {
	ids := []string{}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if s, ok := e.(string); ok && k == "id" {
				return []string{s}
			}
			ids = append(ids, idsIn(e)...)
		}
	case []any:
		for _, e := range v {
			ids = append(ids, idsIn(e)...)
		}
	}
	return ids
}

// A policy and interceptors on the log stand before every way of reading it that ends in the log.
func TestWhoMayReadTheLog(t *testing.T) {
	for _, d := range []testdb.Database{testdb.SQLite, testdb.Postgres, testdb.MariaDB} {
		t.Run(d.Name, func(t *testing.T) {
			w := newWorld(t, d)
			for _, way := range waysOfReading {
				t.Run(way.name, func(t *testing.T) {
					got, err := way.read(w.asAda, w)
					require.NoError(t, err)
					require.Equal(t, way.want(w), got)
					_, err = way.read(w.asNobody, w)
					require.ErrorIs(t, err, privacy.Deny)
					got, err = way.read(w.asAll, w)
					require.NoError(t, err)
					if len(way.want(w)) != 1 {
						require.Greater(t, len(got), len(way.want(w)), "an auditor sees more")
					}
				})
			}
		})
	}
}

// What does not end in the log is not asked of its policy.
func TestWhoMayReadBesides(t *testing.T) {
	for _, d := range []testdb.Database{testdb.SQLite, testdb.Postgres, testdb.MariaDB} {
		t.Run(d.Name, func(t *testing.T) {
			w := newWorld(t, d)
			// Predicates are plain SQL, those on edges as well: they restrict entities, and read nothing.
			ids, err := w.client.Customer.Query().Where(customer.HasHistoryWith(auditlog.ActorID(w.bob.ID.String()))).Order(customer.ByName()).IDs(w.asNobody)
			require.NoError(t, err)
			require.Equal(t, []uuid.UUID{w.acme.ID, w.bolt.ID}, ids)
			// An entry in hand leads to its entity by that type's policy.
			entry := w.acme.QueryHistory().FirstX(w.asAda)
			require.Equal(t, w.acme.ID, entry.QueryCustomer().OnlyIDX(w.asNobody))
			// The log is held against the tables as it is, whoever asks.
			report, err := sqlaudit.Reconcile(w.asNobody, w.client)
			require.NoError(t, err)
			require.Empty(t, report.Differences)
			// And an entry that ada may not read is none that GraphQL finds for her.
			theirs := uuid.Nil
			for _, e := range oracle.Log(t, w.server.DB) {
				if e.ActorID == w.bob.ID.String() {
					theirs = uuid.MustParse(e.ID)
				}
			}
			node := `query($x: ID!) { node(id: $x) { id ... on AuditLog { action changes { text } } } }`
			data, errs := suite.Execute(w.asAda, w.server.Schema, node, map[string]any{"x": w.mine[1]})
			require.Empty(t, errs)
			require.JSONEq(t, `{"node": {"id": "`+w.mine[1]+`", "action": "update", "changes": [{"text": "name: \"acme inc\" → \"acme ltd\""}]}}`, string(data))
			data, errs = suite.Execute(w.asAda, w.server.Schema, node, map[string]any{"x": theirs.String()})
			require.NotEmpty(t, errs)
			require.JSONEq(t, `{"node": null}`, string(data))
		})
	}
}

// Entries carry a tenant in their metadata, by which a policy can tell them apart.
func TestTenants(t *testing.T) {
	for _, d := range []testdb.Database{testdb.SQLite, testdb.Postgres, testdb.MariaDB} {
		t.Run(d.Name, func(t *testing.T) {
			s, client := open(t, d)
			want := map[string][]string{}
			for _, tenant := range []string{"red", "blue"} {
				ctx := sqlaudit.WithMetadata(context.Background(), map[string]any{"tenant": tenant, "ip": "10.0.0.1"})
				client.Customer.Create().SetName(tenant).ExecX(ctx)
				entries := oracle.Log(t, s.DB)
				want[tenant] = []string{entries[len(entries)-1].ID}
			}
			client.Customer.Create().SetName("of nobody").ExecX(context.Background())
			for _, tenant := range []string{"red", "blue", "none"} {
				ctx := viewer.NewContext(context.Background(), viewer.Viewer{Tenant: tenant, Auditor: true})
				require.Equal(t, append([]string{}, want[tenant]...), entryIDs(client.AuditLog.Query().AllX(ctx)))
				require.Equal(t, append([]string{}, want[tenant]...), entryIDs(client.Customer.QueryHistory().AllX(ctx)))
				data, errs := suite.Execute(ctx, s.Schema, `{ customers { edges { node { history { edges { node { id } } } } } } }`, nil)
				require.Empty(t, errs)
				var v any
				require.NoError(t, json.Unmarshal(data, &v))
				require.Equal(t, append([]string{}, want[tenant]...), idsIn(v))
			}
			require.Equal(t, 3, client.AuditLog.Query().CountX(s.Context))
		})
	}
}
