package wire

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/internal/replay"
)

// example reads the bytes of the document's example: what stands in its lines before
// what is said of them.
func example(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../../../docs/wire-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "\n## Example\n")
	_, after, _ = strings.Cut(after, "```\n")
	block, _, _ := strings.Cut(after, "```")
	var b []byte
	for line := range strings.Lines(block) {
		digits := regexp.MustCompile(`^ *((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  |\n)`).FindStringSubmatch(line)
		if digits == nil {
			t.Fatalf("the line %q has no bytes", line)
		}
		bytes, err := hex.DecodeString(strings.ReplaceAll(digits[1], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, bytes...)
	}
	return b
}

func TestTheExampleOfTheDocumentIsRight(t *testing.T) {
	const name = "cacheops:example"
	b := example(t)
	e, err := new(Codec).Open(b, name)
	if err != nil {
		t.Fatalf("it is not opened: %v; the checksum ought to be %x", err, checksum(b[:len(b)-checksumSize], name))
	}
	want := &Entry{
		Key: []byte("posts?7"), Stored: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), TTL: time.Minute,
		Stamp: []Position{{42, 5}, {0x0102030405060708, 256}}, Dependency: dependency(), Rows: e.Rows,
	}
	if !equal(e, want) {
		t.Errorf("it is %#v, not %#v", e, want)
	}
	sealed, err := new(Codec).Seal(e, name)
	if err != nil || !bytes.Equal(sealed, b) {
		t.Errorf("it is sealed as %x, %v", sealed, err)
	}
	result, err := replay.Decode(e.Rows)
	if err != nil {
		t.Fatal(err)
	}
	if result.Len() != 1 || result.Value(0, 0) != int64(17) || result.Value(0, 1) != "Hello" {
		t.Errorf("its rows are %v and %v", result.Value(0, 0), result.Value(0, 1))
	}
	if again, err := result.AppendBinary(nil); err != nil || !bytes.Equal(again, e.Rows) {
		t.Errorf("its rows are encoded as %x, %v", again, err)
	}
}
