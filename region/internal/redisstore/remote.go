package redisstore

import (
	"net"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Remote reports whether other machines may reach the servers, by the addresses that
// the client has. Of one of Sentinel they are not known.
func (s *Store) Remote() bool {
	switch c := s.client.(type) {
	case *redis.Client:
		return c.Options().Network != "unix" && !isOfThisMachine(c.Options().Addr)
	case *redis.ClusterClient:
		return !slices.ContainsFunc(c.Options().Addrs, isOfThisMachine)
	}
	return true
}

// isOfThisMachine reports whether a machine calls itself by an address.
func isOfThisMachine(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	return host == "" || host == "localhost" || net.ParseIP(host).IsLoopback()
}
