// Package bench holds benchmarks of reading a log of 1,000,000 entries, on SQLite, and on PostgreSQL and MariaDB where
// SQLAUDIT_TEST_POSTGRES and SQLAUDIT_TEST_MYSQL name a database. Those of writing are in package conformance.
package bench
