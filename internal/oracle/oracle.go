// Package oracle judges the log by the tables. It reads both by plain SQL and shares no code with the library. It knows the tables
// of the types in internal/conformance/ent.
package oracle

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type kind string

const (
	integer  kind = "int"
	text     kind = "text"
	boolean  kind = "bool"
	float    kind = "float"
	document kind = "json"
	binary   kind = "bytes"
	moment   kind = "time"
)

// A table is a tracked table, as the schemas declare it.
type table struct {
	label, name, id string
	columns         map[string]column // by the field's name
}

type column struct {
	name string
	kind kind
}

var tables = []table{
	{"User", "users", "id", map[string]column{
		"name": {"name", text}, "email": {"email", text}, "age": {"age", integer}, "nick": {"nick", text}, "spouse": {"user_spouse", integer},
	}},
	{"Pet", "pets", "id", map[string]column{"name": {"name", text}, "kind": {"kind", text}, "chip": {"chip", text}, "owner": {"user_pets", integer}}},
	{"Card", "cards", "id", map[string]column{"number": {"card_number", text}, "owner_id": {"card_owner", integer}}},
	{"Node", "nodes", "id", map[string]column{"name": {"name", text}, "parent": {"node_children", integer}, "mentor": {"node_pupils", integer}}},
	{"Doc", "docs", "doc_id", map[string]column{
		"title": {"doc_title", text}, "body": {"body", binary}, "meta": {"meta", document}, "tags": {"tags", document}, "extra": {"extra", document},
		"score": {"score", float}, "published": {"published", boolean}, "views": {"view_count", integer}, "length": {"length", integer},
		"price": {"price", integer}, "level": {"level", text}, "due": {"due", moment}, "revision": {"revision", integer}, "link": {"link", text},
	}},
	{"site", "sites", "code", map[string]column{"code": {"code", text}, "city": {"city", text}, "edited_by": {"edited_by", integer}, "org": {"org_sites", integer}}},
	{"Memo", "memos", "id", map[string]column{"text": {"text", text}, "deleted": {"deleted", boolean}}},
	{"Badge", "badges", "id", map[string]column{"text": {"text", text}}},
	{"Twin", "twins", "id", map[string]column{"name": {"name", text}}},
}

// An Entry is a row of the log.
type Entry struct {
	ID, TxID, Action, Type, Resource                      string
	ActorID, ActorType, ActorName, ImpersonatorID, Reason string
	Metadata                                              string
	Old, New                                              map[string]json.RawMessage
	Redacted                                              []string
	OccurredAt                                            time.Time
}

// Change returns "old → new" of a field, as JSON.
func (l Entry) Change(field string) string {
	return string(l.Old[field]) + " → " + string(l.New[field])
}

// Log returns the log in the order of its ids.
func Log(t testing.TB, db *sql.DB) []Entry {
	t.Helper()
	rows, err := db.Query(`SELECT id, tx_id, action, resource_type, resource_id, actor_id, actor_type, actor_name, impersonator_id,
		reason, metadata, old_values, new_values, redacted, occurred_at FROM audit_logs ORDER BY id`)
	require.NoError(t, err)
	defer rows.Close()
	var out []Entry
	for rows.Next() {
		var (
			l                                              Entry
			at                                             any
			actor, typ, name, imp, reason, meta, o, n, red sql.NullString
		)
		require.NoError(t, rows.Scan(&l.ID, &l.TxID, &l.Action, &l.Type, &l.Resource, &actor, &typ, &name, &imp, &reason, &meta, &o, &n, &red, &at))
		l.ActorID, l.ActorType, l.ActorName, l.ImpersonatorID = actor.String, typ.String, name.String, imp.String
		l.Reason, l.Metadata = reason.String, meta.String
		if o.Valid {
			require.NoError(t, json.Unmarshal([]byte(o.String), &l.Old))
		}
		if n.Valid {
			require.NoError(t, json.Unmarshal([]byte(n.String), &l.New))
		}
		if red.Valid {
			require.NoError(t, json.Unmarshal([]byte(red.String), &l.Redacted))
		}
		l.OccurredAt = at.(time.Time)
		out = append(out, l)
	}
	require.NoError(t, rows.Err())
	return out
}

// Reconcile replays the log and compares what it implies with the tables: each row has its entries and each entry its row, and each entry
// continues the one before it.
func Reconcile(t testing.TB, db *sql.DB) {
	t.Helper()
	entries := Log(t, db)
	for _, l := range entries {
		id, err := uuid.Parse(l.ID)
		require.NoError(t, err)
		assert.Equal(t, uuid.Version(7), id.Version(), "id of %+v", l)
		ms := int64(id[0])<<40 | int64(id[1])<<32 | int64(id[2])<<24 | int64(id[3])<<16 | int64(id[4])<<8 | int64(id[5])
		assert.Equal(t, l.OccurredAt.UnixMilli(), ms, "the id's time is that of the entry")
		assert.NotEqual(t, uuid.Nil.String(), l.TxID)
	}
	for _, tab := range tables {
		want := rowsOf(t, db, tab)
		got := replay(t, tab, entries)
		assert.Equal(t, want, got, "what the log says of %s is what is in the table", tab.name)
	}
}

