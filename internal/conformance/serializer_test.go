package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

func TestSerializer(t *testing.T) { runCases(t, serializerCases) }

// feeCodec keeps the currency.
var feeCodec = sqlaudit.Codec[kinds.Fee]{
	Encode: func(f kinds.Fee) (json.RawMessage, error) {
		if f.Currency == "XXX" {
			return nil, fmt.Errorf("no currency")
		}
		return json.Marshal(map[string]any{"amount": strconv.FormatInt(f.Amount, 10), "currency": f.Currency})
	},
	Decode: func(raw json.RawMessage) (f kinds.Fee, err error) {
		var doc struct {
			Amount   int64 `json:",string"`
			Currency string
		}
		err = json.Unmarshal(raw, &doc)
		return kinds.Fee(doc), err
	},
}

// durationCodec writes durations as people do.
var durationCodec = sqlaudit.Codec[time.Duration]{
	Encode: func(d time.Duration) (json.RawMessage, error) { return json.Marshal(d.String()) },
	Decode: func(raw json.RawMessage) (time.Duration, error) {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return 0, err
		}
		return time.ParseDuration(s)
	},
}

// another returns another client on the same database.
func (e *env) another(opts ...ent.Option) *ent.Client {
	return ent.NewClient(append([]ent.Option{ent.Driver(entsql.OpenDB(e.backend.dialect, e.db))}, opts...)...)
}

// forget empties the log and the tables of parcels and docs, where one client cannot read what another wrote.
func (e *env) forget(t *testing.T) {
	t.Helper()
	for _, table := range []string{"audit_logs", "parcels", "docs"} {
		testdb.Exec(t, e.db, "DELETE FROM "+table)
	}
}

// agree checks that client's log and tables are the same, as the client reads them.
func agree(t *testing.T, e *env, client *ent.Client) {
	t.Helper()
	report, err := sqlaudit.Reconcile(e.ctx, client)
	require.NoError(t, err)
	require.Empty(t, report.Differences)
	state, err := sqlaudit.Replay(e.ctx, client)
	require.NoError(t, err)
	require.Empty(t, state.Findings)
}

func ptr[T any](v T) *T { return &v }

// A form is a value of a field, and how it stands in the log.
type form struct {
	field string
	set   func(*ent.ParcelMutation)
	value any
	log   string
}

func forms() []form {
	big1, _ := new(big.Int).SetString("-123456789012345678901234567890123456789", 10)
	route := &kinds.Route{Stops: ptr(ptr(int64(3))), Via: ptr(ptr(ptr("x"))), Next: &kinds.Route{Total: big1}}
	weight, half := decimal.RequireFromString("12345678901234567890.0123456789"), decimal.NewNullDecimal(decimal.RequireFromString("0.5"))
	return []form{
		{"weight", func(m *ent.ParcelMutation) { m.SetWeight(weight) }, weight, `"12345678901234567890.0123456789"`},
		{"insured", func(m *ent.ParcelMutation) { m.SetInsured(half) }, half, `"0.5"`},
		{"serial", func(m *ent.ParcelMutation) { m.SetSerial(big1) }, big1, `"` + big1.String() + `"`},
		{"transit", func(m *ent.ParcelMutation) { m.SetTransit(90 * time.Second) }, 90 * time.Second, `90000000000`},
		{"origin", func(m *ent.ParcelMutation) { m.SetOrigin(net.IPv4(10, 0, 0, 1).To4()) }, net.IPv4(10, 0, 0, 1).To4(), `"CgAAAQ=="`},
		{"relay", func(m *ent.ParcelMutation) { m.SetRelay(netip.MustParseAddr("fe80::1%eth0")) }, netip.MustParseAddr("fe80::1%eth0"), `"fe80::1%eth0"`},
		{"route", func(m *ent.ParcelMutation) { m.SetRoute(route) }, route, `{"stops":3,"via":"x","next":{"total":` + big1.String() + `}}`},
		{"count", func(m *ent.ParcelMutation) { m.SetCount(ptr(ptr(7))) }, ptr(ptr(7)), `7`},
		{"grade", func(m *ent.ParcelMutation) { m.SetGrade(kinds.Grade{Letter: 'B'}) }, kinds.Grade{Letter: 'B'}, `"grade B"`},
		{"span", func(m *ent.ParcelMutation) { m.SetSpan(kinds.Span{From: 1, To: 9}) }, kinds.Span{From: 1, To: 9}, `{"from":1,"to":9}`},
		{"seal", func(m *ent.ParcelMutation) { m.SetSeal(kinds.Seal{Key: []byte{0, 255}}) }, kinds.Seal{Key: []byte{0, 255}}, `{"$bytes":"AP8="}`},
		{"wave", func(m *ent.ParcelMutation) { m.SetWave(kinds.Wave{1 + 2i, -0.5i}) }, kinds.Wave{1 + 2i, -0.5i}, `"(1+2i) (0-0.5i)"`},
		{"stamps", func(m *ent.ParcelMutation) { m.SetStamps([]netip.Addr{netip.MustParseAddr("::1")}) }, []netip.Addr{netip.MustParseAddr("::1")}, `["::1"]`},
	}
}

