package search

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	_ "github.com/sqlaudit/sqlaudit/internal/conformance/ent/runtime"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
	"github.com/sqlaudit/sqlaudit/internal/oracle"
	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A base is a database, with tables, and the clients on it.
type base struct {
	name, dialect string
	db            *sql.DB
	clients       []*ent.Client
	// rival is a client of another pool, whose statements fail rather than wait for a lock.
	rival  *ent.Client
	counts *counts
	told   sync.Once // what went wrong with sessions beside each other
	live   int       // how many of the drivers that are counted live on
}

// settings are parameters of connections, which make a database quick, or bring a wait for a lock to an end.
var settings = map[string]struct {
	own   testdb.Params
	rival func(source string) string
}{
	dialect.SQLite: {nil, func(s string) string { return strings.Replace(s, "_busy_timeout=10000", "_busy_timeout=0", 1) }},
	dialect.Postgres: {testdb.Params{"synchronous_commit": "off", "deadlock_timeout": "50ms", "lock_timeout": "5s"},
		func(s string) string { return strings.Replace(s, "lock_timeout=5s", "lock_timeout=20ms", 1) }},
	dialect.MySQL: {testdb.Params{"innodb_lock_wait_timeout": "5"},
		func(s string) string {
			return strings.Replace(s, "innodb_lock_wait_timeout=5", "innodb_lock_wait_timeout=0", 1)
		}},
}

func open(t *testing.T, d testdb.Database) *base {
	source := d.Source(t, settings[d.Dialect].own)
	db := d.Connect(t, source)
	// What each iteration runs on is what a new database would be, but for the ids.
	require.NoError(t, ent.NewClient(ent.Driver(entsql.OpenDB(d.Dialect, db))).Schema.Create(context.Background()))
	for _, q := range triggers[d.Dialect] {
		testdb.Exec(t, db, q)
	}
	b := &base{name: d.Name, dialect: d.Dialect, db: db, counts: newCounts()}
	rival := settings[d.Dialect].rival(source)
	require.NotEqual(t, source, rival)
	b.clients, b.rival = b.newClients(db), b.watched(&probe{Driver: entsql.OpenDB(d.Dialect, d.Connect(t, rival))})
	b.live = len(b.counts.drivers)
	return b
}

// triggers let lamps have 100 watts at most.
var triggers = map[string][]string{
	dialect.SQLite: {
		"CREATE TRIGGER dim_new AFTER INSERT ON lamps WHEN NEW.watts > 100 BEGIN UPDATE lamps SET watts = 100 WHERE id = NEW.id; END",
		"CREATE TRIGGER dim AFTER UPDATE ON lamps WHEN NEW.watts > 100 BEGIN UPDATE lamps SET watts = 100 WHERE id = NEW.id; END",
	},
	dialect.Postgres: {
		"CREATE FUNCTION dim() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.watts := least(NEW.watts, 100); RETURN NEW; END'",
		"CREATE TRIGGER dim BEFORE INSERT OR UPDATE ON lamps FOR EACH ROW EXECUTE FUNCTION dim()",
	},
	dialect.MySQL: {
		"CREATE TRIGGER dim_new BEFORE INSERT ON lamps FOR EACH ROW SET NEW.watts = least(NEW.watts, 100)",
		"CREATE TRIGGER dim BEFORE UPDATE ON lamps FOR EACH ROW SET NEW.watts = least(NEW.watts, 100)",
	},
}

// clear empties the tables.
func (b *base) clear(t testing.TB) {
	tx, err := b.db.Begin()
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	exec := func(query string) {
		_, err := tx.Exec(query)
		require.NoError(t, err, query)
	}
	exec("UPDATE users SET user_spouse = NULL")
	exec("UPDATE nodes SET node_pupils = NULL, node_children = NULL")
	for _, table := range oracle.Tables() {
		ident := entsql.Builder{}
		ident.SetDialect(b.dialect)
		exec("DELETE FROM " + ident.Ident(table).String())
	}
	require.NoError(t, tx.Commit())
}

// populate makes some entities of each type, so that operations have something to work on.
func (b *base) populate(t testing.TB) {
	ctx := context.Background()
	tx, err := b.clients[0].Tx(ctx)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	s := &session{base: b}
	var drawn []byte
	for i := range 4 {
		for range nargs {
			drawn = append(drawn, byte(i))
		}
		c := &call{args: &args{drawn: drawn[i*nargs:]}, ctx: ctx, client: tx.Client(), s: s}
		require.NoError(t, c.newUser().Exec(ctx))
		require.NoError(t, c.newNode().Exec(ctx))
		require.NoError(t, tx.Twin.Create().SetName(texts[i]).Exec(ctx))
		require.NoError(t, tx.Pet.Create().SetID(c.uuidOf(i)).SetName(texts[i]).Exec(ctx))
		require.NoError(t, tx.Room.Create().SetName("r").Exec(ctx))
		if i >= 2 {
			continue
		}
		require.NoError(t, tx.Group.Create().SetID(c.uuidOf(i)).SetName(texts[i]).Exec(ctx))
		require.NoError(t, tx.Card.Create().SetID(texts[i]).SetNumber("1").Exec(ctx))
		require.NoError(t, tx.Team.Create().SetSlug(texts[i]).Exec(ctx))
		require.NoError(t, tx.Tag.Create().SetID(texts[i]).Exec(ctx))
		require.NoError(t, tx.Post.Create().SetTitle(texts[i]).Exec(ctx))
		require.NoError(t, tx.Shelf.Create().SetName("s").Exec(ctx))
		require.NoError(t, tx.Book.Create().SetAuthor(texts[i]).SetTitle("a").Exec(ctx))
		require.NoError(t, tx.Box.Create().SetLabel("b").Exec(ctx))
		require.NoError(t, tx.Lamp.Create().Exec(ctx))
		require.NoError(t, tx.Org.Create().SetName("o").Exec(ctx))
		require.NoError(t, tx.Site.Create().SetCode(texts[i]).SetCity("x").Exec(ctx))
		require.NoError(t, tx.Memo.Create().SetText(texts[i]).Exec(ctx))
		require.NoError(t, tx.Badge.Create().SetText(texts[i]).Exec(ctx))
		require.NoError(t, tx.Doc.Create().SetID(texts[i]).SetTitle("t").SetTags([]string{"x"}).Exec(ctx))
		require.NoError(t, tx.Account.Create().SetID([]kinds.IBAN{"DE1", "DE2"}[i]).Exec(ctx))
		require.NoError(t, tx.Token.Create().SetID([]byte{byte(i)}).SetScope("s").Exec(ctx))
	}
	require.NoError(t, tx.Commit())
}

// driverOf returns the audit driver of a client.
func driverOf(c *ent.Client) *auditdriver.Driver {
	var found *auditdriver.Driver
	ent.WrapDriver(c, func(d dialect.Driver) dialect.Driver {
		found, _, _ = auditdriver.Find(d, func(dialect.Driver) dialect.Tx { return nil })
		return d
	})
	return found
}
