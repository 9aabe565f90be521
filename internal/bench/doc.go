// Package bench holds benchmarks: of writes, with a log and without, with one that is kept by hand, and with triggers; of reading a log of
// 1,000,000 entries, and of writing to it; and of what memory, generation and an application take. They run on SQLite, and on PostgreSQL and MariaDB where SQLAUDIT_TEST_POSTGRES and SQLAUDIT_TEST_MYSQL name a database.
package bench
