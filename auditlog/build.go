package auditlog

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
)

// A Build is an entity made of what the log has of it.
type Build struct {
	// Node is the entity, as ent would have read it. What is not known has its zero value.
	Node any
	// Values are those of the columns that are known, as a driver takes them, with nil for NULL.
	Values map[string]driver.Value
	// Errs says, by the names of recorded fields, why a value could not be read as the field's type. Such a field is not known.
	Errs map[string]error
}

// Build makes an entity of its id in the log and the recorded values of its fields. It fails for an id that the type cannot read.
func (t *Type) Build(id string, fields Values) (*Build, error) {
	b := &Build{Values: make(map[string]driver.Value), Errs: make(map[string]error)}
	columns := make([]string, len(t.Identity.Columns))
	for i, c := range t.Identity.Columns {
		columns[i] = c.Name
	}
	dest, err := t.ScanValues(columns)
	if err != nil {
		return nil, err
	}
	if err := ParseKey(id, dest...); err != nil {
		return nil, fmt.Errorf("sqlaudit: read the id of %s %q: %w", t.Name, id, err)
	}
	for i, c := range columns {
		if b.Values[c], err = NewCell(dest[i]).Value(); err != nil {
			return nil, err
		}
	}
	for _, f := range t.Fields {
		raw, ok := fields[f.Name]
		if !ok || f.Sensitive || slices.Contains(columns, f.Column) {
			continue
		}
		d, v, err := t.read(f, raw)
		if err != nil {
			b.Errs[f.Name] = fmt.Errorf("sqlaudit: decode field %q: %w", f.Name, err)
			continue
		}
		columns, dest = append(columns, f.Column), append(dest, d)
		b.Values[f.Column] = v
	}
	if b.Node, err = t.Assign(columns, dest); err == nil {
		return b, nil
	}
	// One of the values is not the field's: without those that are not, the others are known.
	for _, f := range t.Fields {
		i := slices.Index(columns, f.Column)
		if i < len(t.Identity.Columns) {
			continue
		}
		if _, err := t.Assign(columns[i:i+1], dest[i:i+1]); err != nil {
			b.Errs[f.Name] = fmt.Errorf("sqlaudit: decode field %q: %w", f.Name, err)
			delete(b.Values, f.Column)
			columns, dest = slices.Delete(columns, i, i+1), slices.Delete(dest, i, i+1)
		}
	}
	b.Node, err = t.Assign(columns, dest)
	return b, err
}

// read returns the value that raw stands for, as ent scans it and as a driver takes it.
func (t *Type) read(f *Field, raw json.RawMessage) (any, driver.Value, error) {
	dest, err := t.ScanValues([]string{f.Column})
	if err != nil {
		return nil, nil, err
	}
	c := NewCell(dest[0])
	if len(raw) == 0 || bytes.Equal(raw, null) {
		return dest[0], nil, c.Scan(nil)
	}
	if err := decode(dest[0], f, raw); err != nil {
		return nil, nil, err
	}
	v, err := c.Value()
	return dest[0], v, err
}

// KeyIn returns the text by which the log names the entity whose primary key stands in an entry as raw: a value of a field that is a foreign
// key, or one of the ids of an edge. It fails for a type that the log does not name by its key.
func (t *Type) KeyIn(raw json.RawMessage) (string, error) {
	if len(t.Key) != 1 || len(t.Identity.Columns) != 1 || t.Identity.Columns[0].Name != t.Key[0] {
		return "", fmt.Errorf("sqlaudit: the log does not name %s by its id", t.Name)
	}
	_, v, err := t.read(&Field{Name: t.Key[0], Column: t.Key[0]}, raw)
	if err != nil {
		return "", fmt.Errorf("sqlaudit: read an id of %s: %w", t.Name, err)
	}
	return t.IDText([]any{v})
}
