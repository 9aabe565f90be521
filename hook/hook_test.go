package hook

import (
	"context"
	"errors"
	"testing"

	"entgo.io/ent"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/mixin"
)

// A mutation of a package that was generated without the extension.
type mutation struct{ ent.Mutation }

func (mutation) Type() string { return "Customer" }

func TestArrange(t *testing.T) {
	other := func(name string, order *[]string) ent.Hook {
		return func(next ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
				*order = append(*order, name)
				return next.Mutate(ctx, m)
			})
		}
	}
	var order []string
	hooks := []ent.Hook{other("a", &order), New(), other("b", &order), other("c", &order)}
	Arrange(hooks)
	require.True(t, mixin.IsHook(hooks[3]), "the hook is the innermost")
	nop := ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) { return nil, nil })
	for _, h := range hooks[:3] {
		_, _ = h(nop).Mutate(context.Background(), mutation{})
	}
	require.Equal(t, []string{"a", "b", "c"}, order, "the others keep their order")
	Arrange(hooks)
	require.Equal(t, 3, find(hooks), "doing it again changes nothing")

	Arrange(nil)
	late := make([]ent.Hook, 2) // not registered yet
	Arrange(late)
	guard := Guard("Customer", late)(nop)
	late[0], late[1] = New(), other("a", &order)
	_, err := guard.Mutate(context.Background(), mutation{})
	require.NoError(t, err, "the hook came after the client was made")
	_, err = Guard("Customer", late[1:])(nop).Mutate(context.Background(), mutation{})
	require.ErrorIs(t, err, auditlog.ErrHookMissing)
}

func TestRefuse(t *testing.T) {
	boom := errors.New("no")
	_, err := Refuse(boom)(nil).Mutate(context.Background(), nil)
	require.ErrorIs(t, err, boom)
}
