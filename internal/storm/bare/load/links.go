// Code generated from internal/storm/load. DO NOT EDIT.

package load

import (
	"context"
	"math/rand/v2"

	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/internal/storm/bare/ent"
	"github.com/sqlaudit/sqlaudit/internal/storm/bare/ent/group"
	"github.com/sqlaudit/sqlaudit/internal/storm/bare/ent/membership"
	"github.com/sqlaudit/sqlaudit/internal/storm/bare/ent/team"
	"github.com/sqlaudit/sqlaudit/internal/storm/bare/ent/user"
)

// groupID returns one of two ids.
func groupID(i int) uuid.UUID { return uuid.UUID{0: 2, 15: byte(i % 2)} }

// links race in join tables, from both sides.
var links = []operation{
	{"create group", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.Group.Create().SetID(groupID(rnd.IntN(2))).SetName(name).AddUserIDs(l.users[rnd.IntN(4)]).Exec(ctx)
	}},
	{"delete group", 1, func(ctx context.Context, _ *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Group.DeleteOneID(groupID(rnd.IntN(2))).Exec(ctx)
	}},
	{"user to group", 2, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.UpdateOneID(l.users[rnd.IntN(4)]).AddGroupIDs(groupID(rnd.IntN(2))).Exec(ctx)
	}},
	{"user out of groups", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.UpdateOneID(l.users[rnd.IntN(4)]).ClearGroups().Exec(ctx)
	}},
	{"group to user", 2, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Group.UpdateOneID(groupID(rnd.IntN(2))).AddSize(1).AddUserIDs(l.users[rnd.IntN(4)]).Exec(ctx)
	}},
	{"groups without user", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Group.Update().Where(group.SizeGTE(0)).RemoveUserIDs(l.users[rnd.IntN(4)]).Exec(ctx)
	}},
	{"groups without users", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Group.Update().Where(group.HasUsersWith(user.ID(l.users[rnd.IntN(4)]))).ClearUsers().Exec(ctx)
	}},
	{"friends", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		i := rnd.IntN(4)
		return c.User.UpdateOneID(l.users[i]).AddFriendIDs(l.users[(i+1+rnd.IntN(3))%4]).Exec(ctx)
	}},
	{"no friends", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.User.UpdateOneID(l.users[rnd.IntN(4)]).ClearFriends().Exec(ctx)
	}},
	{"team to member", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		return c.Team.Update().Where(team.Slug("t")).AddMemberIDs(l.users[rnd.IntN(4)]).Exec(ctx)
	}},
	{"membership", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, name string) error {
		return c.Membership.Update().Where(membership.UserID(l.users[rnd.IntN(4)])).SetRole(name).Exec(ctx)
	}},
	{"no membership", 1, func(ctx context.Context, l *Load, c *ent.Client, rnd *rand.Rand, _ string) error {
		_, err := c.Membership.Delete().Where(membership.UserID(l.users[rnd.IntN(4)])).Exec(ctx)
		return err
	}},
}
