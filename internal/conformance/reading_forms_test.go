package conformance

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/history"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/parcel"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/patron"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// Every way of reading, where names, types and labels have changed, or a client has codecs.

func TestFilterForms(t *testing.T) { runCases(t, filterFormCases) }

func TestPastForms(t *testing.T) { runCases(t, pastFormCases) }

func TestUndoForms(t *testing.T) { runCases(t, undoFormCases) }

// everyWay returns how many entries of client's log p selects, in every way to ask.
func everyWay(t *testing.T, e *env, client *ent.Client, p predicate.AuditLog) int {
	t.Helper()
	all, err := client.AuditLog.Query().Where(p).All(e.ctx)
	require.NoError(t, err)
	n := client.AuditLog.Query().Where(p).CountX(e.ctx)
	require.Len(t, all, n)
	require.Len(t, client.AuditLog.Query().Where(p).IDsX(e.ctx), n)
	require.Equal(t, n > 0, client.AuditLog.Query().Where(p).ExistX(e.ctx))
	require.Equal(t, client.AuditLog.Query().CountX(e.ctx)-n, client.AuditLog.Query().Where(auditlog.Not(p)).CountX(e.ctx))
	page, err := client.AuditLog.Query().Where(p).Page(e.ctx, sqlaudit.PageArgs{Total: true})
	require.NoError(t, err)
	require.Len(t, page.Entries, n)
	require.Equal(t, n, page.Total)
	txs, err := client.AuditLog.Query().Where(p).Transactions(e.ctx)
	require.NoError(t, err)
	require.LessOrEqual(t, len(txs), n)
	require.Equal(t, n > 0, len(txs) > 0)
	return n
}

