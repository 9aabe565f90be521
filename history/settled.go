package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditdriver"
	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// ErrUnsettled is returned by Settled for a client within a transaction, which would wait for itself.
var ErrUnsettled = errors.New("sqlaudit: Settled waits for the transactions that are open: give it a client that is not within one")

// A Client is a generated client.
type Client interface {
	AuditSource() auditlog.Source
}

// Settled returns a time before which the log is complete: every entry that was written before it is there to be read, and none will appear any more. For an entry
// has the time at which it was written, and appears when its transaction commits: who reads on from the newest one that is there can miss what
// another transaction wrote before it.
//
// On PostgreSQL, MySQL and MariaDB that is the time of the call, and Settled waits until the transactions that had written to the log have ended:
// give ctx a deadline. On MySQL and MariaDB it waits for every transaction of the server, and needs the privilege PROCESS to see them. On SQLite, where
// writers take turns, it is the time of the newest entry, and nothing is waited for. It relies on the clock of the database not stepping back, and on the client
// being connected to the server that is written to, not to a replica of it. It fails with ErrUnsettled for a client within a transaction.
func Settled(ctx context.Context, c Client) (time.Time, error) {
	src := c.AuditSource()
	if src.Driver == nil {
		return time.Time{}, fmt.Errorf("%w (it has none)", auditlog.ErrDriver)
	}
	drv, tx, err := auditdriver.Find(src.Driver, src.Inner)
	if err != nil {
		return time.Time{}, err
	}
	if tx != nil {
		return time.Time{}, ErrUnsettled
	}
	var t time.Time
	switch src.Driver.Dialect() {
	case dialect.Postgres:
		t, err = settledPostgres(ctx, drv, src)
	case dialect.MySQL:
		t, err = settledMySQL(ctx, drv, src)
	default:
		t, err = settledSQLite(ctx, drv, src)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("sqlaudit: wait for open transactions: %w", err)
	}
	return t, nil
}

// settledSQLite relies on the writer: a transaction's entries are newer than all that was there when it began to write.
func settledSQLite(ctx context.Context, ex dialect.ExecQuerier, src auditlog.Source) (time.Time, error) {
	s := Place{src: src}.log("sqlaudit_log")
	s.Select(sql.Max(s.C(auditlog.ColumnID)))
	var newest uuid.NullUUID
	if err := rows.Select(ctx, ex, s, "find the newest entry", func(rows *sql.Rows) error { return rows.Scan(&newest) }); err != nil {
		return time.Time{}, err
	}
	if !newest.Valid {
		return time.Unix(0, 0).UTC(), nil // no entry is older; the zero time would be no bound
	}
	return auditlog.TimeOf(newest.UUID).Add(time.Microsecond), nil
}

// settledPostgres waits for those who hold the lock on the log's table that every INSERT takes before it runs, and keeps until its transaction has ended
// and can be seen. A prepared transaction has another name than it had before, so that any of them is waited for.
func settledPostgres(ctx context.Context, ex dialect.ExecQuerier, src auditlog.Source) (time.Time, error) {
	b := &sql.Builder{}
	b.SetDialect(dialect.Postgres)
	if src.TableSchema != "" {
		b.Ident(src.TableSchema).WriteByte('.')
	}
	table := b.Ident(src.Table).String()
	const (
		now     = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
		holders = "SELECT virtualtransaction, pid IS NULL FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND granted " +
			"AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND relation = CAST($1 AS regclass)"
	)
	var us int64
	if err := rows.Query(ctx, ex, now, nil, func(rows *sql.Rows) error { return rows.Scan(&us) }); err != nil {
		return time.Time{}, err
	}
	return time.UnixMicro(us).UTC(), wait(ctx, func() (open map[string]bool, prepared bool, err error) {
		open = make(map[string]bool)
		err = rows.Query(ctx, ex, holders, []any{table}, func(rows *sql.Rows) error {
			var name string
			var anonymous bool
			err := rows.Scan(&name, &anonymous)
			open[name] = true
			prepared = prepared || anonymous
			return err
		})
		return open, prepared, err
	})
}

// settledMySQL waits for every transaction of InnoDB. One that writes entries is there before the statement that does, since it has read or written the changed
// rows. What INNODB_TRX says can be old: it is not where it has the statement that reads it.
func settledMySQL(ctx context.Context, drv *auditdriver.Driver, src auditlog.Source) (t time.Time, err error) {
	var us int64
	if err := rows.Query(ctx, drv, "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))", nil, func(rows *sql.Rows) error { return rows.Scan(&us) }); err != nil {
		return time.Time{}, err
	}
	tx, err := drv.Snapshot(ctx)
	if err != nil {
		return time.Time{}, err
	}
	defer func() {
		if rerr := tx.Rollback(); rerr != nil && err == nil {
			err = rerr
		}
	}()
	s := Place{src: src}.log("sqlaudit_log")
	s.Select(s.C(auditlog.ColumnID)).Limit(1)
	var id uuid.NullUUID
	if err := rows.Select(ctx, tx, s, "read the log", func(rows *sql.Rows) error { return rows.Scan(&id) }); err != nil { // makes it a transaction of InnoDB's
		return time.Time{}, err
	}
	return time.UnixMicro(us).UTC(), wait(ctx, func() (map[string]bool, bool, error) {
		nonce := "/* sqlaudit " + uuid.NewString() + " */"
		open, fresh := make(map[string]bool), false
		query := "SELECT " + nonce + " CONCAT_WS(' ', trx_mysql_thread_id, trx_started), trx_mysql_thread_id = CONNECTION_ID(), COALESCE(trx_query, '') FROM information_schema.INNODB_TRX"
		err := rows.Query(ctx, tx, query, nil, func(rows *sql.Rows) error {
			var name, text string
			var own bool
			err := rows.Scan(&name, &own, &text)
			if !own {
				open[name] = true
			}
			fresh = fresh || own && strings.Contains(text, nonce)
			return err
		})
		if !fresh {
			open = nil
		}
		return open, false, err
	})
}

// wait returns when the transactions that were open at first are so no longer, and none is prepared. List returns no map if it does not know.
func wait(ctx context.Context, list func() (open map[string]bool, prepared bool, err error)) error {
	var first map[string]bool
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 250*time.Millisecond) {
		open, prepared, err := list()
		if err != nil {
			return err
		}
		if open != nil {
			if first == nil {
				first = open
			}
			for name := range first {
				if !open[name] {
					delete(first, name)
				}
			}
			if len(first) == 0 && !prepared {
				return nil
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}
