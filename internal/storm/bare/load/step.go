// Code generated from internal/storm/load. DO NOT EDIT.

package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/sqlaudit/sqlaudit/internal/storm/bare/ent"
)

// Step makes one change, or some in a transaction, and returns the name of the operation or of the transaction's end. What it
// tries depends on rnd and name alone; name is unique.
func (l *Load) Step(ctx context.Context, rnd *rand.Rand, name string) (string, error) {
	if rnd.IntN(3) > 0 {
		op := pick(rnd)
		return op.name, op.do(ctx, l, l.client, rnd, name)
	}
	end := endings[rnd.IntN(len(endings))]
	tx, err := l.client.Tx(ctx)
	if err != nil {
		return end.name, err
	}
	return end.name, end.run(ctx, l, tx, rnd, name)
}

func pick(rnd *rand.Rand) operation {
	all := everything()
	sum := 0
	for _, op := range all {
		sum += op.weight
	}
	n := rnd.IntN(sum)
	for _, op := range all {
		if n -= op.weight; n < 0 {
			return op
		}
	}
	panic("unreachable")
}

func everything() []operation { return slices.Concat(operations, links, upserts) }

// An ending is what a transaction comes to.
type ending struct {
	name  string
	fails bool // even if it is committed
	run   func(ctx context.Context, l *Load, tx *ent.Tx, rnd *rand.Rand, name string) error
}

var endings = []ending{
	{"tx, commit", false, func(ctx context.Context, l *Load, tx *ent.Tx, rnd *rand.Rand, name string) error {
		if err := l.some(ctx, tx, rnd, name); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}},
	{"tx, rollback", false, func(ctx context.Context, l *Load, tx *ent.Tx, rnd *rand.Rand, name string) error {
		return errors.Join(l.some(ctx, tx, rnd, name), tx.Rollback())
	}},
	// A mutation fails half done, and the transaction is committed nevertheless.
	{"tx, failure, commit", true, func(ctx context.Context, l *Load, tx *ent.Tx, rnd *rand.Rand, name string) error {
		err := l.some(ctx, tx, rnd, name+"a")
		failure := l.fail(ctx, tx, rnd)
		return errors.Join(err, failure, l.some(ctx, tx, rnd, name+"b"), tx.Commit())
	}},
	{"tx, failure, savepoint, commit", true, func(ctx context.Context, l *Load, tx *ent.Tx, rnd *rand.Rand, name string) error {
		if err := l.some(ctx, tx, rnd, name+"a"); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if _, err := tx.ExecContext(ctx, "SAVEPOINT s"); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		failure := l.fail(ctx, tx, rnd)
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT s"); err != nil {
			return errors.Join(failure, err, tx.Rollback())
		}
		if err := l.some(ctx, tx, rnd, name+"b"); err != nil {
			return errors.Join(failure, err, tx.Rollback())
		}
		return errors.Join(failure, tx.Commit())
	}},
}

// some makes up to three mutations in a transaction, up to the first that fails.
func (l *Load) some(ctx context.Context, tx *ent.Tx, rnd *rand.Rand, name string) error {
	for i := range 1 + rnd.IntN(3) {
		if err := pick(rnd).do(ctx, l, tx.Client(), rnd, fmt.Sprintf("%s.%d", name, i)); err != nil {
			return err
		}
	}
	return nil
}

// fail makes a mutation that fails: outright, or after it has changed something.
func (l *Load) fail(ctx context.Context, tx *ent.Tx, rnd *rand.Rand) error {
	if rnd.IntN(2) == 0 {
		return tx.User.Create().SetName("w").SetEmail("u0@x").Exec(ctx)
	}
	return tx.User.UpdateOneID(l.users[rnd.IntN(4)]).AddAge(1).AddPetIDs(petID(0), petID(1), petID(2), petID(3)).Exec(ctx)
}

// Names returns the names of all steps that can succeed.
func Names() []string {
	var names []string
	for _, op := range everything() {
		names = append(names, op.name)
	}
	for _, end := range endings {
		if !end.fails {
			names = append(names, end.name)
		}
	}
	return names
}
