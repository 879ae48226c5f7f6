package redisstore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// found is what a script has said of a journal.
type found struct {
	backend.News
	moved uint64 // number of the last withdrawal whose records are in other journals
}

// movedSince reports whether there was such a withdrawal since a position.
func (f *found) movedSince(known backend.Follow) bool {
	return f.Changed && f.moved > 0 && (f.Epoch != known.Epoch || f.moved > known.Number)
}

func newsOf(all []found) []backend.News {
	news := make([]backend.News, len(all))
	for i := range all {
		news[i] = all[i].News
	}
	return news
}

var errJournal = errors.New("cacheops: redis: a journal cannot be read")

// read reads the replies of calls, in which the journals are in order.
func read(calls []*call, follow []backend.Follow) ([]found, error) {
	all := make([]found, 0, len(follow))
	for _, c := range calls {
		answers, some := c.reply.Val().([]any)
		if !some && !c.done() {
			return nil, errOther
		}
		for i := range c.keys {
			f := follow[len(all)]
			if !some { // nothing is new in any of them
				all = append(all, unchanged(f))
				continue
			}
			if i >= len(answers) {
				return nil, errJournal
			}
			one, err := readNews(answers[i], f)
			if err != nil {
				return nil, fmt.Errorf("%w: %q", err, f.Journal)
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
	parts, _ := answer.([]any)
	if len(parts) < 2 || len(parts)%2 != 0 {
		return found{}, errJournal
	}
	text, _ := parts[0].(string)
	h, err := readHead(text)
	if err != nil {
		return found{}, err
	}
	n := found{News: h.news(f), moved: h.moved}
	for i := 2; i < len(parts); i += 2 {
		number, isNumber := parts[i].(int64)
		changes, isText := parts[i+1].(string)
		if !isNumber || !isText {
			return found{}, errJournal
		}
		n.Records = append(n.Records, backend.Record{Number: uint64(number), Changes: []byte(changes)})
	}
	pending, _ := parts[1].(string)
	n.Pending, err = readPending(pending)
	return n, err
}

// head is the head of a journal.
type head struct {
	server                      string
	epoch, number, since, moved uint64
	young                       bool
}

// readHead reads a head.
func readHead(text string) (h head, err error) {
	version, rest, _ := strings.Cut(text, " ")
	h.server, rest, _ = strings.Cut(rest, " ")
	var bytes, young uint64
	for _, n := range []*uint64{&h.epoch, &h.number, &h.since, &h.moved, &bytes, &young} {
		if *n, rest, err = cut(rest); err != nil {
			return head{}, err
		}
	}
	if version != "1" || rest != "" || h.epoch == 0 {
		return head{}, errJournal
	}
	h.young = young == 1
	return h, nil
}

// news returns what a head says to one who follows its journal.
func (h *head) news(f backend.Follow) backend.News {
	news := backend.News{Epoch: h.epoch, Number: h.number, Changed: true, Since: h.since, Young: h.young}
	if h.epoch == f.Epoch {
		news.Since = max(h.since, f.Number)
	}
	return news
}

// readPending reads all that is pending.
func readPending(text string) (all []backend.Pending, err error) {
	for text != "" {
		var id, lease, length uint64
		var p backend.Pending
		for _, n := range []*uint64{&id, &p.Renewed, &lease, &length} {
			if *n, text, err = cut(text); err != nil {
				return nil, err
			}
		}
		size := uint64(len(text))
		if id > size || length > size-id {
			return nil, errJournal
		}
		p.ID, p.Changes, text = text[:id], []byte(text[id:id+length]), text[id+length:]
		p.Lease = time.Duration(lease) * time.Millisecond
		all = append(all, p)
	}
	return all, nil
}

// cut cuts a number off, and the blank after it.
func cut(text string) (uint64, string, error) {
	number, rest, _ := strings.Cut(text, " ")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0, "", fmt.Errorf("%w: %w", errJournal, err)
	}
	return n, rest, nil
}

// position writes down what is followed.
func position(f backend.Follow) string {
	text := make([]byte, 0, 40)
	text = append(strconv.AppendUint(text, f.Epoch, 10), ' ')
	return string(strconv.AppendUint(text, f.Number, 10))
}