// rowsOf returns a table's rows by their id in the log, each as text by field.
func rowsOf(t testing.TB, db *sql.DB, tab table) map[string]map[string]string {
	t.Helper()
	fields, columns := []string{}, []string{tab.id}
	for f, c := range tab.columns {
		fields, columns = append(fields, f), append(columns, c.name)
	}
	rows, err := db.Query("SELECT " + strings.Join(columns, ", ") + " FROM " + tab.name)
	require.NoError(t, err)
	defer rows.Close()
	out := map[string]map[string]string{}
	for rows.Next() {
		values := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		require.NoError(t, rows.Scan(dest...))
		row := map[string]string{}
		for i, f := range fields {
			row[f] = fromTable(t, tab.columns[f].kind, values[i+1])
		}
		out[fromTable(t, text, values[0])] = row
	}
	require.NoError(t, rows.Err())
	return out
}

func fromTable(t testing.TB, k kind, v any) string {
	t.Helper()
	if v == nil {
		return "NULL"
	}
	if b, ok := v.([]byte); ok && k != binary {
		v = string(b)
	}
	switch k {
	case boolean:
		return strconv.FormatBool(v == true || v == int64(1))
	case float:
		f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
		require.NoError(t, err)
		return strconv.FormatFloat(f, 'g', -1, 64)
	case document:
		return canonical(t, []byte(v.(string)))
	case binary:
		return fmt.Sprintf("%x", v)
	case moment:
		return v.(time.Time).UTC().Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}

func fromLog(t testing.TB, k kind, raw json.RawMessage) string {
	t.Helper()
	if string(raw) == "null" {
		return "NULL"
	}
	var s string
	switch k {
	case text:
		require.NoError(t, json.Unmarshal(raw, &s))
		return s
	case float:
		f, err := strconv.ParseFloat(string(raw), 64)
		require.NoError(t, err)
		return strconv.FormatFloat(f, 'g', -1, 64)
	case document:
		var wrapped struct {
			Doc json.RawMessage `json:"$json"`
		}
		if json.Unmarshal(raw, &wrapped) == nil && wrapped.Doc != nil {
			raw = wrapped.Doc
		}
		return canonical(t, raw)
	case binary:
		require.NoError(t, json.Unmarshal(raw, &s))
		b, err := base64.StdEncoding.DecodeString(s)
		require.NoError(t, err)
		return fmt.Sprintf("%x", b)
	case moment:
		var at time.Time
		require.NoError(t, json.Unmarshal(raw, &at))
		return at.UTC().Format(time.RFC3339Nano)
	default:
		return string(raw)
	}
}

func canonical(t testing.TB, doc []byte) string {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(doc, &v), string(doc))
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// replay folds the entries of a table into the rows that they imply, and checks that each continues the one before it.
func replay(t testing.TB, tab table, entries []Entry) map[string]map[string]string {
	t.Helper()
	state := map[string]map[string]string{}
	for _, l := range entries {
		if l.Type != tab.label {
			continue
		}
		row, alive := state[l.Resource]
		assert.Equal(t, l.Action != "create", alive, "%s of %s %s", l.Action, l.Type, l.Resource)
		assert.Equal(t, l.Action == "create", l.Old == nil, "only a create has no old values: %+v", l)
		assert.Equal(t, l.Action == "delete", l.New == nil, "only a delete has no new values: %+v", l)
		for f, raw := range l.Old {
			c, ok := tab.columns[f]
			if assert.True(t, ok, "%s has no tracked field %q", tab.label, f) {
				assert.Equal(t, row[f], fromLog(t, c.kind, raw), "the old %s of %s %s is what it was", f, l.Type, l.Resource)
			}
		}
		switch l.Action {
		case "create":
			row = map[string]string{}
			state[l.Resource] = row
			assert.Len(t, l.New, len(tab.columns), "a create has every field: %+v", l)
		case "update":
			assert.Equal(t, len(l.Old), len(l.New))
			assert.NotZero(t, len(l.New)+len(l.Redacted), "an update has a change: %+v", l)
		case "delete":
			assert.Len(t, l.Old, len(tab.columns), "a delete has every field: %+v", l)
			delete(state, l.Resource)
			continue
		}
		for f, raw := range l.New {
			c, ok := tab.columns[f]
			if assert.True(t, ok, "%s has no tracked field %q", tab.label, f) {
				value := fromLog(t, c.kind, raw)
				if l.Action == "update" {
					assert.NotEqual(t, row[f], value, "%s of %s %s changed", f, l.Type, l.Resource)
				}
				row[f] = value
			}
		}
	}
	return state
}
