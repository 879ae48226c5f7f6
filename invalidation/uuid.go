package invalidation

import (
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// uuidValue reads a UUID: 16 bytes, or 32 hexadecimal digits of either case,
// with hyphens or without, in braces, or after urn:uuid:.
func uuidValue(v driver.Value) (Value, bool) {
	switch v := v.(type) {
	case [16]byte:
		return ofUUID(v[:]), true
	case []byte:
		if len(v) == 16 {
			return ofUUID(v), true
		}
	case string:
		return parseUUID(v)
	}
	return Value{}, false
}

func ofUUID(b []byte) Value {
	return Value{kind: UUID, hi: int64(binary.BigEndian.Uint64(b)), lo: binary.BigEndian.Uint64(b[8:])}
}

func parseUUID(s string) (Value, bool) {
	const longest = len("urn:uuid:{00000000-0000-0000-0000-000000000000}")
	if len(s) > longest {
		return Value{}, false
	}
	s = strings.TrimPrefix(strings.ToLower(s), "urn:uuid:")
	if inner, ok := strings.CutPrefix(s, "{"); ok {
		if s, ok = strings.CutSuffix(inner, "}"); !ok {
			return Value{}, false
		}
	}
	var id [16]byte
	s = strings.ReplaceAll(s, "-", "")
	if len(s) != hex.EncodedLen(len(id)) {
		return Value{}, false
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return Value{}, false
	}
	return ofUUID(id[:]), true
}

// uuidString writes a UUID.
func uuidString(v Value) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:], uint64(v.hi))
	binary.BigEndian.PutUint64(id[8:], v.lo)
	s := hex.EncodeToString(id[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
