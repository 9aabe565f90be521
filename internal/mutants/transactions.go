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
		name: "keep collecting after a raw statement",
		file: "auditdriver/tx.go", old: "	tx.through = true\n	tx.mu.Unlock()\n", new: "	tx.mu.Unlock()\n",
		packages: suite, tests: "TestTx/sqlite/savepoints",
	},
	{
		name: "do not flush before a read of the log",
		file: "auditdriver/tx.go", old: "	if strings.Contains(query, tx.drv.writer.Table()) {\n		return tx.flush(ctx)\n	}\n", new: "",
		packages: suite, tests: "TestTx/sqlite/reading_within_the_transaction",
	},
	{
		name: "take a bare transaction for a database",
		file: "auditdriver/driver.go", old: "	if inTransaction(drv) {\n", new: "	if false {\n",
		packages: suite, tests: "TestTx/sqlite/a_client_on_a_bare_transaction",
	},
}
