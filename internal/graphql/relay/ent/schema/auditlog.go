package schema

import (
	"context"

	"entgo.io/ent"
	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqljson"

	"github.com/sqlaudit/sqlaudit"
	gen "github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent/intercept"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/ent/privacy"
	"github.com/sqlaudit/sqlaudit/internal/graphql/relay/viewer"
)

// AuditLog is the log. A tenant's viewers read what was done for the tenant. Auditors read all of it, others what they did themselves, but for what was done to users, and nobody reads nothing.
type AuditLog struct{ ent.Schema }

// Mixin implements ent.Interface.
func (AuditLog) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.LogMixin{}} }

// Policy implements ent.Interface.
func (AuditLog) Policy() ent.Policy {
	return privacy.Policy{Query: privacy.QueryPolicy{
		privacy.AuditLogQueryRuleFunc(func(ctx context.Context, q *gen.AuditLogQuery) error {
			if v := viewer.FromContext(ctx); v.Tenant != "" {
				q.Where(func(s *sql.Selector) {
					s.Where(sqljson.ValueEQ(s.C(auditlog.FieldMetadata), v.Tenant, sqljson.Path("tenant")))
				})
			}
			return privacy.Skip
		}),
		privacy.AuditLogQueryRuleFunc(func(ctx context.Context, q *gen.AuditLogQuery) error {
			v := viewer.FromContext(ctx)
			switch {
			case v.Auditor:
				return privacy.Allow
			case v.ID == "":
				return privacy.Denyf("nobody reads the log")
			}
			q.Where(auditlog.ActorID(v.ID))
			return privacy.Allow
		}),
	}}
}

// Interceptors implements ent.Interface.
func (AuditLog) Interceptors() []ent.Interceptor {
	return []ent.Interceptor{
		intercept.TraverseAuditLog(func(ctx context.Context, q *gen.AuditLogQuery) error {
			if !viewer.FromContext(ctx).Auditor {
				q.Where(auditlog.ResourceTypeNEQ("Staff"))
			}
			return nil
		}),
	}
}
