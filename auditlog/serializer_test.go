package auditlog

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A note is an entity as ent would read it.
type note struct {
	text  mark
	count int8
	size  uint16
	score float32
	doc   any
	at    *time.Time
	blob  stored
	tick  rude
	heat  heat
}

// A mark is the text of a note.
type mark string

// stored is a type that is stored as bytes, and reads nothing else.
type stored struct{ b []byte }

func (s stored) Value() (driver.Value, error) { return s.b, nil }

func (s *stored) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok {
		return fmt.Errorf("cannot scan %T", v)
	}
	s.b = append([]byte{}, b...)
	return nil
}

// rude is a type that panics where it does not get what it expects: text, as some drivers give it.
type rude struct{ s string }

func (r rude) Value() (driver.Value, error) { return r.s, nil }

func (r *rude) Scan(v any) error {
	r.s = string(v.([]byte))
	return nil
}

// heat is a type that is stored as a float, and reads nothing else. It has the bits of one, so that NaN equals itself.
type heat struct{ bits uint64 }

func degrees(v float64) heat { return heat{math.Float64bits(v)} }

func (h heat) Value() (driver.Value, error) { return math.Float64frombits(h.bits), nil }

func (h *heat) Scan(v any) error {
	f, ok := v.(float64)
	if !ok {
		return fmt.Errorf("cannot scan %T", v)
	}
	*h = degrees(f)
	return nil
}

// notes describes notes.
func notes() *Type {
	pointer := func(f func(*note) any) func(any) any { return func(n any) any { return f(n.(*note)) } }
	return &Type{
		Name: "Note", Table: "notes", Key: []string{"id"}, Identity: Identity{Label: "Note", Columns: []IdentityColumn{{Name: "id"}}},
		Fields: []*Field{
			{Name: "text", Column: "text", Pointer: pointer(func(n *note) any { return &n.text })},
			{Name: "count", Column: "count", Pointer: pointer(func(n *note) any { return &n.count })},
			{Name: "size", Column: "size", Pointer: pointer(func(n *note) any { return &n.size })},
			{Name: "score", Column: "score", Pointer: pointer(func(n *note) any { return &n.score })},
			{Name: "doc", Column: "doc", JSON: true, Pointer: pointer(func(n *note) any { return &n.doc })},
			{Name: "at", Column: "at", Nillable: true, Pointer: pointer(func(n *note) any { return &n.at })},
			{Name: "blob", Column: "blob", Pointer: pointer(func(n *note) any { return &n.blob })},
			{Name: "tick", Column: "tick", Pointer: pointer(func(n *note) any { return &n.tick })},
			{Name: "heat", Column: "heat", Pointer: pointer(func(n *note) any { return &n.heat })},
		},
		ScanValues: func(columns []string) ([]any, error) {
			values := make([]any, len(columns))
			for i, c := range columns {
				values[i] = map[string]any{
					"id": new(sql.NullInt64), "text": new(sql.NullString), "count": new(sql.NullInt64), "size": new(sql.NullInt64), "score": new(sql.NullFloat64),
					"doc": new([]byte), "at": new(sql.NullTime), "blob": new(stored), "tick": new(rude), "heat": new(heat),
				}[c]
			}
			return values, nil
		},
		Assign: func(columns []string, values []any) (any, error) {
			n := &note{}
			for i, c := range columns {
				switch v := values[i].(type) {
				case *sql.NullString:
					n.text = mark(v.String)
				case *sql.NullInt64:
					n.count, n.size = int8(v.Int64), uint16(v.Int64) //nolint:gosec // as ent does
				case *sql.NullFloat64:
					n.score = float32(v.Float64)
				case *sql.NullTime:
					n.at = &v.Time
				case *stored:
					n.blob = *v
				case *rude:
					n.tick = *v
				case *heat:
					n.heat = *v
				case *[]byte:
					if err := json.Unmarshal(*v, &n.doc); err != nil {
						return nil, fmt.Errorf("unmarshal field %s: %w", c, err)
					}
				}
			}
			return n, nil
		},
	}
}

// reversed is a codec that writes marks backwards, in a document.
var reversed = Codec[mark]{
	Encode: func(m mark) (json.RawMessage, error) { return json.Marshal([]string{reverse(string(m))}) },
	Decode: func(raw json.RawMessage) (mark, error) {
		var s []string
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", err
		}
		return mark(reverse(s[0])), nil
	},
}