var filterFormCases = []testCase{
	{"under former labels and names", "the filters of a type find what it was and had under every name", func(t *testing.T, e *env) {
		patrons(t, e)
		e.client.Patron.UpdateOneID(1).SetEmail("1@3").SetFloor(7).RemoveMateIDs(3).ExecX(e.ctx)
		for _, c := range []struct {
			name string
			p    predicate.AuditLog
			want int
		}{
			{"HistoryOf", patron.HistoryOf(1), 4},
			{"HistoryOf, with others", patron.HistoryOf(1, 9), 6},
			{"literal", auditlog.Resource("Patron", 1), 1},
			{"of what is gone", patron.HistoryOf(9), 2},
			{"email, of all", patron.EmailChanged(), 7},
			{"to, as an address", patron.EmailChangedTo("1@1"), 1},
			{"to, as a mail", patron.EmailChangedTo("1@2"), 1},
			{"to, as an email", patron.EmailChangedTo("1@3"), 1},
			{"from, as a mail", patron.EmailChangedFrom("9@1"), 1},
			{"from, as an email", patron.EmailChangedFrom("1@2"), 1},
			{"sensitive", patron.PinChanged(), 2},
			{"an edge that is a field", patron.SponsorIDChangedTo(2), 1},
			{"NULL, as an edge", patron.SponsorIDChangedToNil(), 4},
			{"links, as friends", patron.MatesAdded(2), 1},
			{"links, as either", patron.MatesRemoved(3, 2), 2},
			{"of both names", patron.MatesChanged(), 7},
			{"literal name", auditlog.FieldChanged("mail"), 2},
			{"literal value", auditlog.FieldTo("email", "1@2"), 0},
		} {
			require.Equal(t, c.want, everyWay(t, e, e.client, c.p), c.name)
		}
		require.Equal(t, []int{1}, e.client.Patron.Query().Where(patron.HasHistoryWith(patron.EmailChangedTo("1@1"))).IDsX(e.ctx))
	}},
	{"a value with a codec", "it is found as the client's codec writes it, and as it was written before there was one, in whatever way is asked", func(t *testing.T, e *env) {
		minute, hour := time.Minute, time.Hour
		fee := func(n int64) kinds.Fee { return kinds.Fee{Amount: n, Currency: "EUR"} }
		at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.FixedZone("x", 3600))
		old := e.client.Parcel.Create().SetTransit(minute).SetTip(fee(1)).SaveX(e.ctx)
		client := e.another(ent.AuditCodec(feeCodec, durationCodec, timeCodec))
		p := client.Parcel.Create().SetTransit(minute).SetFee(fee(2)).SetTip(fee(1)).SetSent(at).SaveX(e.ctx)
		p.Update().SetTransit(hour).ClearFee().ExecX(e.ctx)
		for _, c := range []struct {
			name string
			p    predicate.AuditLog
			want int
		}{
			{"in both forms", parcel.TransitChangedTo(minute), 2},
			{"before", parcel.TransitChangedFrom(minute), 1},
			{"after", parcel.TransitChangedTo(hour), 1},
			{"a document", parcel.FeeChangedTo(fee(2)), 1},
			{"a document before", parcel.FeeChangedFrom(fee(2)), 1},
			{"another currency", parcel.FeeChangedTo(kinds.Fee{Amount: 2, Currency: "USD"}), 0},
			{"NULL", parcel.FeeChangedToNil(), 2},
			{"in both forms, of a type of its own", parcel.TipChangedTo(fee(1)), 2},
			{"a time", parcel.SentChangedTo(at), 1},
			{"untyped", auditlog.FieldTo("transit", minute), 2},
			{"untyped, a pointer", auditlog.FieldTo("transit", &hour), 1},
			{"untyped, a document", auditlog.FieldFrom("fee", fee(2)), 1},
			{"untyped, NULL", auditlog.FieldTo("fee", nil), 2},
			{"the form itself", auditlog.FieldTo("transit", json.RawMessage(`{"$codec":"1m0s"}`)), 1},
		} {
			require.Equal(t, c.want, everyWay(t, e, client, c.p), c.name)
		}
		for name, q := range map[string]*ent.AuditLogQuery{
			"of a type": client.Parcel.QueryHistory(), "of an entity": client.Parcel.GetX(e.ctx, p.ID).QueryHistory(),
			"of a query": client.Parcel.Query().Where(parcel.ID(p.ID)).QueryHistory(),
		} {
			require.Equal(t, 1, q.Clone().Where(parcel.TransitChangedTo(hour)).CountX(e.ctx), name)
			require.Len(t, q.Where(parcel.TransitChangedTo(hour)).AllX(e.ctx), 1, name)
		}
		has := parcel.HasHistoryWith(parcel.TransitChangedTo(hour))
		require.Equal(t, []int{p.ID}, client.Parcel.Query().Where(has).IDsX(e.ctx))
		require.Equal(t, []int{p.ID}, client.AuditLog.Query().QueryParcel().Where(has).IDsX(e.ctx))
		require.Equal(t, p.ID, client.AuditLog.Query().QueryParcel().Where(has).OnlyX(e.ctx).ID)
		require.Equal(t, p.ID, client.AuditLog.Query().Where(parcel.TransitChangedTo(hour)).QueryParcel().OnlyX(e.ctx).ID)
		loaded := client.Parcel.Query().WithHistory(func(q *ent.AuditLogQuery) { q.Where(parcel.TransitChangedTo(minute)) }).AllX(e.ctx)
		for _, n := range loaded {
			require.Len(t, n.QueryHistory().Where(parcel.TransitChangedTo(minute)).AllX(e.ctx), 1)
			h, err := n.History()
			require.NoError(t, err)
			require.Len(t, h, 1)
		}
		tx := e.begin(t, client)
		require.Equal(t, 2, tx.AuditLog.Query().Where(parcel.TransitChangedTo(minute)).CountX(e.ctx))
		require.NoError(t, tx.Rollback())
		var groups []struct {
			Action string
			Count  int
		}
		require.NoError(t, client.AuditLog.Query().Where(parcel.TransitChangedTo(hour)).GroupBy("action").Aggregate(ent.Count()).Scan(e.ctx, &groups))
		require.Len(t, groups, 1)
		require.Equal(t, 1, client.Parcel.Update().Where(has).SetTransit(2*hour).SaveX(e.ctx))
		require.Equal(t, 1, client.Parcel.Delete().Where(parcel.HasHistoryWith(parcel.TransitChangedTo(2*hour))).ExecX(e.ctx))
		require.True(t, client.Parcel.Query().Where(parcel.ID(old.ID)).ExistX(e.ctx))
		e.forget(t)
	}},
	{"without a client", "an error, and never what only seems to be all", func(t *testing.T, e *env) {
		s := entsql.Dialect(e.backend.dialect).Select("id").From(entsql.Table("audit_logs"))
		parcel.TransitChangedTo(time.Minute)(s)
		require.ErrorContains(t, s.Err(), `invalid value of "transit": the query is not a generated client's`)
		s = entsql.Dialect(e.backend.dialect).Select("id").From(entsql.Table("audit_logs"))
		auditlog.FieldTo("transit", time.Minute)(s)
		require.ErrorContains(t, s.Err(), "json.RawMessage")
		s = entsql.Dialect(e.backend.dialect).Select("id").From(entsql.Table("audit_logs"))
		parcel.TransitChangedToNil()(s)
		auditlog.FieldTo("transit", json.RawMessage("1"))(s)
		require.NoError(t, s.Err())
	}},
	{"a codec that fails", "so does the query", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(feeCodec))
		_, err := client.AuditLog.Query().Where(parcel.FeeChangedTo(kinds.Fee{Currency: "XXX"})).All(e.ctx)
		require.EqualError(t, err, `sqlaudit: invalid value of "fee": no currency`)
	}},
}

