package main

// What the log is read as, and what is taken back by it.
var reading = []breakage{
	{
		name: "a time range that has its end",
		file: "auditlog/filter.go", old: "ps = append(ps, sql.LT(s.C(ColumnID), LowID(to)))", new: "ps = append(ps, sql.LT(s.C(ColumnID), LowID(to.Add(1000))))",
		packages: suite, tests: "TestFilter$/sqlite",
	},
	{
		name: "a moment that cuts a transaction",
		file: "history/moment.go", old: "s.Where(sql.And(sql.LT(s.C(auditlog.ColumnID), p.next), sql.Not(p.goesOn(s))))", new: "s.Where(sql.LT(s.C(auditlog.ColumnID), p.next))",
		packages: suite, tests: "TestPast$/sqlite|TestSets$/sqlite",
	},
	{
		name: "a moment without what was written at it",
		file: "history/moment.go", old: "auditlog.LowID(m.at.Add(1))", new: "auditlog.LowID(m.at)",
		packages: suite, tests: "TestPast$/sqlite|TestSets$/sqlite",
	},
	{
		name: "a page that passes over an entry at its edge",
		file: "history/page.go", old: "place(first), place(successor(last))", new: "place(first), place(successor(successor(last)))",
		packages: suite, tests: "TestPage$/sqlite",
	},
	{
		name: "a page that takes its last entry for the end of the next",
		file: "history/page.go", old: "if out.more = len(read) > w.size; out.more {", new: "if out.more = len(read) >= w.size; out.more && len(read) > w.size {",
		packages: suite, tests: "TestPage$/sqlite",
	},
	{
		name: "undo what has changed since",
		file: "undo/prepare.go", old: "if len(found.list) > 0 && !r.overwrite {", new: "if false {",
		packages: suite, tests: "TestUndoConflicts/sqlite",
	},
	{
		name: "undo what changed around ent",
		file: "undo/conflict.go", old: "case differs:", new: "case differs && false:",
		packages: suite, tests: "TestUndoConflicts/sqlite",
	},
	{
		name: "undo without a lock", database: postgres,
		file: "undo/rows.go", old: "if bool(lock) && name != dialect.SQLite ||", new: "if",
		packages: suite, tests: "TestUndoRace/postgres",
	},
	{
		name: "undo fields, and no edges",
		file: "undo/conflict.go", old: "func (c *conflicts) links(ctx context.Context, later map[*step][]*entry) error {\n", new: "func (c *conflicts) links(ctx context.Context, later map[*step][]*entry) error {\n\tfor _, s := range c.run.steps {\n\t\tclear(s.links)\n\t}\n",
		packages: suite, tests: "TestUndo$/sqlite",
	},
	{
		name: "call a renamed field by its old name",
		file: "auditlog/rename.go", old: "out[f.today] = raw", new: "out[f.name] = raw",
		packages: []string{"./auditlog"}, tests: "TestNames",
	},
}
