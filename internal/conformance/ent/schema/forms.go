package schema

import (
	"math/big"
	"net"
	"net/netip"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"github.com/shopspring/decimal"

	"github.com/sqlaudit/sqlaudit"
	"github.com/sqlaudit/sqlaudit/internal/conformance/kinds"
)

// Parcel has fields of Go types of many forms.
type Parcel struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Parcel) Mixin() []ent.Mixin { return []ent.Mixin{sqlaudit.Mixin{}.Track()} }

// Fields implements ent.Interface.
func (Parcel) Fields() []ent.Field {
	number := map[string]string{dialect.SQLite: "text", dialect.Postgres: "numeric(30,10)", dialect.MySQL: "decimal(30,10)"}
	return []ent.Field{
		field.Other("weight", decimal.Decimal{}).SchemaType(number).Optional().Nillable(),
		field.Other("insured", decimal.NullDecimal{}).SchemaType(number).Optional(),
		field.String("serial").GoType(&big.Int{}).ValueScanner(kinds.BigScanner).Optional(),
		field.Int64("transit").GoType(time.Duration(0)).Optional().Nillable(),
		field.Bytes("origin").GoType(net.IP{}).Optional(),
		field.String("relay").GoType(netip.Addr{}).ValueScanner(kinds.AddrScanner).Optional(),
		field.JSON("route", &kinds.Route{}).Optional(),
		field.JSON("count", (**int)(nil)).Optional(),
		field.Int64("grade").GoType(kinds.Grade{}).Optional(),
		field.String("span").GoType(kinds.Span{}).Optional().Nillable(),
		field.Bytes("seal").GoType(kinds.Seal{}).Optional(),
		field.String("fee").GoType(kinds.Fee{}).Optional().Nillable(),
		field.String("tip").GoType(kinds.Fee{}).Optional(),
		field.String("wave").GoType(kinds.Wave{}).ValueScanner(kinds.WaveScanner).Optional(),
		field.JSON("stamps", []netip.Addr{}).Optional(),
		field.Time("sent").Optional(),
	}
}

// Patron was Client, and before that Guest. Its fields and edges had other names and types.
type Patron struct{ ent.Schema }

// Mixin implements ent.Interface.
func (Patron) Mixin() []ent.Mixin {
	return []ent.Mixin{sqlaudit.Mixin{RenamedFrom: []string{"Client", "Guest"}}.Track()}
}

// Fields implements ent.Interface.
func (Patron) Fields() []ent.Field {
	return []ent.Field{
		field.String("email").Annotations(sqlaudit.RenamedFrom("mail", "address")),
		field.String("phone").Optional(),                                       // was an integer
		field.Enum("tier").Values("silver", "gold").Default("silver"),          // was any text
		field.Float("visits").Default(0),                                       // was an integer
		field.Int8("stars").Optional(),                                         // was a larger integer
		field.Int("floor").Optional().Annotations(sqlaudit.RenamedFrom("lvl")), // was text
		field.String("note").Optional().Nillable(),                             // was NOT NULL
		field.Int("sponsor_id").Optional(),                                     // was no field
		field.String("pin").Optional().Sensitive().Annotations(sqlaudit.RenamedFrom("code")),
	}
}

// Edges implements ent.Interface.
func (Patron) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("sponsored", Patron.Type).From("sponsor").Unique().Field("sponsor_id").Annotations(sqlaudit.RenamedFrom("sponsor")),
		edge.To("mates", Patron.Type).Annotations(sqlaudit.RenamedFrom("friends")),
	}
}