// timeCodec writes times as numbers.
var timeCodec = sqlaudit.Codec[time.Time]{
	Encode: func(at time.Time) (json.RawMessage, error) { return json.Marshal(at.UnixNano()) },
	Decode: func(raw json.RawMessage) (time.Time, error) {
		var n int64
		err := json.Unmarshal(raw, &n)
		return time.Unix(0, n).UTC(), err
	},
}

var pastFormCases = []testCase{
	{"under former labels, names and types", "versions are read as the type is today; what cannot be is unknown, and says why", func(t *testing.T, e *env) {
		patrons(t, e)
		e.client.Patron.UpdateOneID(1).SetEmail("1@3").ExecX(e.ctx)
		all, err := e.client.Patron.Versions(1).All(e.ctx)
		require.NoError(t, err)
		require.Len(t, all, 4)
		var emails []string
		for _, p := range all {
			emails = append(emails, p.Email)
		}
		require.Equal(t, []string{"1@1", "1@2", "1@2", "1@3"}, emails)
		first := all[0]
		require.Equal(t, &ent.Patron{ID: 1, Email: "1@1", Phone: "5550100", Tier: "bronze", Visits: 3, Floor: 2, Note: ptr("n")}, plainPatron(first))
		v, _ := first.AuditVersion()
		require.Equal(t, "Patron", v.Type)
		require.False(t, v.Known("stars"), "300 is no int8")
		_, err = v.Value("stars")
		require.ErrorContains(t, err, "300 is no int8")
		require.True(t, v.Known("email"))
		mates, err := sqlaudit.EdgeIDs[int](v, patron.EdgeMates)
		require.NoError(t, err)
		require.Equal(t, []int{2}, mates)
		second, _ := all[1].AuditVersion()
		sponsor, err := sqlaudit.EdgeIDs[int](second, patron.EdgeSponsor)
		require.NoError(t, err)
		require.Equal(t, []int{2}, sponsor)

		entries := e.client.AuditLog.Query().AllX(e.ctx)
		was := e.client.Patron.At(entries[3])
		require.Equal(t, []int{1, 2, 3, 9}, idsOf(t, e, was.Query()))
		require.Equal(t, []int{1, 2, 3}, idsOf(t, e, e.client.Patron.Now().Query()))
		require.Equal(t, []int{9}, idsOf(t, e, was.Query().Where(patron.EmailEQ("9@1"))))
		with, err := e.client.Patron.Now().Query().With(patron.EdgeSponsor, patron.EdgeMates).Of(1).Only(e.ctx)
		require.NoError(t, err)
		require.Equal(t, 2, with.Edges.Sponsor.ID)
		require.Equal(t, 3, with.Edges.Mates[0].ID)
		_, err = e.client.Patron.Now().Get(e.ctx, 9)
		require.ErrorIs(t, err, sqlaudit.ErrGone)

		d, err := was.Diff(e.ctx, e.client.Patron.Now(), 1)
		require.NoError(t, err)
		require.Equal(t, sqlaudit.Change{Field: "email", Old: "1@1", New: "1@3"}, field(t, d.Changes, "email"))
		require.Equal(t, sqlaudit.Change{Field: "sponsor_id", New: 2}, field(t, d.Changes, "sponsor_id"))
		require.Equal(t, sqlaudit.Change{Field: "mates", Old: []int{2}, New: []int{3}}, field(t, d.Changes, "mates"))
		require.True(t, field(t, d.Changes, "pin").Redacted)
		require.ErrorContains(t, field(t, d.Changes, "stars").Err, "300 is no int8")
		require.Len(t, d.Changes, 6, "what was only retyped is the same: %s", d)
	}},
	{"the same in another form", "is no difference", func(t *testing.T, e *env) {
		p := &past{env: e}
		a := p.entry(t, "Client", "9", "create", "", `{"mail":"m","phone":5550100}`)
		b := p.entry(t, "Patron", "9", "update", `{"phone":5550100}`, `{"phone":"5550100"}`)
		d, err := e.client.Patron.AsOfTx(a).Diff(e.ctx, e.client.Patron.AsOfTx(b), 9)
		require.NoError(t, err)
		require.Empty(t, d.Changes)
		testdb.Exec(t, e.db, "DELETE FROM audit_logs")
	}},
	{"with codecs", "what they wrote is read by the client's, with all that they carry; without, it is unknown and says why", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(feeCodec, durationCodec))
		fee := kinds.Fee{Amount: 1 << 60, Currency: "EUR"}
		p := client.Parcel.Create().SetFee(fee).SetTip(kinds.Fee{Amount: 1, Currency: "NOK"}).SetTransit(time.Minute).SaveX(e.ctx)
		then := client.AuditLog.Query().OnlyX(e.ctx)
		p.Update().SetTransit(time.Hour).ClearFee().ExecX(e.ctx)
		was, err := client.Parcel.At(then).Get(e.ctx, p.ID)
		require.NoError(t, err)
		require.Equal(t, &fee, was.Fee)
		require.Equal(t, kinds.Fee{Amount: 1, Currency: "NOK"}, was.Tip)
		require.Equal(t, ptr(time.Minute), was.Transit)
		v, _ := was.AuditVersion()
		got, err := v.Value("fee")
		require.NoError(t, err)
		require.Equal(t, fee, got)
		require.Equal(t, []int{p.ID}, idsOf(t, e, client.Parcel.At(then).Query().Where(parcel.TransitEQ(time.Minute))))
		require.Equal(t, []int{p.ID}, idsOf(t, e, client.Parcel.At(then).Query().Where(parcel.FeeEQ(fee))), "compared as the column has it")
		require.Empty(t, idsOf(t, e, client.Parcel.Now().Query().Where(parcel.TransitEQ(time.Minute))))
		d, err := client.Parcel.At(then).Diff(e.ctx, client.Parcel.Now(), p.ID)
		require.NoError(t, err)
		require.Equal(t, sqlaudit.Change{Field: "transit", Old: time.Minute, New: time.Hour}, field(t, d.Changes, "transit"))
		require.Len(t, d.Changes, 2)

		without, err := e.client.Parcel.At(then).Get(e.ctx, p.ID)
		require.NoError(t, err, "of these fields alone")
		require.Nil(t, without.Fee)
		v, _ = without.AuditVersion()
		_, err = v.Value("fee")
		require.ErrorIs(t, err, sqlaudit.ErrNoCodec)
		require.False(t, v.Known("fee"))
		require.True(t, v.Known("weight"))
		_, err = e.client.Parcel.At(then).Query().Where(parcel.TransitEQ(time.Minute)).All(e.ctx)
		require.ErrorIs(t, err, sqlaudit.ErrUnknown)
		e.forget(t)
	}},
}