func reverse(s string) string {
	r := []rune(s)
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// What a codec wrote comes back by it, and is ErrNoCodec without it; what was written without one comes back either way.
func TestCodecs(t *testing.T) {
	plain := NewSchema(notes())
	with := plain.With(reversed)
	require.NoError(t, with.Err())
	read := func(s *Schema, raw json.RawMessage) Change {
		return s.Changes("Note", nil, Values{"text": raw}, nil)[0]
	}
	encode := func(t require.TestingT, s *Schema, text string) json.RawMessage {
		c := NewCell(new(sql.NullString))
		require.NoError(t, c.Scan(text))
		raw, err := c.Encode(s.Label("Note").Field("text"), dialect.Postgres)
		require.NoError(t, err)
		return raw
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		coded, bare := encode(t, with, text), encode(t, plain, text)
		require.NotEqual(t, string(bare), string(coded))
		require.Equal(t, Change{Field: "text", New: mark(text)}, read(with, coded))
		require.Equal(t, Change{Field: "text", New: mark(text)}, read(with, bare))
		require.Equal(t, Change{Field: "text", New: mark(text)}, read(plain, bare))
		raw := read(plain, coded)
		require.ErrorIs(t, raw.Err, ErrNoCodec)
		require.Equal(t, coded, raw.New)
		f := with.Label("Note").Field("text")
		require.True(t, f.Recoded(bare, coded))
		require.JSONEq(t, string(coded), string(with.Label("Note").Recode(f, bare)))
	})
	require.Nil(t, plain.Label("Note").Field("text").codec, "the schema itself has none")
	require.Equal(t, json.RawMessage("null"), func() json.RawMessage {
		c := NewCell(new(sql.NullString))
		require.NoError(t, c.Scan(nil))
		raw, err := c.Encode(with.Label("Note").Field("text"), dialect.SQLite)
		require.NoError(t, err)
		return raw
	}())
}

// A document of the user's is never mistaken for what a codec wrote.
func TestDocumentsLikeCodecs(t *testing.T) {
	s := NewSchema(notes())
	f := s.Label("Note").Field("doc")
	doc := rapid.Custom(func(t *rapid.T) any {
		v := rapid.SampledFrom([]any{nil, 1.0, "x", []any{}, map[string]any{}}).Draw(t, "v")
		for _, key := range rapid.SliceOfN(rapid.SampledFrom([]string{"$codec", "$json", "$bytes", "a"}), 0, 3).Draw(t, "keys") {
			v = map[string]any{key: v}
		}
		return v
	})
	rapid.Check(t, func(t *rapid.T) {
		v := doc.Draw(t, "doc")
		b, err := json.Marshal(v)
		require.NoError(t, err)
		c := NewCell(new([]byte))
		require.NoError(t, c.Scan(b))
		raw, err := c.Encode(f, dialect.MySQL)
		require.NoError(t, err)
		got, err := s.Label("Note").Decode(f, raw)
		require.NoError(t, err)
		require.Equal(t, v, got)
	})
}

// Old values of fields that have another type now.
func TestRetyped(t *testing.T) {
	s := NewSchema(notes())
	for _, c := range []struct {
		name, reason string
		field, raw   string
		want         any // or nil for an error
	}{
		{"int to string", "an integer has one text", "text", `-42`, mark("-42")},
		{"float to string", "databases write it in different ways", "text", `4.50`, nil},
		{"bool to string", "databases write it in different ways", "text", `true`, nil},
		{"object to string", "", "text", `{"a":1}`, nil},
		{"enum to string", "", "text", `"low"`, mark("low")},
		{"NULL", "a value that may not be NULL any more was", "text", `null`, nil},
		{"string to int", "text that is an integer is one", "count", `"42"`, int8(42)},
		{"other text to int", "the text was another", "count", `"042"`, nil},
		{"word to int", "", "count", `"many"`, nil},
		{"float to int", "", "count", `4.5`, nil},
		{"bool to int", "", "count", `true`, nil},
		{"large to small", "it would be another number", "count", `300`, nil},
		{"negative to unsigned", "it would be another number", "size", `-1`, nil},
		{"unsigned", "", "size", `65535`, uint16(65535)},
		{"int to float", "", "score", `3`, float32(3)},
		{"large int to float", "it would be another number", "score", `9007199254740993`, nil},
		{"1e22, as jsonb writes it", "it is what a float was", "score", `10000000000000000000000`, float32(1e22)},
		{"large float to small", "it would be infinite", "score", `1e300`, nil},
		{"infinite", "it was", "score", `"+Inf"`, float32(math.Inf(1))},
		{"string to JSON", "", "doc", `"x"`, "x"},
		{"string to time", "", "at", `"soon"`, nil},
		{"int to time", "", "at", `5`, nil},
		{"bytes of a Value", "", "blob", `{"$bytes":""}`, stored{[]byte{}}},
		{"text to bytes of a Value", "as a driver gives text", "blob", `"ab"`, stored{[]byte("ab")}},
		{"number to bytes of a Value", "as a driver gives a decimal", "blob", `1.50`, stored{[]byte("1.50")}},
		{"float of a Value", "", "heat", `36.6`, degrees(36.6)},
		{"float of a Value without a fraction", "it stands as an integer", "heat", `37`, degrees(37)},
		{"zero of a Value", "", "heat", `0`, degrees(0)},
		{"zero of a Value with a sign", "it stands as text", "heat", `"-0"`, degrees(math.Copysign(0, -1))},
		{"infinity of a Value", "", "heat", `"-Inf"`, degrees(math.Inf(-1))},
		{"no number of a Value", "", "heat", `"NaN"`, degrees(math.NaN())},
		{"large int to float of a Value", "it would be another number", "heat", `9007199254740993`, nil},
		{"text to float of a Value", "the column had text", "heat", `"37"`, nil},
		{"a Scan that panics for one form", "it is given the other", "tick", `"ab"`, rude{"ab"}},
		{"a Scan that panics", "it is an error", "tick", `true`, nil},
		{"no JSON", "", "text", `{`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			after := Values{"size": json.RawMessage("1"), "count": json.RawMessage("1")}
			after[c.field] = json.RawMessage(c.raw)
			changes := s.Changes("Note", nil, after, nil)
			require.Len(t, changes, len(after))
			for _, change := range changes {
				switch {
				case change.Field != c.field:
					require.NoError(t, change.Err, "other changes are not concerned")
				case c.raw == "null":
					require.Equal(t, Change{Field: c.field}, change)
				case c.want == nil:
					require.Error(t, change.Err, c.reason)
					require.Equal(t, json.RawMessage(c.raw), change.New)
				default:
					require.NoError(t, change.Err, c.reason)
					require.Equal(t, c.want, change.New, c.reason)
				}
			}
		})
	}
}

