// Command app opens a client without a log, and ends. The benchmarks measure how large it is, and how long it takes.
package main

import (
	"log"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/sqlaudit/sqlaudit/internal/bench/bare/accounts"
)

func main() {
	drv, err := sql.Open(dialect.SQLite, "file::memory:")
	if err != nil {
		log.Fatal(err)
	}
	accounts.On(drv)
	if err := drv.Close(); err != nil {
		log.Fatal(err)
	}
}
