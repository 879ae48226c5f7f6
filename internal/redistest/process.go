package redistest

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a run of a server.
type process struct {
	*exec.Cmd
	log   *bytes.Buffer
	ended chan struct{}
	leash *leash
	once  sync.Once
}

// begin starts the server, on a free port if it has none yet.
func (s *Server) begin() {
	s.tb.Helper()
	chosen := s.port != 0
	for range 5 {
		if !chosen && s.socket == "" {
			s.port = freePort(s.tb, s.bus)
		}
		if s.process = s.launch(); s.answers() {
			s.tb.Cleanup(s.process.end)
			return
		}
		s.process.end() // someone else may have taken the port
	}
	s.tb.Fatalf("the server does not start: %s", s.process.log)
}

// launch starts the program.
func (s *Server) launch() *process {
	s.tb.Helper()
	args := append(append([]string(nil), s.program[1:]...), "--dir", s.dir, "--bind", "127.0.0.1")
	switch port := strconv.Itoa(s.port); {
	case s.tls != nil:
		args = append(args, "--port", "0", "--tls-port", port)
	default:
		args = append(args, "--port", port)
	}
	p := &process{Cmd: exec.Command(s.program[0], append(args, s.settings...)...), ended: make(chan struct{}), log: new(bytes.Buffer)}
	p.Dir, p.Stdout, p.Stderr = s.dir, p.log, p.log
	if err := p.Start(); err != nil {
		s.tb.Fatalf("start %s: %v", s.program[0], err)
	}
	p.leash = newLeash(s.tb, p.Process.Pid)
	go func() {
		_ = p.Wait()
		close(p.ended)
	}()
	return p
}

// answers waits until the server does, or has ended.
func (s *Server) answers() bool {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		select {
		case <-s.process.ended:
			return false
		case <-time.After(5 * time.Millisecond):
			if _, err := s.do("ping"); err == nil {
				return true
			}
		}
	}
	return false
}

// end ends the process, which may have ended already.
func (p *process) end() {
	p.once.Do(func() {
		_ = p.Process.Kill()
		<-p.ended
		p.leash.loose()
	})
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() { s.process.end() }

// Restart starts the server again, having killed it if it runs. Unless it is
// [Persistent], it has forgotten everything.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Kill()
	s.begin()
}

// Pause makes the server hang, until Resume: it accepts connections, and is silent.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume lets the server go on.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal syscall.Signal) {
	s.tb.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.tb.Fatalf("%s: %v", signal, err)
	}
}

// Snapshot is all that a server had at one moment.
type Snapshot []byte

// Snapshot takes one. The server must not be [Persistent].
func (s *Server) Snapshot() Snapshot {
	s.tb.Helper()
	s.Do("save")
	defer func() { _ = os.Remove(s.dump()) }()
	snapshot, err := os.ReadFile(s.dump())
	if err != nil {
		s.tb.Fatal(err)
	}
	return snapshot
}

// Restore restarts the server with what it had once.
func (s *Server) Restore(snapshot Snapshot) {
	s.tb.Helper()
	s.Kill()
	if err := os.WriteFile(s.dump(), snapshot, 0o600); err != nil {
		s.tb.Fatal(err)
	}
	s.begin()
	_ = os.Remove(s.dump())
}

func (s *Server) dump() string { return filepath.Join(s.dir, "dump.rdb") }

// leash ends a process when this one ends, in whatever way.
type leash struct {
	cmd  *exec.Cmd
	hand io.WriteCloser
}

func newLeash(tb testing.TB, pid int) *leash {
	tb.Helper()
	l := &leash{cmd: exec.Command("/bin/sh", "-c", `read -r gone || kill -9 "$0"`, strconv.Itoa(pid))}
	var err error
	if l.hand, err = l.cmd.StdinPipe(); err == nil {
		err = l.cmd.Start()
	}
	if err != nil {
		tb.Fatalf("start a shell: %v", err)
	}
	return l
}

// loose lets go of a process that has ended by itself.
func (l *leash) loose() {
	_, _ = l.hand.Write([]byte("gone\n"))
	_ = l.cmd.Wait()
}

// freePort returns a port that no one listens on, and with bus on the one that is
// 10,000 higher neither.
func freePort(tb testing.TB, bus bool) int {
	tb.Helper()
	for range 1000 {
		port, ok := listen(0)
		if ok && bus {
			port -= 20000 // high ones are given to whoever asks for any
			_, low := listen(port)
			_, high := listen(port + 10000)
			ok = low && high
		}
		if ok {
			return port
		}
	}
	tb.Fatal("there is no free port")
	return 0
}

// listen tries a port.
func listen(port int) (int, bool) {
	l, err := net.Listen("tcp", address(port))
	if err != nil {
		return 0, false
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, true
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
