package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// Announce implements [backend.Backend].
func (s *Store) Announce(ctx context.Context, id string, lease time.Duration, parts []backend.Part) error {
	term := fmt.Sprintf("%s %d", mark(), atLeast(lease).Milliseconds())
	var calls []*call
	for i, part := range parts {
		if i == 0 || !s.together {
			calls = append(calls, s.call(announceScript, id, term))
		}
		calls[len(calls)-1].add(s.journalKey(part.Journal), part.Changes)
	}
	return s.write(ctx, "announcing changes", calls)
}

// errOther is the error of a call that got another's answer, or one that no server of
// Redis gives.
var errOther = errors.New("cacheops: redis: that is no answer to what was asked")

// write makes calls, if there are any.
func (s *Store) write(ctx context.Context, what string, calls []*call) error {
	if len(calls) == 0 {
		return nil
	}
	errs := s.run(ctx, calls...)
	for i, c := range calls {
		if errs[i] == nil && !c.done() {
			errs[i] = errOther
		}
	}
	return s.failed(what, errs...)
}

// outcome is what one journal hears of an outcome.
type outcome struct {
	journal   string
	committed []any // changes
	announced bool
}

// outcomes parts an outcome by journals, in the order in which they are named.
func outcomes(committed []backend.Part, announced []string) []outcome {
	var all []outcome
	place := make(map[string]int, len(committed)+len(announced))
	of := func(journal string) *outcome {
		i, ok := place[journal]
		if !ok {
			i = len(all)
			place[journal] = i
			all = append(all, outcome{journal: journal})
		}
		return &all[i]
	}
	for _, part := range committed {
		o := of(part.Journal)
		o.committed = append(o.committed, part.Changes)
	}
	for _, journal := range announced {
		of(journal).announced = true
	}
	return all
}

// Settle implements [backend.Backend].
//
// One script appends all records and then withdraws, so on one server that is all.
// In a cluster there is one for each journal. That is as good if each journal that
// has an announcement gets a record in its place, and no other does. Otherwise an
// announcement could be gone while the record that took its place is still on its
// way to another node, so the records are awaited first: this takes two round trips.
func (s *Store) Settle(ctx context.Context, id string, committed []backend.Part, announced []string) error {
	const what = "settling changes"
	all := outcomes(committed, announced)
	inPlace := !slices.ContainsFunc(all, func(o outcome) bool { return o.announced != (len(o.committed) > 0) })
	switch {
	case inPlace || len(committed) == 0:
		return s.write(ctx, what, s.settle(id, all, "goes"))
	case s.together:
		return s.write(ctx, what, s.settle(id, all, "moved"))
	}
	var records, withdrawals []outcome
	for _, o := range all {
		if len(o.committed) > 0 {
			records = append(records, outcome{journal: o.journal, committed: o.committed})
		}
		if o.announced {
			withdrawals = append(withdrawals, outcome{journal: o.journal, announced: true})
		}
	}
	if err := s.write(ctx, what, s.settle(id, records, "stays")); err != nil {
		return err
	}
	return s.write(ctx, what, s.settle(id, withdrawals, "moved"))
}

// settle returns the calls that settle outcomes. What was announced in their
// journals meets the fate given.
func (s *Store) settle(id string, all []outcome, fate string) []*call {
	var calls []*call
	for i, o := range all {
		if i == 0 || !s.together {
			calls = append(calls, s.call(settleScript, id, window*s.Length, maxBytes))
		}
		becomes := "stays"
		if o.announced {
			becomes = fate
		}
		c := calls[len(calls)-1]
		c.add(s.journalKey(o.journal), becomes, len(o.committed))
		c.args = append(c.args, o.committed...)
	}
	return calls
}

// Expire implements [backend.Backend].
func (s *Store) Expire(ctx context.Context, journal string, p backend.Pending) error {
	c := s.call(expireScript, p.ID, window*s.Length, maxBytes)
	c.add(s.journalKey(journal), strconv.FormatUint(p.Renewed, 10))
	return s.write(ctx, "settling what has expired", []*call{c})
}

// Open implements [backend.Backend].
func (s *Store) Open(ctx context.Context, journal string, epoch uint64) error {
	c := s.call(openScript)
	c.add(s.journalKey(journal), strconv.FormatUint(epoch, 10))
	return s.write(ctx, "opening a journal", []*call{c})
}
