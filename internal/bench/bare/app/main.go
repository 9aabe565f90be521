// Command app opens a client without a log, and ends, or works with it if it is given an argument. The benchmarks measure how large it is, and how long it takes.
package main

import (
	"context"
	"log"
	"os"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	_ "github.com/mattn/go-sqlite3"

	"github.com/sqlaudit/sqlaudit/internal/bench/bare/accounts"
)

func main() {
	drv, err := sql.Open(dialect.SQLite, "file:app?mode=memory&cache=shared&_fk=1")
	if err != nil {
		log.Fatal(err)
	}
	a := accounts.On(drv)
	if len(os.Args) > 1 { // what an application does, so that it is linked
		if err := work(context.Background(), a); err != nil {
			log.Fatal(err)
		}
	}
	if err := drv.Close(); err != nil {
		log.Fatal(err)
	}
}

func work(ctx context.Context, a *accounts.Accounts) error {
	if err := a.Migrate(ctx); err != nil {
		return err
	}
	ids, err := a.CreateBulk(ctx, 2, 1)
	if err != nil {
		return err
	}
	if err := a.UpdateEach(ctx, ids, 1); err != nil {
		return err
	}
	if _, err := a.UpdateRegion(ctx, 1, 2); err != nil {
		return err
	}
	if err := a.Delete(ctx, ids[0]); err != nil {
		return err
	}
	_, err = a.DeleteRegion(ctx, 1)
	return err
}
