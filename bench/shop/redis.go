package shop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// places is how many subjects may have a database of the server to themselves.
const places = 512

// ErrNoRedis is returned where there is no server to start.
var ErrNoRedis = errors.New("redis-server is not installed")

// Redis is a server that was started for the comparison alone, since some that are
// compared walk through, or clear, whatever keys they find.
type Redis struct {
	// Addr is its address on the loopback interface.
	Addr string

	command *exec.Cmd
	dir     string
	taken   int
}

// StartRedis starts a server on a free port, which keeps nothing on disk.
func StartRedis(ctx context.Context) (*Redis, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, ErrNoRedis
	}
	dir, err := os.MkdirTemp("", "cacheops-bench-redis-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	command := exec.Command(path, "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", dir,
		"--save", "", "--appendonly", "no", "--databases", strconv.Itoa(places))
	if err := command.Start(); err != nil {
		return nil, err
	}
	r := &Redis{Addr: fmt.Sprintf("127.0.0.1:%d", port), command: command, dir: dir}
	if err := r.await(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// await waits until the server answers.
func (r *Redis) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client := redis.NewClient(&redis.Options{Addr: r.Addr})
	defer func() { _ = client.Close() }()
	for client.Ping(ctx).Err() != nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("redis-server does not answer: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// Take returns the number of a database of the server that nobody has taken yet. When
// all have been, it begins anew, for the cases that took them first are over.
func (r *Redis) Take() int {
	r.taken++
	return r.taken % places
}

// Close ends the server.
func (r *Redis) Close() error {
	err := r.command.Process.Signal(syscall.SIGTERM)
	_ = r.command.Wait() // it tells of the signal
	return errors.Join(err, os.RemoveAll(r.dir))
}
