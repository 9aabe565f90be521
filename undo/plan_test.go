package undo

import (
	"database/sql"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// thing is a type with a field that is tracked, one that is not, a sensitive one, and an edge.
func thing() (*Type, *auditlog.Edge) {
	edge := &auditlog.Edge{Name: "tags", Holder: "Thing", Column: "thing_tags", Target: "id", Type: "Thing"}
	t := &auditlog.Type{
		Name: "Thing", Identity: auditlog.Identity{Label: "Thing", Columns: []auditlog.IdentityColumn{{Name: "id"}}}, Key: []string{"id"},
		Fields: []*auditlog.Field{{Name: "name", Column: "name"}, {Name: "code", Column: "code"}, {Name: "secret", Column: "secret", Sensitive: true}},
		Edges:  []*auditlog.Edge{edge},
		ScanValues: func(columns []string) ([]any, error) {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(sql.NullString)
			}
			return values, nil
		},
		Assign: func(columns []string, values []any) (any, error) {
			node := make(map[string]string)
			for i, c := range columns {
				node[c] = values[i].(*sql.NullString).String
			}
			return node, nil
		},
	}
	for _, f := range t.Fields {
		f.Pointer = func(node any) any {
			value := node.(map[string]string)[f.Column]
			return &value
		}
	}
	auditlog.NewSchema(t)
	return &Type{Type: t, Members: []Member{
		{Name: "name", Column: "name", Required: true},
		{Name: "code", Column: "code", Immutable: true},
		{Name: "secret", Column: "secret", Optional: true},
		{Name: "kind", Column: "kind", Required: true},
		{Name: "home", Required: true},
		{Name: "tags", Optional: true, Many: true},
	}}, edge
}

func vals(pairs ...string) auditlog.Values {
	v := auditlog.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return v
}

func TestFold(t *testing.T) {
	created := &entry{Action: auditlog.ActionCreate, After: vals("name", `"a"`, "tags", `[1]`)}
	updated := &entry{Action: auditlog.ActionUpdate, Before: vals("name", `"a"`, "tags", `[1,2]`), After: vals("name", `"b"`, "tags", `[3]`), Redacted: []string{"secret"}}
	again := &entry{Action: auditlog.ActionUpdate, Before: vals("name", `"b"`, "tags", `[3]`), After: vals("name", `"c"`, "tags", `[2]`)}
	deleted := &entry{Action: auditlog.ActionDelete, Before: vals("name", `"c"`, "tags", `[2]`)}
	baseline := &entry{Action: auditlog.ActionBaseline, After: vals("name", `"a"`)}
	for _, test := range []struct {
		name, reason string
		entries      []*entry
		then         bool
		fields       string
		redacted     bool
		add, remove  []string
	}{
		{"an update", "what it changed", []*entry{updated}, true, `{"name":"a"}`, true, []string{"1", "2"}, []string{"3"}},
		{"two updates", "what was before the first, and each link once", []*entry{updated, again}, true, `{"name":"a"}`, true, []string{"1", "2"}, []string{"3"}},
		{"a deletion", "all that it says, and that there was no secret", []*entry{deleted}, true, `{"name":"c","secret":null}`, false, []string{"2"}, nil},
		{"an update and a deletion", "of what both say, the first", []*entry{again, deleted}, true, `{"name":"b","secret":null}`, false, []string{"3"}, []string{"2"}},
		{"a creation", "nothing was there", []*entry{created, updated}, false, `{}`, false, nil, nil},
		{"a life in between", "what was there before it", []*entry{deleted, created, updated}, true, `{"name":"c","secret":null}`, false, []string{"2"}, nil},
		{"a baseline", "what it says is not known to have been otherwise", []*entry{baseline, updated}, true, `{}`, true, []string{"1", "2"}, []string{"3"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			typ, edge := thing()
			s := &step{typ: typ, id: "1", entries: test.entries}
			require.NoError(t, s.fold())
			require.Equal(t, test.then, s.then, test.reason)
			fields, err := json.Marshal(s.fields)
			require.NoError(t, err)
			require.JSONEq(t, test.fields, string(fields), test.reason)
			require.Equal(t, test.redacted, s.redacted["secret"], test.reason)
			require.ElementsMatch(t, test.add, s.delta(edge).add, test.reason)
			require.ElementsMatch(t, test.remove, s.delta(edge).remove, test.reason)
		})
	}
}

// What an entity cannot be created without, and the log does not have, is named.
func TestKnown(t *testing.T) {
	typ, _ := thing()
	unknown := func(before auditlog.Values, opts ...Option) []string {
		s := &step{typ: typ, id: "1", entries: []*entry{{Action: auditlog.ActionDelete, Before: before}}}
		require.NoError(t, s.fold())
		var ue *UnknownError
		if err := (&run{options: newOptions(opts), steps: []*step{s}}).known(); err != nil {
			require.True(t, errors.As(err, &ue), err)
			var out []string
			for _, u := range ue.Fields {
				out = append(out, u.String())
			}
			return out
		}
		return nil
	}
	all := vals("name", `"a"`, "code", `"c"`)
	require.Equal(t, []string{"Thing 1: home is required and not in the log", "Thing 1: kind is required and not in the log"}, unknown(all))
	require.Equal(t, []string{"Thing 1: kind is required and not in the log"}, unknown(all, With("Thing.home", 1), With("Other.kind", "x")))
	require.Len(t, unknown(all, LeaveUnknown()), 2, "what is required cannot be left")
	require.Empty(t, unknown(all, With("home", 1), With("kind", "x")))
	gone := vals("name", `"a"`, "code", `"c"`, "former", `1`)
	require.Equal(t, []string{"Thing 1: former is no tracked field any more"}, unknown(gone, With("home", 1), With("kind", "x")))
	require.Empty(t, unknown(gone, With("home", 1), With("kind", "x"), LeaveUnknown()))
}

func TestErrorTexts(t *testing.T) {
	list := make([]Conflict, 7)
	for i := range list {
		list[i] = Conflict{Kind: Changed, Type: "User", ID: "7", Field: "email"}
	}
	text := (&ConflictError{Conflicts: list}).Error()
	require.Contains(t, text, "sqlaudit: later changes would be lost: User 7: email was changed again; ")
	require.Contains(t, text, "; and 2 more: see Conflicts")
}