var serializerCases = []testCase{
	{"no codec needed", "decimals, big integers, durations, IPs, nested pointers, and types that marshal themselves come back as they were", func(t *testing.T, e *env) {
		for _, f := range forms() {
			c := e.client.Parcel.Create()
			f.set(c.Mutation())
			p := c.SaveX(e.ctx)
			require.JSONEq(t, f.log, string(e.last(t).New[f.field]), f.field)
			require.Equal(t, sqlaudit.Change{Field: f.field, New: f.value}, changes(t, e, p.QueryHistory())[f.field])
			require.Nil(t, changes(t, e, p.QueryHistory())["sent"].New)
			u := p.Update()
			require.NoError(t, u.Mutation().ClearField(f.field))
			u.ExecX(e.ctx)
			require.Equal(t, map[string]sqlaudit.Change{f.field: {Field: f.field, Old: f.value}}, changes(t, e, p.QueryHistory()))
		}
	}},
	{"a document null under pointers", "it is no SQL NULL", func(t *testing.T, e *env) {
		p := e.client.Parcel.Create().SetCount(ptr((*int)(nil))).SaveX(e.ctx)
		require.JSONEq(t, `{"$json":null}`, string(e.last(t).New["count"]))
		require.Equal(t, (**int)(nil), changes(t, e, p.QueryHistory())["count"].New)
	}},
	{"codec", "everything that writes and reads uses it, on the client that has it", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(feeCodec), ent.AuditCodec(durationCodec))
		p := client.Parcel.Create().SetFee(kinds.Fee{Amount: 1 << 60, Currency: "EUR"}).SetTip(kinds.Fee{Amount: -1, Currency: "NOK"}).SetTransit(time.Minute).SaveX(e.ctx)
		require.JSONEq(t, `{"$codec":{"amount":"1152921504606846976","currency":"EUR"}}`, string(e.last(t).New["fee"]))
		require.JSONEq(t, `{"$codec":{"amount":"-1","currency":"NOK"}}`, string(e.last(t).New["tip"]))
		require.JSONEq(t, `{"$codec":"1m0s"}`, string(e.last(t).New["transit"]))
		tx := e.begin(t, client)
		tx.Parcel.UpdateOneID(p.ID).SetFee(kinds.Fee{Amount: 2, Currency: "USD"}).ExecX(e.ctx)
		require.Equal(t, kinds.Fee{Amount: 2, Currency: "USD"}, changes(t, e, tx.AuditLog.Query())["fee"].New, "a transaction's client has it")
		require.NoError(t, tx.Commit())
		p.Update().ClearFee().ClearTransit().ExecX(e.ctx)
		require.Equal(t, map[string]sqlaudit.Change{
			"fee":     {Field: "fee", Old: kinds.Fee{Amount: 2, Currency: "USD"}},
			"transit": {Field: "transit", Old: time.Minute},
		}, changes(t, e, p.QueryHistory()))
		e.another(ent.AuditCodec(feeCodec, durationCodec), ent.Log(func(...any) {})).Debug().Parcel.Update().SetTip(kinds.Fee{Amount: 5, Currency: "CHF"}).ExecX(e.ctx)
		all := client.Parcel.Query().WithHistory().AllX(e.ctx)
		history, err := all[0].History()
		require.NoError(t, err)
		require.Equal(t, "tip: {-1 NOK} → {5 CHF}", history[3].Changes()[0].String())
		client.Parcel.CreateBulk(client.Parcel.Create().SetFee(kinds.Fee{Amount: 3, Currency: "DKK"}), client.Parcel.Create()).ExecX(e.ctx)
		testdb.Exec(t, e.db, "INSERT INTO parcels (fee, transit) VALUES ('7 SEK', 60000000000)")
		_, err = sqlaudit.Baseline(e.ctx, client)
		require.NoError(t, err)
		require.JSONEq(t, `{"$codec":{"amount":"7","currency":"SEK"}}`, string(e.last(t).New["fee"]))
		agree(t, e, client)
		testdb.Exec(t, e.db, "UPDATE parcels SET fee = '8 SEK' WHERE fee = '7 SEK'")
		report, err := sqlaudit.Reconcile(e.ctx, client)
		require.NoError(t, err)
		require.Len(t, report.Differences, 1)
		require.Equal(t, sqlaudit.Change{Field: "fee", Old: kinds.Fee{Amount: 7, Currency: "SEK"}, New: kinds.Fee{Amount: 8, Currency: "SEK"}}, report.Differences[0].Change)
		testdb.Exec(t, e.db, "UPDATE parcels SET fee = '7 SEK' WHERE fee = '8 SEK'")
		client.Parcel.Delete().ExecX(e.ctx)
	}},
	{"a client without the codec", "it has the raw value and an error, of that change alone, and never another value", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(durationCodec), ent.AuditCodec(feeCodec))
		p := client.Parcel.Create().SetTransit(time.Minute).SetTip(kinds.Fee{Amount: 5, Currency: "CHF"}).SetGrade(kinds.Grade{Letter: 'A'}).SaveX(e.ctx)
		found := 0
		for _, c := range e.client.AuditLog.Query().OnlyX(e.ctx).Changes() {
			switch c.Field {
			case "transit", "tip":
				found++
				require.ErrorIs(t, c.Err, sqlaudit.ErrNoCodec)
				require.Contains(t, jsonOf(t, c.New), `"$codec"`)
				require.Nil(t, c.Old)
			default:
				require.NoError(t, c.Err)
			}
		}
		require.Equal(t, 2, found)
		report, err := sqlaudit.Reconcile(e.ctx, e.client)
		require.NoError(t, err)
		require.Len(t, report.Differences, 2)
		require.ErrorIs(t, report.Differences[0].Change.Err, sqlaudit.ErrNoCodec)
		_, err = sqlaudit.Baseline(e.ctx, e.client)
		require.NoError(t, err)
		require.Len(t, e.log(t), 1)
		client.Parcel.DeleteOneID(p.ID).ExecX(e.ctx)
		agree(t, e, e.client)
	}},
	{"a codec that came later", "what was written before it is read as it was written, and is no difference", func(t *testing.T, e *env) {
		p := e.client.Parcel.Create().SetTransit(time.Minute).SaveX(e.ctx)
		e.client.Parcel.Create().SetTransit(time.Hour).ExecX(e.ctx)
		client := e.another(ent.AuditCodec(durationCodec))
		agree(t, e, client)
		client.Parcel.UpdateOneID(p.ID).SetTransit(time.Second).ExecX(e.ctx)
		agree(t, e, client)
		require.Equal(t, `{"$codec":"1m0s"} → {"$codec":"1s"}`, jsonOf(t, e.last(t).Old["transit"])+" → "+jsonOf(t, e.last(t).New["transit"]))
		entries := client.AuditLog.Query().AllX(e.ctx)
		require.Equal(t, time.Minute, field(t, entries[0].Changes(), "transit").New)
		require.Equal(t, sqlaudit.Change{Field: "transit", Old: time.Minute, New: time.Second}, field(t, entries[2].Changes(), "transit"))
		e.forget(t)
	}},
	{"a client's own", "another client of the process has another codec of the type, or none", func(t *testing.T, e *env) {
		seconds := e.another(ent.AuditCodec(sqlaudit.Codec[time.Duration]{
			Encode: func(d time.Duration) (json.RawMessage, error) { return json.Marshal(d.Seconds()) },
			Decode: func(json.RawMessage) (time.Duration, error) { return time.Hour, nil },
		}))
		text := e.another(ent.AuditCodec(durationCodec))
		for client, want := range map[*ent.Client]string{seconds: `{"$codec":60}`, text: `{"$codec":"1m0s"}`, e.client: `60000000000`} {
			p := client.Parcel.Create().SetTransit(time.Minute).SaveX(e.ctx)
			require.JSONEq(t, want, string(e.last(t).New["transit"]))
			client.Parcel.DeleteOne(p).ExecX(e.ctx)
		}
		for _, l := range seconds.AuditLog.Query().Where(auditlog.Action("create")).AllX(e.ctx) {
			c := field(t, l.Changes(), "transit")
			require.NoError(t, c.Err)
			require.Equal(t, strings.Contains(string(l.After["transit"]), "$codec"), c.New == time.Hour, "its codec reads what is marked")
		}
	}},
	{"a codec that fails", "the change does not happen, and the error is the record's", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(feeCodec))
		err := client.Parcel.Create().SetFee(kinds.Fee{Currency: "XXX"}).Exec(e.ctx)
		var we *sqlaudit.WriteError
		require.ErrorAs(t, err, &we)
		require.ErrorContains(t, err, `encode field "fee": no currency`)
		bad := e.another(ent.AuditCodec(sqlaudit.Codec[kinds.Fee]{Encode: func(kinds.Fee) (json.RawMessage, error) { return []byte("{"), nil }, Decode: feeCodec.Decode}))
		require.ErrorContains(t, bad.Parcel.Create().SetFee(kinds.Fee{Currency: "EUR"}).Exec(e.ctx), `the codec of kinds.Fee`)
		require.Zero(t, e.client.Parcel.Query().CountX(e.ctx))
	}},
	{"a wrong codec", "every mutation says what is wrong, and nothing is written", func(t *testing.T, e *env) {
		for want, opts := range map[string][]ent.Option{
			"sqlaudit: invalid codec of *kinds.Fee: no recorded field has that Go type: correct the type, or remove the codec": {ent.AuditCodec(sqlaudit.Codec[*kinds.Fee]{
				Encode: func(*kinds.Fee) (json.RawMessage, error) { return nil, nil }, Decode: func(json.RawMessage) (*kinds.Fee, error) { return nil, nil },
			})},
			"sqlaudit: invalid codec of kinds.Fee: it needs both Encode and Decode":                   {ent.AuditCodec(sqlaudit.Codec[kinds.Fee]{Encode: feeCodec.Encode})},
			"sqlaudit: invalid codec of kinds.Fee: there is another of the type: give the client one": {ent.AuditCodec(feeCodec), ent.AuditCodec(feeCodec)},
		} {
			client := e.another(opts...)
			var ve *sqlaudit.ValueError
			for _, err := range []error{client.Parcel.Create().Exec(e.ctx), client.User.Update().SetName("x").Exec(e.ctx)} {
				require.EqualError(t, err, want)
				require.ErrorAs(t, err, &ve)
			}
			_, err := sqlaudit.Replay(e.ctx, client)
			require.EqualError(t, err, want)
		}
		require.Zero(t, e.client.Parcel.Query().CountX(e.ctx))
	}},
	{"a codec of times", "it is given the same time whatever the zone of the connection, where the database keeps none", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(sqlaudit.Codec[time.Time]{
			Encode: func(at time.Time) (json.RawMessage, error) { return json.Marshal(at.Format(time.RFC1123Z)) },
			Decode: func(raw json.RawMessage) (at time.Time, err error) {
				var s string
				if err := json.Unmarshal(raw, &s); err != nil {
					return at, err
				}
				return time.Parse(time.RFC1123Z, s)
			},
		}))
		at := time.Date(2026, 2, 3, 4, 5, 6, 0, time.FixedZone("", 7200))
		p := client.Parcel.Create().SetSent(at).SaveX(e.ctx)
		want := `{"$codec":"Tue, 03 Feb 2026 02:05:06 +0000"}`
		if e.backend.dialect == dialect.SQLite {
			want = `{"$codec":"Tue, 03 Feb 2026 04:05:06 +0200"}`
		}
		require.JSONEq(t, want, string(e.last(t).New["sent"]))
		require.True(t, at.Equal(changes(t, e, p.QueryHistory())["sent"].New.(time.Time)))
		client.Parcel.DeleteOne(p).ExecX(e.ctx)
	}},
	{"old values that cannot be read", "they come back raw, each with its own error, and no reader fails as a whole", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(feeCodec, durationCodec))
		p := client.Parcel.Create().SetWeight(decimal.NewFromInt(1)).SetFee(kinds.Fee{Amount: 1, Currency: "EUR"}).SaveX(e.ctx)
		bad := map[string]string{
			"weight": `"heavy"`, "insured": `{"a":1}`, "serial": `"1.5"`, "transit": `{"$codec":"soon"}`, "origin": `"%"`, "relay": `"nowhere"`,
			"route": `[1]`, "count": `"x"`, "grade": `"gold"`, "span": `{"from":"x"}`, "seal": `true`, "fee": `{"$codec":null}`, "tip": `[]`,
			"wave": `"1+"`, "stamps": `["x"]`, "sent": `"today"`,
		}
		raws := map[string]json.RawMessage{}
		for f, raw := range bad {
			raws[f] = json.RawMessage(raw)
		}
		testdb.Exec(t, e.db, "UPDATE audit_logs SET new_values = '"+jsonOf(t, raws)+"'")
		for _, entries := range [][]*ent.AuditLog{client.AuditLog.Query().AllX(e.ctx), p.QueryHistory().AllX(e.ctx)} {
			cs := entries[0].Changes()
			require.Len(t, cs, len(bad))
			for _, c := range cs {
				if c.Field == "fee" { // of which its codec makes nothing
					require.NoError(t, c.Err)
					continue
				}
				require.Error(t, c.Err, c.Field)
				require.JSONEq(t, bad[c.Field], jsonOf(t, c.New))
				require.NotEmpty(t, c.String())
			}
		}
		state, err := sqlaudit.Replay(e.ctx, client)
		require.NoError(t, err)
		require.Equal(t, 1, state.Len())
		report, err := sqlaudit.Reconcile(e.ctx, client)
		require.NoError(t, err)
		require.Len(t, report.Differences, len(bad))
		require.NotEmpty(t, report.String())
		_, err = sqlaudit.Baseline(e.ctx, client)
		require.NoError(t, err)
		client.Parcel.UpdateOneID(p.ID).SetWave(kinds.Wave{1}).ExecX(e.ctx)
		state, err = sqlaudit.Replay(e.ctx, client)
		require.NoError(t, err)
		require.Len(t, state.Findings, 1)
		e.forget(t)
	}},
}

