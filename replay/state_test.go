package replay_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/replay"
)

// library describes books, which have a title, a price and tags.
func library() *auditlog.Schema {
	tag := &auditlog.Type{Name: "Tag", Table: "tags", Key: []string{"id"}}
	return auditlog.NewSchema(&auditlog.Type{
		Name: "Book", Table: "books", Key: []string{"id"}, Identity: auditlog.Identity{Label: "Book"},
		Fields: []*auditlog.Field{{Name: "title", Column: "title"}, {Name: "price", Column: "price"}},
		Edges:  []*auditlog.Edge{{Name: "tags", Holder: "book_tags", Column: "book_id", Target: "tag_id", Type: "Tag"}},
	}, tag, &auditlog.Type{Name: "book_tags", Table: "book_tags", Key: []string{"book_id", "tag_id"}})
}

// entry returns the n-th entry, about book 1: before and after are JSON, or empty.
func entry(n byte, action, before, after string) replay.Entry {
	e := replay.Entry{ID: uuid.UUID{15: n}, Action: action, Type: "Book", ResourceID: "1"}
	for _, v := range []struct {
		s    string
		into *auditlog.Values
	}{{before, &e.Before}, {after, &e.After}} {
		if v.s != "" {
			if err := json.Unmarshal([]byte(v.s), v.into); err != nil {
				panic(err)
			}
		}
	}
	return e
}

