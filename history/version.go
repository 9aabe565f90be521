package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
)

// A Version is an entity as a transaction left it. It says which, what of the entity is known, and the ids at the other end of its edges. It is not
// changed after it was read, and safe for concurrent use.
type Version struct {
	Type, ID string    // the label, and how the log names the entity
	Entry    uuid.UUID // the transaction's last entry about the entity
	TxID     uuid.UUID
	Time     time.Time // of the entry, in UTC
	Action   string    // of the entry
	// Stamp is who made the change, and why.
	auditlog.Stamp

	image  *image
	schema *auditlog.Schema
	build  *auditlog.Build
	fields map[string]string // how edges are recorded, by their names
}

func newVersion(schema *auditlog.Schema, i *image, edges []Edge) (*Version, error) {
	build, err := i.typ.Build(i.id, i.fields)
	if err != nil {
		return nil, err
	}
	v := &Version{
		Type: i.typ.Label, ID: i.id, Entry: i.last.ID, TxID: i.last.tx, Time: auditlog.TimeOf(i.last.ID), Action: i.last.Action, Stamp: i.last.stamp,
		image: i, schema: schema, build: build, fields: make(map[string]string),
	}
	for _, e := range edges {
		if e.Field != "" {
			v.fields[e.Name] = e.Field
		}
	}
	return v, nil
}

// name returns how a field or an edge is recorded.
func (v *Version) name(field string) string {
	if f, ok := v.fields[field]; ok {
		return f
	}
	return field
}

// Known reports whether the entity's field of that name, or its edge, is what it was: tracked, in the log at the time, and readable as the field's type. All others
// have their zero value in the entity, which says nothing. An edge to many is known if the log has the beginning of the entity's life: also one that was added to the
// tracked ones later, which until its baseline has no links as far as the log says.
func (v *Version) Known(field string) bool {
	field = v.name(field)
	return v.build.Errs[field] == nil && v.image.knows(field)
}

// Value returns what a tracked field was, as its own Go type, and nil for NULL. Of an edge to many it returns the ids at the other end as a slice of their Go
// type, and of an edge to one the id, or nil. It fails with ErrUnknown for what is not known, and for what cannot be read as the field's type.
func (v *Version) Value(field string) (any, error) {
	field = v.name(field)
	if err := v.build.Errs[field]; err != nil {
		return nil, err
	}
	if !v.image.knows(field) {
		return nil, fmt.Errorf("%w: %s.%s", ErrUnknown, v.Type, field)
	}
	c := v.schema.Changes(v.Type, nil, auditlog.Values{field: v.image.raw(field)}, nil)[0]
	return c.New, c.Err
}

// EdgeIDs returns the ids at the other end of a tracked edge, as their Go type: of an edge to one, one or none. It fails as Version.Value does, and for ids
// of another type.
func EdgeIDs[ID any](v *Version, edge string) ([]ID, error) {
	value, err := v.Value(edge)
	switch value := value.(type) {
	case nil:
		return nil, err
	case []ID:
		return value, err
	case ID:
		return []ID{value}, err
	default:
		return nil, fmt.Errorf("sqlaudit: the ids of %s.%s are of type %T", v.Type, edge, value)
	}
}

// neighbors returns how the log names the entities of t that an edge leads to.
func (v *Version) neighbors(e Edge, t *auditlog.Type) ([]string, error) {
	var raws []json.RawMessage
	if v.image.typ.Edge(e.Field) != nil {
		raws = v.image.edges[e.Field].IDs()
	} else if raw := v.image.raw(e.Field); raw != nil && !bytes.Equal(raw, []byte("null")) {
		raws = append(raws, raw)
	}
	ids := make([]string, len(raws))
	for i, raw := range raws {
		var err error
		if ids[i], err = t.KeyIn(raw); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Diff returns the change from v to another version, of the same entity or not.
func (v *Version) Diff(to *Version) Diff {
	return difference(v.schema, v.Type, to.ID, v.image, to.image)
}

// array returns ids as a JSON array.
func array(ids []json.RawMessage) json.RawMessage {
	raw := make([][]byte, len(ids))
	for i, id := range ids {
		raw[i] = id
	}
	return append(append([]byte{'['}, bytes.Join(raw, []byte{','})...), ']')
}
