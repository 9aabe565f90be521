package extension_test

import (
	"slices"
	"strings"
	"testing"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/extension"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// ownLog returns a log of the user's with further fields.
func ownLog(fields ...ent.Field) thing {
	return thing{name: "Trail", mixin: []ent.Mixin{mixin.LogMixin{}}, fields: fields}
}

// shortLog leaves the reason out.
type shortLog struct{ mixin.LogMixin }

// Fields implements ent.Mixin.
func (l shortLog) Fields() []ent.Field {
	return slices.DeleteFunc(l.LogMixin.Fields(), func(f ent.Field) bool { return f.Descriptor().Name == "reason" })
}

func TestErrorsOfTheLog(t *testing.T) {
	book := with(mixin.Mixin{}, field.String("name"))
	second := ownLog()
	second.name = "Trace"
	withEdge := ownLog()
	withEdge.edges = []ent.Edge{edge.To("tenant", Owner.Type).Unique().Required()}
	elsewhere := book
	elsewhere.annotations = []schema.Annotation{entsql.Schema("library")}
	tests := []errorTest{
		{
			name:    "type of that name",
			reason:  "a type of the user's is not taken over unasked",
			schemas: []ent.Interface{book, thing{name: "AuditLog", fields: []ent.Field{field.String("line")}}},
			want:    `sqlaudit: schema AuditLog: the type has the name of the log's: add sqlaudit.LogMixin{} to its Mixin() to make it the log, or name the log with extension.WithTypeName`,
		},
		{
			name:    "table of that name",
			reason:  "two types would share a table",
			schemas: []ent.Interface{book, thing{name: "Book2", annotations: []schema.Annotation{entsql.Table("audit_logs")}}},
			want:    `sqlaudit: schema Book2: table "audit_logs" is the log's too: name the log's with extension.WithTableName`,
		},
		{
			name:    "two logs",
			reason:  "there is one log",
			schemas: []ent.Interface{book, ownLog(), second},
			want:    `sqlaudit: schema Trace: LogMixin is used by Trail too: keep it in one of them`,
		},
		{
			name:    "required field",
			reason:  "nothing would fill it, and no change could be made any more",
			schemas: []ent.Interface{book, ownLog(field.String("tenant"))},
			want:    `sqlaudit: schema Trail: field "tenant" is required, and nothing fills it: make it Optional() or give it a default in the database with entsql.Default`,
		},
		{
			name:    "field with a default of Go",
			reason:  "entries do not pass ent's builders",
			schemas: []ent.Interface{book, ownLog(field.String("tenant").Default("a"))},
			want:    `sqlaudit: schema Trail: field "tenant" is required, and nothing fills it: make it Optional() or give it a default in the database with entsql.Default`,
		},
		{
			name:    "required edge",
			reason:  "as for fields",
			schemas: []ent.Interface{owner, pet, withEdge},
			want:    `sqlaudit: schema Trail: edge "tenant" is required, and nothing fills it: remove Required()`,
		},
		{
			name:    "id replaced",
			reason:  "the order of entries is that of their ids",
			schemas: []ent.Interface{book, ownLog(field.Int("id"))},
			want:    `sqlaudit: schema Trail: field "id" must be the one of sqlaudit.LogMixin: remove it from the schema`,
		},
		{
			name:    "field missing",
			reason:  "the writer knows its columns",
			schemas: []ent.Interface{book, thing{name: "Trail", mixin: []ent.Mixin{shortLog{}}}},
			want:    `sqlaudit: schema Trail: field "reason" must be the one of sqlaudit.LogMixin: remove it from the schema`,
		},
		{
			name:    "WithTypeName on an own log",
			reason:  "an option without effect is a mistake",
			schemas: []ent.Interface{book, ownLog()},
			opts:    []extension.Option{extension.WithTypeName("Trace")},
			want:    `sqlaudit: schema Trail: the type is the log, so extension.WithTypeName("Trace") has no effect: remove the option or the schema`,
		},
		{
			name:    "WithTableName on an own log",
			reason:  "an option without effect is a mistake",
			schemas: []ent.Interface{book, ownLog()},
			opts:    []extension.Option{extension.WithTableName("trails")},
			want:    `sqlaudit: schema Trail: the type is the log, so extension.WithTableName has no effect: use entsql.Table in its Annotations()`,
		},
		{
			name:    "WithDatabaseSchema on an own log",
			reason:  "an option without effect is a mistake",
			schemas: []ent.Interface{book, ownLog()},
			opts:    []extension.Option{extension.WithDatabaseSchema("audit")},
			want:    `sqlaudit: schema Trail: the type is the log, so extension.WithDatabaseSchema has no effect: use entsql.Schema in its Annotations()`,
		},
		{
			name:    "database schemas elsewhere",
			reason:  "ent names a schema for every type or for none",
			schemas: []ent.Interface{elsewhere},
			want:    `sqlaudit: schema AuditLog: every other type names its database schema: name the log's with extension.WithDatabaseSchema`,
		},
		{
			name:    "unknown actor type",
			reason:  "a misspelt name",
			schemas: []ent.Interface{book},
			opts:    []extension.Option{extension.WithActorType("User")},
			want:    `sqlaudit: there is no schema User: correct extension.WithActorType("User")`,
		},
		{
			name:    "actor type with a bad id",
			reason:  "actor_id could not be compared with it",
			schemas: []ent.Interface{book, thing{name: "User", fields: []ent.Field{field.Float("id")}}},
			opts:    []extension.Option{extension.WithActorType("User")},
			want:    `sqlaudit: schema User: its id is a float64, so it cannot be the actor type: choose another in extension.WithActorType`,
		},
		{
			name:    "actor type with an id of two fields",
			reason:  "an actor is named by one text",
			schemas: []ent.Interface{Group{}, Member{}, Membership{}.thing()},
			opts:    []extension.Option{extension.WithActorType("Membership")},
			want:    `sqlaudit: schema Membership: its id is composed of two fields, so it cannot be the actor type: choose another in extension.WithActorType`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

func TestErrorsOfNames(t *testing.T) {
	named := func(name string) thing { return with(mixin.Mixin{}, field.String(name)) }
	historian := track(thing{name: "Pet", edges: []ent.Edge{edge.From("history", Owner.Type).Ref("pets").Unique()}}, mixin.Mixin{})
	manyOwners := with(mixin.Mixin{}, field.String("owners_added"))
	manyOwners.edges = []ent.Edge{edge.To("owners", Owner.Type)}
	logWithEdge := ownLog()
	logWithEdge.edges = []ent.Edge{edge.To("book", Owner.Type).Unique()}
	tests := []errorTest{
		{
			name:    "field history",
			reason:  "entities have a method History",
			schemas: []ent.Interface{named("history")},
			want:    `sqlaudit: schema Book: the field that makes History has the name of the generated history: rename it, or the history with extension.WithHistoryName`,
		},
		{
			name:    "edge history",
			reason:  "entities and clients have a method QueryHistory",
			schemas: []ent.Interface{owner, historian},
			want:    `sqlaudit: schema Pet: the edge that makes History has the name of the generated history: rename it, or the history with extension.WithHistoryName`,
		},
		{
			name:    "field has_history",
			reason:  "the type's package has a function HasHistory",
			schemas: []ent.Interface{named("has_history")},
			want:    `sqlaudit: schema Book: the field that makes HasHistory has the name of the generated history: rename it, or the history with extension.WithHistoryName`,
		},
		{
			name:    "field query_history",
			reason:  "entities have a method QueryHistory",
			schemas: []ent.Interface{named("query_history")},
			want:    `sqlaudit: schema Book: the field that makes QueryHistory has the name of the generated history: rename it, or the history with extension.WithHistoryName`,
		},
		{
			name:    "renamed history",
			reason:  "a new name can be taken as well",
			schemas: []ent.Interface{named("trail")},
			opts:    []extension.Option{extension.WithHistoryName("trail")},
			want:    `sqlaudit: schema Book: the field that makes Trail has the name of the generated history: rename it, or the history with extension.WithHistoryName`,
		},
		{
			name:    "field audit_record",
			reason:  "mutations have a method AuditRecord",
			schemas: []ent.Interface{named("audit_record")},
			want:    `sqlaudit: schema Book: field "audit_record" makes a method AuditRecord on the mutation, which sqlaudit makes too: rename the field`,
		},
		{
			name:    "field audit_identity",
			reason:  "the type's package has a variable AuditIdentity",
			schemas: []ent.Interface{named("audit_identity")},
			want:    `sqlaudit: schema Book: field "audit_identity" makes a function AuditIdentity in the type's package, which has a variable of sqlaudit's of that name: rename the field`,
		},
		{
			name:    "field audit_version",
			reason:  "entities have a method AuditVersion",
			schemas: []ent.Interface{named("audit_version")},
			want:    `sqlaudit: schema Book: the field that makes AuditVersion has the name of a method that sqlaudit generates: rename it`,
		},
		{
			name:    "field audit_versions",
			reason:  "entities have a method AuditVersions",
			schemas: []ent.Interface{named("audit_versions")},
			want:    `sqlaudit: schema Book: the field that makes AuditVersions has the name of a method that sqlaudit generates: rename it`,
		},
		{
			name:    "type BookPast",
			reason:  "the past of Book has that name",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.String("name")), thing{name: "BookPast"}},
			want:    `sqlaudit: schema BookPast: BookPast is what sqlaudit generates for the past of Book too: rename one of the types`,
		},
		{
			name:    "type BookVersions",
			reason:  "the versions of a Book have that name",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.String("name")), thing{name: "BookVersions"}},
			want:    `sqlaudit: schema BookVersions: BookVersions is what sqlaudit generates for the past of Book too: rename one of the types`,
		},
		{
			name:    "type AuditActor",
			reason:  "the package has a client option of that name",
			schemas: []ent.Interface{named("name"), thing{name: "AuditActor"}},
			want:    `sqlaudit: schema AuditActor: the generated client option has the same name: rename the type`,
		},
		{
			name:    "type AuditCodec",
			reason:  "the option is in the type's package",
			schemas: []ent.Interface{named("name"), thing{name: "AuditCodec"}},
			want:    `sqlaudit: schema AuditCodec: the generated client option has the same name: rename the type`,
		},
		{
			name:    "type AuditSource",
			reason:  "the client would have a field and a method of that name",
			schemas: []ent.Interface{named("name"), thing{name: "AuditSource"}},
			want:    `sqlaudit: schema AuditSource: the client has a generated method of the same name: rename the type`,
		},
		{
			name:    "type AuditTransaction",
			reason:  "the package would have two types of that name, and the client a field and a method",
			schemas: []ent.Interface{named("name"), thing{name: "AuditTransaction"}},
			want:    `sqlaudit: schema AuditTransaction: the client has a generated method of the same name, to undo or to read transactions: rename the type`,
		},
		{
			name:    "type AuditRevert",
			reason:  "the client would have a field and a method of that name",
			schemas: []ent.Interface{named("name"), thing{name: "AuditRevert"}},
			want:    `sqlaudit: schema AuditRevert: the client has a generated method of the same name, to undo or to read transactions: rename the type`,
		},
		{
			name:    "log field transaction",
			reason:  "entries have a method Transaction",
			schemas: []ent.Interface{named("name"), ownLog(field.String("transaction").Optional())},
			want:    `sqlaudit: schema Trail: the field that makes Transaction has the name of a generated method of entries: rename it`,
		},
		{
			name:    "type Actor beside an actor type",
			reason:  "entries have one method QueryActor",
			schemas: []ent.Interface{track(thing{name: "Actor", fields: []ent.Field{field.String("name")}}, mixin.Mixin{}), owner, pet},
			opts:    []extension.Option{extension.WithActorType("Owner")},
			want:    `sqlaudit: schema Actor: entries would have two methods QueryActor, one to the entity and one to the actor: rename the type, or remove extension.WithActorType`,
		},
		{
			name:    "log field changes",
			reason:  "entries have a method Changes",
			schemas: []ent.Interface{named("name"), ownLog(field.String("changes").Optional())},
			want:    `sqlaudit: schema Trail: the field that makes Changes has the name of a generated method of entries: rename it`,
		},
		{
			name:    "log edge to a tracked type",
			reason:  "entries have a method QueryBook",
			schemas: []ent.Interface{named("name"), owner, pet, logWithEdge},
			want:    `sqlaudit: schema Trail: the edge that makes QueryBook has the name of a generated method of entries: rename it`,
		},
		{
			name:    "log field query_actor",
			reason:  "entries have a method QueryActor",
			schemas: []ent.Interface{owner, pet, ownLog(field.String("query_actor").Optional())},
			opts:    []extension.Option{extension.WithActorType("Owner")},
			want:    `sqlaudit: schema Trail: the field that makes QueryActor has the name of a generated method of entries: rename it`,
		},
		{
			name:    "field email_changed beside email",
			reason:  "both make a function EmailChanged",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.String("email"), field.Bool("email_changed"))},
			want:    `sqlaudit: schema Book: field "email_changed" makes EmailChanged, which is the name of a generated filter of field "email": rename one of them, or the filters with extension.WithFilterPrefix`,
		},
		{
			name:    "enum value changed",
			reason:  "it makes a constant StateChanged",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.Enum("state").Values("new", "changed"))},
			want:    `sqlaudit: schema Book: field "state" makes StateChanged, which is the name of a generated filter of field "state": rename one of them, or the filters with extension.WithFilterPrefix`,
		},
		{
			name:    "field owners_added beside an edge",
			reason:  "an edge to many has a filter OwnersAdded",
			schemas: []ent.Interface{owner, pet, manyOwners},
			want:    `sqlaudit: schema Book: field "owners_added" makes OwnersAdded, which is the name of a generated filter of edge "owners": rename one of them, or the filters with extension.WithFilterPrefix`,
		},
		{
			name:    "filters with a prefix",
			reason:  "a new name can be taken as well",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.String("email"), field.Bool("log_email_changed"))},
			opts:    []extension.Option{extension.WithFilterPrefix("Log")},
			want:    `sqlaudit: schema Book: field "log_email_changed" makes LogEmailChanged, which is the name of a generated filter of field "email": rename one of them, or the filters with extension.WithFilterPrefix`,
		},
		{
			name:    "field history_of",
			reason:  "the type's package has a function HistoryOf",
			schemas: []ent.Interface{named("history_of")},
			want:    `sqlaudit: schema Book: field "history_of" makes HistoryOf, which is the name of a filter of the generated history: rename it, or the history with extension.WithHistoryName`,
		},
		{
			name:    "log field actor",
			reason:  "the log's package has a function Actor",
			schemas: []ent.Interface{named("name"), ownLog(field.String("actor").Optional())},
			want:    `sqlaudit: schema Trail: field "actor" makes Actor, which is the name of a generated filter of entries: rename it`,
		},
		{
			name:    "log field changed",
			reason:  "it makes a constant FieldChanged",
			schemas: []ent.Interface{named("name"), ownLog(field.Bool("changed").Optional())},
			want:    `sqlaudit: schema Trail: field "changed" makes FieldChanged, which is the name of a generated filter of entries: rename it`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// What resembles an error and is none.
func TestAccepted(t *testing.T) {
	tests := []struct {
		name    string
		reason  string
		schemas []ent.Interface
		opts    []extension.Option
	}{
		{
			name:    "nothing tracked",
			reason:  "a project can begin with the extension alone",
			schemas: []ent.Interface{owner, pet},
		},
		{
			name:    "id as the resource",
			reason:  "it says what is so anyway",
			schemas: []ent.Interface{with(mixin.Mixin{ResourceID: "id"}, field.String("name"))},
		},
		{
			name:    "label of 128 characters of many bytes",
			reason:  "the limit is in characters",
			schemas: []ent.Interface{with(mixin.Mixin{Label: strings.Repeat("ä", 128)}, field.String("name"))},
		},
		{
			name:    "log field named as a tracked type",
			reason:  "a field makes no query",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.String("name")), ownLog(field.String("book").Optional())},
		},
		{
			name:    "log fields that something fills",
			reason:  "optional, or by the database",
			schemas: []ent.Interface{ownLog(field.String("a").Optional(), field.String("b").Annotations(entsql.DefaultExpr("now()")))},
		},
		{
			name:    "filters with a prefix",
			reason:  "it makes way for the names of the schema",
			schemas: []ent.Interface{with(mixin.Mixin{}, field.String("email"), field.Bool("email_changed"))},
			opts:    []extension.Option{extension.WithFilterPrefix("Log")},
		},
		{
			name:    "history of an untracked type",
			reason:  "nothing is generated there",
			schemas: []ent.Interface{thing{name: "Book", fields: []ent.Field{field.String("history")}}},
		},
		{
			name:    "type Actor that is the actor type",
			reason:  "there is one method QueryActor only",
			schemas: []ent.Interface{thing{name: "Actor", fields: []ent.Field{field.String("name")}}},
			opts:    []extension.Option{extension.WithActorType("Actor")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.NoError(t, run(t, &gen.Config{Package: "example.com/ent"}, tt.opts, tt.schemas...), tt.reason)
		})
	}
}

