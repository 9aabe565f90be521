package conformance

import (
	"context"
	stdsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/patron"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

func TestRename(t *testing.T) { runCases(t, renameCases) }

// A past is a log as earlier versions of the application have written it, by plain SQL.
type past struct {
	env *env
	n   int
}

// entry inserts the next entry: before and after are JSON, or empty.
func (p *past) entry(t *testing.T, label, id, action, before, after string, redacted ...string) uuid.UUID {
	t.Helper()
	p.n++
	at := time.Now().Add(-30*time.Second + time.Duration(p.n)*time.Millisecond).UTC().Truncate(time.Microsecond)
	ms := uint64(at.UnixMilli()) //nolint:gosec // after 1970
	entry := uuid.UUID{byte(ms >> 40), byte(ms >> 32), byte(ms >> 24), byte(ms >> 16), byte(ms >> 8), byte(ms), 0x70, 0, 0x80, 15: byte(p.n)}
	null := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	names := ""
	if len(redacted) > 0 {
		names = jsonOf(t, redacted)
	}
	query := "INSERT INTO audit_logs (id, tx_id, occurred_at, action, resource_type, resource_id, old_values, new_values, redacted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	if p.env.backend.dialect == dialect.Postgres {
		for i := 1; strings.Contains(query, "?"); i++ {
			query = strings.Replace(query, "?", fmt.Sprintf("$%d", i), 1)
		}
	}
	_, err := p.env.db.ExecContext(p.env.ctx, query, entry.String(), entry.String(), at, action, label, id, null(before), null(after), null(names))
	require.NoError(t, err)
	return entry
}

// patrons writes the past of the patrons 1, 2 and 3, who are there, and of 9, who is not: as Guest, when an email was an address, then as Client,
// when it was a mail.
func patrons(t *testing.T, e *env) {
	t.Helper()
	p := &past{env: e}
	was := func(n int) string {
		return fmt.Sprintf(`{"address":"%d@1","phone":5550100,"tier":"bronze","visits":3,"stars":300,"lvl":"2","note":"n","sponsor":null}`, n)
	}
	p.entry(t, "Guest", "2", "create", "", was(2))
	p.entry(t, "Guest", "3", "create", "", was(3))
	p.entry(t, "Guest", "9", "create", "", was(9))
	p.entry(t, "Guest", "1", "create", "", strings.TrimSuffix(was(1), "}")+`,"friends":[2]}`, "code")
	p.entry(t, "Guest", "2", "update", `{"friends":[]}`, `{"friends":[1]}`)
	p.entry(t, "Client", "1", "update", `{"mail":"1@1","sponsor":null,"tier":"bronze"}`, `{"mail":"1@2","sponsor":2,"tier":"gold"}`, "code")
	p.entry(t, "Client", "1", "update", `{"friends":[2],"stars":300}`, `{"friends":[3],"stars":5}`)
	p.entry(t, "Client", "2", "update", `{"friends":[1],"stars":300,"tier":"bronze"}`, `{"friends":[],"stars":2,"tier":"silver"}`)
	p.entry(t, "Client", "3", "update", `{"friends":[],"stars":300,"tier":"bronze"}`, `{"friends":[1],"stars":3,"tier":"silver"}`)
	p.entry(t, "Client", "9", "delete", strings.Replace(was(9), "address", "mail", 1), "")
	testdb.Exec(t, e.db, "INSERT INTO patrons (id, email, phone, tier, visits, stars, floor, note) VALUES (2, '2@1', '5550100', 'silver', 3, 2, 2, 'n'), (3, '3@1', '5550100', 'silver', 3, 3, 2, 'n')")
	testdb.Exec(t, e.db, "INSERT INTO patrons (id, email, phone, tier, visits, stars, floor, note, sponsor_id) VALUES (1, '1@2', '5550100', 'gold', 3, 5, 2, 'n', 2)")
	testdb.Exec(t, e.db, "INSERT INTO patron_mates (patron_id, mate_id) VALUES (1, 3), (3, 1)")
}

