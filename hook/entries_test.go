package hook

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// What an update returns and nobody has read before cannot be told from a row that came: it is no creation.
func TestChangedUnread(t *testing.T) {
	customers := &auditlog.Type{Name: "Customer", Key: []string{"id"}, Identity: auditlog.Identity{Label: "Customer"}}
	auditlog.NewSchema(customers)
	row := func(id string) *auditlog.Row { return &auditlog.Row{Text: id, ID: id} }
	o := &operation{target: Target{Type: customers}, updates: true, issued: 1}
	im := o.image(customers)
	o.add(customers, []*auditlog.Row{row("1")})
	changed := func() error { return o.changed(t.Context(), im, &drafts{op: o, byID: make(map[draftKey]*draft)}) }
	o.are(customers, []*auditlog.Row{row("1")}, true)
	require.NoError(t, changed())
	o.are(customers, []*auditlog.Row{row("2")}, true)
	require.ErrorContains(t, changed(), "the update changed Customer 2, which was not there when it was read")
}
