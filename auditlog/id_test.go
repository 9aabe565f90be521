package auditlog

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type (
	name   string
	number int32
)

// Times that no id holds are the first or the last that one does.
func TestLowID(t *testing.T) {
	require.Equal(t, "00000000-0000-7000-8000-000000000000", LowID(time.Time{}).String())
	require.Equal(t, "00000000-0000-7000-8000-000000000000", LowID(time.Unix(0, 0)).String())
	require.Equal(t, "ffffffff-ffff-7ffb-8000-000000000000", LowID(time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)).String())
}

func TestIDString(t *testing.T) {
	id := uuid.New()
	for _, tt := range []struct {
		name, reason string
		in           any
		want         string
	}{
		{"string", "text is its own id", "a b", "a b"},
		{"type of string", "as its text", name("n"), "n"},
		{"int", "decimal", -5, "-5"},
		{"type of int", "decimal", number(7), "7"},
		{"unsigned", "beyond the signed ones", uint64(1<<63 + 1), "9223372036854775809"},
		{"uuid", "canonical form", id, id.String()},
		{"pointer", "as what it points at", &id, id.String()},
		{"bytes", "hex, lower case", []byte{0, 0xAB}, "00ab"},
		{"text marshaler", "its text", time.Unix(0, 0).UTC(), "1970-01-01T00:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := IDString(tt.in)
			require.NoError(t, err, tt.reason)
			require.Equal(t, tt.want, got, tt.reason)
		})
	}
	for _, bad := range []any{1.5, true, struct{}{}, (*uuid.UUID)(nil), uuid.NullUUID{}} {
		_, err := IDString(bad)
		require.Error(t, err, "%T", bad)
	}
}

// An id carries its time to the microsecond, and ids sort as their times, then as they were drawn.
func TestEntryID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(0, 1<<52)
		a, b := time.UnixMicro(us.Draw(t, "a")).UTC(), time.UnixMicro(us.Draw(t, "b")).UTC()
		tail := newTail()
		x, y := entryID(ticks(a), tail), entryID(ticks(b), tail)
		require.Equal(t, a, TimeOf(x))
		require.Equal(t, uuid.Version(7), x.Version())
		require.Equal(t, uuid.RFC4122, x.Variant())
		require.Equal(t, a.Before(b), x.String() < y.String())
		require.Less(t, x.String(), entryID(ticks(a), tail+1<<22).String())
		require.Equal(t, !a.Before(b), LowID(b).String() <= x.String(), "from b on")
		require.Equal(t, a.After(b), LowID(b.Add(1)).String() <= x.String(), "after b")
	})
	require.True(t, TimeOf(uuid.New()).IsZero())
}

func TestParseID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n, b := rapid.String().Draw(t, "s"), rapid.Int64().Draw(t, "n"), rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		requireSame(t, s)
		requireSame(t, name(s))
		requireSame(t, n)
		requireSame(t, id)
		requireSame(t, serial(n))
		if len(b) > 0 {
			requireSame(t, b)
			requireSame(t, digest(b))
		}
	})
	require.Error(t, ParseID("01", new(serial)), "the log writes it as 1")
	require.Error(t, ParseID("x", new(serial)))
	var n int8
	require.Error(t, ParseID("300", &n))
	require.Error(t, ParseID("x", &n))
	require.Error(t, ParseID("1", new(float64)))
}

// serial is an id that databases give as an integer, and that takes nothing else.
type serial int64

func (s serial) Value() (driver.Value, error) { return int64(s), nil }

func (s *serial) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("cannot scan %T", v)
	}
	*s = serial(n)
	return nil
}

// digest is an id of bytes, which takes text for bytes.
type digest string

func (d digest) Value() (driver.Value, error) { return []byte(d), nil }

func (d *digest) Scan(v any) error {
	*d = digest(fmt.Sprintf("%s", v))
	return nil
}

// requireSame requires that an id's text leads back to it.
func requireSame[T any](t require.TestingT, id T) {
	text, err := IDString(id)
	require.NoError(t, err)
	var got T
	require.NoError(t, ParseID(text, &got))
	require.Equal(t, id, got)
}

// On SQLite, whose ids take the process's clock, an entry is newer than all that is there, whatever that clock says.
func TestSQLiteClock(t *testing.T) {
	db, err := sql.Open("sqlite3", ":memory:")
	require.NoError(t, err)
	defer db.Close() //nolint:errcheck // the test is over
	db.SetMaxOpenConns(1)
	w := NewWriter(dialect.SQLite, "", "log")
	_, err = db.Exec("CREATE TABLE log (id uuid PRIMARY KEY, tx_id, occurred_at, " + strings.Join(rowColumns, ", ") + ")")
	require.NoError(t, err)
	drv := entsql.OpenDB(dialect.SQLite, db)
	newest := func() (at time.Time) {
		at, err := w.newestTime(t.Context(), drv)
		require.NoError(t, err)
		return at
	}
	write := func() error { return w.Write(t.Context(), drv, uuid.New(), []*Entry{{}, {}}) }
	put := func(at time.Time) {
		_, err := db.Exec("INSERT INTO log (id) VALUES (?)", LowID(at))
		require.NoError(t, err)
	}
	require.NoError(t, write())
	require.WithinDuration(t, time.Now(), newest(), time.Minute)
	ahead := time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond)
	put(ahead)
	require.NoError(t, write())
	require.Equal(t, ahead.Add(time.Microsecond), newest())
}
