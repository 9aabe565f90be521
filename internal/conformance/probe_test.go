package conformance

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// errFault is the error of an injected fault.
var errFault = errors.New("injected fault")

// A probe is a driver beneath the audit driver. It notes statements, each of which is a round trip, and can make one fail.
type probe struct {
	dialect.Driver
	mu    sync.Mutex
	calls []string
	// fault returns errFault for the call that is to fail, given its number from 1. After says that the call is made first.
	fault func(n int, call string) error
	after bool
	// asked is told of queries, if it is set.
	asked func(query string, args any)
}

// A preparingProbe says which database it leads to.
type preparingProbe struct{ *probe }

// DB returns the database.
func (p preparingProbe) DB() *sql.DB { return p.Driver.(*entsql.Driver).DB() }

// reset forgets what was noted.
func (p *probe) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.fault, p.after = nil, nil, false
}

// noted returns the calls since reset, each by its first word and what makes it tell apart.
func (p *probe) noted() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var kinds []string
	for _, c := range p.calls {
		word, rest, _ := strings.Cut(c, " ")
		if word == "WITH" {
			switch {
			case strings.Contains(rest, `UPDATE "`):
				word = "UPDATE"
			case strings.Contains(rest, "DELETE FROM"):
				word = "DELETE"
			default:
				word = "INSERT"
			}
		}
		if strings.Contains(rest, "audit_logs") {
			word += " log"
		}
		kinds = append(kinds, word)
	}
	return kinds
}

func (p *probe) do(query string, call func() error) error {
	p.mu.Lock()
	p.calls = append(p.calls, query)
	fault, after := p.fault, p.after
	n := len(p.calls)
	p.mu.Unlock()
	if fault == nil || query == "ROLLBACK" {
		return call()
	}
	if !after {
		if err := fault(n, query); err != nil {
			return err
		}
		return call()
	}
	if err := call(); err != nil {
		return err
	}
	return fault(n, query)
}

func (p *probe) Exec(ctx context.Context, query string, args, v any) error {
	return p.do(query, func() error { return p.Driver.Exec(ctx, query, args, v) })
}

func (p *probe) Query(ctx context.Context, query string, args, v any) error {
	return p.do(query, func() error { return p.query(ctx, p.Driver, query, args, v) })
}

// query closes the rows of a query whose fault comes after it.
func (p *probe) query(ctx context.Context, ex dialect.ExecQuerier, query string, args, v any) error {
	if p.asked != nil {
		p.asked(query, args)
	}
	if err := ex.Query(ctx, query, args, v); err != nil {
		return err
	}
	p.mu.Lock()
	fault, after, n := p.fault, p.after, len(p.calls)
	p.mu.Unlock()
	if fault != nil && after && fault(n, query) != nil {
		return errors.Join(v.(*entsql.Rows).Close())
	}
	return nil
}

func (p *probe) Tx(ctx context.Context) (dialect.Tx, error) { return p.BeginTx(ctx, nil) }

func (p *probe) BeginTx(ctx context.Context, opts *sql.TxOptions) (dialect.Tx, error) {
	var tx dialect.Tx
	err := p.do("BEGIN", func() (err error) {
		tx, err = p.Driver.(*entsql.Driver).BeginTx(ctx, opts)
		return err
	})
	if err != nil {
		if tx != nil {
			_ = tx.Rollback()
		}
		return nil, err
	}
	return &probeTx{Tx: tx, p: p}, nil
}

func (p *probe) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.Driver.(*entsql.Driver).ExecContext(ctx, query, args...)
}

func (p *probe) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.Driver.(*entsql.Driver).QueryContext(ctx, query, args...)
}

type probeTx struct {
	dialect.Tx
	p *probe
}

func (tx *probeTx) Exec(ctx context.Context, query string, args, v any) error {
	return tx.p.do(query, func() error { return tx.Tx.Exec(ctx, query, args, v) })
}

func (tx *probeTx) Query(ctx context.Context, query string, args, v any) error {
	return tx.p.do(query, func() error { return tx.p.query(ctx, tx.Tx, query, args, v) })
}

func (tx *probeTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.Tx.(*entsql.Tx).ExecContext(ctx, query, args...)
}

func (tx *probeTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.Tx.(*entsql.Tx).QueryContext(ctx, query, args...)
}

// Commit ends the transaction even if the fault comes first, as a lost connection would.
func (tx *probeTx) Commit() error {
	done := false
	err := tx.p.do("COMMIT", func() error {
		done = true
		return tx.Tx.Commit()
	})
	if !done {
		err = errors.Join(err, tx.Tx.Rollback())
	}
	return err
}

func (tx *probeTx) Rollback() error { return tx.p.do("ROLLBACK", tx.Tx.Rollback) }
