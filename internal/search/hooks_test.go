package search

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"entgo.io/ent"

	gen "github.com/sqlaudit/sqlaudit/internal/conformance/ent"
)

type sessionKey struct{}

// watch writes down each mutation in the session that its context is of.
func watch(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		s, _ := ctx.Value(sessionKey{}).(*session)
		if s == nil {
			return next.Mutate(ctx, m)
		}
		s.note("%s", render(m))
		return next.Mutate(ctx, m)
	})
}

// render returns a mutation as Go would write it, more or less.
func render(m ent.Mutation) string {
	var b strings.Builder
	id := reflect.ValueOf(m).MethodByName("ID")
	fmt.Fprintf(&b, "%s.%s(", m.Type(), strings.TrimPrefix(m.Op().String(), "Op"))
	if id.IsValid() {
		if out := id.Call(nil); out[1].Bool() {
			fmt.Fprintf(&b, "%#v", out[0].Interface())
		}
	}
	b.WriteByte(')')
	fields := m.Fields()
	slices.Sort(fields)
	for _, f := range fields {
		v, _ := m.Field(f)
		fmt.Fprintf(&b, ".Set(%s, %s)", f, brief(v))
	}
	for _, f := range m.AddedFields() {
		v, _ := m.AddedField(f)
		fmt.Fprintf(&b, ".Add(%s, %v)", f, v)
	}
	for _, f := range m.ClearedFields() {
		fmt.Fprintf(&b, ".Clear(%s)", f)
	}
	for _, e := range m.ClearedEdges() {
		fmt.Fprintf(&b, ".Clear(%s)", e)
	}
	for _, e := range m.RemovedEdges() {
		fmt.Fprintf(&b, ".Remove(%s, %v)", e, m.RemovedIDs(e))
	}
	for _, e := range m.AddedEdges() {
		fmt.Fprintf(&b, ".Add(%s, %v)", e, m.AddedIDs(e))
	}
	return b.String()
}

// brief returns a value, cut to a length that one reads.
func brief(v any) string {
	s := fmt.Sprintf("%#v", v)
	if st, ok := v.(fmt.Stringer); ok && reflect.ValueOf(v).Kind() != reflect.Pointer {
		s = st.String()
	}
	if len(s) > 80 {
		return fmt.Sprintf("%s… (%d)", s[:80], len(s))
	}
	return s
}

// A behaviour is what a hook does where its context asks for it.
type behaviour struct {
	name string
	do   func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error)
}

type behaviourKey struct{}

func withBehaviour(ctx context.Context, b *behaviour) context.Context {
	return context.WithValue(ctx, behaviourKey{}, b)
}

func behave(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
		b, _ := ctx.Value(behaviourKey{}).(*behaviour)
		if b == nil {
			return next.Mutate(ctx, m)
		}
		if s, _ := ctx.Value(sessionKey{}).(*session); s != nil {
			s.note("  a hook: %s", b.name)
		}
		return b.do(withBehaviour(ctx, nil), next, m)
	})
}

func clientOf(m ent.Mutation) *gen.Client { return m.(interface{ Client() *gen.Client }).Client() }

var behaviours = []*behaviour{
	{"change the value", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error) {
		for _, f := range []string{"name", "text", "title"} {
			if _, ok := m.Field(f); ok {
				if err := m.SetField(f, "by hook"); err != nil {
					return nil, err
				}
			}
		}
		return next.Mutate(ctx, m)
	}},
	{"veto", func(context.Context, ent.Mutator, ent.Mutation) (ent.Value, error) { return nil, errRevoked }},
	{"fail afterwards", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error) {
		if _, err := next.Mutate(ctx, m); err != nil {
			return nil, err
		}
		return nil, errRevoked
	}},
	{"create another through m.Client()", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error) {
		if err := clientOf(m).Memo.Create().SetText("by hook").Exec(ctx); err != nil {
			return nil, err
		}
		return next.Mutate(ctx, m)
	}},
	{"change others through m.Client() afterwards", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error) {
		v, err := next.Mutate(ctx, m)
		if err != nil {
			return nil, err
		}
		if err := clientOf(m).Twin.Update().SetName("by hook").Exec(ctx); err != nil {
			return nil, err
		}
		return v, clientOf(m).Site.Update().ClearOrg().Exec(ctx)
	}},
	{"change the same rows before", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error) {
		if err := clientOf(m).User.Update().AddAge(1).ClearSpouse().Exec(ctx); err != nil {
			return nil, err
		}
		return next.Mutate(ctx, m)
	}},
	{"delete others through m.Client()", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error) {
		if _, err := clientOf(m).Badge.Delete().Exec(ctx); err != nil {
			return nil, err
		}
		return next.Mutate(ctx, m)
	}},
	{"try again", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (v ent.Value, err error) {
		for range 3 {
			if v, err = next.Mutate(ctx, m); err == nil {
				break
			}
		}
		return v, err
	}},
	{"do it twice", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error) {
		if _, err := next.Mutate(ctx, m); err != nil {
			return nil, err
		}
		return next.Mutate(ctx, m)
	}},
	{"panic afterwards", func(ctx context.Context, next ent.Mutator, m ent.Mutation) (ent.Value, error) {
		_, _ = next.Mutate(ctx, m)
		panic(errRevoked)
	}},
}