var undoFormCases = []testCase{
	{"under former labels and names", "old entries are undone into today's fields", func(t *testing.T, e *env) {
		p := &past{env: e}
		for _, id := range []string{"1", "2"} {
			p.entry(t, "Guest", id, "create", "", `{"address":"a","phone":5550100,"tier":"silver","visits":3,"stars":null,"lvl":"2","note":null,"sponsor":null}`)
		}
		p.entry(t, "Client", "1", "update", `{"friends":[],"lvl":"2","mail":"a","sponsor":null}`, `{"friends":[2],"lvl":"3","mail":"b","sponsor":2}`)
		p.entry(t, "Client", "2", "update", `{"friends":[]}`, `{"friends":[1]}`)
		testdb.Exec(t, e.db, "INSERT INTO patrons (id, email, phone, tier, visits, floor) VALUES (2, 'a', '5550100', 'silver', 3, 2)")
		testdb.Exec(t, e.db, "INSERT INTO patrons (id, email, phone, tier, visits, floor, sponsor_id) VALUES (1, 'b', '5550100', 'silver', 3, 3, 2)")
		testdb.Exec(t, e.db, "INSERT INTO patron_mates (patron_id, mate_id) VALUES (1, 2), (2, 1)")
		entry := e.client.AuditLog.Query().Where(patron.EmailChangedTo("b")).OnlyX(e.ctx)
		require.NoError(t, e.client.AuditRevert(e.ctx, entry))
		require.Equal(t, &ent.Patron{ID: 1, Email: "a", Phone: "5550100", Tier: patron.TierSilver, Visits: 3, Floor: 2}, plainPatron(e.client.Patron.GetX(e.ctx, 1)))
		require.Zero(t, e.client.Patron.Query().QueryMates().CountX(e.ctx))
		err := e.client.AuditRevert(e.ctx, entry)
		var conflict *sqlaudit.ConflictError
		require.ErrorAs(t, err, &conflict)
		require.Equal(t, "email", conflict.Conflicts[0].Field, "under today's name")
	}},
	{"what is not valid any more", "ent refuses to write it, and nothing is changed", func(t *testing.T, e *env) {
		patrons(t, e)
		before := plainPatron(e.client.Patron.GetX(e.ctx, 1))
		err := e.client.AuditRevert(e.ctx, e.client.AuditLog.Query().Where(patron.EmailChangedTo("1@2")).OnlyX(e.ctx), sqlaudit.LeaveUnknown())
		require.True(t, ent.IsValidationError(err), err)
		require.Equal(t, before, plainPatron(e.client.Patron.GetX(e.ctx, 1)))
	}},
	{"what cannot be read", "is named, and can be left or given", func(t *testing.T, e *env) {
		patrons(t, e)
		entries := e.client.AuditLog.Query().AllX(e.ctx)
		err := e.client.AuditRevert(e.ctx, entries[6])
		var unknown *sqlaudit.UnknownError
		require.ErrorAs(t, err, &unknown)
		require.Len(t, unknown.Fields, 1)
		require.Equal(t, "stars", unknown.Fields[0].Field)
		require.ErrorContains(t, err, "300 is no int8")
		require.NoError(t, e.client.AuditRevert(e.ctx, entries[6], sqlaudit.With("stars", int8(9))))
		one := e.client.Patron.GetX(e.ctx, 1)
		require.Equal(t, int8(9), one.Stars)
		require.Equal(t, []int{2}, one.QueryMates().IDsX(e.ctx))
		two := e.client.Patron.GetX(e.ctx, 2)
		require.NoError(t, e.client.Patron.UpdateOne(two).SetFloor(5).Exec(e.ctx))
		require.NoError(t, e.client.AuditRevert(e.ctx, e.client.AuditLog.Query().Where(patron.FloorChangedTo(5)).OnlyX(e.ctx)))
		require.Equal(t, 2, e.client.Patron.GetX(e.ctx, 2).Floor)
	}},
	{"undelete, and to a moment", "by every label, with every name", func(t *testing.T, e *env) {
		p := &past{env: e}
		made := p.entry(t, "Guest", "9", "create", "", `{"address":"a","phone":5550100,"tier":"silver","visits":3,"lvl":"2","sponsor":null}`)
		p.entry(t, "Client", "9", "update", `{"mail":"a","visits":3}`, `{"mail":"b","visits":4}`)
		p.entry(t, "Client", "9", "delete", `{"mail":"b","phone":5550100,"tier":"silver","visits":4,"lvl":"2","sponsor":null}`, "")
		got, err := e.client.Patron.Undelete(e.ctx, 9)
		require.NoError(t, err)
		require.Equal(t, 9, got.ID)
		require.Equal(t, &ent.Patron{ID: 9, Email: "b", Phone: "5550100", Tier: patron.TierSilver, Visits: 4, Floor: 2}, plainPatron(e.client.Patron.GetX(e.ctx, 9)))
		require.NoError(t, e.client.Patron.RevertTo(e.ctx, 9, history.AfterTx(made)))
		require.Equal(t, &ent.Patron{ID: 9, Email: "a", Phone: "5550100", Tier: patron.TierSilver, Visits: 3, Floor: 2}, plainPatron(e.client.Patron.GetX(e.ctx, 9)))
		agree(t, e, e.client)
	}},
	{"with codecs", "values are put back as they were, and one without the codec puts back nothing", func(t *testing.T, e *env) {
		client := e.another(ent.AuditCodec(feeCodec, durationCodec))
		fee := kinds.Fee{Amount: 5, Currency: "EUR"}
		p := client.Parcel.Create().SetFee(fee).SetTransit(time.Minute).SaveX(e.ctx)
		p.Update().SetTransit(time.Hour).ClearFee().ExecX(e.ctx)
		entry := client.AuditLog.Query().Where(parcel.TransitChangedTo(time.Hour)).OnlyX(e.ctx)
		err := e.client.AuditRevert(e.ctx, e.client.AuditLog.GetX(e.ctx, entry.ID))
		require.ErrorIs(t, err, sqlaudit.ErrNoCodec)
		require.NoError(t, client.AuditRevert(e.ctx, entry))
		require.Equal(t, &fee, client.Parcel.GetX(e.ctx, p.ID).Fee)
		client.Parcel.DeleteOneID(p.ID).ExecX(e.ctx)
		back, err := client.Parcel.Undelete(e.ctx, p.ID)
		require.NoError(t, err)
		require.Equal(t, ptr(time.Minute), back.Transit)
		require.NoError(t, client.Parcel.RevertTo(e.ctx, p.ID, history.AfterTx(entry.TxID)))
		require.Nil(t, client.Parcel.GetX(e.ctx, p.ID).Fee)
		agree(t, e, client)
		e.forget(t)
	}},
	{"a codec that came later", "the same value in its old form is no conflict", func(t *testing.T, e *env) {
		p := e.client.Parcel.Create().SetTransit(time.Minute).SaveX(e.ctx)
		p.Update().SetTransit(time.Hour).ExecX(e.ctx)
		client := e.another(ent.AuditCodec(durationCodec))
		entry := client.AuditLog.Query().Where(parcel.TransitChangedTo(time.Hour)).OnlyX(e.ctx)
		require.NoError(t, client.AuditRevert(e.ctx, entry))
		require.Equal(t, ptr(time.Minute), client.Parcel.GetX(e.ctx, p.ID).Transit)
		e.forget(t)
	}},
}

func plainPatron(p *ent.Patron) *ent.Patron {
	return &ent.Patron{ID: p.ID, Email: p.Email, Phone: p.Phone, Tier: p.Tier, Visits: p.Visits, Stars: p.Stars, Floor: p.Floor, Note: p.Note, SponsorID: p.SponsorID}
}

func idsOf(t *testing.T, e *env, q interface {
	IDs(context.Context) ([]int, error)
}) []int {
	t.Helper()
	ids, err := q.IDs(e.ctx)
	require.NoError(t, err)
	return ids
}
