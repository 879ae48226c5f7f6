package redisstore

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// found is what the script has said of a journal.
type found struct {
	backend.News
	moved uint64 // number of the last withdrawal whose records are in other journals
}

// movedSince reports whether there was such a withdrawal since a position.
func (f *found) movedSince(known backend.Follow) bool {
	if !f.Changed {
		return false
	}
	return f.moved > 0 && (f.Epoch != known.Epoch || f.moved > known.Number)
}

var errReply = errors.New("cacheops: redis: the answer of a script is none")

// read reads the replies of calls, in which the journals are in order.
func read(calls []*call, follow []backend.Follow) ([]found, error) {
	all := make([]found, 0, len(follow))
	for _, c := range calls {
		answers, some := c.reply.Val().([]any)
		for i := range c.keys {
			f := follow[len(all)]
			if !some { // nothing is new in any of them
				all = append(all, unchanged(f))
				continue
			}
			if i >= len(answers) {
				return nil, errReply
			}
			one, err := readNews(answers[i], f)
			if err != nil {
				return nil, fmt.Errorf("cacheops: redis: the journal %q: %w", f.Journal, err)
			}
			all = append(all, one)
		}
	}
	return all, nil
}

func unchanged(f backend.Follow) found {
	return found{News: backend.News{Epoch: f.Epoch, Number: f.Number}}
}

// readNews reads what is new in one journal.
func readNews(answer any, f backend.Follow) (found, error) {
	if n, ok := answer.(int64); ok && n == 0 {
		return unchanged(f), nil
	}
	parts, ok := answer.([]any)
	if !ok || len(parts) != 7 {
		return found{}, errReply
	}
	r := reader{}
	n := found{News: backend.News{
		Epoch: r.number(parts[0]), Number: r.number(parts[1]), Changed: true,
		Since: r.number(parts[2]), Young: r.number(parts[3]) == 1,
	}, moved: r.number(parts[4])}
	for _, record := range r.list(parts[5]) {
		number, changes := r.cut(record)
		n.Records = append(n.Records, backend.Record{Number: number, Changes: []byte(changes)})
	}
	slices.Reverse(n.Records)
	for pair := range slices.Chunk(r.list(parts[6]), 2) {
		p := backend.Pending{ID: r.text(pair[0])}
		var rest string
		var lease uint64
		p.Renewed, rest = r.cut(pair[len(pair)-1])
		lease, rest = r.cut(rest)
		p.Lease, p.Changes = time.Duration(lease)*time.Millisecond, []byte(rest)
		n.Pending = append(n.Pending, p)
	}
	return n, r.err
}

// reader reads parts of a reply, and remembers whether one was not what it should.
type reader struct{ err error }

func (r *reader) text(part any) string {
	text, ok := part.(string)
	if !ok {
		r.err = errReply
	}
	return text
}

func (r *reader) list(part any) []any {
	list, ok := part.([]any)
	if !ok {
		r.err = errReply
	}
	return list
}

func (r *reader) number(part any) uint64 {
	if n, ok := part.(int64); ok && n >= 0 {
		return uint64(n)
	}
	n, err := strconv.ParseUint(r.text(part), 10, 64)
	if err != nil {
		r.err = err
	}
	return n
}

// cut cuts a number off.
func (r *reader) cut(part any) (uint64, string) {
	number, rest, ok := strings.Cut(r.text(part), " ")
	if !ok {
		r.err = errReply
	}
	return r.number(number), rest
}