// field returns the change of a field.
func field(t *testing.T, cs []sqlaudit.Change, name string) sqlaudit.Change {
	t.Helper()
	for _, c := range cs {
		if c.Field == name {
			return c
		}
	}
	require.Fail(t, "no change of "+name)
	return sqlaudit.Change{}
}

// What cannot be encoded fails the mutation, on every way, by an error that is the library's: not one of the entity's constraints, whatever its text says.
func TestUnrecordable(t *testing.T) {
	const bad = 13
	codec := durationCodec
	codec.Encode = func(d time.Duration) (json.RawMessage, error) {
		if d == bad {
			return nil, errors.New("UNIQUE constraint failed: units.name, (SQLSTATE 23505), Error 1062")
		}
		return durationCodec.Encode(d)
	}
	runWrites(t, []testCase{{"", "ent takes errors by their text", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(codec))
		doc := func(c *ent.Client, id string, length time.Duration) *ent.DocCreate {
			return c.Doc.Create().SetID(id).SetTitle(id).SetLength(length)
		}
		doc(client, "d", 1).ExecX(e.ctx)
		doc(e.client, "e", bad).ExecX(e.ctx)
		for name, do := range map[string]func(*ent.Client) error{
			"create":      func(c *ent.Client) error { return doc(c, "n", bad).Exec(e.ctx) },
			"create bulk": func(c *ent.Client) error { return c.Doc.CreateBulk(doc(c, "n", 1), doc(c, "m", bad)).Exec(e.ctx) },
			"update one":  func(c *ent.Client) error { return c.Doc.UpdateOneID("d").SetLength(bad).Exec(e.ctx) },
			"update many": func(c *ent.Client) error { return c.Doc.Update().SetLength(bad).Exec(e.ctx) },
			"delete one":  func(c *ent.Client) error { return c.Doc.DeleteOneID("e").Exec(e.ctx) },
			"delete many": func(c *ent.Client) error { return second(c.Doc.Delete().Exec(e.ctx)) },
		} {
			refused := func(err error) {
				require.ErrorAs(t, err, new(*sqlaudit.WriteError), name)
				require.False(t, ent.IsConstraintError(err), name)
			}
			before, entries := e.client.Doc.Query().Order(ent.Asc("doc_id")).AllX(e.ctx), len(e.log(t))
			refused(do(client))
			tx := e.begin(t, client)
			refused(do(tx.Client()))
			if err := tx.Commit(); err != nil { // else it was refused before it wrote
				require.ErrorIs(t, err, sqlaudit.ErrIncomplete, name)
			}
			require.Equal(t, jsonOf(t, before), jsonOf(t, e.client.Doc.Query().Order(ent.Asc("doc_id")).AllX(e.ctx)), name)
			require.Len(t, e.log(t), entries, name)
		}
		e.forget(t)
	}}})
}
