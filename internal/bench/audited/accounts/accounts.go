// Package accounts makes the changes that the benchmarks of writes measure. The package of the same name in internal/bench/bare makes the same ones
// without a log: it is this file with other imports.
package accounts

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"

	"github.com/sqlaudit/sqlaudit/internal/bench/audited/ent"
	"github.com/sqlaudit/sqlaudit/internal/bench/audited/ent/account"
)

// Accounts are those in a database.
type Accounts struct{ client *ent.Client }

// On returns the accounts that a driver leads to.
func On(drv dialect.Driver) *Accounts { return &Accounts{ent.NewClient(ent.Driver(drv))} }

// Migrate creates the tables.
func (a *Accounts) Migrate(ctx context.Context) error { return a.client.Schema.Create(ctx) }

// Email returns the address of the n-th account.
func Email(n int) string { return fmt.Sprintf("account%d@example.com", n) }

func (a *Accounts) create(n, region int) *ent.AccountCreate {
	return a.client.Account.Create().SetName("An account").SetEmail(Email(n)).SetCity("Vienna").SetBalance(int64(n)).SetRegion(region)
}

// Create creates an account and returns its id.
func (a *Accounts) Create(ctx context.Context, n, region int) (int, error) {
	c, err := a.create(n, region).Save(ctx)
	if err != nil {
		return 0, err
	}
	return c.ID, nil
}

// CreateBulk creates so many accounts and returns their ids.
func (a *Accounts) CreateBulk(ctx context.Context, many, region int) ([]int, error) {
	all := make([]*ent.AccountCreate, many)
	for n := range all {
		all[n] = a.create(n, region)
	}
	made, err := a.client.Account.CreateBulk(all...).Save(ctx)
	ids := make([]int, len(made))
	for i, c := range made {
		ids[i] = c.ID
	}
	return ids, err
}

// Update sets the balance of an account.
func (a *Accounts) Update(ctx context.Context, id int, balance int64) error {
	return a.client.Account.UpdateOneID(id).SetBalance(balance).Exec(ctx)
}

// UpdateRegion sets the balance of all accounts of a region.
func (a *Accounts) UpdateRegion(ctx context.Context, region int, balance int64) (int, error) {
	return a.client.Account.Update().Where(account.Region(region)).SetBalance(balance).Save(ctx)
}

// UpdateEach sets the balance of each account in one transaction.
func (a *Accounts) UpdateEach(ctx context.Context, ids []int, balance int64) error {
	tx, err := a.client.Tx(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := tx.Account.UpdateOneID(id).SetBalance(balance).Exec(ctx); err != nil {
			_ = tx.Rollback() // the first error says more
			return err
		}
	}
	return tx.Commit()
}

// Delete deletes an account.
func (a *Accounts) Delete(ctx context.Context, id int) error {
	return a.client.Account.DeleteOneID(id).Exec(ctx)
}

// DeleteRegion deletes all accounts of a region.
func (a *Accounts) DeleteRegion(ctx context.Context, region int) (int, error) {
	return a.client.Account.Delete().Where(account.Region(region)).Exec(ctx)
}

// Work does what an application may do, so that all of that is linked into it.
func (a *Accounts) Work(ctx context.Context) error {
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
