// Package redistest gives a test Redis servers of its own, to which it may do
// what it likes: single ones, sets that Sentinel watches, and clusters. They
// listen on the loopback interface, forget everything unless asked not to, and end
// with the test.
//
// A test is skipped if no redis-server is installed, unless
// CACHEOPS_REQUIRE_SERVICES is 1: then it fails.
package redistest

import (
	"context"
	"crypto/tls"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience is how long anything may take.
const patience = 30 * time.Second

// Server is a Redis server.
type Server struct {
	tb       testing.TB
	program  []string // and the arguments that stand before the settings
	dir      string
	port     int
	socket   string // in place of the port
	password string
	tls      *tls.Config
	settings []string
	bus      bool // it takes a second port for the bus of a cluster
	process  *process
}

// Setting is something that a server is started with.
type Setting func(*Server)

// Config sets one of redis.conf's directives.
func Config(directive string, values ...string) Setting {
	return func(s *Server) {
		s.settings = append(append(s.settings, "--"+directive), values...)
	}
}

// Password makes the server ask for one.
func Password(password string) Setting {
	return func(s *Server) {
		s.password = password
		Config("requirepass", password)(s)
		Config("masterauth", password)(s)
	}
}

// TLS makes the server speak nothing else, with a certificate made for it.
func TLS() Setting {
	return func(s *Server) {
		s.tls = certify(s.tb, s.dir)
		for _, file := range []string{"cert", "key", "ca-cert"} {
			Config("tls-"+file+"-file", filepath.Join(s.dir, file+".pem"))(s)
		}
		Config("tls-auth-clients", "no")(s)
	}
}

// Socket makes the server listen on a unix socket, and on no port.
func Socket() Setting {
	return func(s *Server) {
		s.socket = filepath.Join(s.dir, "socket")
		Config("unixsocket", s.socket)(s)
	}
}

// Persistent makes the server write every change to disk before it answers, so
// that it knows them after a restart.
func Persistent() Setting {
	return func(s *Server) {
		Config("appendonly", "yes")(s)
		Config("appendfsync", "always")(s)
	}
}

// ReplicaOf makes the server follow another one.
func ReplicaOf(master *Server) Setting {
	return func(s *Server) {
		host, port, _ := strings.Cut(master.Address(), ":")
		Config("replicaof", host, port)(s)
		Config("repl-diskless-sync-delay", "0")(s)
	}
}

// Start starts a server, and waits until it answers.
func Start(tb testing.TB, settings ...Setting) *Server {
	tb.Helper()
	s := &Server{tb: tb, program: []string{program(tb)}, dir: folder(tb)}
	for _, set := range append([]Setting{Config("save", "")}, settings...) {
		set(s)
	}
	s.begin()
	return s
}

// program returns the server's, or ends the test.
func program(tb testing.TB) string {
	tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CACHEOPS_REQUIRE_SERVICES") == "1" {
			tb.Fatalf("there is no redis-server, and CACHEOPS_REQUIRE_SERVICES is set: %v", err)
		}
		tb.Skipf("NOT RUN: there is no redis-server: %v", err)
	}
	return path
}

// folder makes one whose path is short enough for a socket in it.
func folder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "redistest")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Address returns where the server listens.
func (s *Server) Address() string {
	if s.socket != "" {
		return s.socket
	}
	return address(s.port)
}

// Options returns what a client of the server is made with.
func (s *Server) Options() *redis.UniversalOptions {
	return &redis.UniversalOptions{Addrs: []string{s.Address()}, Password: s.password, TLSConfig: s.tls}
}

// Client returns a client of the server, which is closed when the test ends.
func (s *Server) Client() redis.UniversalClient { return client(s.tb, s.Options()) }

// client makes a client that is closed when the test ends.
func client(tb testing.TB, o *redis.UniversalOptions) redis.UniversalClient {
	c := redis.NewUniversalClient(o)
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// Do sends the server a command, and ends the test if that fails.
func (s *Server) Do(args ...any) any {
	s.tb.Helper()
	answer, err := s.do(args...)
	if err != nil {
		s.tb.Fatalf("%v: %v", args[0], err)
	}
	return answer
}

func (s *Server) do(args ...any) (any, error) {
	o := s.Options().Simple()
	o.MaxRetries = -1
	c := redis.NewClient(o)
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.Do(ctx, args...).Result()
}

// text sends the server a command and returns its answer as one, "" for none.
func (s *Server) text(args ...any) string {
	answer, _ := s.do(args...)
	text, _ := answer.(string)
	return text
}

// says reports whether a line of INFO is so.
func (s *Server) says(line string) bool {
	return strings.Contains(s.text("info", "replication"), line+"\r\n")
}

// until waits for something to become so.
func until(tb testing.TB, what string, so func() bool) {
	tb.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}
