package auditlog

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// IDString returns the text by which the log names an entity or an actor: integers in decimal, strings
// as they are, bytes in lower-case hex, and for a driver.Valuer the text of the value it stores (so a uuid.UUID
// has its canonical form). It fails for types that have no such text.
func IDString(v any) (string, error) {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return "", fmt.Errorf("a nil %T is no id", v)
		}
		if _, ok := v.(driver.Valuer); !ok || rv.Type().Elem().Implements(valuer) {
			return IDString(rv.Elem().Interface())
		}
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case int:
		return strconv.Itoa(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case uuid.UUID:
		return v.String(), nil
	case []byte:
		return hex.EncodeToString(v), nil
	case driver.Valuer:
		dv, err := v.Value()
		if err != nil {
			return "", err
		}
		if _, ok := dv.(driver.Valuer); ok || dv == nil {
			return "", fmt.Errorf("%T has no value", v)
		}
		return IDString(dv)
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		return string(text), err
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.String:
		return rv.String(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(rv.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(rv.Uint(), 10), nil
	}
	return "", fmt.Errorf("%T is no id: use a string, an integer or a UUID", v)
}

var valuer = reflect.TypeFor[driver.Valuer]()

// KeyText returns the text by which the log names an entity that values identify. One value stands as IDString gives it. The two of
// a composite id are joined by a slash, and what is a slash or a percent sign in them is percent-encoded as in a URL's path
// (RFC 3986), so that no two ids have the same text: "7/42", "a%2Fb/c".
func KeyText(values []any) (string, error) {
	if len(values) == 1 {
		return IDString(values[0])
	}
	parts := make([]string, len(values))
	for i, v := range values {
		s, err := IDString(v)
		if err != nil {
			return "", err
		}
		parts[i] = escapeKey.Replace(s)
	}
	return strings.Join(parts, "/"), nil
}

var (
	escapeKey   = strings.NewReplacer("%", "%25", "/", "%2F")
	unescapeKey = strings.NewReplacer("%25", "%", "%2F", "/")
)

// ParseKey sets the ids that dest points at to those that the log writes as s: see KeyText and ParseID.
func ParseKey(s string, dest ...any) error {
	if len(dest) == 1 {
		return ParseID(s, dest[0])
	}
	parts := strings.Split(s, "/")
	if len(parts) != len(dest) {
		return fmt.Errorf("sqlaudit: %q is no id of %d parts", s, len(dest))
	}
	for i, part := range parts {
		if err := ParseID(unescapeKey.Replace(part), dest[i]); err != nil {
			return err
		}
	}
	return nil
}

// The ids of entries are version 7 UUIDs as RFC 9562 lays them out: 48 bits of Unix milliseconds, then, by
// its method 3, the fraction of the millisecond in the 12 bits of rand_a, then random bits that
// rise within one statement. The time is the database's clock, read after the changed rows were locked, so
// that the ids of an entity's entries sort in the order of its changes.

// ticks returns t in units of 1/4096 millisecond since the epoch: the upper 60 bits of an id
// without its version.
func ticks(t time.Time) uint64 {
	us := uint64(t.UnixMicro()) //nolint:gosec // times before 1970 have no id
	return us * 512 / 125
}

// LowID returns the lowest id that an entry can have that was written at t or after it, so that id >= LowID(t) says what occurred_at >= t
// says, and the primary key serves it. Times before 1970 count as 1970, and times after the year 10889 as the end of time.
func LowID(t time.Time) uuid.UUID {
	us := t.UnixMicro()
	if t.Nanosecond()%1000 > 0 {
		us++
	}
	us = min(max(us, 0), maxMicros)
	return entryID(uint64(us/125*512+us%125*512/125), 1<<63)
}

// maxMicros is the last time that 48 bits of milliseconds hold.
const maxMicros = 1<<48*1000 - 1

// entryID composes an id from ticks and a tail that newTail or its successors gave.
func entryID(ticks, tail uint64) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], ticks>>12<<16|0x7000|ticks&0xfff)
	binary.BigEndian.PutUint64(id[8:], tail)
	return id
}

// newTail returns the lower 64 bits of an id: the variant, then random bits with room to count up
// 2^23 times.
func newTail() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return 1<<63 | binary.BigEndian.Uint64(b[:])&(1<<62-1)&^(1<<23)
}

// TimeOf returns the time that an entry's id carries, in UTC, exact to a microsecond. It is zero
// for UUIDs of other versions.
func TimeOf(id uuid.UUID) time.Time {
	if id.Version() != 7 {
		return time.Time{}
	}
	hi := binary.BigEndian.Uint64(id[:8])
	t := hi>>16<<12 | hi&0xfff
	return time.UnixMicro(int64((t*125 + 511) / 512)).UTC() //nolint:gosec // 60 bits
}
