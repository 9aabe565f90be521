package conformance

import (
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/doc"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/patron"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/predicate"
	"github.com/sqlaudit/sqlaudit/internal/conformance/ent/user"
)

var selected = regexp.MustCompile("SELECT [`\"]audit_logs[`\"]\\.[`\"]id[`\"],.*? FROM")

// statement returns what was asked.
func (l *listener) statement() string {
	args := make([]string, len(l.args))
	for i, a := range l.args {
		args[i] = fmt.Sprint(a)
	}
	return selected.ReplaceAllString(l.query, "SELECT … FROM") + "\n-- " + strings.Join(args, ", ")
}

// TestFilterSQL holds the statements that filters and pages make against those in testdata.
func TestFilterSQL(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.FixedZone("", 3600))
	filters := []struct {
		name  string
		where predicate.AuditLog
	}{
		{"user.HistoryOf(7, 8)", user.HistoryOf(7, 8)},
		{"Resource without ids", auditlog.Resource("User")},
		{"Actor", auditlog.Actor(7, sqlaudit.Actor{ID: "8", Type: "Job"})},
		{"Impersonator", auditlog.Impersonator(7)},
		{"During", auditlog.During(at, at.Add(time.Hour))},
		{"During, open", auditlog.During(time.Time{}, time.Time{})},
		{"Metadata", auditlog.Metadata(`a"b`)},
		{"MetadataValue", auditlog.MetadataValue("ip", "::1")},
		{"FieldChanged", auditlog.FieldChanged("name", "email")},
		{"user.EmailChanged", user.EmailChanged()},
		{"user.EmailChangedFrom", user.EmailChangedFrom("a")},
		{"user.AgeChangedTo", user.AgeChangedTo(7)},
		{"user.AgeChangedToNil", user.AgeChangedToNil()},
		{"doc.ScoreChangedTo", doc.ScoreChangedTo(0.1)},
		{"doc.DueChangedTo", doc.DueChangedTo(at)},
		{"doc.ExtraChangedTo", doc.ExtraChangedTo(map[string]any{"b": 1, "a": []any{nil}})},
		{"user.FriendsAdded", user.FriendsAdded(7)},
		{"user.GroupsRemoved", user.GroupsRemoved(uuid.Nil)},
		{"patron.HistoryOf(7), which had other labels", patron.HistoryOf(7)},
		{"patron.EmailChangedTo, which had other names", patron.EmailChangedTo("a")},
		{"patron.MatesAdded, which had another name", patron.MatesAdded(7)},
		{"Not", auditlog.Not(user.EmailChangedTo("a"))},
	}
	eachBackend(t, func(t *testing.T, b backend, db *sql.DB) {
		e := newEnv(t, b, db)
		e.cards("a", "b", "c")
		say := func(name string, read func(*ent.Client) error) string {
			l := &listener{Driver: entsql.OpenDB(b.dialect, db)}
			require.NoError(t, read(ent.NewClient(ent.Driver(l))))
			return fmt.Sprintf("-- %s\n%s\n\n", name, l.statement())
		}
		out := ""
		for _, f := range filters {
			out += say(f.name, func(c *ent.Client) error {
				_, err := c.AuditLog.Query().Where(f.where).All(e.ctx)
				return err
			})
		}
		b.golden(t, "filters/all", out)
		out = ""
		next := e.page(t, sqlaudit.PageArgs{Size: 1}).Next
		for _, p := range []struct {
			name string
			args sqlaudit.PageArgs
		}{
			{"the first", sqlaudit.PageArgs{}},
			{"after", sqlaudit.PageArgs{Size: 10, After: next}},
			{"before", sqlaudit.PageArgs{Size: 10, Before: next}},
			{"newest first, after", sqlaudit.PageArgs{Size: 10, After: next, NewestFirst: true}},
			{"newest first, before", sqlaudit.PageArgs{Size: 10, Before: next, NewestFirst: true}},
		} {
			out += say(p.name, func(c *ent.Client) error {
				_, err := c.AuditLog.Query().Where(auditlog.ResourceType("Card")).Page(e.ctx, p.args)
				return err
			})
		}
		b.golden(t, "pages/all", out)
	})
}
