package chaos

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed92106438/cacheops"
)

// crew is processes that work on one database with one region.
type crew struct {
	t       testing.TB
	spec    assignment       // what all do
	address func(int) string // of Redis, for the member at a place; nil for that of the spec
	random  *rand.Rand
	told    atomic.Int64 // operations that its processes have told of

	mu      sync.Mutex
	members []*process // the present ones, by place
	all     []*process
}

// process is a member, as the test sees it.
type process struct {
	*exec.Cmd
	hand  io.Closer // it ends when this is closed
	ready chan struct{}
	ended chan struct{}
	told  *atomic.Int64 // the crew's

	// What it told. The test may look when it has ended.
	operations []*operation
	byNumber   map[int]int // where those with a number are
	stats      cacheops.Stats
	refused    int64
	faults     []string
}

// start starts a crew. Its members are ready when it returns.
func start(t testing.TB, size int, spec assignment, address func(int) string) *crew {
	t.Helper()
	c := &crew{t: t, spec: spec, address: address, random: rand.New(rand.NewPCG(*seed, 1)), members: make([]*process, size)}
	t.Cleanup(func() {
		for _, p := range c.all {
			_ = p.Process.Kill()
			<-p.ended
		}
	})
	for place := range c.members {
		c.employ(place, step{})
	}
	for _, p := range c.all {
		select {
		case <-p.ready:
		case <-p.ended:
			t.Fatal("a process has ended before it was ready")
		case <-time.After(patience):
			t.Fatal("a process does not become ready")
		}
	}
	return c
}

// employ starts a process in a place, which is to end at a step.
func (c *crew) employ(place int, at step) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.spec
	a.Process, a.Step = len(c.all)+1, at
	if c.address != nil {
		a.Region.Addresses = []string{c.address(place)}
	}
	p, err := c.launch(a)
	if err != nil {
		c.t.Errorf("start a process: %v", err)
		return
	}
	c.members[place] = p
	c.all = append(c.all, p)
}

// launch starts a process.
func (c *crew) launch(a assignment) (*process, error) {
	text, err := json.Marshal(&a)
	if err != nil {
		return nil, err
	}
	p := &process{
		Cmd: exec.Command(os.Args[0]), ready: make(chan struct{}), ended: make(chan struct{}),
		told: &c.told, byNumber: map[int]int{},
	}
	p.Env = append(os.Environ(), assigned+"="+string(text))
	p.Stderr = os.Stderr
	told, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p.ExtraFiles = []*os.File{tell}
	if p.hand, err = p.StdinPipe(); err == nil {
		err = p.Start()
	}
	_ = tell.Close()
	if err != nil {
		_ = told.Close()
		return nil, err
	}
	go func() {
		defer close(p.ended)
		p.listen(told)
		_ = told.Close()
		_ = p.Wait()
	}()
	return p, nil
}

// listen takes in what the process tells, until it ends. Its last words may be cut.
func (p *process) listen(told io.Reader) {
	decoder := gob.NewDecoder(bufio.NewReaderSize(told, 1<<20))
	for {
		var m message
		if decoder.Decode(&m) != nil {
			_, _ = io.Copy(io.Discard, told)
			return
		}
		switch {
		case m.Ready:
			close(p.ready)
		case m.Fault != "":
			p.faults = append(p.faults, m.Fault)
		case m.Stats != nil:
			p.stats, p.refused = *m.Stats, m.Refused
		case m.Operation != nil:
			p.note(m.Operation)
		}
	}
}

// note takes in an operation, or what became of it.
func (p *process) note(o *operation) {
	if at, ok := p.byNumber[o.Number]; ok && o.Number != 0 {
		p.operations[at] = o
		return
	}
	if o.Number != 0 {
		p.byNumber[o.Number] = len(p.operations)
	}
	p.operations = append(p.operations, o)
	p.told.Add(1)
}

// replace kills the process in a place, which may have ended by itself, and starts
// another one, which is to end at a step.
func (c *crew) replace(place int, at step) {
	c.t.Helper()
	c.mu.Lock()
	p := c.members[place]
	c.mu.Unlock()
	_ = p.Process.Kill()
	<-p.ended
	c.employ(place, at)
}

// result is what a crew has done.
type result struct {
	operations   []*operation
	faults       []string
	hits, misses uint64
	refused      int64
	errors       uint64
	processes    int
}

// finish has the members end, and returns what all have done.
func (c *crew) finish() *result {
	c.t.Helper()
	for _, p := range c.members {
		_ = p.hand.Close()
	}
	r := &result{processes: len(c.all)}
	for _, p := range c.all {
		select {
		case <-p.ended:
		case <-time.After(patience):
			c.t.Error("a process does not end")
			_ = p.Process.Kill()
			<-p.ended
		}
		r.operations = append(r.operations, p.operations...)
		r.faults = append(r.faults, p.faults...)
		r.hits += p.stats.Hits
		r.misses += p.stats.Misses
		r.refused += p.refused
		r.errors += p.stats.Errors
	}
	return r
}