func TestState(t *testing.T) {
	create := entry(1, "create", "", `{"title":"a","price":1}`)
	for _, c := range []struct {
		name, reason string
		entries      []replay.Entry
		state        string // of book 1, or empty if it is not there
		found, held  []replay.Break
	}{
		{"create", "it has what the create says", []replay.Entry{create}, `{"title":"a","price":1} map[]`, nil, nil},
		{"update", "what changed is merged", []replay.Entry{create, entry(2, "update", `{"price":1}`, `{"price":2}`)},
			`{"title":"a","price":2} map[]`, nil, nil},
		{"forms", "a value is what it means, however a database writes it", []replay.Entry{
			entry(1, "create", "", `{"title":{"a":1,"b":[2]}}`), entry(2, "update", `{"title":{"b": [2.0], "a": 1}}`, `{"title":"b"}`),
		}, `{"title":"b"} map[]`, nil, nil},
		{"delete", "nothing is left", []replay.Entry{create, entry(2, "delete", `{"title":"a","price":1}`, "")}, "", nil, nil},
		{"second life", "it knows nothing of the first", []replay.Entry{
			create, entry(2, "update", `{"tags":[]}`, `{"tags":[7]}`), entry(3, "delete", `{"title":"a","price":1,"tags":[7]}`, ""),
			entry(4, "create", "", `{"title":"b","price":1}`),
		}, `{"title":"b","price":1} map[]`, nil, nil},
		{"links", "they come and go", []replay.Entry{
			create, entry(2, "update", `{"tags":[]}`, `{"tags":[7,8]}`), entry(3, "update", `{"tags":[7]}`, `{"tags":[9]}`),
		}, `{"title":"a","price":1} map[tags:[8 9]]`, nil, nil},
		{"create of what is there", "", []replay.Entry{create, create}, `{"title":"a","price":1} map[]`, []replay.Break{replay.BreakThere}, nil},
		{"another value before", "", []replay.Entry{create, entry(2, "update", `{"price":5}`, `{"price":2}`)},
			`{"title":"a","price":2} map[]`, []replay.Break{replay.BreakValue}, nil},
		{"another value before a delete", "", []replay.Entry{create, entry(2, "delete", `{"price":5}`, "")}, "", []replay.Break{replay.BreakValue}, nil},
		{"a link that was there", "", []replay.Entry{entry(1, "create", "", `{"tags":[7]}`), entry(2, "update", `{"tags":[]}`, `{"tags":[7]}`)},
			`{} map[tags:[7]]`, []replay.Break{replay.BreakLinkThere}, nil},
		{"a link that was not there", "", []replay.Entry{entry(1, "create", "", `{"tags":[7]}`), entry(2, "update", `{"tags":[8]}`, `{"tags":[]}`)},
			`{} map[tags:[7]]`, []replay.Break{replay.BreakLinkGone}, nil},
		{"a link that did not go", "", []replay.Entry{entry(1, "create", "", `{"tags":[7]}`), entry(2, "delete", `{}`, "")},
			"", []replay.Break{replay.BreakLinkLeft}, nil},
		{"update of the unknown", "it is known as far as the update says", []replay.Entry{entry(1, "update", `{"price":1}`, `{"price":2}`)},
			`{"price":2} map[]`, nil, []replay.Break{replay.BreakUnknown}},
		{"delete of the unknown", "", []replay.Entry{entry(1, "delete", `{"price":1}`, "")}, "", []replay.Break{replay.BreakUnknown}, nil},
		{"update and delete of the unknown", "what was held comes out", []replay.Entry{
			entry(1, "update", `{"price":1}`, `{"price":2}`), entry(2, "delete", `{"price":2}`, ""),
		}, "", []replay.Break{replay.BreakUnknown}, nil},
		{"baseline", "it begins a life", []replay.Entry{entry(1, "baseline", "", `{"title":"a","price":1,"tags":[7]}`)},
			`{"title":"a","price":1} map[tags:[7]]`, nil, nil},
		{"baseline after an update", "it brings the beginning of the life", []replay.Entry{
			entry(1, "update", `{"price":1,"tags":[6]}`, `{"price":2,"tags":[7]}`), entry(2, "baseline", "", `{"title":"a","tags":[8]}`),
		}, `{"title":"a","price":2} map[tags:[7 8]]`, nil, nil},
		{"baseline that says otherwise", "", []replay.Entry{create, entry(2, "baseline", "", `{"price":5}`)},
			`{"title":"a","price":5} map[]`, []replay.Break{replay.BreakValue}, nil},
		{"an edge that joined", "what went of it is believed when the baseline comes", []replay.Entry{
			create, entry(2, "update", `{"tags":[6]}`, `{"tags":[]}`), entry(3, "baseline", "", `{"tags":[8]}`),
		}, `{"title":"a","price":1} map[tags:[8]]`, nil, nil},
		{"an edge that did not", "nor by the baseline of something else", []replay.Entry{
			entry(1, "create", "", `{"title":"a"}`), entry(2, "update", `{"tags":[6]}`, `{"tags":[]}`), entry(3, "baseline", "", `{"price":1}`),
		}, `{"title":"a","price":1} map[tags:[]]`, nil, []replay.Break{replay.BreakLinkGone}},
		{"unknown action", "", []replay.Entry{create, entry(2, "truncate", "", "")}, `{"title":"a","price":1} map[]`, []replay.Break{replay.BreakAction}, nil},
		{"what is no longer recorded", "it is passed over", []replay.Entry{
			create, entry(2, "update", `{"gone":[]}`, `{"gone":[7]}`), entry(3, "update", `{"gone":[]}`, `{"gone":[8]}`),
		}, `{"title":"a","price":1} map[]`, nil, nil},
		{"another type", "it is passed over", []replay.Entry{{Action: "create", Type: "Pen", ResourceID: "1"}}, "", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := replay.NewState(library())
			var found, held []replay.Break
			for _, e := range c.entries {
				for _, f := range s.Add(e) {
					require.NotEmpty(t, f.String())
					require.Equal(t, e.Type, f.Type)
					found = append(found, f.Break)
				}
			}
			for f := range s.Held() {
				require.True(t, f.Doubt)
				held = append(held, f.Break)
			}
			require.Equal(t, c.found, found, c.reason)
			require.Equal(t, c.held, held, c.reason)
			e := s.Entity("Book", "1")
			if c.state == "" {
				require.Nil(t, e)
				require.Zero(t, s.Len())
				return
			}
			require.Equal(t, []*replay.Entity{e}, slices.Collect(s.All()))
			fields, links, _ := cut(c.state)
			got, err := json.Marshal(e.Fields)
			require.NoError(t, err)
			require.JSONEq(t, fields, string(got))
			require.Equal(t, links, fmt.Sprint(text(e.Edges)))
		})
	}
}

func cut(s string) (fields, links string, ok bool) {
	i := slices.Index([]byte(s), ' ')
	return s[:i], s[i+1:], i >= 0
}

func text(edges map[string]replay.Links) map[string][]string {
	out := map[string][]string{}
	for name, links := range edges {
		out[name] = []string{}
		for _, id := range links.IDs() {
			out[name] = append(out[name], string(id))
		}
	}
	return out
}

// A state is folded from entries that come from anywhere.
func ExampleState() {
	s := replay.NewState(library())
	s.Add(entry(1, "create", "", `{"title":"Emma","price":7}`))
	s.Add(entry(2, "update", `{"price":7,"tags":[]}`, `{"price":8,"tags":[3]}`))
	e := s.Entity("Book", "1")
	fmt.Println(string(e.Fields["title"]), string(e.Fields["price"]), e.Edges["tags"].Has(json.RawMessage("3")))
	for _, f := range s.Add(entry(3, "update", `{"price":9}`, `{"price":10}`)) {
		fmt.Println(f)
	}
	// Output:
	// "Emma" 8 true
	// update of Book 1 (00000000-0000-0000-0000-000000000003): price: the value before was another: 8, not 9
}
