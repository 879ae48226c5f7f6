package redisstore

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

// confusion gives scripts another answer than the server's.
type confusion struct{ answer any }

func (*confusion) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (*confusion) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (c *confusion) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		err := next(ctx, commands)
		for _, command := range commands {
			switch command := command.(type) {
			case *redis.Cmd:
				if c.answer != nil {
					command.SetErr(nil)
					command.SetVal(c.answer)
				}
			case *redis.SliceCmd:
				if values, ok := c.answer.([]any); ok {
					command.SetVal(values)
				}
			}
		}
		return err
	}
}

// An answer that is not to what was asked, be it another client's or of a server that
// is none of Redis, does not pass for success, nor for the news that there are none.
func TestAnswersToSomethingElse(t *testing.T) {
	for name, answer := range map[string]any{
		"a status": "OK", "an integer": int64(0), "another call's": mark(), "values": []any{"a", "b"}, "none": []any{},
	} {
		t.Run(name, func(t *testing.T) {
			client, confused := redistest.Start(t).Client(), &confusion{}
			client.AddHook(confused)
			s := open(t, client, Options{})
			known := at(t, s, "j")
			confused.answer = answer
			ctx := within(t, patience)
			for what, err := range map[string]error{
				"announced": announce(s, ctx, "j"),
				"settled":   s.Settle(ctx, "id", []backend.Part{{Journal: "j"}}, nil),
				"expired":   s.Expire(ctx, "j", backend.Pending{ID: "id"}),
				"opened":    s.Open(ctx, "j", known.Epoch),
			} {
				if err == nil || errors.Is(err, backend.ErrRefused) {
					t.Errorf("it passes for %s: %v", what, err)
				}
			}
			if _, news, err := s.Look(ctx, "", []backend.Follow{known, {Journal: "k"}}); err == nil {
				t.Errorf("it passes for news: %+v", news)
			}
			if _, isList := answer.([]any); isList {
				if _, news, err := s.glance(ctx, "", []backend.Follow{known}); err == nil {
					t.Errorf("it passes for what a glance sees: %+v", news)
				}
			}
		})
	}
}
