package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed92106438/cacheops/invalidation"
)

// Identify implements [invalidation.Dialect]. It reads a name as the driver
// does, with the environment for what the name leaves out.
//
// The user counts as a setting: the default search path begins with a schema of
// the user's name. It goes in as a digest.
func (Dialect) Identify(dsn string) invalidation.Identity {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return invalidation.Identity{}
	}
	servers := []string{server(config.Host, config.Port)}
	for _, other := range config.Fallbacks {
		servers = append(servers, server(other.Host, other.Port))
	}
	slices.Sort(servers)
	database := config.Database
	if database == "" {
		database = config.User
	}
	return invalidation.Identity{
		Database: "postgres:" + strings.Join(slices.Compact(servers), ",") + "/" + database,
		Local:    slices.ContainsFunc(servers, isOfThisMachine),
		Session:  session(config),
	}
}

// server names a server by its host and port. What leads to a server of this
// machine is one name: the default folder of sockets is the server's on the
// same port.
func server(host string, port uint16) string {
	if address := net.ParseIP(host); strings.EqualFold(host, "localhost") || address.IsLoopback() || isSocketFolder(host) {
		host = "localhost"
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.Itoa(int(port)))
}

// isOfThisMachine reports whether a server's name is another's on another machine.
func isOfThisMachine(server string) bool {
	host, _, _ := net.SplitHostPort(server)
	return host == "localhost" || path.IsAbs(host) || strings.HasPrefix(host, "@")
}

// isSocketFolder reports whether host is where servers of this machine keep
// their sockets unless told otherwise.
func isSocketFolder(host string) bool {
	switch path.Clean(host) {
	case "/var/run/postgresql", "/run/postgresql", "/private/tmp", "/tmp":
		return true
	}
	return false
}

// session lists the settings of a name that can change an answer.
func session(config *pgconn.Config) string {
	digest := sha256.Sum256([]byte(config.User))
	settings := []string{"user=" + hex.EncodeToString(digest[:8])}
	for name, value := range config.RuntimeParams {
		if name = strings.ToLower(name); !isHarmless(name) {
			settings = append(settings, name+"="+strconv.Quote(value))
		}
	}
	slices.Sort(settings)
	return strings.Join(settings, " ")
}
