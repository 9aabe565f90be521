package search

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"

	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
)

// The clients that operations are drawn to go through.
const (
	clientPlain = iota
	clientSecond
	clientDebug
	clientCommented
	clientConnection // on one connection, made when it is needed
	nclients
)

var clientNames = []string{"client", "second client, without hooks, unprepared", "debug client", "client on a driver that comments", "client on a connection"}

func silent(...any) {}

// newClients returns a client of each kind but for that on a connection.
func (b *base) newClients(db *sql.DB) []*ent.Client {
	drv := func() *probe { return &probe{Driver: entsql.OpenDB(b.dialect, db)} }
	second := ent.NewClient(ent.Driver(unprepared{drv()}), ent.Log(silent))
	b.counts.follow(second)
	return []*ent.Client{
		clientPlain:     b.watched(drv()),
		clientSecond:    second,
		clientDebug:     b.watched(drv(), ent.Debug()),
		clientCommented: b.watched(commented{drv()}),
	}
}

// watched returns a client whose mutations are written down, and whose hooks do what a context asks for.
func (b *base) watched(drv dialect.Driver, opts ...ent.Option) *ent.Client {
	c := ent.NewClient(append([]ent.Option{ent.Driver(drv), ent.Log(silent)}, opts...)...)
	b.counts.follow(c)
	c.Use(watch, behave)
	return c
}

// onTx returns a client on a bare transaction.
func (b *base) onTx(tx *sql.Tx) *ent.Client {
	return b.watched(entsql.NewDriver(b.dialect, entsql.Conn{ExecQuerier: tx}))
}

// onConn returns a client on a connection.
func (b *base) onConn(conn *sql.Conn) *ent.Client {
	return b.watched(entsql.NewDriver(b.dialect, entsql.Conn{ExecQuerier: conn}))
}

// A moment is a statement of an operation at which something happens.
type moment struct {
	at, n         int
	before, after func()
}

type momentKey struct{}

func withMoment(ctx context.Context, m *moment) context.Context {
	return context.WithValue(ctx, momentKey{}, m)
}

// around makes a call, and has happen what is to happen there.
func around(ctx context.Context, call func() error) error {
	m, _ := ctx.Value(momentKey{}).(*moment)
	if m == nil {
		return call()
	}
	m.n++
	now := m.n == m.at
	if now && m.before != nil {
		m.before()
	}
	err := call()
	if now && m.after != nil {
		m.after()
	}
	return err
}

// A probe is a driver beneath the audit driver, as a wrapper that counts would be.
type probe struct{ *entsql.Driver }

func (p *probe) Exec(ctx context.Context, query string, args, v any) error {
	return around(ctx, func() error { return p.Driver.Exec(ctx, query, args, v) })
}

func (p *probe) Query(ctx context.Context, query string, args, v any) error {
	return around(ctx, func() error { return p.Driver.Query(ctx, query, args, v) })
}

func (p *probe) Tx(ctx context.Context) (dialect.Tx, error) { return p.BeginTx(ctx, nil) }

func (p *probe) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	tx, err := p.Driver.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &probeTx{tx.(*entsql.Tx)}, nil
}

// unprepared is a probe that does not tell which database it leads to: a mutation and its record are never one statement.
type unprepared struct{ *probe }

// DB hides the driver's.
func (unprepared) DB() {}

type probeTx struct{ *entsql.Tx }

func (tx *probeTx) Exec(ctx context.Context, query string, args, v any) error {
	return around(ctx, func() error { return tx.Tx.Exec(ctx, query, args, v) })
}

func (tx *probeTx) Query(ctx context.Context, query string, args, v any) error {
	return around(ctx, func() error { return tx.Tx.Query(ctx, query, args, v) })
}

// commented is a driver that puts a comment behind each statement, as ariga.io/sqlcomment does.
type commented struct{ *probe }

func comment(query string) string {
	return strings.TrimRight(query, "; ") + " /*route='%2Fsearch',db_driver='ent'*/"
}

func (d commented) Exec(ctx context.Context, query string, args, v any) error {
	return d.probe.Exec(ctx, comment(query), args, v)
}

func (d commented) Query(ctx context.Context, query string, args, v any) error {
	return d.probe.Query(ctx, comment(query), args, v)
}

func (d commented) Tx(ctx context.Context) (dialect.Tx, error) { return d.BeginTx(ctx, nil) }

func (d commented) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	tx, err := d.probe.BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return commentedTx{tx.(*probeTx)}, nil
}

type commentedTx struct{ *probeTx }

func (tx commentedTx) Exec(ctx context.Context, query string, args, v any) error {
	return tx.probeTx.Exec(ctx, comment(query), args, v)
}

func (tx commentedTx) Query(ctx context.Context, query string, args, v any) error {
	return tx.probeTx.Query(ctx, comment(query), args, v)
}

// errRevoked is that of a hook or a probe of this package.
var errRevoked = errors.New("search: refused by a hook")
