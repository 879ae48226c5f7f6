package redistest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

const slots = 16384

// Cluster is a Redis Cluster.
type Cluster struct {
	Masters  []*Server // that were so in the beginning; each has an equal share of the slots
	Replicas []*Server // of the masters, in order; none unless asked for
	tb       testing.TB
}

// StartCluster starts a cluster of three masters, with a replica each or without.
func StartCluster(tb testing.TB, replicated bool) *Cluster {
	tb.Helper()
	c := &Cluster{tb: tb}
	for range 3 {
		c.Masters = append(c.Masters, startNode(tb))
	}
	if replicated {
		for range c.Masters {
			c.Replicas = append(c.Replicas, startNode(tb))
		}
	}
	for i, node := range c.nodes() {
		node.Do("cluster", "set-config-epoch", i+1)
		c.Masters[0].Do("cluster", "meet", "127.0.0.1", node.port)
	}
	for i, master := range c.Masters {
		add := []any{"cluster", "addslots"}
		for slot := i * slots / 3; slot < (i+1)*slots/3; slot++ {
			add = append(add, slot)
		}
		master.Do(add...)
	}
	c.replicate()
	for _, node := range c.nodes() {
		until(tb, "the cluster", func() bool {
			info := node.text("cluster", "info")
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprint("cluster_known_nodes:", len(c.nodes())))
		})
	}
	return c
}

// startNode starts a server that is to join a cluster.
func startNode(tb testing.TB) *Server {
	tb.Helper()
	return Start(tb, func(s *Server) { s.bus = true },
		Config("cluster-enabled", "yes"), Config("cluster-node-timeout", "1000"),
		Config("cluster-replica-validity-factor", "0"), Config("repl-diskless-sync-delay", "0"))
}

func (c *Cluster) nodes() []*Server {
	return append(c.Masters[:len(c.Masters):len(c.Masters)], c.Replicas...)
}

// replicate tells the replicas whom to follow.
func (c *Cluster) replicate() {
	c.tb.Helper()
	for i, replica := range c.Replicas {
		master := c.Masters[i].text("cluster", "myid")
		until(c.tb, "the replicas", func() bool {
			_, err := replica.do("cluster", "replicate", master)
			return err == nil // once it has heard of the master
		})
	}
	for _, replica := range c.Replicas {
		until(c.tb, "the replicas", func() bool { return replica.says("master_link_status:up") })
	}
}

// Options returns what a client of the cluster is made with.
func (c *Cluster) Options() *redis.UniversalOptions {
	o := c.Masters[0].Options()
	o.IsClusterMode, o.Addrs = true, nil
	for _, node := range c.nodes() {
		o.Addrs = append(o.Addrs, node.Address())
	}
	return o
}

// Client returns a client that is closed when the test ends.
func (c *Cluster) Client() redis.UniversalClient { return client(c.tb, c.Options()) }

// Master returns the master in the beginning that has a key's slot, and its
// replica, if there is one.
func (c *Cluster) Master(key string) (master, replica *Server) {
	c.tb.Helper()
	slot := c.Masters[0].Do("cluster", "keyslot", key).(int64)
	for i := range c.Masters {
		if slot < int64((i+1)*slots/3) {
			if c.Replicas != nil {
				replica = c.Replicas[i]
			}
			return c.Masters[i], replica
		}
	}
	c.tb.Fatalf("there is no slot %d", slot)
	return nil, nil
}

// Failover kills the master of a key's slot, and waits until its replica has taken
// its place.
func (c *Cluster) Failover(key string) {
	c.tb.Helper()
	master, replica := c.Master(key)
	master.Kill()
	c.Succeeded(master, replica)
}

// Succeeded waits until the replica of a master that is gone has taken its place,
// and all nodes that live know.
func (c *Cluster) Succeeded(master, replica *Server) {
	c.tb.Helper()
	until(c.tb, "another master", func() bool { return replica.says("role:master") })
	for _, node := range c.nodes() {
		if node == master {
			continue
		}
		until(c.tb, "the cluster", func() bool { return strings.Contains(node.text("cluster", "info"), "cluster_state:ok") })
	}
}
