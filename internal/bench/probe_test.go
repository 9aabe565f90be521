package bench

import (
	"context"
	"database/sql"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/internal/testdb"
)

// A probe is a driver that counts statements, those that begin and end transactions among them, on connections through a wire.
type probe struct {
	*entsql.Driver
	*wire
	statements atomic.Int64
}

// newProbe returns a probe on an empty database.
func newProbe(b testing.TB, d testdb.Database) *probe {
	b.Helper()
	p := &probe{wire: &wire{}}
	source := d.Source(b, nil)
	switch d.Dialect {
	case dialect.Postgres:
		u, err := url.Parse(source)
		require.NoError(b, err)
		u.Host = p.listen(b, u.Host)
		source = u.String()
	case dialect.MySQL:
		c, err := mysql.ParseDSN(source)
		require.NoError(b, err)
		c.Addr = p.listen(b, c.Addr)
		source = c.FormatDSN()
	}
	db := d.Connect(b, source)
	db.SetMaxIdleConns(writers)
	p.Driver = entsql.OpenDB(d.Dialect, db)
	return p
}

// Exec implements dialect.Driver.
func (p *probe) Exec(ctx context.Context, query string, args, v any) error {
	p.statements.Add(1)
	return p.Driver.Exec(ctx, query, args, v)
}

// Query implements dialect.Driver.
func (p *probe) Query(ctx context.Context, query string, args, v any) error {
	p.statements.Add(1)
	return p.Driver.Query(ctx, query, args, v)
}

// Tx implements dialect.Driver.
func (p *probe) Tx(ctx context.Context) (dialect.Tx, error) { return p.BeginTx(ctx, nil) }

// BeginTx is like Tx, with options.
func (p *probe) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	p.statements.Add(1)
	tx, err := p.Driver.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return probeTx{tx, p}, nil
}

// A probeTx is a transaction of a probe's.
type probeTx struct {
	dialect.Tx
	probe *probe
}

// Exec implements dialect.Tx.
func (tx probeTx) Exec(ctx context.Context, query string, args, v any) error {
	tx.probe.statements.Add(1)
	return tx.Tx.Exec(ctx, query, args, v)
}

// Query implements dialect.Tx.
func (tx probeTx) Query(ctx context.Context, query string, args, v any) error {
	tx.probe.statements.Add(1)
	return tx.Tx.Query(ctx, query, args, v)
}

// Commit implements dialect.Tx.
func (tx probeTx) Commit() error {
	tx.probe.statements.Add(1)
	return tx.Tx.Commit()
}

// Rollback implements dialect.Tx.
func (tx probeTx) Rollback() error {
	tx.probe.statements.Add(1)
	return tx.Tx.Rollback()
}

// A wire passes on what is sent to a database and back. It counts round trips, which are the times when the client speaks after the server has, and can make
// them longer.
type wire struct {
	trips, delay atomic.Int64
}

// listen returns the address of a wire to another address. It is there until the benchmark ends.
func (w *wire) listen(b testing.TB, to string) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, l.Close()) })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				_ = client.Close()
				return
			}
			spoken := &atomic.Bool{}
			go pass(client, server, func() {
				if spoken.Swap(false) {
					w.trips.Add(1)
					w.slow()
				}
			})
			go pass(server, client, func() { spoken.Store(true) })
		}
	}()
	return l.Addr().String()
}

// slow takes the time that a round trip is to take longer. That is a distance to measure at, not a wait for something to happen.
func (w *wire) slow() {
	if d := time.Duration(w.delay.Load()); d > 0 {
		time.Sleep(d)
	}
}

// pass passes on what one side says to the other, and calls before each time it does, until one of them closes.
func pass(from, to net.Conn, before func()) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			before()
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
