package wire

import (
	"bytes"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/seed92106438/cacheops/invalidation"
)

const name = "cacheops:result:1"

var secret = []byte("a secret of sixteen bytes or more")

func codec(t testing.TB, o Options) Codec {
	t.Helper()
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// codecs are of every combination of options.
func codecs(t testing.TB) map[string]Codec {
	return map[string]Codec{
		"plain":                    {},
		"compressed":               codec(t, Options{CompressAbove: 1}),
		"encrypted":                codec(t, Options{Secret: secret}),
		"compressed and encrypted": codec(t, Options{CompressAbove: 1, Secret: secret}),
	}
}

// dependency is on the posts of one author.
func dependency() *invalidation.Dependency {
	shape := &invalidation.Shape{
		Verb: invalidation.Query, Params: 1,
		Uses: []invalidation.Use{{
			Table:   "posts",
			Where:   &invalidation.Predicate{Op: invalidation.Eq, Column: "author_id", Operands: []invalidation.Operand{{Param: 1}}},
			Columns: invalidation.Columns{Names: []string{"author_id", "id", "title"}},
		}},
	}
	catalog := invalidation.Catalog{"posts": {Name: "posts", Base: true, Columns: map[string]invalidation.Column{
		"author_id": {Kind: invalidation.Int}, "id": {Kind: invalidation.Int}, "title": {Kind: invalidation.Text},
	}}}
	return shape.Dependency("db", []driver.Value{int64(7)}, catalog)
}

// sample is an entry. What it is must not change: it is what the golden files have.
func sample() *Entry {
	return &Entry{
		Key:        []byte("SELECT * FROM posts WHERE author_id = 7"),
		Stored:     time.Unix(1782907200, 123456789),
		TTL:        90 * time.Second,
		Stamp:      []Position{{Epoch: 0x0102030405060708, Number: 3}, {Epoch: 1<<64 - 1, Number: 1000}},
		Dependency: dependency(),
		Rows:       []byte(strings.Repeat("some rows, ", 20)),
	}
}

func equal(a, b *Entry) bool {
	return bytes.Equal(a.Key, b.Key) && a.Stored.Equal(b.Stored) && a.TTL == b.TTL && reflect.DeepEqual(a.Stamp, b.Stamp) &&
		reflect.DeepEqual(a.Dependency, b.Dependency) && bytes.Equal(a.Rows, b.Rows)
}

func seal(t testing.TB, c Codec, e *Entry) []byte {
	t.Helper()
	b, err := c.Seal(e, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnEntryIsOpenedAsItWasSealed(t *testing.T) {
	empty := &Entry{Key: []byte{}, Stored: time.Unix(0, 0), Stamp: []Position{}, Dependency: &invalidation.Dependency{Tables: []invalidation.TableDependency{}}}
	for options, c := range codecs(t) {
		for what, want := range map[string]*Entry{"a result": sample(), "nothing": empty} {
			got, err := c.Open(seal(t, c, want), name)
			if err != nil || !equal(got, want) {
				t.Errorf("%s, %s: got %#v, %v", options, what, got, err)
			}
		}
	}
}

func TestWhatIsAlteredInAnyByteIsNotOpened(t *testing.T) {
	for options, c := range codecs(t) {
		b := seal(t, c, sample())
		for i := range b {
			for _, flip := range []byte{1, 0x80} {
				b[i] ^= flip
				if _, err := c.Open(b, name); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrVersion) {
					t.Fatalf("%s: byte %d was altered by %#x: %v", options, i, flip, err)
				}
				b[i] ^= flip
			}
		}
		for n := range b {
			if _, err := c.Open(b[:n], name); !errors.Is(err, ErrDamaged) {
				t.Fatalf("%s: cut after %d bytes: %v", options, n, err)
			}
		}
		if _, err := c.Open(append(b, 0), name); !errors.Is(err, ErrDamaged) {
			t.Fatalf("%s: with a byte more: %v", options, err)
		}
	}
}

func TestWhatIsElsewhereIsNotOpened(t *testing.T) {
	changes := []invalidation.Change{{Table: invalidation.Table{Database: "db", Name: "posts"}}}
	for options, c := range codecs(t) {
		if _, err := c.Open(seal(t, c, sample()), "another"); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: an entry under another name: %v", options, err)
		}
		b, err := c.SealChanges(changes, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.OpenChanges(b, "another"); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: changes in another journal: %v", options, err)
		}
		if _, err := c.Open(b, name); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: changes as an entry: %v", options, err)
		}
		// What is in one might happen to be readable as the other.
		if _, err := c.open(seal(t, c, sample()), isChanges, name); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: an entry as changes: %v", options, err)
		}
	}
}

func TestTheSecretMustBeTheSame(t *testing.T) {
	all := codecs(t)
	other := codec(t, Options{Secret: append(bytes.Clone(secret), '!')})
	for _, c := range []struct {
		name       string
		seal, open Codec
		opens      bool
	}{
		{"the same", all["encrypted"], codec(t, Options{Secret: bytes.Clone(secret)}), true},
		{"another", all["encrypted"], other, false},
		{"none to open with", all["encrypted"], all["plain"], false},
		{"none to seal with", all["plain"], all["encrypted"], false},
		{"compressed or not", all["compressed and encrypted"], all["encrypted"], true},
		{"compressed or not, in plain", all["compressed"], all["plain"], true},
	} {
		_, err := c.open.Open(seal(t, c.seal, sample()), name)
		if c.opens != (err == nil) || err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", c.name, err)
		}
		if oneHasNone := (c.seal.root == nil) != (c.open.root == nil); oneHasNone && !strings.Contains(err.Error(), "encrypted") {
			t.Errorf("%s: that does not tell what is wrong: %v", c.name, err)
		}
	}
}

