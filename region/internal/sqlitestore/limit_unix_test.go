//go:build unix

package sqlitestore

import (
	"bytes"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
)

// limitFiles bounds the length of the files that this process may write.
func limitFiles(bytes string) error {
	if bytes == "" {
		return nil
	}
	n, err := strconv.ParseUint(bytes, 10, 64)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ) // then the write fails
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
}

// garbage writes bytes into a file by another process.
func garbage(t *testing.T, path string, from, to int) {
	t.Helper()
	c := exec.Command("dd", "of="+path, "bs=1", "seek="+strconv.Itoa(from), "conv=notrunc", "status=none")
	c.Stdin = bytes.NewReader(bytes.Repeat([]byte("garbage\n"), (to-from)/8+1)[:to-from])
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
