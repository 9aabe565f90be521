package auditlog

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
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
	coded := make(map[*Field]any) // what codecs gave, which columns do not carry
	for _, f := range t.Fields {
		raw, ok := fields[f.Name]
		if !ok || f.Sensitive || slices.Contains(columns, f.Column) {
			continue
		}
		if tag, _ := untag(raw); tag == tagCodec {
			v, err := t.Decode(f, raw)
			if err != nil {
				b.Errs[f.Name] = fmt.Errorf("sqlaudit: %w", err)
				continue
			}
			coded[f] = v
			if dv, ok := f.driverValue(v); ok {
				b.Values[f.Column] = dv
			}
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
	if b.Node, err = t.assign(columns, dest); err != nil {
		// One of the values is not the field's: without those that are not, the others are known.
		for _, f := range t.Fields {
			i := slices.Index(columns, f.Column)
			if i < len(t.Identity.Columns) {
				continue
			}
			if _, err := t.assign(columns[i:i+1], dest[i:i+1]); err != nil {
				b.Errs[f.Name] = fmt.Errorf("sqlaudit: decode field %q: %w", f.Name, err)
				delete(b.Values, f.Column)
				columns, dest = slices.Delete(columns, i, i+1), slices.Delete(dest, i, i+1)
			}
		}
		if b.Node, err = t.assign(columns, dest); err != nil {
			return nil, err
		}
	}
	for f, v := range coded {
		f.set(b.Node, v)
	}
	return b, nil
}

// assign makes an entity of what was scanned, and fails where a field's value is another than what was.
func (t *Type) assign(columns []string, dest []any) (node any, err error) {
	err = careful(func() error {
		if node, err = t.Assign(columns, dest); err != nil {
			return err
		}
		for _, f := range t.Fields {
			if i := slices.Index(columns, f.Column); i >= 0 {
				if v, ok := f.value(node); ok {
					if err := exact(dest[i], v); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	return node, err
}

// set sets the field of a node to a value of its own Go type.
func (f *Field) set(node, v any) {
	field, value := reflect.ValueOf(f.Pointer(node)).Elem(), reflect.ValueOf(v)
	switch {
	case !value.IsValid(): // a nil interface
		field.SetZero()
	case f.Nillable && field.Kind() == reflect.Pointer && value.Type() == field.Type().Elem():
		p := reflect.New(value.Type())
		p.Elem().Set(value)
		field.Set(p)
	default:
		field.Set(value)
	}
}

// driverValue returns what a driver takes for a value of the field's own Go type, if that is known: it is not of one that the schema's own functions
// write.
func (f *Field) driverValue(v any) (dv driver.Value, ok bool) {
	if f.External {
		return nil, false
	}
	err := careful(func() (err error) {
		if f.JSON {
			dv, err = json.Marshal(v)
		} else {
			dv, err = driver.DefaultParameterConverter.ConvertValue(v)
		}
		return err
	})
	return dv, err == nil
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
	var v driver.Value
	err = careful(func() error {
		if err := decode(dest[0], f, raw); err != nil {
			return err
		}
		v, err = c.Value()
		return err
	})
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
