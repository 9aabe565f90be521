// Package oracle judges the log by the tables. It reads both by plain SQL and shares no code with the library. It knows the tables
// of the types in internal/conformance/ent.
package oracle

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Querier is a database, or a transaction that sees one state of it while others write.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

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
func Log(t testing.TB, db Querier) []Entry {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), `SELECT id, tx_id, action, resource_type, resource_id, actor_id, actor_type, actor_name, impersonator_id,
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
func Reconcile(t testing.TB, db Querier) {
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

// Rows returns what is tracked of each type, by its label: the rows by their id in the log, each as text by field and edge.
func Rows(t testing.TB, db Querier) map[string]map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]map[string]string{}
	for _, tab := range tables {
		out[tab.label] = rowsOf(t, db, tab)
	}
	return out
}

// rowsOf returns a table's rows by their id in the log, each as text by field; an edge's text is its sorted ids.
func rowsOf(t testing.TB, db Querier, tab table) map[string]map[string]string {
	t.Helper()
	fields := []string{}
	columns := append(slices.Clone(tab.id), tab.key())
	n := len(columns)
	for f, c := range tab.columns {
		fields, columns = append(fields, f), append(columns, c.name)
	}
	out, byKey := map[string]map[string]string{}, map[string]map[string]string{}
	for _, values := range query(t, db, columns, tab.name) {
		row := map[string]string{}
		for i, f := range fields {
			row[f] = fromTable(t, tab.columns[f].kind, values[n+i])
		}
		for e := range tab.edges {
			row[e] = ""
		}
		out[tab.idOf(values[:len(tab.id)])] = row
		byKey[keyOf(values[n-1])] = row
	}
	for e, l := range tab.edges {
		targets := map[string][]string{}
		for _, values := range query(t, db, []string{l.owner, l.target}, l.table) {
			if values[0] != nil {
				owner := keyOf(values[0])
				targets[owner] = append(targets[owner], keyOf(values[1]))
			}
		}
		for owner, ids := range targets {
			if assert.NotNil(t, byKey[owner], "%s %s has links and is not there", tab.name, owner) {
				byKey[owner][e] = set(ids)
			}
		}
	}
	return out
}

// query returns the values of columns of a table's rows.
func query(t testing.TB, db Querier, columns []string, table string) [][]any {
	t.Helper()
	name := table
	if name == "groups" { // a word of MySQL's
		name = quote(t, db, name)
	}
	rows, err := db.QueryContext(context.Background(), "SELECT "+strings.Join(columns, ", ")+" FROM "+name)
	require.NoError(t, err)
	defer rows.Close()
	var out [][]any
	for rows.Next() {
		values := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		require.NoError(t, rows.Scan(dest...))
		out = append(out, values)
	}
	require.NoError(t, rows.Err())
	return out
}

// quote quotes a name. Two strings are joined by || but on MySQL and MariaDB, whose or it is.
func quote(t testing.TB, db Querier, name string) string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), "SELECT '0' || '0'")
	require.NoError(t, err)
	defer rows.Close()
	var joined string
	require.True(t, rows.Next())
	require.NoError(t, rows.Scan(&joined))
	require.NoError(t, rows.Err())
	if joined != "00" {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// set returns ids as text, sorted.
func set(ids []string) string {
	slices.Sort(ids)
	return strings.Join(ids, linkSep)
}

// linkSep stands between the ids of links, which do not contain it.
const linkSep = "\n"

// unset returns the ids of which set made a text.
func unset(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, linkSep)
}

// keyOf returns a key as text, which some drivers give as bytes.
func keyOf(v any) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(v)
}

// idOf returns the text by which the log names a row: an id of bytes in hex, the parts of a composite id joined by a slash, with what is
// special in them encoded.
func (tab table) idOf(values []any) string {
	if tab.name == "tokens" {
		return fmt.Sprintf("%x", values[0])
	}
	if len(values) == 1 {
		return keyOf(values[0])
	}
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(keyOf(v), "%", "%25"), "/", "%2F")
	}
	return strings.Join(parts, "/")
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
	case float: // what is no number stands as a string
		f, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
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
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber() // floating point would make one of two integers
	var v any
	require.NoError(t, d.Decode(&v), string(doc))
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// replay folds the entries of a table into the rows that they imply, and checks that each continues the one before it. An entity that
// was there before the log followed it has no create: what is said of it ahead of its baseline, or once it is gone ahead of the last of its type, is taken
// as it is.
func replay(t testing.TB, tab table, entries []Entry) map[string]map[string]string {
	t.Helper()
	newest := -1 // the last baseline
	for i, l := range entries {
		if l.Type == tab.label && l.Action == "baseline" {
			newest = i
		}
	}
	state, begun := map[string]map[string]string{}, map[string]bool{}
	for i, l := range entries {
		if l.Type != tab.label {
			continue
		}
		row, alive := state[l.Resource]
		born := l.Action == "create" || l.Action == "baseline"
		switch {
		case l.Action == "baseline":
		case l.Action == "create" || alive || i > newest:
			assert.Equal(t, l.Action != "create", alive, "%s of %s %s", l.Action, l.Type, l.Resource)
		}
		assert.Equal(t, born, l.Old == nil, "only a create has no old values: %+v", l)
		assert.Equal(t, l.Action == "delete", l.New == nil, "only a delete has no new values: %+v", l)
		if !alive {
			row = map[string]string{}
			for e := range tab.edges {
				row[e] = ""
			}
			state[l.Resource] = row
		}
		fields := 0
		for f, raw := range l.Old {
			if e, ok := tab.edges[f]; ok {
				row[f] = e.without(t, row[f], raw, l, begun[l.Resource])
				continue
			}
			c, ok := tab.columns[f]
			fields++
			if assert.True(t, ok, "%s has no tracked field %q", tab.label, f) {
				was, known := row[f]
				assert.True(t, known || !begun[l.Resource], "%s of %s %s is known", f, l.Type, l.Resource)
				if known {
					assert.Equal(t, was, fromLog(t, c.kind, raw), "the old %s of %s %s is what it was", f, l.Type, l.Resource)
				}
			}
		}
		switch l.Action {
		case "update":
			assert.Equal(t, len(l.Old), len(l.New))
			assert.NotZero(t, len(l.New)+len(l.Redacted), "an update has a change: %+v", l)
		case "delete":
			assert.Equal(t, len(tab.columns), fields, "a delete has every field: %+v", l)
			for e := range tab.edges {
				assert.Empty(t, row[e], "the links of edge %s went with %s %s", e, l.Type, l.Resource)
			}
			delete(state, l.Resource)
			delete(begun, l.Resource)
			continue
		}
		fields = 0
		for f, raw := range l.New {
			if e, ok := tab.edges[f]; ok {
				row[f] = e.with(t, row[f], raw, l)
				continue
			}
			c, ok := tab.columns[f]
			fields++
			if assert.True(t, ok, "%s has no tracked field %q", tab.label, f) && row != nil {
				value := fromLog(t, c.kind, raw)
				if was, known := row[f]; known && l.Action == "update" {
					// SQLite keeps the zone of a time, which may be all that changed.
					assert.True(t, was != value || c.kind == moment && string(l.Old[f]) != string(raw), "%s of %s %s changed", f, l.Type, l.Resource)
				} else if known && l.Action == "baseline" {
					assert.Equal(t, was, value, "the baseline of %s %s says of %s what is known", l.Type, l.Resource, f)
				}
				row[f] = value
			}
		}
		if l.Action == "create" {
			assert.Equal(t, len(tab.columns), fields, "a create has every field: %+v", l)
		}
		begun[l.Resource] = begun[l.Resource] || born
	}
	for id := range state {
		assert.True(t, begun[id], "%s %s has a create or a baseline", tab.label, id)
	}
	return state
}

// without returns the links without those that went, each of which was there, if all that were are known.
func (links) without(t testing.TB, have string, raw json.RawMessage, l Entry, begun bool) string {
	t.Helper()
	all := unset(have)
	for _, id := range idsOf(t, raw) {
		i := slices.Index(all, id)
		if i < 0 && !begun {
			continue
		}
		if assert.GreaterOrEqual(t, i, 0, "link to %s went and was not there: %+v", id, l) {
			all = slices.Delete(all, i, i+1)
		}
	}
	return set(all)
}

// with returns the links with those that came, none of which was there.
func (links) with(t testing.TB, have string, raw json.RawMessage, l Entry) string {
	t.Helper()
	all := unset(have)
	for _, id := range idsOf(t, raw) {
		assert.NotContains(t, all, id, "link to %s came and was there: %+v", id, l)
		all = append(all, id)
	}
	return set(all)
}

// idsOf returns the ids in a JSON array, as text.
func idsOf(t testing.TB, raw json.RawMessage) []string {
	t.Helper()
	var list []any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	require.NoError(t, d.Decode(&list))
	ids := make([]string, len(list))
	for i, v := range list {
		ids[i] = fmt.Sprint(v)
	}
	return ids
}
