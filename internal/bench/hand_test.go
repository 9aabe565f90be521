package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	bare "github.com/sqlaudit/sqlaudit/internal/bench/bare/accounts"
)

const actor = "alice"

// hand keeps a log by hand, as well as one can who writes it for this one table: a transaction of a read that locks the rows, ent's own operation, and one
// insert of all entries in the fastest form known for the database.
type hand struct {
	accounts // without a log
	drv      dialect.Driver
}

// An account is a row as it is recorded.
type account struct {
	ID      int     `json:"-"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	City    *string `json:"city"`
	Balance int64   `json:"balance"`
	Active  bool    `json:"active"`
	Region  int     `json:"region"`
}

// An own is an entry of the log by hand. Its tags are of what it is in a parameter that holds many.
type own struct {
	ID       uuid.UUID `json:"i"`
	Resource string    `json:"r"`
	Old      string    `json:"o,omitempty"`
	New      string    `json:"n,omitempty"`
}

// inTx runs f in a transaction, and writes the entries that it returns at its end.
func (h hand) inTx(ctx context.Context, action string, f func(dialect.Tx, *bare.Accounts) ([]own, error)) error {
	tx, err := h.drv.Tx(ctx)
	if err != nil {
		return err
	}
	entries, err := f(tx, bare.On(onTx{tx, h.drv.Dialect()}))
	if err == nil {
		err = h.write(ctx, tx, action, entries)
	}
	if err != nil {
		_ = tx.Rollback() // the first error says more
		return err
	}
	return tx.Commit()
}

// onTx is a driver of which all goes to a transaction.
type onTx struct {
	dialect.ExecQuerier
	name string
}

// Tx implements dialect.Driver.
func (d onTx) Tx(context.Context) (dialect.Tx, error) { return dialect.NopTx(d), nil }

// Close implements dialect.Driver.
func (onTx) Close() error { return nil }

// Dialect implements dialect.Driver.
func (d onTx) Dialect() string { return d.name }

// locked reads and locks the accounts that a condition with one parameter matches.
func (h hand) locked(ctx context.Context, tx dialect.Tx, where string, arg any) ([]account, error) {
	query := "SELECT id, name, email, city, balance, active, region FROM accounts WHERE " + where + " = "
	switch h.drv.Dialect() {
	case dialect.Postgres:
		query += "$1 FOR UPDATE"
	case dialect.MySQL:
		query += "? FOR UPDATE"
	default:
		query += "?"
		if err := tx.Exec(ctx, "DELETE FROM audit_logs WHERE 0", []any{}, nil); err != nil { // or two writers fail who both read
			return nil, err
		}
	}
	rows := &entsql.Rows{}
	if err := tx.Query(ctx, query, []any{arg}, rows); err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []account
	for rows.Next() {
		var a account
		if err := rows.Scan(&a.ID, &a.Name, &a.Email, &a.City, &a.Balance, &a.Active, &a.Region); err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

func entryOf(id int, before, after any) (own, error) {
	e := own{ID: uuid.Must(uuid.NewV7()), Resource: strconv.Itoa(id)}
	for _, v := range []struct {
		from any
		to   *string
	}{{before, &e.Old}, {after, &e.New}} {
		if v.from != nil {
			text, err := json.Marshal(v.from)
			if err != nil {
				return e, err
			}
			*v.to = string(text)
		}
	}
	return e, nil
}

func newAccount(n, region int) account {
	city := "Vienna"
	return account{Name: "An account", Email: bare.Email(n), City: &city, Balance: int64(n), Active: true, Region: region}
}

func (h hand) Create(ctx context.Context, n, region int) (id int, err error) {
	return id, h.inTx(ctx, "create", func(_ dialect.Tx, a *bare.Accounts) ([]own, error) {
		if id, err = a.Create(ctx, n, region); err != nil {
			return nil, err
		}
		e, err := entryOf(id, nil, newAccount(n, region))
		return []own{e}, err
	})
}

func (h hand) CreateBulk(ctx context.Context, many, region int) (ids []int, err error) {
	return ids, h.inTx(ctx, "create", func(_ dialect.Tx, a *bare.Accounts) ([]own, error) {
		if ids, err = a.CreateBulk(ctx, many, region); err != nil {
			return nil, err
		}
		entries := make([]own, len(ids))
		for n, id := range ids {
			if entries[n], err = entryOf(id, nil, newAccount(n, region)); err != nil {
				return nil, err
			}
		}
		return entries, nil
	})
}

// balances is what an update changes.
type balances struct {
	Balance int64 `json:"balance"`
}

func changed(rows []account, balance int64) ([]own, error) {
	var entries []own
	for _, a := range rows {
		if a.Balance == balance {
			continue
		}
		e, err := entryOf(a.ID, balances{a.Balance}, balances{balance})
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (h hand) Update(ctx context.Context, id int, balance int64) error {
	return h.inTx(ctx, "update", func(tx dialect.Tx, a *bare.Accounts) ([]own, error) {
		rows, err := h.locked(ctx, tx, "id", id)
		if err != nil {
			return nil, err
		}
		if err := a.Update(ctx, id, balance); err != nil {
			return nil, err
		}
		return changed(rows, balance)
	})
}

func (h hand) UpdateRegion(ctx context.Context, region int, balance int64) (n int, err error) {
	return n, h.inTx(ctx, "update", func(tx dialect.Tx, a *bare.Accounts) ([]own, error) {
		rows, err := h.locked(ctx, tx, "region", region)
		if err != nil {
			return nil, err
		}
		if n, err = a.UpdateRegion(ctx, region, balance); err != nil {
			return nil, err
		}
		return changed(rows, balance)
	})
}

func (h hand) UpdateEach(ctx context.Context, ids []int, balance int64) error {
	return h.inTx(ctx, "update", func(tx dialect.Tx, a *bare.Accounts) ([]own, error) {
		var all []account
		for _, id := range ids {
			rows, err := h.locked(ctx, tx, "id", id)
			if err != nil {
				return nil, err
			}
			if err := a.Update(ctx, id, balance); err != nil {
				return nil, err
			}
			all = append(all, rows...)
		}
		return changed(all, balance)
	})
}

func gone(rows []account) (entries []own, err error) {
	entries = make([]own, len(rows))
	for i, a := range rows {
		if entries[i], err = entryOf(a.ID, a, nil); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func (h hand) Delete(ctx context.Context, id int) error {
	return h.inTx(ctx, "delete", func(tx dialect.Tx, a *bare.Accounts) ([]own, error) {
		rows, err := h.locked(ctx, tx, "id", id)
		if err != nil {
			return nil, err
		}
		if err := a.Delete(ctx, id); err != nil {
			return nil, err
		}
		return gone(rows)
	})
}

func (h hand) DeleteRegion(ctx context.Context, region int) (n int, err error) {
	return n, h.inTx(ctx, "delete", func(tx dialect.Tx, a *bare.Accounts) ([]own, error) {
		rows, err := h.locked(ctx, tx, "region", region)
		if err != nil {
			return nil, err
		}
		if n, err = a.DeleteRegion(ctx, region); err != nil {
			return nil, err
		}
		return gone(rows)
	})
}

// write inserts the entries of a transaction.
func (h hand) write(ctx context.Context, tx dialect.Tx, action string, entries []own) error {
	const columns = "INSERT INTO audit_logs (id, tx_id, occurred_at, action, resource_type, resource_id, actor_id, old_values, new_values) "
	txID, now := uuid.Must(uuid.NewV7()), time.Now().UTC()
	switch h.drv.Dialect() {
	case dialect.Postgres:
		ids, resources, olds, news := make([]string, len(entries)), make([]string, len(entries)), make([]*string, len(entries)), make([]*string, len(entries))
		for i := range entries {
			e := &entries[i]
			ids[i], resources[i], olds[i], news[i] = e.ID.String(), e.Resource, orNull(e.Old), orNull(e.New)
		}
		return tx.Exec(ctx, columns+"SELECT e.i, $1, $2, $3, 'Account', e.r, $4, e.o, e.n FROM unnest($5::uuid[], $6::text[], $7::jsonb[], $8::jsonb[]) AS e (i, r, o, n)",
			[]any{txID.String(), now, action, actor, ids, resources, olds, news}, nil)
	case dialect.MySQL:
		text, err := json.Marshal(entries)
		if err != nil {
			return err
		}
		return tx.Exec(ctx, columns+"SELECT e.i, ?, ?, ?, 'Account', e.r, ?, e.o, e.n FROM JSON_TABLE(?, '$[*]' COLUMNS ("+
			"i CHAR(36) PATH '$.i', r VARCHAR(255) PATH '$.r', o LONGTEXT PATH '$.o', n LONGTEXT PATH '$.n')) AS e", []any{txID.String(), now, action, actor, string(text)}, nil)
	}
	const most = 8000 // SQLite takes 32,766 parameters
	for len(entries) > 0 {
		part := entries[:min(most, len(entries))]
		entries = entries[len(part):]
		args := []any{txID.String(), now, action, actor}
		var b strings.Builder
		b.WriteString(columns + "VALUES ")
		for i, e := range part {
			if i > 0 {
				b.WriteString(", ")
			}
			n := len(args)
			fmt.Fprintf(&b, "(?%d, ?1, ?2, ?3, 'Account', ?%d, ?4, ?%d, ?%d)", n+1, n+2, n+3, n+4)
			args = append(args, e.ID.String(), e.Resource, orNull(e.Old), orNull(e.New))
		}
		if err := tx.Exec(ctx, b.String(), args, nil); err != nil {
			return err
		}
	}
	return nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
