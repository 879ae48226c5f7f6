package mysql

import (
	"net"
	"path/filepath"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/seed92106438/cacheops/invalidation"
)

// Identify implements [invalidation.Dialect]. Names of tables are canonical
// with their schema, so the identity is that of the server, and the database
// that the session begins with is one of its settings.
func (Dialect) Identify(dsn string) invalidation.Identity {
	config, err := driver.ParseDSN(dsn)
	if err != nil {
		return invalidation.Identity{}
	}
	server := address(config)
	return invalidation.Identity{
		Database: "mysql:" + server, Session: session(config),
		Local:    strings.HasPrefix(server, "localhost:") || strings.HasPrefix(server, "unix:"),
		Location: location(config), CountsFound: config.ClientFoundRows,
	}
}

// location returns the zone to which the driver moves times. A driver that then
// cuts off more than a second makes other times of them.
func location(config *driver.Config) *time.Location {
	_, rest, _ := strings.Cut(config.FormatDSN(), "timeTruncate=")
	text, _, _ := strings.Cut(rest, "&")
	if unit, err := time.ParseDuration(text); err == nil && unit > time.Second {
		return nil
	}
	return config.Loc
}

// address returns where the server is. The ways of a machine to itself, its
// default socket too, are taken for one: two servers that share an identity
// only drop more than they need.
func address(config *driver.Config) string {
	const local = "localhost:3306"
	if config.Net == "unix" {
		switch filepath.Base(config.Addr) {
		case "mysql.sock", "mysqld.sock":
			return local
		}
		return "unix:" + filepath.Clean(config.Addr)
	}
	host, port, err := net.SplitHostPort(config.Addr)
	if err != nil {
		return config.Net + ":" + config.Addr
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if ip := net.ParseIP(host); host == "" || host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// session returns the settings by which one text may have another result: the
// database, how the driver makes times and texts, and every variable that it
// sets. Users, passwords, limits and the way to the server are none.
func session(config *driver.Config) string {
	c := config.Clone()
	c.User, c.Passwd, c.Net, c.Addr = "", "", "", ""
	c.TLS, c.TLSConfig, c.ServerPubKey, c.ConnectionAttributes = nil, "", "", ""
	c.Timeout, c.ReadTimeout, c.WriteTimeout, c.MaxAllowedPacket = 0, 0, 0, 0
	return c.FormatDSN()
}
