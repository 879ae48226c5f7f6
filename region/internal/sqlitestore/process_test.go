package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// The test binary is also another process, which serves its store to the test.
const (
	servedPath    = "CACHEOPS_TEST_SQLITE_PATH"
	servedOptions = "CACHEOPS_TEST_SQLITE_OPTIONS"
	servedLimit   = "CACHEOPS_TEST_SQLITE_LIMIT"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(servedPath); path != "" {
		if err := serve(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// serve answers calls until its input ends.
func serve(path string) error {
	var o Options
	if _, err := fmt.Sscan(os.Getenv(servedOptions), &o.JournalLength, &o.Rollback, &o.Shards); err != nil {
		return err
	}
	if err := limitFiles(os.Getenv(servedLimit)); err != nil {
		return err
	}
	s, err := Open(path, o)
	if err != nil {
		return err
	}
	server := rpc.NewServer()
	if err := server.RegisterName("Store", &Service{s}); err != nil {
		return err
	}
	server.ServeConn(pipe{os.Stdin, os.Stdout})
	return s.Close()
}

type pipe struct {
	io.ReadCloser
	io.WriteCloser
}

func (p pipe) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }

// Call and Reply carry any call of a backend.
type Call struct {
	Method, Key, ID string
	Value           []byte
	Keys            []string
	TTL             time.Duration
	Follow          []backend.Follow
	Parts           []backend.Part
	Pending         backend.Pending
	Epoch           uint64
}

type Reply struct {
	Value   []byte
	There   bool // the value is not nil
	News    []backend.News
	Added   bool
	Refused bool
	Error   string
}

// Service is the store of the other process.
type Service struct{ store *Store }

func (s *Service) Do(c *Call, r *Reply) error {
	ctx := context.Background()
	var err error
	switch c.Method {
	case "Look":
		r.Value, r.News, err = s.store.Look(ctx, c.Key, c.Follow)
		r.There = r.Value != nil
	case "Put":
		err = s.store.Put(ctx, c.Key, c.Value, c.TTL)
	case "Add":
		r.Added, err = s.store.Add(ctx, c.Key, c.Value, c.TTL)
	case "Delete":
		err = s.store.Delete(ctx, c.Keys...)
	case "Remove":
		err = s.store.Remove(ctx, c.Key, c.Value)
	case "Announce":
		err = s.store.Announce(ctx, c.ID, c.TTL, c.Parts)
	case "Settle":
		err = s.store.Settle(ctx, c.ID, c.Parts, c.Keys)
	case "Expire":
		err = s.store.Expire(ctx, c.Key, c.Pending)
	case "Open":
		err = s.store.Open(ctx, c.Key, c.Epoch)
	}
	if err != nil {
		r.Error, r.Refused = err.Error(), errors.Is(err, backend.ErrRefused)
	}
	return nil
}

// process is a backend in another process.
type process struct {
	client  *rpc.Client
	command *exec.Cmd
}

var _ backend.Backend = (*process)(nil)

// start starts a process that is ended with the test. Its files may be so many bytes
// long, if that is not empty.
func start(t testing.TB, path string, o Options, limit string) *process {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", servedPath+"="+path, servedLimit+"="+limit,
		servedOptions+"="+fmt.Sprint(o.JournalLength, o.Rollback, o.Shards))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{rpc.NewClient(pipe{out, in}), c}
	t.Cleanup(func() {
		_ = p.client.Close()
		_ = c.Wait()
	})
	return p
}

func (p *process) do(c Call) (Reply, error) {
	var r Reply
	if err := p.client.Call("Store.Do", &c, &r); err != nil {
		return r, err
	}
	switch {
	case r.Refused:
		return r, fmt.Errorf("%w: %s", backend.ErrRefused, strings.TrimPrefix(r.Error, backend.ErrRefused.Error()+": "))
	case r.Error != "":
		return r, errors.New(r.Error)
	}
	return r, nil
}

func (p *process) Look(_ context.Context, key string, follow []backend.Follow) ([]byte, []backend.News, error) {
	r, err := p.do(Call{Method: "Look", Key: key, Follow: follow})
	if r.There && r.Value == nil { // gob knows no empty slices
		r.Value = []byte{}
	}
	return r.Value, r.News, err
}

func (p *process) Put(_ context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := p.do(Call{Method: "Put", Key: key, Value: value, TTL: ttl})
	return err
}

func (p *process) Add(_ context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	r, err := p.do(Call{Method: "Add", Key: key, Value: value, TTL: ttl})
	return r.Added, err
}

func (p *process) Delete(_ context.Context, keys ...string) error {
	_, err := p.do(Call{Method: "Delete", Keys: keys})
	return err
}

func (p *process) Remove(_ context.Context, key string, value []byte) error {
	_, err := p.do(Call{Method: "Remove", Key: key, Value: value})
	return err
}

func (p *process) Announce(_ context.Context, id string, lease time.Duration, parts []backend.Part) error {
	_, err := p.do(Call{Method: "Announce", ID: id, TTL: lease, Parts: parts})
	return err
}

func (p *process) Settle(_ context.Context, id string, committed []backend.Part, announced []string) error {
	_, err := p.do(Call{Method: "Settle", ID: id, Parts: committed, Keys: announced})
	return err
}

func (p *process) Expire(_ context.Context, journal string, pending backend.Pending) error {
	_, err := p.do(Call{Method: "Expire", Key: journal, Pending: pending})
	return err
}

func (p *process) Open(_ context.Context, journal string, epoch uint64) error {
	_, err := p.do(Call{Method: "Open", Key: journal, Epoch: epoch})
	return err
}

func (p *process) Close() error { return p.client.Close() }
