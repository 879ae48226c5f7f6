package redisstore

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// errNotSeen is the error of a glance that did not see all.
var errNotSeen = errors.New("cacheops: redis: more is new than a glance can see")

// ahead is how many numbers a glance sees of what is new: those of two changes.
const ahead = 6

// near reports whether a glance may see all.
func near(follow []backend.Follow) bool {
	for _, f := range follow {
		if f.Epoch == 0 {
			return false
		}
	}
	return true
}

// glance looks without a script, which is cheaper. It sees all that is new if that
// is little, and if the journals are the same as before. It returns errNotSeen if
// there may be more, so that a script has to tell.
//
// The server is asked who it is after the journals were read, on the same
// connection. If it then is a master with the master_replid that is in their heads,
// it was when they were read: a replica that shows its master's journals has the
// same one, but another as soon as it is a master itself.
//
// The journals are not read at one moment. See [Store.lookAround] for what that means
// for an announcement that is gone; here too it makes another look necessary.
func (s *Store) glance(ctx context.Context, key string, follow []backend.Follow) ([]byte, []backend.News, error) {
	var value, info *redis.StringCmd
	journals := make([]*redis.SliceCmd, len(follow))
	err := s.within(ctx, func(c redis.UniversalClient) error {
		pipe := c.Pipeline()
		value = s.get(ctx, pipe, key)
		for i, f := range follow {
			journals[i] = redis.NewSliceCmd(ctx, s.fields(f)...)
			_ = pipe.Process(ctx, journals[i])
		}
		if len(follow) > 0 {
			info = pipe.Info(ctx, "replication")
		}
		_, _ = pipe.Exec(ctx) // each reply has its error
		return nil
	})
	if err != nil {
		return nil, nil, s.failed("reading journals", err)
	}
	bytes, err := valueOf(value)
	errs := []error{err}
	for _, journal := range journals {
		errs = append(errs, journal.Err())
	}
	if info != nil {
		errs = append(errs, info.Err())
	}
	if err := s.failed("reading a value and journals", slices.DeleteFunc(errs, succeeded)...); err != nil {
		return nil, nil, err
	}
	if len(follow) == 0 {
		return bytes, nil, nil
	}
	master := masterOf(info.Val())
	news := make([]backend.News, len(follow))
	for i, f := range follow {
		one, err := seen(journals[i].Val(), f, master)
		if err != nil {
			return nil, nil, err
		}
		if len(follow) > 1 && one.movedSince(f) {
			return nil, nil, errNotSeen
		}
		news[i] = one.News
	}
	return bytes, news, nil
}

// settled is how often a glance asks for what may be new in a journal and finds
// nothing, until it asks for the head alone, which costs less. Then what is new takes
// a script, and so a round trip more: once for as many looks at least.
const settled = 8

// glimpse is what a glance asks of a journal that is known up to a number. As long
// as nothing is new, all ask the same.
type glimpse struct {
	number uint64
	looks  atomic.Uint32 // that have asked for all, up to settled
	all    []any
	head   []any
}

// ask returns the command that is due.
func (g *glimpse) ask() []any {
	if g.looks.Load() >= settled {
		return g.head
	}
	g.looks.Add(1)
	return g.all
}

// fields returns the command that asks for what is to be seen of a journal.
func (s *Store) fields(f backend.Follow) []any {
	if known, ok := s.glimpses.Load(f.Journal); ok && known.(*glimpse).number == f.Number {
		return known.(*glimpse).ask()
	}
	args := make([]any, 0, 4+ahead)
	args = append(args, "hmget", s.journalKey(f.Journal), "head", "pending")
	for n := f.Number + 1; n <= f.Number+ahead; n++ {
		args = append(args, "r:"+strconv.FormatUint(n, 10))
	}
	g := &glimpse{number: f.Number, all: args, head: args[:3:3]}
	s.glimpses.Store(f.Journal, g)
	return g.ask()
}

// masterOf returns the master_replid of a server by its INFO, "" if it is no master.
func masterOf(info string) string {
	if !strings.Contains(info, "role:master\r\n") {
		return ""
	}
	_, rest, _ := strings.Cut(info, "\r\nmaster_replid:")
	id, _, _ := strings.Cut(rest, "\r\n")
	return id
}

// seen reads what a glance has seen of one journal.
func seen(fields []any, f backend.Follow, master string) (found, error) {
	if len(fields) == 0 {
		return found{}, errOther
	}
	text, ok := fields[0].(string)
	if !ok || master == "" {
		return found{}, errNotSeen
	}
	h, err := readHead(text)
	if err != nil || h.server != master || h.epoch != f.Epoch || h.number < f.Number || h.number > f.Number+ahead {
		return found{}, errNotSeen
	}
	if h.number == f.Number {
		return unchanged(f), nil
	}
	if len(fields) != 2+ahead {
		return found{}, errNotSeen // only the head was asked for
	}
	news := found{News: h.news(f), moved: h.moved}
	for i, field := range fields[2:] {
		if changes, ok := field.(string); ok {
			news.Records = append(news.Records, backend.Record{Number: f.Number + 1 + uint64(i), Changes: []byte(changes)})
		}
	}
	pending, _ := fields[1].(string)
	news.Pending, err = readPending(pending)
	return news, err
}
