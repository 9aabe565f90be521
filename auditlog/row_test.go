package auditlog

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/stretchr/testify/require"
)

// words is a type whose scan adds to what it holds.
type words []string

func (w *words) Scan(v any) error {
	*w = append(*w, strings.Fields(v.(string))...)
	return nil
}

func (w words) Value() (driver.Value, error) { return strings.Join(w, " "), nil }

// Cells that receive row after row leave nothing of one in the next, whatever they are scanned into.
func TestCells(t *testing.T) {
	typ := NewSchema(&Type{
		Name: "Page", Table: "pages", Key: []string{"id"}, Identity: Identity{Label: "Page", Columns: []IdentityColumn{{Name: "id"}}},
		Fields: []*Field{
			{Name: "title", Column: "title"}, {Name: "body", Column: "body", JSON: true}, {Name: "words", Column: "words"},
		},
		ScanValues: func(columns []string) ([]any, error) {
			values := make([]any, len(columns))
			for i, c := range columns {
				values[i] = map[string]any{"id": new(sql.NullInt64), "title": new(sql.NullString), "body": new([]byte), "words": new(words)}[c]
			}
			return values, nil
		},
	}).Label("Page")
	for _, columns := range [][]string{{"id", "title", "body", "words"}, {"id", "title", "body"}} { // with the words, and where all is of types that reset themselves
		typ.Fields = typ.Fields[:len(columns)-1]
		typ.columns = columns
		cells, err := typ.Cells()
		require.NoError(t, err)
		dest := cells.Dest()
		var got [][]json.RawMessage
		var keys []any
		for _, row := range [][]any{{int64(1), "a", `{"a":1}`, "x y"}, {int64(2), nil, nil, "z"}, {int64(3), "c", `{}`, ""}, {int64(4), nil, `[4]`, "w"}} {
			for i := range columns {
				require.NoError(t, dest[i].(*Cell).Scan(row[i]))
			}
			r, err := cells.Row(dialect.SQLite)
			require.NoError(t, err)
			got, keys = append(got, r.Values[:2]), append(keys, r.Key[0])
			if len(columns) == 4 {
				require.Equal(t, strconv.Quote(row[3].(string)), string(r.Values[2]))
			}
		}
		require.Equal(t, []any{int64(1), int64(2), int64(3), int64(4)}, keys)
		require.Equal(t, [][]json.RawMessage{
			{json.RawMessage(`"a"`), json.RawMessage(`{"a":1}`)}, {null, null}, {json.RawMessage(`"c"`), json.RawMessage(`{}`)}, {null, json.RawMessage(`[4]`)},
		}, got)
	}
}
