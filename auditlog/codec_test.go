package auditlog

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"math"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// roundTrip scans src into a cell, encodes it, decodes it into a fresh destination and returns that.
func roundTrip[D any](t require.TestingT, f *Field, src any) (json.RawMessage, *D) {
	c := NewCell(new(D))
	require.NoError(t, c.Scan(src))
	raw, err := c.Encode(f, dialect.Postgres)
	require.NoError(t, err)
	require.True(t, json.Valid(raw))
	dest := new(D)
	require.NoError(t, decode(dest, f, raw))
	return raw, dest
}

func TestCodec(t *testing.T) {
	plain, doc := &Field{Name: "f"}, &Field{Name: "f", JSON: true}
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "text")) // valid UTF-8 or not
		_, s := roundTrip[sql.NullString](t, plain, text)
		require.Equal(t, text, s.String)
		n := rapid.Int64().Draw(t, "n")
		_, i := roundTrip[sql.NullInt64](t, plain, n)
		require.Equal(t, n, i.Int64)
		fl := rapid.Float64().Draw(t, "float")
		_, d := roundTrip[sql.NullFloat64](t, plain, fl)
		require.Equal(t, math.Float64bits(fl), math.Float64bits(d.Float64))
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		_, got := roundTrip[[]byte](t, plain, b)
		require.True(t, bytes.Equal(b, *got))
		at := time.UnixMicro(rapid.Int64Range(0, 1<<52).Draw(t, "time")).In(time.FixedZone("", 3600))
		_, tm := roundTrip[sql.NullTime](t, plain, at)
		require.True(t, at.Equal(tm.Time))
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		_, u := roundTrip[uuid.UUID](t, plain, id.String())
		require.Equal(t, id, *u)
		m, err := json.Marshal(rapid.MapOf(rapid.SampledFrom([]string{"$json", "$bytes", "a"}), rapid.Int()).Draw(t, "doc"))
		require.NoError(t, err)
		_, doc := roundTrip[[]byte](t, doc, m)
		require.JSONEq(t, string(m), string(*doc))
	})
	for _, fl := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		_, d := roundTrip[sql.NullFloat64](t, plain, fl)
		require.Equal(t, math.IsNaN(fl), math.IsNaN(d.Float64))
		require.Equal(t, math.IsInf(fl, -1), math.IsInf(d.Float64, -1))
	}
	raw, got := roundTrip[[]byte](t, doc, []byte("null"))
	require.JSONEq(t, `{"$json":null}`, string(raw))
	require.Equal(t, "null", string(*got))
}

// On SQLite a time has the zone that it is stored with, unless that has seconds, which the form cannot say.
func TestZones(t *testing.T) {
	for offset, want := range map[int]string{3600: `"1960-01-01T13:00:00+01:00"`, -2670: `"1960-01-01T12:00:00Z"`} {
		c := NewCell(new(sql.NullTime))
		require.NoError(t, c.Scan(time.Date(1960, 1, 1, 12, 0, 0, 0, time.UTC).In(time.FixedZone("", offset))))
		raw, err := c.Encode(&Field{Name: "f"}, dialect.SQLite)
		require.NoError(t, err)
		require.Equal(t, want, string(raw))
	}
}

// JSON's form of a time ends with the year 9999.
func TestFarTimes(t *testing.T) {
	c := NewCell(new(sql.NullTime))
	require.NoError(t, c.Scan(time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)))
	_, err := c.Encode(&Field{Name: "f"}, dialect.Postgres)
	require.ErrorContains(t, err, `encode field "f"`)
}

func TestNull(t *testing.T) {
	for _, dest := range []any{new(sql.NullString), new(sql.NullInt64), new([]byte), new(uuid.UUID), &entsql.NullScanner{S: new(uuid.UUID)}} {
		c := NewCell(dest)
		require.NoError(t, c.Scan(nil))
		require.True(t, c.Null())
		raw, err := c.Encode(&Field{}, dialect.SQLite)
		require.NoError(t, err)
		require.Equal(t, "null", string(raw))
	}
	c := NewCell(new(uuid.UUID))
	require.NoError(t, c.Scan(uuid.Nil.String()))
	require.False(t, c.Null(), "the zero UUID is a value")
}

// FuzzDecode: whatever stands in a log, reading it does not panic.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`null`, `"x"`, `1`, `1e999`, `{"$json":null}`, `{"$bytes":"AA=="}`, `{"$bytes":1}`, `[`, ``, `{"$json":{"$json":1}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, raw []byte) {
		for _, dest := range []any{
			new(sql.NullString), new(sql.NullInt64), new(sql.NullFloat64), new(sql.NullBool), new(sql.NullTime), new([]byte),
			&entsql.NullScanner{S: new(uuid.UUID)}, new(uuid.UUID), new(scanner), new(any),
		} {
			for _, f := range []*Field{{}, {JSON: true}} {
				_ = decode(dest, f, raw)
			}
		}
	})
}

type scanner struct{ v any }

func (s *scanner) Scan(v any) error { s.v = v; return nil }
