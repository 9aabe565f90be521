package extension_test

import (
	"strings"
	"testing"

	"entgo.io/ent"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/mixin"
)

func TestErrorsOfFormerNames(t *testing.T) {
	from := mixin.RenamedFrom
	email := func(names ...string) ent.Field { return field.String("email").Annotations(from(names...)) }
	label := func(name string, labels ...string) thing {
		return with(mixin.Mixin{RenamedFrom: labels}, field.String("name")).called(name)
	}
	// bound is a pet whose edge is a field too.
	bound := func(ofField, ofEdge []string) thing {
		return track(thing{name: "Pet",
			fields: []ent.Field{field.String("name"), field.Int("owner_id").Optional().Annotations(from(ofField...))},
			edges:  []ent.Edge{edge.From("owner", Owner.Type).Ref("pets").Unique().Field("owner_id").Annotations(from(ofEdge...))},
		}, mixin.Mixin{})
	}
	edged := func(former string) thing {
		return track(thing{name: "Pet", fields: []ent.Field{field.String("name")},
			edges: []ent.Edge{edge.From("owner", Owner.Type).Ref("pets").Unique().Annotations(from(former))},
		}, mixin.Mixin{})
	}
	tests := []errorTest{
		{
			name:    "a field of that name",
			reason:  "an entry with the name could be of either",
			schemas: []ent.Interface{with(mixin.Mixin{}, email("mail"), field.String("mail"))},
			want:    `sqlaudit: schema Book: field "email" carries sqlaudit.RenamedFrom("mail"), which is a field of the type: entries that name it are read as that; remove it, or rename that`,
		},
		{
			name:    "a field of that name that is not tracked",
			reason:  "it may have been, and may be again",
			schemas: []ent.Interface{with(mixin.Mixin{Fields: []string{"email"}}, email("mail"), field.String("mail"))},
			want:    `sqlaudit: schema Book: field "email" carries sqlaudit.RenamedFrom("mail"), which is a field of the type: entries that name it are read as that; remove it, or rename that`,
		},
		{
			name:    "an edge of that name",
			reason:  "fields and edges share the names in an entry",
			schemas: []ent.Interface{owner, track(thing{name: "Pet", fields: []ent.Field{email("owner")}, edges: pet.edges}, mixin.Mixin{})},
			want:    `sqlaudit: schema Pet: field "email" carries sqlaudit.RenamedFrom("owner"), which is an edge of the type: entries that name it are read as that; remove it, or rename that`,
		},
		{
			name:    "an edge that was a field of that name",
			reason:  "as for fields",
			schemas: []ent.Interface{owner, edged("name")},
			want:    `sqlaudit: schema Pet: edge "owner" carries sqlaudit.RenamedFrom("name"), which is a field of the type: entries that name it are read as that; remove it, or rename that`,
		},
		{
			name:    "two claims",
			reason:  "an old value belongs to one field",
			schemas: []ent.Interface{with(mixin.Mixin{}, email("contact"), field.String("phone").Annotations(from("contact")))},
			want:    `sqlaudit: schema Book: field "phone" carries sqlaudit.RenamedFrom("contact"), and so does field "email": keep it on one of them`,
		},
		{
			name:    "twice",
			reason:  "a name that is there twice is a mistake",
			schemas: []ent.Interface{with(mixin.Mixin{}, email("mail", "mail"))},
			want:    `sqlaudit: schema Book: field "email" carries sqlaudit.RenamedFrom("mail") twice, or as a field and its edge: remove one`,
		},
		{
			name:    "twice, on field and edge",
			reason:  "they are one in the log",
			schemas: []ent.Interface{owner, bound([]string{"keeper"}, []string{"keeper"})},
			want:    `sqlaudit: schema Pet: edge "owner" carries sqlaudit.RenamedFrom("keeper") twice, or as a field and its edge: remove one`,
		},
		{
			name:    "the present name",
			reason:  "it was meant to be another",
			schemas: []ent.Interface{with(mixin.Mixin{}, email("email"))},
			want:    `sqlaudit: schema Book: field "email" carries sqlaudit.RenamedFrom("email"), which is its present name in the log: remove it`,
		},
		{
			name:    "the present name, of an edge that is a field",
			reason:  "the log names the field",
			schemas: []ent.Interface{owner, bound(nil, []string{"owner_id"})},
			want:    `sqlaudit: schema Pet: edge "owner" carries sqlaudit.RenamedFrom("owner_id"), which is its present name in the log: remove it`,
		},
		{
			name:    "no name",
			reason:  "nothing is called so",
			schemas: []ent.Interface{with(mixin.Mixin{}, email(""))},
			want:    `sqlaudit: schema Book: field "email" carries sqlaudit.RenamedFrom with an empty name: remove it`,
		},
		{
			name:    "not tracked",
			reason:  "the mark would do nothing",
			schemas: []ent.Interface{with(mixin.Mixin{Fields: []string{"name"}}, field.String("name"), email("mail"))},
			want:    `sqlaudit: schema Book: field "email" carries sqlaudit.RenamedFrom("mail") and is not tracked: remove it, or track the field`,
		},
		{
			name:    "the id",
			reason:  "no entry names it",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.Int("id").Annotations(from("number")), field.String("name"))},
			want:    `sqlaudit: schema Book: field "id" carries sqlaudit.RenamedFrom("number") and is the id, which entries do not name: remove it`,
		},
		{
			name:    "a label of another type",
			reason:  "an entry is about one type",
			schemas: []ent.Interface{label("Book", "Tome"), with(mixin.Mixin{Label: "Tome"}, field.String("name")).called("Novel")},
			want:    `sqlaudit: schema Book: label "Tome" in RenamedFrom is that of Novel: entries that bear it are read as that type's; remove it, or give Novel another Label`,
		},
		{
			name:    "two types that claim a label",
			reason:  "an entry is about one type",
			schemas: []ent.Interface{label("Book", "Tome"), label("Novel", "Tome")},
			want:    `sqlaudit: schema Novel: label "Tome" is in RenamedFrom of Book too: keep it in one of them`,
		},
		{
			name:    "the present label",
			reason:  "it was meant to be another",
			schemas: []ent.Interface{label("Book", "Book")},
			want:    `sqlaudit: schema Book: label "Book" in RenamedFrom is the type's present one: remove it`,
		},
		{
			name:    "a label twice",
			reason:  "one is a mistake",
			schemas: []ent.Interface{label("Book", "Tome", "Tome")},
			want:    `sqlaudit: schema Book: label "Tome" is in RenamedFrom twice: remove one`,
		},
		{
			name:    "an empty label",
			reason:  "no type had it",
			schemas: []ent.Interface{label("Book", "")},
			want:    `sqlaudit: schema Book: RenamedFrom has an empty label: remove it`,
		},
		{
			name:    "a label too long",
			reason:  "the log has none such",
			schemas: []ent.Interface{label("Book", strings.Repeat("x", 129))},
			want:    `sqlaudit: schema Book: a label in RenamedFrom has more than 128 characters, which were never stored: remove it`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
	for name, schemas := range map[string][]ent.Interface{
		"the edge was recorded before it was a field": {owner, bound([]string{"owner"}, nil)},
		"the same, on the edge":                       {owner, bound(nil, []string{"owner", "keeper"})},
		"an edge":                                     {owner, edged("keeper")},
		"two marks are one":                           {with(mixin.Mixin{}, field.String("email").Annotations(from("mail"), from("address")))},
		"a type that is not tracked":                  {thing{name: "Book", fields: []ent.Field{email("mail")}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, run(t, &gen.Config{Package: "example.com/ent"}, nil, schemas...))
		})
	}
}

// called returns s under another name.
func (s thing) called(name string) thing {
	s.name = name
	return s
}
