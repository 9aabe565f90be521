package bench

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/example/ent"
	_ "github.com/sqlaudit/sqlaudit/example/ent/runtime"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

var entities = flag.Int("entities", 100_000, "entities of the log, each with 10 entries; a multiple of 10")

// The log is filled in rounds, of which each says something of every entity: of each Customer once, and of each of a hundred Users once in each of the round's parts.
const (
	rounds  = 10
	parts   = 10
	users   = 100
	changes = rounds * parts // of a user
)

// begun is when the log begins. A round takes an hour, and a part of it six minutes.
var begun = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// A large is a database with a large log.
type large struct {
	testdb.Database
	db     *sql.DB
	client *ent.Client
}

// eachLarge runs f as a sub-benchmark on a large log in every database.
func eachLarge(b *testing.B, f func(*testing.B, large)) {
	for _, d := range databases {
		b.Run(d.Name, func(b *testing.B) {
			l := large{Database: d, db: d.Open(b, nil)}
			l.client = ent.NewClient(ent.Driver(entsql.OpenDB(d.Dialect, l.db)))
			require.NoError(b, l.client.Schema.Create(context.Background()))
			l.fill(b)
			f(b, l)
		})
	}
}

// fill writes the log by plain SQL.
func (l large) fill(b *testing.B) {
	b.Helper()
	start := time.Now()
	many := *entities / parts
	testdb.Exec(b, l.db, "CREATE TABLE numbers (n INTEGER PRIMARY KEY)")
	for first := 1; first <= many; first += 1000 {
		var values []string
		for n := first; n < first+1000 && n <= many; n++ {
			values = append(values, fmt.Sprintf("(%d)", n))
		}
		testdb.Exec(b, l.db, "INSERT INTO numbers VALUES "+strings.Join(values, ", "))
	}
	for round := range rounds {
		tx, err := l.db.Begin()
		require.NoError(b, err)
		for part := range parts {
			query := l.insert(round, part, many)
			_, err := tx.Exec(query)
			require.NoError(b, err, query)
		}
		require.NoError(b, tx.Commit())
	}
	testdb.Exec(b, l.db, map[string]string{
		dialect.Postgres: "VACUUM ANALYZE audit_logs", dialect.MySQL: "ANALYZE TABLE audit_logs", dialect.SQLite: "ANALYZE",
	}[l.Dialect])
	var n int
	require.NoError(b, l.db.QueryRow("SELECT COUNT(*) FROM audit_logs").Scan(&n))
	require.Equal(b, rounds**entities+users*changes, n)
	b.Logf("filled in %s", time.Since(start).Round(time.Millisecond))
	all, indexes := l.size(b)
	fmt.Printf("%s: an entry takes %d bytes, %d of them in indexes\n", l.Name, all/n, indexes/n)
}

// size returns how many bytes the log takes, with its indexes, and how many those do.
func (l large) size(b *testing.B) (all, indexes int) {
	b.Helper()
	if l.Dialect == dialect.SQLite { // which does not say it: what a table without indexes takes is tried
		pages := func() (n int) {
			require.NoError(b, l.db.QueryRow("SELECT c.page_count * s.page_size FROM pragma_page_count AS c, pragma_page_size AS s").Scan(&n))
			return n
		}
		all = pages() // what is not the log is little
		testdb.Exec(b, l.db, "CREATE TABLE plain AS SELECT * FROM audit_logs")
		table := pages() - all
		testdb.Exec(b, l.db, "DROP TABLE plain")
		return all, all - table
	}
	query := map[string]string{
		dialect.Postgres: "SELECT pg_total_relation_size('audit_logs'), pg_indexes_size('audit_logs')",
		dialect.MySQL:    "SELECT data_length + index_length, index_length FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'audit_logs'",
	}[l.Dialect]
	require.NoError(b, l.db.QueryRow(query).Scan(&all, &indexes))
	return all, indexes
}

// insert returns the statement that writes a part of a round: an entry about each of many customers, in ten transactions at once, with entries about the users among them.
func (l large) insert(round, part, many int) string {
	types := map[string][]any{
		dialect.Postgres: {"uuid", "timestamptz", "jsonb"},
		dialect.SQLite:   {"text", "text", "text"},
		dialect.MySQL:    {"char(36)", "datetime(6)", "char"},
	}[l.Dialect]
	at, zone := begun.Add(time.Duration(round)*time.Hour+time.Duration(part)*6*time.Minute), "+00:00"
	if l.Dialect == dialect.MySQL {
		zone = ""
	}
	ms := fmt.Sprintf("%012x", at.UnixMilli())
	id := func(sort, number string) string {
		return fmt.Sprintf("CAST(CONCAT('%s-%s-7000-8%s-00', 1000000000 + %s) AS %s)", ms[:8], ms[8:], sort, number, types[0])
	}
	json := func(format string, v ...any) string {
		return fmt.Sprintf("CAST(CONCAT('%s') AS %s)", fmt.Sprintf(format, v...), types[2])
	}
	columns := func(entry, label, resource, metadata, before, after string) string {
		action := "update"
		if before == "" {
			action, before = "create", fmt.Sprintf("CAST(NULL AS %s)", types[2])
		}
		return fmt.Sprintf("SELECT %s AS id, %s AS tx_id, CAST('%s%s' AS %s) AS occurred_at, '%s' AS action, '%s' AS resource_type, CONCAT(%s, '') AS resource_id, CONCAT(n %% 500, '') AS actor_id, 'User' AS actor_type, "+
			"'a reason' AS reason, %s AS metadata, %s AS old_values, %s AS new_values FROM numbers",
			entry, id("001", "n % 10"), at.Format(time.DateTime), zone, types[1], action, label, resource, metadata, before, after)
	}
	metadata := json(`{"ip": "10.0.0.', n %% 250, '", "path": "/customers/', n, '"}`)
	name := func(round int) string {
		if round == 0 { // the creation
			return json(`{"name": "0-', n + %[1]d, '", "plan": "free", "email": "', n + %[1]d, '@example.com", "owner": null, "credit": 0}`, part*many)
		}
		return json(`{"name": "%d-', n + %d, '"}`, round, part*many)
	}
	person := func(change int) string {
		return json(`{"name": "User %[1]d", "email": "', n, '.%[1]d@example.com"}`, change)
	}
	before, personBefore := "", ""
	change := round*parts + part
	if round > 0 {
		before = json(`{"name": "%d-', n + %d, '"}`, round-1, part*many)
	}
	if change > 0 {
		personBefore = person(change - 1)
	}
	return "INSERT INTO audit_logs (id, tx_id, occurred_at, action, resource_type, resource_id, actor_id, actor_type, reason, metadata, old_values, new_values) " +
		columns(id("000", "n * 2"), "Customer", fmt.Sprintf("n + %d", part*many), metadata, before, name(round)) + " UNION ALL " +
		columns(id("000", fmt.Sprintf("n * %d + 1", 2*max(many/users, 1))), "User", "n", metadata, personBefore, person(change)) + fmt.Sprintf(" WHERE n <= %d ORDER BY 1", users)
}
