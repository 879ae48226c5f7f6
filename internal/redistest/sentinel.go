package redistest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Sentinel is a master with replicas, and sentinels that watch them.
type Sentinel struct {
	Servers   []*Server // the first was the master in the beginning
	Sentinels []*Server
	tb        testing.TB
}

// masterName is what the sentinels call the master.
const masterName = "cache"

// StartSentinel starts a master, two replicas and three sentinels, which choose
// another master once the present one was silent for half a second.
func StartSentinel(tb testing.TB, settings ...Setting) *Sentinel {
	tb.Helper()
	set := &Sentinel{tb: tb, Servers: []*Server{Start(tb, settings...)}}
	master := set.Servers[0]
	for range 2 {
		set.Servers = append(set.Servers, Start(tb, append(settings, ReplicaOf(master))...))
	}
	for _, replica := range set.Servers[1:] {
		until(tb, "the replicas", func() bool { return replica.says("master_link_status:up") })
	}
	for range 3 {
		set.Sentinels = append(set.Sentinels, startSentinel(tb, master))
	}
	for _, s := range set.Sentinels {
		until(tb, "the sentinels", func() bool {
			info := s.text("info", "sentinel")
			return strings.Contains(info, "slaves=2,sentinels=3")
		})
	}
	return set
}

// startSentinel starts one sentinel. It writes what it learns into its file.
func startSentinel(tb testing.TB, master *Server) *Server {
	tb.Helper()
	s := &Server{tb: tb, dir: folder(tb)}
	file := filepath.Join(s.dir, "sentinel.conf")
	config := fmt.Sprintf("sentinel monitor %[1]s 127.0.0.1 %[2]d 2\n"+
		"sentinel down-after-milliseconds %[1]s 500\n"+
		"sentinel failover-timeout %[1]s 3000\n", masterName, master.port)
	if master.password != "" {
		config += fmt.Sprintf("sentinel auth-pass %s %s\n", masterName, master.password)
	}
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		tb.Fatal(err)
	}
	s.program = []string{program(tb), file, "--sentinel"}
	s.begin()
	return s
}

// Options returns what a client is made with that asks the sentinels for the
// master.
func (set *Sentinel) Options() *redis.UniversalOptions {
	o := set.Servers[0].Options()
	o.MasterName, o.Addrs = masterName, nil
	for _, s := range set.Sentinels {
		o.Addrs = append(o.Addrs, s.Address())
	}
	return o
}

// Client returns a client that is closed when the test ends.
func (set *Sentinel) Client() redis.UniversalClient { return client(set.tb, set.Options()) }

// Master returns the server that all sentinels take for the master, nil if they
// do not agree.
func (set *Sentinel) Master() *Server {
	var agreed string
	for _, s := range set.Sentinels {
		answer, err := s.do("sentinel", "get-master-addr-by-name", masterName)
		where := fmt.Sprint(answer)
		if err != nil || agreed != "" && where != agreed {
			return nil
		}
		agreed = where
	}
	for _, s := range set.Servers {
		if agreed == fmt.Sprint([]any{"127.0.0.1", fmt.Sprint(s.port)}) {
			return s
		}
	}
	return nil
}

// Failover kills the master, and waits until another one has taken its place,
// which it returns.
func (set *Sentinel) Failover() *Server {
	set.tb.Helper()
	old := set.Master()
	if old == nil {
		set.tb.Fatal("the sentinels do not agree on a master")
	}
	old.Kill()
	return set.Succeeded(old)
}

// Succeeded waits until another server has taken the place of a master that is
// gone, and returns it.
func (set *Sentinel) Succeeded(old *Server) *Server {
	set.tb.Helper()
	var now *Server
	until(set.tb, "another master", func() bool {
		now = set.Master()
		return now != nil && now != old && now.says("role:master")
	})
	return now
}

// CutOff makes a replica miss what its master is told from now on. It hangs until
// Resume.
func CutOff(master, replica *Server) {
	replica.tb.Helper()
	replica.Pause()
	// What the master would send now could wait in the connection. Without one it
	// waits in the master's memory, and goes with the master.
	master.Do("client", "kill", "type", "replica")
}
