package search

import (
	"context"
	"math"
	"net/url"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/schema"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

// everything returns a context that sees deleted memos.
func everything(ctx context.Context) context.Context { return schema.WithDeleted(ctx) }

// texts are values of text fields. What is longer than a column is refused by MySQL and MariaDB.
var texts = []string{
	"a", "b", "c", "", "A", "O'Neil \"x\" `y` \\", "héllo ✓ 😀", "e\u0301", "%_%", "WHERE x = $1 RETURNING ?", `{"$json":null}`, `{"$bytes":"AA=="}`,
	" padded ", "null", "\n\t\r", "\u2028\u007f", "<&>", strings.Repeat("long ", 50), strings.Repeat("é", 300),
}

func (c *call) text() string { return texts[c.n(len(texts))] }

// name is one of few, so that predicates match.
func (c *call) name() string { return oneOf(c.args, "a", "b", "c", "d") }

func (c *call) email() string {
	return oneOf(c.args, "1@x", "2@x", "3@x", "4@x", "5@x", "6@x", "7@x", "8@x", "9@x", "10@x", "11@x", "12@x")
}

// textID is an id of the user's choice, with what has to be escaped.
func (c *call) textID() string {
	return oneOf(c.args, "a", "b", "c", "d", "a/b", "a%2Fb", "%", "/", "A", "é", "e\u0301", "with space", `"q'`, "✓😀", "[1,2]", "null", "0", strings.Repeat("x", 200))
}

func (c *call) number() int {
	return oneOf(c.args, 0, 1, 2, 3, 7, -1, 40, math.MaxInt32, math.MinInt32, math.MaxInt32+1, 1<<53+1, math.MaxInt64, math.MinInt64)
}

// small is one of few numbers, so that predicates match and sums do not overflow.
func (c *call) small() int { return c.n(5) }

// uuid is one of few.
func (c *call) uuid() uuid.UUID {
	switch n := byte(c.n(16)); n {
	case 14:
		return uuid.Nil
	case 15:
		return uuid.MustParse("ffffffff-ffff-ffff-ffff-fffffffffffe")
	default:
		return uuid.NewSHA1(uuid.NameSpaceOID, []byte{n})
	}
}

func (c *call) binary() []byte {
	return oneOf(c.args, []byte("text"), []byte{}, []byte{0}, []byte{0, 255}, []byte("é"), []byte{0xc3}, []byte(strings.Repeat("\xff", 32)), []byte("null"))
}

// float draws what is no number only where the database stores it.
func (c *call) float() float64 {
	values := []float64{0, 1, 0.1, -2.5, math.MaxFloat64, math.SmallestNonzeroFloat64, -math.MaxFloat64, 1e21, 123456789.123456789, math.Copysign(0, -1)}
	if !c.on(dialect.MySQL) {
		values = append(values, math.Inf(1), math.Inf(-1))
	}
	if c.on(dialect.Postgres) {
		values = append(values, math.NaN())
	}
	return oneOf(c.args, values...)
}

func (c *call) moment() time.Time {
	return oneOf(c.args,
		time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.UTC),
		time.Date(2026, 1, 2, 3, 4, 5, 999999999, time.FixedZone("", 5*3600+1800)),
		time.Date(2026, 1, 1, 23, 4, 5, 0, time.FixedZone("", -4*3600)),
		time.Date(1999, 12, 31, 23, 59, 59, 500000, time.FixedZone("x", 3600)),
		time.Unix(1, 1).UTC(),
		time.Date(2999, 12, 31, 0, 0, 0, 0, time.UTC),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
	)
}

func (c *call) meta() kinds.Meta {
	return oneOf(c.args, kinds.Meta{}, kinds.Meta{Source: "s"}, kinds.Meta{Source: c.text()}, kinds.Meta{Counts: map[string]int{"a": math.MaxInt32, "": -1}})
}

func (c *call) tagList() []string {
	return oneOf(c.args, []string{"x"}, []string{}, nil, []string{"x", "y"}, []string{c.text(), "\"", ""}, []string{"null"})
}

func (c *call) extra() map[string]any {
	return oneOf(c.args,
		map[string]any{"a": 1}, map[string]any{}, nil,
		map[string]any{"$json": nil}, map[string]any{"$bytes": "AA=="}, map[string]any{"$x": map[string]any{"$json": 1}},
		map[string]any{"n": int64(math.MaxInt64), "f": 1e308, "deep": map[string]any{"list": []any{nil, true, "x", []any{}}}},
		map[string]any{"": c.text(), "null": nil}, map[string]any{"b": 1, "a": 2},
	)
}

func (c *call) link() *url.URL {
	return oneOf(c.args, &url.URL{Scheme: "https", Host: "example.com"}, &url.URL{Path: "/a b"}, &url.URL{Scheme: "x", Opaque: "y"}, &url.URL{})
}

func (c *call) decimal() kinds.Decimal {
	return kinds.ParseDecimal(oneOf(c.args, "0.0000", "1.5000", "-1.0001", "9999999999999999.9999", "1", "1.10", "0.00004", "1e3"))
}

func (c *call) iban() kinds.IBAN {
	return kinds.IBAN(oneOf(c.args, "DE1", "DE2", "DE3", "FR 76", "x/y", "é"))
}

func (c *call) path() kinds.Path {
	return kinds.Path{Folder: oneOf(c.args, "a", "b", "", "ä b"), File: oneOf(c.args, "x", "y", "x/y", "")}
}

// uuidOf returns the i-th of those that uuid draws.
func (*call) uuidOf(i int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte{byte(i)}) }
