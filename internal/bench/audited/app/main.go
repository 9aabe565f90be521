// Command app opens a client with a log, and ends, or works with it if it is given an argument. The benchmarks measure how large it is, and how long it takes.
package main

import (
	"context"
	"log"
	"os"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/sqlaudit/sqlaudit/internal/bench/audited/accounts"
	_ "github.com/sqlaudit/sqlaudit/internal/bench/audited/ent/runtime"
)

func main() {
	drv, err := sql.Open(dialect.SQLite, "file:app?mode=memory&cache=shared&_fk=1")
	if err != nil {
		log.Fatal(err)
	}
	a := accounts.On(drv)
	if len(os.Args) > 1 { // what an application does, so that it is linked
		if err := a.Work(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
	if err := drv.Close(); err != nil {
		log.Fatal(err)
	}
}
