package wire

import (
	"bytes"
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"
)

// golden reads bytes from a file of hexadecimal digits.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".hex")
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What was sealed when version 1 was made is opened as it was meant. It must stay so
// for as long as that version is not refused.
func TestVersion1IsOpened(t *testing.T) {
	all := codecs(t)
	for file, c := range map[string]Codec{
		"v1-entry": all["plain"], "v1-entry-compressed": all["plain"], "v1-entry-encrypted": all["encrypted"],
	} {
		e, err := c.Open(golden(t, file), name)
		if err != nil || !equal(e, sample()) {
			t.Errorf("%s: got %#v, %v", file, e, err)
		}
	}
	changes, err := new(Codec).OpenChanges(golden(t, "v1-changes"), name)
	if err != nil || !reflect.DeepEqual(changes, sampleChanges()) {
		t.Errorf("got %#v, %v", changes, err)
	}
	sealed, err := new(Codec).SealChanges(sampleChanges(), name)
	if err != nil {
		t.Fatal(err)
	}
	for file, b := range map[string][]byte{"v1-entry": seal(t, all["plain"], sample()), "v1-changes": sealed} {
		if !bytes.Equal(b, golden(t, file)) {
			t.Errorf("%s is written otherwise now, as\n%x", file, b)
		}
	}
	if t.Failed() {
		t.Logf("compressed\n%x\nencrypted\n%x", seal(t, all["compressed"], sample()), seal(t, all["encrypted"], sample()))
	}
}
