package extension

import (
	"testing"

	"entgo.io/ent/entc/gen"
	"github.com/stretchr/testify/require"
)

// Databases differ in whose action they take, where two edges declare one column's foreign key: what may go is read.
func TestForeignKeyOfTwoEdges(t *testing.T) {
	lid := &typ{Type: &gen.Type{Name: "Lid"}}
	for _, cascade := range []bool{false, true, false} {
		require.NoError(t, lid.addForeignKey(&foreignKey{Column: "crate_id", References: "Crate", Cascade: cascade}))
	}
	require.Equal(t, []*foreignKey{{Column: "crate_id", References: "Crate", Cascade: true}}, lid.ForeignKeys)
}