// A codec of times is given them in UTC where the database keeps no zone: that of the connection is no part of the value.
func TestCodecOfTimes(t *testing.T) {
	s := NewSchema(notes()).With(Codec[time.Time]{
		Encode: func(at time.Time) (json.RawMessage, error) { return json.Marshal(at.Format("15:04 -0700")) },
		Decode: func(json.RawMessage) (time.Time, error) { return time.Time{}, nil },
	})
	require.NoError(t, s.Err(), "the field may be NULL, and is a pointer")
	c := NewCell(new(sql.NullTime))
	require.NoError(t, c.Scan(time.Date(2026, 1, 2, 3, 4, 0, 0, time.FixedZone("", 7200))))
	for name, want := range map[string]string{
		dialect.Postgres: `{"$codec":"01:04 +0000"}`, dialect.MySQL: `{"$codec":"01:04 +0000"}`, dialect.SQLite: `{"$codec":"03:04 +0200"}`,
	} {
		raw, err := c.Encode(s.Label("Note").Field("at"), name)
		require.NoError(t, err)
		require.JSONEq(t, want, string(raw), name)
	}
}

// FuzzChanges: whatever stands in a log, reading an entry does not panic, and what cannot be read is there as it stands.
func FuzzChanges(f *testing.F) {
	panics := Codec[mark]{Encode: reversed.Encode, Decode: func(raw json.RawMessage) (mark, error) {
		if strings.Contains(string(raw), "x") {
			panic("x")
		}
		return "", errors.New("no")
	}}
	schemas := []*Schema{NewSchema(notes()), NewSchema(notes()).With(reversed), NewSchema(notes()).With(panics)}
	for _, seed := range []string{`null`, `"x"`, `1`, `1e999`, `{"$json":null}`, `{"$bytes":1}`, `[`, ``, `{"$codec":["x"]}`, `{"$codec":null}`, `{"$codec":[]}`, `-`, `-0`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, s := range schemas {
			for _, field := range s.Label("Note").Fields {
				for _, c := range s.Changes("Note", Values{field.Name: raw}, Values{field.Name: raw}, nil) {
					if c.Err != nil {
						require.Equal(t, json.RawMessage(raw), c.New)
					}
				}
				s.Label("Note").Recode(field, raw)
			}
		}
	})
}

func TestNames(t *testing.T) {
	typ := notes()
	typ.Fields[0].Formerly = []string{"body", "line"}
	typ.Formerly = []string{"Memo"}
	s := NewSchema(typ)
	require.Same(t, typ, s.Label("Memo"))
	require.Equal(t, []string{"text", "body", "line"}, typ.Names("text"))
	require.Equal(t, []string{"count"}, typ.Names("count"))
	one, two := json.RawMessage("1"), json.RawMessage("2")
	for _, c := range []struct {
		reason    string
		give, get Values
	}{
		{"nil is nil", nil, nil},
		{"present names stay", Values{"text": one, "gone": two}, Values{"text": one, "gone": two}},
		{"former ones do not", Values{"body": one, "count": two}, Values{"text": one, "count": two}},
		{"the present name is the field's", Values{"line": one, "text": two}, Values{"line": one, "text": two}},
		{"of two former ones the first given", Values{"line": one, "body": two}, Values{"line": one, "text": two}},
	} {
		give := Values{}
		for k, v := range c.give {
			give[k] = v
		}
		require.Equal(t, c.get, typ.Rename(c.give), c.reason)
		if c.give != nil {
			require.Equal(t, give, c.give, "what was given is not changed")
		}
	}
	require.Equal(t, []Change{{Field: "text", Redacted: true}}, s.Changes("Memo", nil, nil, []string{"line"}))
}

// BenchmarkEncode measures a value with a codec beside one without.
func BenchmarkEncode(b *testing.B) {
	plain := NewSchema(notes())
	for name, s := range map[string]*Schema{"plain": plain, "codec": plain.With(reversed)} {
		b.Run(name, func(b *testing.B) {
			f := s.Label("Note").Field("text")
			c := NewCell(&sql.NullString{String: "some text", Valid: true})
			for b.Loop() {
				if _, err := c.Encode(f, dialect.Postgres); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
