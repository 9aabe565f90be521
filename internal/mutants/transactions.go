package main

// The transaction that a change and its entries share.
var transactions = []breakage{
	{
		name: "swallow the writer's error",
		file: "auditdriver/tx.go", old: "		tx.failure = err\n		tx.noteLocked(err)\n		return err\n", new: "		return nil\n",
		packages: storm, tests: "TestLost/sqlite",
	},
	{
		name: "swallow the writer's error, faults",
		file: "auditdriver/tx.go", old: "		tx.failure = err\n		tx.noteLocked(err)\n		return err\n", new: "		return nil\n",
		packages: suite, tests: "TestFaults/sqlite",
	},
	{
		name: "write entries outside of the transaction", database: postgres,
		file: "auditdriver/tx.go", old: "tx.drv.writer.Write(ctx, tx.Tx, tx.id, entries)", new: "tx.drv.writer.Write(ctx, tx.drv.Driver, tx.id, entries)",
		packages: storm, tests: "TestLost/postgres/update_one|TestKill/postgres",
	},
	{
		name: "commit first, then record", database: postgres,
		file: "auditdriver/tx.go", old: "	// What flush returns stays as the transaction's failure.\n	_ = tx.flush(tx.ctx)\n",
		new:      "	if err := tx.Tx.Commit(); err != nil {\n		return err\n	}\n	return tx.drv.writer.Write(tx.ctx, tx.drv.Driver, tx.id, tx.pending)\n",
		packages: storm, tests: "TestKill/postgres", args: []string{"-kills=20"},
	},
	{
		name: "keep collecting after a raw statement", database: postgres,
		file: "auditdriver/tx.go", old: "		tx.through = true\n", new: "",
		packages: suite, tests: "TestTx/postgres,_unprepared/savepoints",
	},
	{
		name: "do not flush before a read of the log",
		file: "auditdriver/tx.go", old: "	if strings.Contains(query, tx.drv.writer.Table()) {\n		return tx.flush(ctx)\n	}\n", new: "",
		packages: suite, tests: "TestTx/sqlite/reading_within_the_transaction",
	},
	{
		name: "SQLite's rollbacks by itself are not noticed",
		file: "auditdriver/tx.go", old: "	case dialect.SQLite:\n		tx.doubt = err\n", new: "	case dialect.SQLite:\n",
		packages: suite, tests: "TestFoundSQLite",
	},
	{
		name: "a commit beside a mutation", file: "auditdriver/tx.go", old: "	tx.turn <- struct{}{}\n	defer func() { <-tx.turn }()\n", new: "",
		packages: []string{"./auditdriver"}, tests: "TestTurn/COMMIT",
	},
	{
		name: "a raw statement beside a mutation", file: "auditdriver/tx.go", old: "	if release, err = tx.wait(ctx); err != nil {\n		return nil, err\n	}\n	if err = tx.usable(); err == nil {\n		tx.mu.Lock()\n",
		new:      "	release = func() {}\n	if err = tx.usable(); err == nil {\n		tx.mu.Lock()\n",
		packages: []string{"./auditdriver"}, tests: "TestTurn/RAW",
	},
	{
		name: "MariaDB's rollbacks by its settings are not noticed",
		file: "auditdriver/tx.go", old: "			tx.doubt = err\n", new: "",
		packages: []string{"./auditdriver"}, tests: "TestEnded$",
	},
	{
		name: "take a bare transaction for a database",
		file: "auditdriver/driver.go", old: "	if inTransaction(drv) {\n", new: "	if false {\n",
		packages: suite, tests: "TestTx/sqlite/a_client_on_a_bare_transaction",
	},
	{
		name: "take a transaction that is none for one",
		file: "auditdriver/driver.go", old: "	if joins(tx) {\n", new: "	if tx == nil {\n",
		packages: suite, tests: "TestJoined/sqlite",
	},
	{
		name: "end a transaction that a statement began", database: postgres,
		file: "auditdriver/driver.go", old: "	case there:\n", new: "	case there && err != nil:\n",
		packages: suite, tests: "TestBegunByStatement/postgres",
	},
	{
		name: "take what was not sent for what may have been done",
		file: "hook/operation.go", old: "notSent.MatchString(err.Error()) || ", new: "",
		packages: suite, tests: "TestNotDone/sqlite",
	},
	{
		name: "take a busy SQLite for one that may have done it",
		file: "hook/operation.go", old: "sqliteBusy.MatchString(err.Error()) ||", new: "",
		packages: suite, tests: "TestNotDone/busy",
	},
}