var renameCases = []testCase{
	{"changes", "old entries read under today's names and types; what cannot is raw, with an error of its own", func(t *testing.T, e *env) {
		patrons(t, e)
		entries := e.client.Patron.GetX(e.ctx, 1).QueryHistory().AllX(e.ctx)
		require.Len(t, entries, 3)
		var names []string
		for _, c := range entries[0].Changes() {
			names = append(names, c.Field)
		}
		require.Equal(t, []string{"email", "phone", "tier", "visits", "stars", "floor", "note", "sponsor_id", "pin", "mates"}, names, "in the order of the schema")
		created := entries[0].Changes()
		for name, want := range map[string]any{
			"email": "1@1", "phone": "5550100", "tier": patron.Tier("bronze"), "visits": 3.0, "floor": 2, "note": "n", "sponsor_id": nil, "mates": []int{2},
		} {
			c := field(t, created, name)
			require.NoError(t, c.Err, name)
			require.Equal(t, want, c.New, name)
		}
		stars := field(t, created, "stars")
		require.ErrorContains(t, stars.Err, "300 is no int8")
		require.Equal(t, json.RawMessage("300"), stars.New)
		require.True(t, field(t, created, "pin").Redacted)
		require.Equal(t, sqlaudit.Change{Field: "email", Old: "1@1", New: "1@2"}, field(t, entries[1].Changes(), "email"))
		require.Equal(t, sqlaudit.Change{Field: "sponsor_id", New: 2}, field(t, entries[1].Changes(), "sponsor_id"))
		require.Equal(t, sqlaudit.Change{Field: "mates", Old: []int{2}, New: []int{3}}, field(t, entries[2].Changes(), "mates"))
	}},
	{"from the type and to it", "every query that starts from the type finds the entries of all its labels, in the order in which things happened", func(t *testing.T, e *env) {
		patrons(t, e)
		one := e.client.Patron.GetX(e.ctx, 1)
		one.Update().SetEmail("1@3").ExecX(e.ctx)
		labels := func(entries []*ent.AuditLog) (out []string) {
			for i, l := range entries {
				out = append(out, l.ResourceType)
				require.True(t, i == 0 || entries[i-1].ID.String() < l.ID.String())
			}
			return out
		}
		want := []string{"Guest", "Client", "Client", "Patron"}
		require.Equal(t, want, labels(one.QueryHistory().AllX(e.ctx)))
		require.Equal(t, want, labels(e.client.Patron.QueryHistory(one).AllX(e.ctx)))
		require.Equal(t, want, labels(e.client.Patron.Query().Where(patron.ID(1)).QueryHistory().AllX(e.ctx)))
		require.Equal(t, 11, e.client.Patron.QueryHistory().CountX(e.ctx), "also of what is gone")
		history, err := e.client.Patron.Query().Where(patron.ID(1)).WithHistory().OnlyX(e.ctx).History()
		require.NoError(t, err)
		require.Equal(t, want, labels(history))
		require.Equal(t, []int{1, 2, 3}, e.client.Patron.Query().Where(patron.HasHistory()).Order(patron.ByID()).IDsX(e.ctx))
		require.Equal(t, []int{1}, e.client.Patron.Query().Where(patron.HasHistoryWith(auditlog.ResourceType("Client"), auditlog.RedactedNotNil())).IDsX(e.ctx))
		require.Equal(t, []int{1, 2, 3}, e.client.AuditLog.Query().Where(auditlog.ResourceType("Guest")).QueryPatron().Order(patron.ByID()).IDsX(e.ctx))
		for _, l := range history {
			require.Equal(t, 1, l.QueryPatron().OnlyIDX(e.ctx))
			require.Zero(t, l.QueryUser().CountX(e.ctx))
		}
		last := e.last(t)
		require.Equal(t, "Patron", last.Type)
		require.Equal(t, `"1@2" → "1@3"`, last.Change("email"))
	}},
	{"values of another type", "a filter finds what Changes reads, of that field alone", func(t *testing.T, e *env) {
		patrons(t, e)
		e.client.Patron.UpdateOneID(1).SetPhone("5550101").SetFloor(7).ExecX(e.ctx)
		created := []string{"create Guest/2", "create Guest/3", "create Guest/9", "create Guest/1"}
		require.Equal(t, created, e.found(t, patron.PhoneChangedTo("5550100")), "it was a number")
		require.Equal(t, []string{"update Patron/1"}, e.found(t, patron.PhoneChangedTo("5550101")))
		require.Equal(t, created, e.found(t, patron.FloorChangedTo(2)), "it was text")
		require.Equal(t, []string{"update Patron/1"}, e.found(t, patron.FloorChangedTo(7)))
		require.Equal(t, []string{"delete Client/9"}, e.found(t, patron.PhoneChangedFrom("5550100"), auditlog.Action("delete")))
		require.Empty(t, e.found(t, patron.PhoneChangedTo("05550100")))
		require.Empty(t, e.found(t, patron.VisitsChangedTo(300)))
		require.Empty(t, e.found(t, auditlog.FieldTo("phone", "5550100")), "of a field that is not known the form is that of the value")
		require.Len(t, e.found(t, auditlog.FieldTo("phone", 5550100)), 4)
		e.exec(t, "DELETE FROM audit_logs")
		e.exec(t, "DELETE FROM patron_mates")
		e.exec(t, "UPDATE patrons SET sponsor_id = NULL")
		e.exec(t, "DELETE FROM patrons")
	}},
	{"replay and reconcile", "what the log says under old names and in old forms is what is there", func(t *testing.T, e *env) {
		patrons(t, e)
		state, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.BatchSize(2))
		require.NoError(t, err)
		require.Empty(t, state.Findings)
		require.Equal(t, 3, state.Len())
		one := state.Entity("Patron", "1")
		require.Same(t, one, state.Entity("Guest", "1"))
		require.Equal(t, "Patron", one.Type)
		require.Equal(t, `"1@2"`, string(one.Fields["email"]))
		require.Equal(t, `2`, string(one.Fields["sponsor_id"]))
		require.NotContains(t, one.Fields, "mail")
		require.True(t, one.Edges["mates"].Has(json.RawMessage("3")))
		require.Len(t, one.Edges["mates"], 1)
		agree(t, e, e.client)
		for _, label := range []string{"Patron", "Client"} {
			report, err := sqlaudit.Reconcile(e.ctx, e.client, sqlaudit.Types(label))
			require.NoError(t, err)
			require.True(t, report.OK())
			require.Equal(t, []sqlaudit.Progress{{Type: "Patron", Entities: 3, Entries: 10}}, report.Types)
		}
		_, err = sqlaudit.Baseline(e.ctx, e.client)
		require.NoError(t, err)
		require.Len(t, e.log(t), 10, "all is known")
		e.client.Patron.UpdateOneID(1).SetPhone("5550101").SetFloor(3).ClearSponsorID().RemoveMateIDs(3).ExecX(e.ctx)
		e.client.Patron.DeleteOneID(2).ExecX(e.ctx)
		agree(t, e, e.client)
	}},
	{"what was written around ent", "it is a difference still, under today's name", func(t *testing.T, e *env) {
		patrons(t, e)
		testdb.Exec(t, e.db, "UPDATE patrons SET email = 'x', phone = '5550199' WHERE id = 1")
		require.Equal(t, []string{
			`Patron 1: email is "x", and "1@2" in the log`,
			`Patron 1: phone is "5550199", and "5550100" in the log`,
		}, e.differences(t))
		testdb.Exec(t, e.db, "DELETE FROM patrons WHERE id = 3")
		require.Contains(t, e.differences(t), `Patron 3: is not there, but in the log`)
		testdb.Exec(t, e.db, "DELETE FROM audit_logs")
		testdb.Exec(t, e.db, "DELETE FROM patrons")
	}},
	{"a field that is gone", "its old values are raw, and say so", func(t *testing.T, e *env) {
		p := &past{env: e}
		p.entry(t, "Client", "9", "create", "", `{"fax":"1","mail":"m"}`)
		p.entry(t, "Client", "9", "delete", `{"fax":"1","mail":"m"}`, "")
		p.entry(t, "Ghost", "1", "create", "", `{"mail":"m"}`)
		entries := e.client.AuditLog.Query().AllX(e.ctx)
		cs := entries[0].Changes()
		require.Equal(t, sqlaudit.Change{Field: "email", New: "m"}, cs[0])
		require.EqualError(t, cs[1].Err, `sqlaudit: Patron has no tracked field "fax"`)
		require.Equal(t, json.RawMessage(`"1"`), cs[1].New)
		require.ErrorContains(t, entries[2].Changes()[0].Err, "no tracked type has the entry's label")
		require.Equal(t, "mail", entries[2].Changes()[0].Field)
	}},
	{"both names in one entry", "which no version writes: the present one is the field's, and nothing is lost", func(t *testing.T, e *env) {
		(&past{env: e}).entry(t, "Client", "9", "create", "", `{"mail":"m","email":"e"}`)
		cs := e.client.AuditLog.Query().OnlyX(e.ctx).Changes()
		require.Equal(t, sqlaudit.Change{Field: "email", New: "e"}, cs[0])
		require.Equal(t, "mail", cs[1].Field)
		require.Error(t, cs[1].Err)
		testdb.Exec(t, e.db, "DELETE FROM audit_logs")
	}},
	{"baseline of what old entries do not know", "it goes by today's names", func(t *testing.T, e *env) {
		p := &past{env: e}
		p.entry(t, "Client", "1", "update", `{"mail":"a"}`, `{"mail":"b"}`)
		testdb.Exec(t, e.db, "INSERT INTO patrons (id, email, tier, visits) VALUES (1, 'b', 'gold', 0)")
		_, err := sqlaudit.Baseline(e.ctx, e.client)
		require.NoError(t, err)
		last := e.last(t)
		require.Equal(t, "Patron", last.Type)
		require.Equal(t, "baseline", last.Action)
		agree(t, e, e.client)
	}},
	{"in bulk", "a history takes as many statements for many as for one", func(t *testing.T, e *env) {
		counts := map[int]int{}
		for _, n := range []int{1, 1000} {
			builders := make([]*ent.PatronCreate, 0, n)
			for i := range n {
				builders = append(builders, e.client.Patron.Create().SetEmail(fmt.Sprint(i)))
			}
			e.client.Patron.CreateBulk(builders...).ExecX(e.ctx)
			e.probe.reset()
			e.client.Patron.Query().WithHistory().AllX(e.ctx)
			counts[n] = len(e.probe.noted())
		}
		require.Equal(t, map[int]int{1: 2, 1000: 2}, counts)
	}},
}

