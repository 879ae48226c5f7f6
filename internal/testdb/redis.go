package testdb

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// Redis returns the address of a Redis server: CACHEOPS_REDIS_ADDR. Tests share
// its keys, so each has to use names of its own.
func Redis(tb testing.TB) string {
	tb.Helper()
	address := setting("CACHEOPS_REDIS_ADDR", "127.0.0.1:6379")
	if err := ping(address); err != nil {
		missing(tb, "Redis", err)
	}
	return address
}

// ping asks the server for a sign of life. One that wants a password gives an
// error, which is a sign too, but of no use to the tests.
func ping(address string) error {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if answer = strings.TrimSpace(answer); answer != "+PONG" {
		return fmt.Errorf("answered PING with %q", answer)
	}
	return nil
}
