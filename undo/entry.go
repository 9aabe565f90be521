package undo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/sqlaudit/sqlaudit/auditlog"
	"github.com/sqlaudit/sqlaudit/internal/rows"
)

// An entry is what the log says of one change.
type entry struct {
	ID, TxID         uuid.UUID
	Action           string
	Type, ResourceID string
	Before, After    auditlog.Values
	Redacted         []string
	Restores         bool // the change is itself an undoing
}

// touches reports whether e changed a field. A baseline changed nothing.
func (e *entry) touches(field string) bool {
	if e.Action == auditlog.ActionBaseline {
		return false
	}
	_, was := e.Before[field]
	_, is := e.After[field]
	return was || is || slices.Contains(e.Redacted, field)
}

// links returns the ids of an edge's links in one side of an entry, as text.
func links(v auditlog.Values, edge string) ([]string, error) {
	raw, ok := v[edge]
	if !ok {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("sqlaudit: read the links of edge %s: %w", edge, err)
	}
	out := make([]string, len(list))
	for i, raw := range list {
		out[i] = text(raw)
	}
	return out, nil
}

// text returns the text of an id that stands in an entry: see auditlog.IDString.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// log returns a selector of entries.
func (c *Client) log() *sql.Selector {
	b := sql.Dialect(c.Driver.Dialect())
	s := b.Select().From(b.Table(c.Table).Schema(c.TableSchema))
	s.Select(s.Columns(auditlog.ColumnID, auditlog.ColumnTxID, auditlog.ColumnAction, auditlog.ColumnResourceType, auditlog.ColumnResourceID,
		auditlog.ColumnBefore, auditlog.ColumnAfter, auditlog.ColumnRedacted, auditlog.ColumnMetadata)...)
	return s.OrderBy(s.C(auditlog.ColumnID))
}

// entries reads the entries that s selects.
func (c *Client) entries(ctx context.Context, s *sql.Selector) ([]*entry, error) {
	var out []*entry
	return out, rows.Select(ctx, c.Driver, s, "read the log", func(rows *sql.Rows) error {
		e := &entry{}
		var (
			before, after, redacted, metadata []byte
			said                              map[string]json.RawMessage
		)
		if err := rows.Scan(&e.ID, &e.TxID, &e.Action, &e.Type, &e.ResourceID, &before, &after, &redacted, &metadata); err != nil {
			return err
		}
		for _, v := range []struct {
			raw  []byte
			into any
		}{{before, &e.Before}, {after, &e.After}, {redacted, &e.Redacted}, {metadata, &said}} {
			if v.raw == nil {
				continue
			}
			if err := json.Unmarshal(v.raw, v.into); err != nil {
				return fmt.Errorf("entry %s: %w", e.ID, err)
			}
		}
		if t := c.Schema.Label(e.Type); t != nil { // under today's names
			e.Type, e.Before, e.After, e.Redacted = t.Label, t.Rename(e.Before), t.Rename(e.After), t.RenameList(e.Redacted)
		}
		e.Restores = bytes.Contains(said[MetadataKey], []byte(`"reverts"`))
		out = append(out, e)
		return nil
	})
}