// TestRenameSQL: the statements of a type that had other labels, and that the index on (resource_type, resource_id, id) serves them.
func TestRenameSQL(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend, db *stdsql.DB) {
		e := newEnv(t, b, db)
		patrons(t, e)
		for i := range 5 { // so that the databases look for an index
			builders := make([]*ent.UserCreate, 1000)
			for k := range builders {
				builders[k] = e.client.User.Create().SetName("u").SetEmail(fmt.Sprint(i, k))
			}
			e.client.User.CreateBulk(builders...).ExecX(e.ctx)
		}
		testdb.Exec(t, db, map[string]string{dialect.SQLite: "ANALYZE", dialect.Postgres: "ANALYZE audit_logs", dialect.MySQL: "ANALYZE TABLE audit_logs"}[b.dialect])
		x := &explainer{Driver: sql.OpenDB(b.dialect, db)}
		client := ent.NewClient(ent.Driver(x))
		one := client.Patron.GetX(e.ctx, 1)
		var text strings.Builder
		for _, q := range []struct {
			name    string
			indexed bool // SQLite reads a whole type in the order of the primary key
			run     func(context.Context)
		}{
			{"Patron.QueryHistory", true, func(ctx context.Context) { one.QueryHistory().AllX(ctx) }},
			{"PatronClient.QueryHistory", b.dialect != dialect.SQLite, func(ctx context.Context) { client.Patron.QueryHistory().AllX(ctx) }},
			{"PatronQuery.QueryHistory", true, func(ctx context.Context) { client.Patron.Query().Where(patron.ID(1)).QueryHistory().AllX(ctx) }},
			{"PatronQuery.WithHistory", true, func(ctx context.Context) { client.Patron.Query().Where(patron.ID(1)).WithHistory().AllX(ctx) }},
			{"patron.HasHistory", true, func(ctx context.Context) { client.Patron.Query().Where(patron.HasHistory()).IDsX(ctx) }},
			{"AuditLogQuery.QueryPatron", true, func(ctx context.Context) { client.AuditLog.Query().QueryPatron().IDsX(ctx) }},
			{"UserClient.QueryHistory, of a type that had one label", false, func(ctx context.Context) { client.User.QueryHistory().AllX(ctx) }},
		} {
			x.queries, x.plan = nil, ""
			q.run(e.ctx)
			for _, query := range x.queries {
				fmt.Fprintf(&text, "-- %s\n%s\n", q.name, query)
			}
			if q.indexed {
				require.Contains(t, x.plan, "auditlog_resource_type_resource_id_id", q.name)
			}
		}
		for _, q := range []struct {
			name string
			run  func() error
		}{
			{"Replay", func() error { _, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.Types("Patron")); return err }},
			{"Replay, of some", func() error {
				_, err := sqlaudit.Replay(e.ctx, e.client, sqlaudit.Types("Patron"), sqlaudit.IDs("1"))
				return err
			}},
			{"Reconcile", func() error { _, err := sqlaudit.Reconcile(e.ctx, e.client, sqlaudit.Types("Patron")); return err }},
		} {
			e.probe.reset()
			require.NoError(t, q.run())
			for _, call := range e.probe.calls {
				if strings.HasPrefix(call, "SELECT") {
					fmt.Fprintf(&text, "-- %s\n%s\n", q.name, call)
				}
			}
		}
		b.golden(t, "rename/all", text.String())
	})
}

// An explainer is a driver that asks how each query of the log is done.
type explainer struct {
	*sql.Driver
	queries []string
	plan    string // of the last query
}

// Query implements dialect.Driver.
func (x *explainer) Query(ctx context.Context, query string, args, v any) error {
	x.queries = append(x.queries, query)
	explain := "EXPLAIN "
	if x.Dialect() == dialect.SQLite {
		explain = "EXPLAIN QUERY PLAN "
	}
	rows := &sql.Rows{}
	if err := x.Driver.Query(ctx, explain+query, args, rows); err != nil {
		return err
	}
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var plan []string
	for rows.Next() {
		values := make([]stdsql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		plan = append(plan, fmt.Sprint(values))
	}
	x.plan = strings.Join(plan, "\n")
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	return x.Driver.Query(ctx, query, args, v)
}
