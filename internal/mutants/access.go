package main

// How the log is read by codecs, by those who may, over GraphQL, and by those who must see everything.
var access = []breakage{
	{
		name: "what a codec wrote, without its mark",
		file: "auditlog/serializer.go", old: "return tagged(tagCodec, b.Bytes()), nil", new: "return b.Bytes(), nil",
		packages: suite, tests: "TestSerializer$/sqlite",
	},
	{
		name: "what a codec wrote, read without it",
		file: "auditlog/decode.go", old: "if tag, value := untag(raw); tag == tagCodec {\n\t\t\tif f.codec == nil {\n\t\t\t\treturn ErrNoCodec\n\t\t\t}", new: "if tag, value := untag(raw); tag == tagCodec {\n\t\t\tif f.codec == nil {\n\t\t\t\tv = value\n\t\t\t\treturn nil\n\t\t\t}",
		packages: suite, tests: "TestSerializer$/sqlite",
	},
	{
		name: "a codec that changes the package's own schema",
		file: "auditlog/serializer.go", old: "\t\town := *f\n\t\tc.Fields[i] = &own", new: "\t\tc.Fields[i] = f",
		packages: suite, tests: "TestSerializer$/sqlite",
	},
	{
		name: "the past without the type's policy",
		file: "history/kind.go", old: "slices.Concat(visible, preds)", new: "slices.Concat(visible[:0], preds)",
		packages: suite, tests: "TestPast$/sqlite",
	},
	{
		name: "histories without the policy of their entities",
		file: "internal/conformance/ent/sqlaudit_history.go", old: "\t\tif !limited {\n", new: "\t\t{\n",
		packages: suite, tests: "TestGuard$/sqlite",
	},
	{
		name: "what one GraphQL operation read, for another",
		file: "auditgql/batch.go", old: "|| graphql.GetOperationContext(ctx) != b.op {", new: "{",
		packages: []string{"./auditgql"}, tests: "TestBatch$",
	},
	{
		name: "a GraphQL page that does not know of the next",
		file: "auditgql/page.go", old: "return *p.First + 1", new: "return *p.First",
		packages: []string{"./internal/graphql/relay"}, tests: "TestGraphQL",
	},
	{
		name: "settled without waiting", database: postgres,
		file: "history/settled.go", old: "AND granted ", new: "AND NOT granted ",
		packages: suite, tests: "TestLateCommit/postgres",
	},
	{
		name: "settled without waiting, on MariaDB", database: mariadb,
		file: "history/settled.go", old: "\t\t\tif !own {\n\t\t\t\topen[name] = true\n\t\t\t}\n", new: "",
		packages: suite, tests: "TestLateCommit/mariadb",
	},
	{
		name: "settled without the newest entry",
		file: "history/settled.go", old: "auditlog.TimeOf(newest.UUID).Add(time.Microsecond), nil", new: "auditlog.TimeOf(newest.UUID), nil",
		packages: suite, tests: "TestLateCommit/sqlite",
	},
}
