package sqlaudit_test

import (
	"context"
	"database/sql"
	"log"
	"os"
	"path/filepath"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

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

// around writes what ent does not see.
func around(ctx context.Context, db *sql.DB, query string) {
	if _, err := db.ExecContext(ctx, query); err != nil {
		log.Fatal(err)
	}
}
