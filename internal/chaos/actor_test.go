package chaos

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
)

// actor plays a Redis server that answers all that it is asked, but for what clients
// say to introduce themselves, with the same.
type actor struct {
	address string
	answer  string // as it is sent; nothing is sent if it is empty
	asked   atomic.Int64
}

// act starts an actor, which ends with the test.
func act(t testing.TB, answer string) *actor {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	a := &actor{address: listener.Addr().String(), answer: answer}
	var mu sync.Mutex
	var open []net.Conn
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			all.Go(func() { a.talk(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return a
}

// talk answers what is asked on a connection.
func (a *actor) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	asks := bufio.NewReader(conn)
	for {
		command, err := hear(asks)
		if err != nil {
			return
		}
		answer := a.answer
		switch strings.ToLower(command) {
		case "hello":
			answer = "-ERR unknown command\r\n"
		case "client":
			answer = "+OK\r\n"
		default:
			a.asked.Add(1)
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

// hear reads a command, and returns its name.
func hear(r *bufio.Reader) (name string, err error) {
	count, err := number(r, '*')
	for i := 0; i < count && err == nil; i++ {
		var length int
		if length, err = number(r, '$'); err != nil {
			break
		}
		word := make([]byte, length+2)
		if _, err = io.ReadFull(r, word); i == 0 {
			name = string(word[:length])
		}
	}
	return name, err
}

// number reads a line with a number after a mark.
func number(r *bufio.Reader, mark byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil || line[0] != mark {
		return 0, io.ErrUnexpectedEOF
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// client returns a client of an address, which is closed when the test ends.
func client(t testing.TB, address string) redis.UniversalClient {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: address})
	t.Cleanup(func() { _ = c.Close() })
	return c
}
