// Package conformance holds the suite that says what sqlaudit does, and the generated package that it runs on. Each case runs on
// SQLite, and on PostgreSQL and MariaDB where SQLAUDIT_TEST_POSTGRES and SQLAUDIT_TEST_MYSQL name a database. After
// each case an oracle, which knows nothing of the library, compares tables and log by plain SQL.
package conformance