func TestNothingOfWhatIsEncryptedShows(t *testing.T) {
	c := codecs(t)["encrypted"]
	one, other := seal(t, c, sample()), seal(t, c, sample())
	if bytes.Contains(one, sample().Rows[:8]) || bytes.Contains(one, sample().Key[:8]) {
		t.Error("the rows can be read")
	}
	if bytes.Equal(one[headerSize:headerSize+saltSize], other[headerSize:headerSize+saltSize]) {
		t.Error("two values have one salt")
	}
}

func TestAnotherVersionIsToldApart(t *testing.T) {
	for options, c := range codecs(t) {
		b := seal(t, c, sample())
		b[atVersion]++
		if _, err := c.Open(b, name); !errors.Is(err, ErrVersion) || errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", options, err)
		}
	}
}

func TestCompressionIsForWhatIsLarge(t *testing.T) {
	e := sample()
	c := codec(t, Options{CompressAbove: 10_000})
	if b := seal(t, c, e); b[atFlags]&isCompressed != 0 {
		t.Error("a small value is compressed")
	}
	e.Rows = bytes.Repeat(e.Rows, 100)
	if b := seal(t, c, e); b[atFlags]&isCompressed == 0 || len(b) > len(e.Rows)/10 {
		t.Errorf("a large value of %d bytes takes %d", len(e.Rows), len(b))
	}
	if b := seal(t, Codec{}, e); b[atFlags]&isCompressed != 0 {
		t.Error("it is compressed without having been asked for")
	}
	e.Rows = random(20_000)
	if b := seal(t, c, e); b[atFlags]&isCompressed != 0 {
		t.Error("what does not get smaller is compressed")
	}
}

// random returns bytes without a pattern.
func random(n int) []byte {
	b := make([]byte, 0, n+8)
	for x := uint64(1); len(b) < n; x = x*6364136223846793005 + 1442695040888963407 {
		b = binary.BigEndian.AppendUint32(b, uint32(x>>32))
	}
	return b[:n]
}

func TestTheSizeIsBounded(t *testing.T) {
	e := sample()
	e.Rows = make([]byte, 100_000)
	small := codec(t, Options{CompressAbove: 1, MaxSize: 10_000})
	if _, err := small.Seal(e, name); err == nil {
		t.Error("a value that no one opens is sealed")
	}
	for options, c := range codecs(t) {
		reader := codec(t, Options{Secret: map[bool][]byte{true: secret}[c.root != nil], MaxSize: 10_000})
		if _, err := reader.Open(seal(t, c, e), name); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: a value that is too large is opened: %v", options, err)
		}
	}
}

// A value that says that it is small must not outgrow that when it is expanded.
func TestWhatExpandsFurtherThanItSaysIsDamaged(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }()
	bomb := z.EncodeAll(make([]byte, 16<<20), nil)
	unsized := append(bomb[:4:4], 0, 0x58) // a frame that does not tell its size, with a window of 2 MiB
	for block := 0; block < 200; block++ {
		unsized = append(unsized, 0x02, 0x00, 0x10, 0) // 128 KiB of zeros
	}
	unsized = append(unsized, 0x03, 0x00, 0x10, 0)
	if whole, err := mustReader(t).DecodeAll(unsized, nil); err != nil || len(whole) != 201<<17 {
		t.Fatalf("the test's own frame has %d bytes, %v", len(whole), err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, frame := range [][]byte{bomb, unsized} {
		for _, size := range []uint64{0, 1000, 1 << 40, 1<<64 - 1} {
			b := begin(isEntry, 0)
			b[atFlags] |= isCompressed
			b = append(binary.AppendUvarint(b, size), frame...)
			b = binary.BigEndian.AppendUint64(b, checksum(b, name))
			if _, err := new(Codec).Open(b, name); !errors.Is(err, ErrDamaged) {
				t.Errorf("it says %d bytes: %v", size, err)
			}
		}
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 8<<20 {
		t.Errorf("%d bytes were taken", taken)
	}
}

func mustReader(t *testing.T) *zstd.Decoder {
	t.Helper()
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(z.Close)
	return z
}

func TestAnEntryWithAHugeDependencyIsNotSealed(t *testing.T) {
	e := sample()
	for len(e.Dependency.Tables) < 10_000 {
		e.Dependency.Tables = append(e.Dependency.Tables, e.Dependency.Tables...)
	}
	for i := range e.Dependency.Tables {
		e.Dependency.Tables[i].Table.Name += strings.Repeat("x", 1000)
	}
	if _, err := new(Codec).Seal(e, name); err == nil {
		t.Error("it is sealed")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for what, o := range map[string]Options{
		"a short secret":  {Secret: secret[:MinSecret-1]},
		"an empty secret": {Secret: []byte{}},
		"a negative size": {CompressAbove: -1},
		"a negative cap":  {MaxSize: -1},
	} {
		if _, err := New(o); err == nil || !strings.HasPrefix(err.Error(), "cacheops: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, o := range map[string]Options{"nothing": {}, "the shortest secret": {Secret: secret[:MinSecret]}} {
		if _, err := New(o); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}