func TestErrorsOfOptions(t *testing.T) {
	const form = ` is not a name in the form of an ent edge, such as "audit_trail"`
	tests := []struct {
		name   string
		reason string
		opt    extension.Option
		want   string
	}{
		{"unexported type", "ent's types are exported", extension.WithTypeName("trace"), `sqlaudit: WithTypeName: "trace" is not the name of an exported Go type`},
		{"no type", "an option has a value", extension.WithTypeName(""), `sqlaudit: WithTypeName: "" is not the name of an exported Go type`},
		{"no table", "an option has a value", extension.WithTableName(""), `sqlaudit: WithTableName: the name is empty`},
		{"no schema", "an option has a value", extension.WithDatabaseSchema(""), `sqlaudit: WithDatabaseSchema: the name is empty`},
		{"no history", "an option has a value", extension.WithHistoryName(""), `sqlaudit: WithHistoryName: ""` + form},
		{"history as in Go", "edges are in snake case", extension.WithHistoryName("AuditTrail"), `sqlaudit: WithHistoryName: "AuditTrail"` + form},
		{"history as ent's", "entities have a field Edges", extension.WithHistoryName("edges"), `sqlaudit: WithHistoryName: ent makes Edges of every type: choose another name`},
		{"no filter prefix", "an option has a value", extension.WithFilterPrefix(""), `sqlaudit: WithFilterPrefix: "" is not the beginning of an exported name, such as "Log"`},
		{"filter prefix in lower case", "filters are exported", extension.WithFilterPrefix("log"), `sqlaudit: WithFilterPrefix: "log" is not the beginning of an exported name, such as "Log"`},
		{"no actor type", "an option has a value", extension.WithActorType(""), `sqlaudit: WithActorType: the name is empty`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := extension.New(tt.opt)
			require.EqualError(t, err, tt.want, tt.reason)
		})
	}
}
