package extension_test

import (
	"regexp"
	"strings"
	"testing"

	"entgo.io/ent"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/extension"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// Owner and Pet are what edges of made-up schemas lead to, by name.
type (
	Owner struct{ ent.Schema }
	Pet   struct{ ent.Schema }
)

// owner and pet are those schemas: pet holds the foreign key.
var (
	owner = thing{name: "Owner", fields: []ent.Field{field.String("name")}, edges: []ent.Edge{edge.To("pets", Pet.Type)}}
	pet   = thing{name: "Pet", fields: []ent.Field{field.String("name")}, edges: []ent.Edge{edge.From("owner", Owner.Type).Ref("pets").Unique()}}
)

// track returns s, tracked as m says.
func track(s thing, m mixin.Mixin) thing {
	s.mixin = append(s.mixin[:len(s.mixin):len(s.mixin)], m.Track())
	return s
}

// with returns a schema that is tracked as m says and has the fields.
func with(m mixin.Mixin, fields ...ent.Field) thing {
	return track(thing{name: "Book", fields: fields}, m)
}

// run runs the extension's hook over the graph of the schemas, and generates nothing.
func run(t *testing.T, c *gen.Config, opts []extension.Option, schemas ...ent.Interface) error {
	t.Helper()
	c.Target = t.TempDir()
	g, err := newGraph(c, specs(t, schemas...))
	require.NoError(t, err)
	generate := gen.Generator(gen.GenerateFunc(func(*gen.Graph) error { return nil }))
	for _, hook := range newExtension(t, opts...).Hooks() {
		generate = hook(generate)
	}
	return generate.Generate(g)
}

// An errorTest is a graph that the extension refuses.
type errorTest struct {
	name    string
	reason  string
	schemas []ent.Interface
	opts    []extension.Option
	config  gen.Config
	want    string
}

func (tt errorTest) run(t *testing.T) {
	c := tt.config
	c.Package = "example.com/ent"
	err := run(t, &c, tt.opts, tt.schemas...)
	require.EqualError(t, err, tt.want, tt.reason)
	require.NotContains(t, err.Error(), "\n")
	require.True(t, strings.HasPrefix(err.Error(), "sqlaudit: "))
	require.Regexp(t, regexp.MustCompile(`^sqlaudit: (schema [A-Z]|storage |there is no schema )`), err.Error(), "the schema is named")
}

func TestErrorsOfMarks(t *testing.T) {
	name := field.String("name")
	ignored := field.String("name").Annotations(mixin.Ignore())
	twice := with(mixin.Mixin{}, name)
	twice.mixin = append(twice.mixin, mixin.Mixin{}.Track())
	view := with(mixin.Mixin{}, name)
	view.view = true
	hookless := thing{name: "Book", fields: []ent.Field{name}, mixin: []ent.Mixin{silent{mixin.Mixin{}.Track()}}}
	ignoredEdge := pet
	ignoredEdge.edges = []ent.Edge{edge.From("owner", Owner.Type).Ref("pets").Unique().Annotations(mixin.Ignore())}
	// bound is a pet whose edge is a field too.
	bound := func(m mixin.Mixin, ignoreField, ignoreEdge bool) thing {
		f := field.Int("owner_id").Optional()
		e := edge.From("owner", Owner.Type).Ref("pets").Unique().Field("owner_id")
		if ignoreField {
			f = f.Annotations(mixin.Ignore())
		}
		if ignoreEdge {
			e = e.Annotations(mixin.Ignore())
		}
		return track(thing{name: "Pet", fields: []ent.Field{name, f}, edges: []ent.Edge{e}}, m)
	}
	tests := []errorTest{
		{
			name:    "unknown field",
			reason:  "a misspelt name would be a field that is silently not recorded",
			schemas: []ent.Interface{with(mixin.Mixin{Fields: []string{"naem"}}, name)},
			want:    `sqlaudit: schema Book: "naem" in Fields is no field or edge of the type: correct or remove it`,
		},
		{
			name:    "unknown exclusion",
			reason:  "a misspelt name would be a field that is recorded against the user's will",
			schemas: []ent.Interface{with(mixin.Mixin{Exclude: []string{"naem"}}, name)},
			want:    `sqlaudit: schema Book: "naem" in Exclude is no field or edge of the type: correct or remove it`,
		},
		{
			name:    "unknown edge",
			reason:  "as for fields",
			schemas: []ent.Interface{owner, track(pet, mixin.Mixin{Edges: []string{"onwer"}})},
			want:    `sqlaudit: schema Pet: "onwer" in Edges is no field or edge of the type: correct or remove it`,
		},
		{
			name:    "edge in Fields",
			reason:  "the message says where it belongs",
			schemas: []ent.Interface{owner, track(pet, mixin.Mixin{Fields: []string{"owner"}})},
			want:    `sqlaudit: schema Pet: "owner" in Fields is an edge: move it to Edges`,
		},
		{
			name:    "field in Edges",
			reason:  "the message says where it belongs",
			schemas: []ent.Interface{owner, track(pet, mixin.Mixin{Edges: []string{"name"}})},
			want:    `sqlaudit: schema Pet: "name" in Edges is a field: move it to Fields`,
		},
		{
			name:    "twice in Fields",
			reason:  "a list with a name twice is a mistake of copying",
			schemas: []ent.Interface{with(mixin.Mixin{Fields: []string{"name", "name"}}, name)},
			want:    `sqlaudit: schema Book: "name" is in Fields twice: remove one`,
		},
		{
			name:    "twice in Exclude",
			reason:  "as for Fields",
			schemas: []ent.Interface{with(mixin.Mixin{Exclude: []string{"name", "name"}}, name)},
			want:    `sqlaudit: schema Book: "name" is in Exclude twice: remove one`,
		},
		{
			name:    "twice in Edges",
			reason:  "as for Fields",
			schemas: []ent.Interface{owner, track(pet, mixin.Mixin{Edges: []string{"owner", "owner"}})},
			want:    `sqlaudit: schema Pet: "owner" is in Edges twice: remove one`,
		},
		{
			name:    "id in Fields",
			reason:  "the id is in every entry anyway",
			schemas: []ent.Interface{with(mixin.Mixin{Fields: []string{"id", "name"}}, name)},
			want:    `sqlaudit: schema Book: field "id" in Fields is the id, which identifies every entry: remove it`,
		},
		{
			name:    "id in Exclude",
			reason:  "the id cannot be left out",
			schemas: []ent.Interface{with(mixin.Mixin{Exclude: []string{"id"}}, name)},
			want:    `sqlaudit: schema Book: field "id" in Exclude is the id, which identifies every entry: remove it`,
		},
		{
			name:    "listed and ignored",
			reason:  "one says that the field is tracked, one that it never is",
			schemas: []ent.Interface{with(mixin.Mixin{Fields: []string{"name"}}, ignored)},
			want:    `sqlaudit: schema Book: field "name" is in Fields and carries sqlaudit.Ignore(): remove one of them`,
		},
		{
			name:    "edge listed and ignored",
			reason:  "as for fields",
			schemas: []ent.Interface{owner, track(ignoredEdge, mixin.Mixin{Edges: []string{"owner"}})},
			want:    `sqlaudit: schema Pet: edge "owner" is in Edges and carries sqlaudit.Ignore(): remove one of them`,
		},
		{
			name:    "edge listed and its field ignored",
			reason:  "the edge is recorded as the field, which never is",
			schemas: []ent.Interface{owner, bound(mixin.Mixin{Edges: []string{"owner"}}, true, false)},
			want:    `sqlaudit: schema Pet: edge "owner" is in Edges and its field "owner_id" carries sqlaudit.Ignore(): remove one of them`,
		},
		{
			name:    "field listed and its edge ignored",
			reason:  "the field is the edge, which is never recorded",
			schemas: []ent.Interface{owner, bound(mixin.Mixin{Fields: []string{"owner_id"}}, false, true)},
			want:    `sqlaudit: schema Pet: field "owner_id" is in Fields and its edge "owner" carries sqlaudit.Ignore(): remove one of them`,
		},
		{
			name:    "edge listed and excluded",
			reason:  "one says that the edge is tracked, one that it is not",
			schemas: []ent.Interface{owner, track(pet, mixin.Mixin{Edges: []string{"owner"}, Exclude: []string{"owner"}})},
			want:    `sqlaudit: schema Pet: edge "owner" is in Edges and in Exclude: remove one of them`,
		},
		{
			name:    "Exclude beside Fields",
			reason:  "what is not in Fields is excluded already",
			schemas: []ent.Interface{with(mixin.Mixin{Fields: []string{"name"}, Exclude: []string{"name"}}, name)},
			want:    `sqlaudit: schema Book: Exclude has no effect beside Fields: remove one of them`,
		},
		{
			name:    "nothing tracked",
			reason:  "every entry would be empty",
			schemas: []ent.Interface{with(mixin.Mixin{Exclude: []string{"name"}}, name)},
			want:    `sqlaudit: schema Book: the type is tracked but none of its fields is: name some in Fields, or remove sqlaudit.Mixin`,
		},
		{
			name:    "used twice",
			reason:  "the two could say different things, and the change would be recorded twice",
			schemas: []ent.Interface{twice},
			want:    `sqlaudit: schema Book: sqlaudit.Mixin is used twice: keep one, also among the mixins that others bring`,
		},
		{
			name:    "view",
			reason:  "nothing writes to a view",
			schemas: []ent.Interface{owner, pet, view},
			want:    `sqlaudit: schema Book: a view is never written: remove sqlaudit.Mixin`,
		},
		{
			name:    "log",
			reason:  "an entry about an entry would never end",
			schemas: []ent.Interface{track(thing{name: "Trail", mixin: []ent.Mixin{mixin.LogMixin{}}}, mixin.Mixin{})},
			want:    `sqlaudit: schema Trail: the log cannot be tracked itself: remove sqlaudit.Mixin`,
		},
		{
			name:    "hooks missing",
			reason:  "a mixin that embeds ours and hides its hooks would record nothing",
			schemas: []ent.Interface{hookless},
			want:    `sqlaudit: schema Book: the type is tracked but has no hooks: a mixin that embeds sqlaudit's must return its Hooks()`,
		},
		{
			name:    "edge to an edge schema",
			reason:  "its entities have no one id to list",
			schemas: []ent.Interface{track(thing{name: "Group", edges: Group{}.Edges()}, mixin.Mixin{Edges: []string{"memberships"}}), Member{}, Membership{}.thing()},
			want:    `sqlaudit: schema Group: edge "memberships" leads to Membership, whose id is composed of two fields: track the edge that goes through it instead`,
		},
		{
			name:    "id of a bad type",
			reason:  "a float has no text that is surely the same twice",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.Float("id"), name)},
			want:    `sqlaudit: schema Book: its id is a float64 and cannot be recorded: give the type one id field of an integer, string, bytes or UUID type`,
		},
		{
			name:   "leads to an id of a bad type",
			reason: "its deletions would change entities of Pet unrecorded",
			schemas: []ent.Interface{
				thing{name: "Owner", fields: []ent.Field{field.Float("id")}, edges: []ent.Edge{edge.To("pets", Pet.Type)}}, track(pet, mixin.Mixin{}),
			},
			want: `sqlaudit: schema Pet: by edge "owner" a deletion of Owner changes rows of Pet, and cannot be recorded, since its id is a float64: give Owner another id, or exclude the edge and have it not cascade`,
		},
		{
			name:   "one column, two types",
			reason: "a deletion of either changes it",
			schemas: []ent.Interface{
				thing{name: "Owner", edges: []ent.Edge{edge.To("pets", Pet.Type).StorageKey(edge.Column("of"))}},
				track(thing{name: "Pet", fields: []ent.Field{name}, edges: []ent.Edge{
					edge.From("owner", Owner.Type).Ref("pets").Unique(), edge.To("mother", Pet.Type).Unique().StorageKey(edge.Column("of")),
				}}, mixin.Mixin{}),
			},
			want: `sqlaudit: schema Pet: column "of" is the foreign key of edges to Owner and to Pet: give one of them another column`,
		},
		{
			name:   "join table of a type's name",
			reason: "the record would take one for the other",
			schemas: []ent.Interface{
				track(thing{name: "Owner", edges: []ent.Edge{edge.To("pets", Pet.Type).StorageKey(edge.Table("Pet"))}}, mixin.Mixin{}),
				track(thing{name: "Pet", fields: []ent.Field{name}, edges: []ent.Edge{edge.From("owners", Owner.Type).Ref("pets")}}, mixin.Mixin{}),
			},
			want: `sqlaudit: schema Pet: the join table of an edge has the name of the type: give the table another by StorageKey`,
		},
		{
			name:    "duplicate label",
			reason:  "entries could not be told apart",
			schemas: []ent.Interface{owner, track(pet, mixin.Mixin{Label: "Book"}), with(mixin.Mixin{}, name)},
			want:    `sqlaudit: schema Book: label "Book" is that of Pet too: give one of them another Label`,
		},
		{
			name:    "long label",
			reason:  "the column holds 128 characters, however many bytes they have",
			schemas: []ent.Interface{with(mixin.Mixin{Label: strings.Repeat("ä", 129)}, name)},
			want:    `sqlaudit: schema Book: Label has 129 characters, at most 128 are stored: shorten it`,
		},
		{
			name:    "label that ends in a space",
			reason:  "the database would take entries of Book for its own",
			schemas: []ent.Interface{with(mixin.Mixin{Label: "Book "}, name)},
			want:    `sqlaudit: schema Book: label "Book " ends in a space, by which MySQL and MariaDB do not tell it from another: remove the space`,
		},
		{
			name:    "storage",
			reason:  "the record is written in a transaction of SQL",
			schemas: []ent.Interface{with(mixin.Mixin{}, name)},
			config:  gen.Config{Storage: storage(t, "gremlin")},
			want:    `sqlaudit: schema Book: storage "gremlin" cannot be audited: generate for SQL, or remove sqlaudit.Mixin from the schema`,
		},
		{
			name:    "storage and nothing tracked",
			reason:  "there is no place for the log either",
			schemas: []ent.Interface{thing{name: "Book", fields: []ent.Field{name}}},
			config:  gen.Config{Storage: storage(t, "gremlin")},
			want:    `sqlaudit: storage "gremlin" cannot be audited: generate for SQL, or remove the extension`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

func TestErrorsOfNamedFields(t *testing.T) {
	code := func() ent.Field { return field.String("code").Unique().Immutable() }
	resource := mixin.Mixin{ResourceID: "code"}
	actor := mixin.Mixin{ActorField: "by"}
	const forEver = `sqlaudit: schema Book: ResourceID "code" must identify an entity for ever: make the field required, Unique() and Immutable()`
	tests := []errorTest{
		{
			name:    "resource unknown",
			reason:  "a misspelt name",
			schemas: []ent.Interface{with(mixin.Mixin{ResourceID: "cdoe"}, code())},
			want:    `sqlaudit: schema Book: ResourceID "cdoe" is no field of the type: correct or remove it`,
		},
		{
			name:    "resource optional",
			reason:  "an entity without it could not be named",
			schemas: []ent.Interface{with(resource, field.String("code").Unique().Immutable().Optional())},
			want:    forEver,
		},
		{
			name:    "resource nillable",
			reason:  "as for optional",
			schemas: []ent.Interface{with(resource, field.String("code").Unique().Immutable().Nillable())},
			want:    forEver,
		},
		{
			name:    "resource not unique",
			reason:  "two entities would share a history",
			schemas: []ent.Interface{with(resource, field.String("code").Immutable())},
			want:    forEver,
		},
		{
			name:    "resource not immutable",
			reason:  "an entity's history would break in two",
			schemas: []ent.Interface{with(resource, field.String("code").Unique())},
			want:    forEver,
		},
		{
			name:    "resource of a bad type",
			reason:  "the log is joined by text that every database makes alike",
			schemas: []ent.Interface{with(resource, field.Float("code").Unique().Immutable())},
			want:    `sqlaudit: schema Book: ResourceID "code" is a float64 and cannot be recorded: name a field of an integer, string or UUID type`,
		},
		{
			name:    "resource sensitive",
			reason:  "it would be in every entry, in the clear",
			schemas: []ent.Interface{with(resource, field.String("code").Unique().Immutable().Sensitive())},
			want:    `sqlaudit: schema Book: ResourceID "code" is Sensitive() and would stand in the log: name another field`,
		},
		{
			name:    "actor unknown",
			reason:  "a misspelt name",
			schemas: []ent.Interface{with(actor, code())},
			want:    `sqlaudit: schema Book: ActorField "by" is no field of the type: correct or remove it`,
		},
		{
			name:    "actor of a bad type",
			reason:  "a time is nobody's id",
			schemas: []ent.Interface{with(actor, field.Time("by"))},
			want:    `sqlaudit: schema Book: ActorField "by" is a time.Time and holds no id: name a field of an integer, string or UUID type`,
		},
		{
			name:    "actor sensitive",
			reason:  "it would be in every entry, in the clear",
			schemas: []ent.Interface{with(actor, field.String("by").Sensitive())},
			want:    `sqlaudit: schema Book: ActorField "by" is Sensitive() and would stand in the log: name another field`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// silent hides the hooks of a mixin.
type silent struct{ ent.Mixin }

// Hooks implements ent.Mixin.
func (silent) Hooks() []ent.Hook { return nil }

// storage returns one of ent's storages.
func storage(t *testing.T, name string) *gen.Storage {
	t.Helper()
	s, err := gen.NewStorage(name)
	require.NoError(t, err)
	return s
}
