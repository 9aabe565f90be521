package sqlaudit_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/example/ent"
	_ "github.com/sqlaudit/sqlaudit/example/ent/runtime"
)

// open returns an empty database with a client on it, and what removes it.
func open(ctx context.Context) (*sql.DB, *ent.Client, func()) {
	dir, err := os.MkdirTemp("", "sqlaudit")
	if err != nil {
		log.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "example.db")+"?_fk=1")
	if err != nil {
		log.Fatal(err)
	}
	client := ent.NewClient(ent.Driver(entsql.OpenDB(dialect.SQLite, db)))
	if err := client.Schema.Create(ctx); err != nil {
		log.Fatal(err)
	}
	return db, client, func() {
		_ = client.Close()
		_ = os.RemoveAll(dir)
	}
}

// A write that goes around ent is found, and what was there before the log followed it is recorded.
func ExampleReconcile() {
	ctx := context.Background()
	db, client, remove := open(ctx)
	defer remove()
	client.Customer.Create().SetName("Acme").SetEmail("info@acme.example").ExecX(ctx)
	around(ctx, db, "UPDATE customers SET email = 'office@acme.example'")
	around(ctx, db, "INSERT INTO customers (name, email, plan, credit, seen_at) SELECT 'Bolt', 'info@bolt.example', plan, credit, seen_at FROM customers")
	report, err := sqlaudit.Reconcile(ctx, client)
	fmt.Println(report.Differences, err)

	ctx = sqlaudit.WithReason(ctx, "imported by hand")
	progress, err := sqlaudit.Baseline(ctx, client, sqlaudit.Types("Customer"))
	fmt.Println(progress[0].Entries, "entry written", err)
	report, err = sqlaudit.Reconcile(ctx, client, sqlaudit.Types("Customer"))
	fmt.Println(report, err)
	// Output:
	// [Customer 1: email is "office@acme.example", and "info@acme.example" in the log Customer 2: is there, but not in the log] <nil>
	// 1 entry written <nil>
	// Customer: 2 entities, 2 entries, 1 differences
	// Customer 1: email is "office@acme.example", and "info@acme.example" in the log
	//  <nil>
}

func around(ctx context.Context, db *sql.DB, query string) {
	if _, err := db.ExecContext(ctx, query); err != nil {
		log.Fatal(err)
	}
}
