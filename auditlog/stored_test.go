package auditlog

import (
	"encoding/json"
	"math"
	"net/netip"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

type level string

func TestStored(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 123456789, time.FixedZone("", 7200))
	var none *int
	seven := 7
	for _, tt := range []struct {
		name, dialect string
		v             StoredValue
		want          []string
	}{
		{"float32, which MySQL and MariaDB give in its shortest form", dialect.MySQL, Stored(new(entsql.NullFloat64), float32(0.1)), []string{"0.10000000149011612", "0.1"}},
		{"float32 with one form", dialect.MySQL, Stored(new(entsql.NullFloat64), float32(0.5)), []string{"0.5"}},
		{"no bytes", dialect.SQLite, Stored(new([]byte), []byte(nil)), []string{"null"}},
		{"empty bytes", dialect.SQLite, Stored(new([]byte), []byte{}), []string{`""`}},
		{"time, finer than the database", dialect.Postgres, Stored(new(entsql.NullTime), at), []string{`"2026-02-03T02:05:06.123456Z"`}},
		{"time with its zone", dialect.SQLite, Stored(new(entsql.NullTime), at), []string{`"2026-02-03T04:05:06.123456789+02:00"`}},
		{"the document null", dialect.Postgres, StoredJSON(nil), []string{`{"$json":null}`}},
		{"nil", dialect.Postgres, storedAny(nil), []string{"null"}},
		{"nil pointer", dialect.Postgres, storedAny(none), []string{"null"}},
		{"pointer", dialect.Postgres, storedAny(&seven), []string{"7"}},
		{"pointer to a time", dialect.Postgres, storedAny(&at), []string{`"2026-02-03T02:05:06.123456Z"`}},
		{"type of a string", dialect.Postgres, storedAny(level("high")), []string{`"high"`}},
		{"text marshaler", dialect.Postgres, storedAny(netip.MustParseAddr("::1")), []string{`"::1"`}},
		{"UUID", dialect.Postgres, storedAny(uuid.Nil), []string{`"00000000-0000-0000-0000-000000000000"`}},
		{"not a number", dialect.Postgres, storedAny(math.NaN()), []string{`"NaN"`}},
		{"minus zero", dialect.Postgres, storedAny(math.Copysign(0, -1)), []string{`"-0"`}},
		{"text that is not UTF-8", dialect.MySQL, storedAny("\xff"), []string{`{"$bytes":"/w=="}`}},
		{"struct", dialect.MySQL, storedAny(struct{ A int }{1}), []string{`{"A":1}`}},
		{"a form", dialect.MySQL, storedAny(json.RawMessage(`{"$json": null}`)), []string{`{"$json":null}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			forms, _, err := tt.v.forms(tt.dialect)
			require.NoError(t, err)
			var got []string
			for _, f := range forms {
				got = append(got, string(f))
			}
			require.Equal(t, tt.want, got)
		})
	}
	for _, v := range []any{uint64(math.MaxUint64), make(chan int), json.RawMessage("{")} {
		_, _, err := storedAny(v).forms(dialect.Postgres)
		require.Error(t, err)
	}
}

func TestStorable(t *testing.T) {
	for doc, want := range map[string]bool{
		`"a"`: true, `"\u0000"`: false, `"\\u0000"`: true, `["\\\u0000"]`: false, `{"\u0000":1}`: false, `{"a":{"b":["\u0000"]}}`: false, `"\u00000"`: false,
	} {
		require.Equal(t, want, storable(json.RawMessage(doc)), doc)
	}
}
