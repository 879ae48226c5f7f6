package chaos

import (
	"bufio"
	"encoding/gob"
	"io"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed92106438/cacheops"
)

// now returns nanoseconds by the clock that the processes of a machine have in common.
func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// message is what a process tells the test: one of these.
type message struct {
	// Operation that has begun or ended; the later replaces the earlier.
	Operation *operation
	Stats     *cacheops.Stats
	Refused   int64  // writes, with ErrUnavailable; with Stats
	Fault     string // what must not be, whatever the history
	Ready     bool
}

// recorder tells the test what its process does.
type recorder struct {
	mu      sync.Mutex
	out     *bufio.Writer
	encoder *gob.Encoder
	number  int
}

func newRecorder(to io.Writer) *recorder {
	out := bufio.NewWriterSize(to, 1<<16)
	return &recorder{out: out, encoder: gob.NewEncoder(out)}
}

// tell writes messages. What is not urgent may be lost when the process is killed.
func (r *recorder) tell(urgent bool, messages ...message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range messages {
		if err := r.encoder.Encode(m); err != nil {
			panic(err) // the test has gone
		}
	}
	if urgent {
		if err := r.out.Flush(); err != nil {
			panic(err)
		}
	}
}

// begun tells of an operation that writes, before it is sent, and gives it a number.
func (r *recorder) begun(process int, o *operation) {
	r.mu.Lock()
	r.number++
	o.Process, o.Number = process, r.number
	r.mu.Unlock()
	o.Call = now()
	r.tell(true, message{Operation: o})
}

// read tells of reads that all began and ended together.
func (r *recorder) read(process int, call int64, read ...*operation) {
	end := now()
	messages := make([]message, len(read))
	for i, o := range read {
		o.Process, o.Call, o.Return = process, call, end
		messages[i].Operation = o
	}
	r.tell(false, messages...)
}

// ended tells what became of operations that write.
func (r *recorder) ended(fate fate, written ...*operation) {
	if fate == unknown {
		return
	}
	end := now()
	messages := make([]message, len(written))
	for i, o := range written {
		o.Return, o.Void = end, fate == void
		messages[i].Operation = o
	}
	r.tell(true, messages...)
}

// fate is what became of a write.
type fate int

const (
	done fate = iota
	void      // it is known to have come to nothing
	unknown
)

// every calls f now and then, until stop is closed.
func every(d time.Duration, stop <-chan struct{}, f func()) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(d):
			f()
		}
	}
}
