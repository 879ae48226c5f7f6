package redisstore

import (
	"context"
	"embed"
	"math/rand/v2"
	"strconv"

	"github.com/redis/go-redis/v9"
)

//go:embed lua
var sources embed.FS

// The scripts.
var (
	newsScript     = script("server", "quiet", "head", "news")
	announceScript = script("server", "head", "write", "announce")
	settleScript   = script("server", "head", "write", "settle")
	expireScript   = script("server", "head", "write", "expire")
	openScript     = script("server", "head", "write", "open")
	removeScript   = script("remove")
)

// script puts a script together.
func script(parts ...string) *redis.Script {
	var source []byte
	for _, part := range parts {
		text, err := sources.ReadFile("lua/" + part + ".lua")
		if err != nil {
			panic(err)
		}
		source = append(source, text...)
	}
	return redis.NewScript(string(source))
}

// call is a call of a script, for journals of one server.
type call struct {
	*redis.Script
	keys  []string
	args  []any
	reply *redis.Cmd
}

// call begins a call of a script.
func (s *Store) call(script *redis.Script, args ...any) *call {
	return &call{Script: script, args: append([]any{mark(), s.TTL.Milliseconds()}, args...)}
}

// mark returns a number that no one has used before.
func mark() string { return strconv.FormatUint(rand.Uint64(), 10) }

// done reports whether the reply is that of this very call, and says that it was
// carried out, with nothing else to tell.
func (c *call) done() bool { return c.reply.Val() == c.args[0] }

// add adds a journal, and what the script has to know of it.
func (c *call) add(key string, args ...any) {
	c.keys = append(c.keys, key)
	c.args = append(c.args, args...)
}

// run makes calls in one round trip, and returns the error of each.
func (s *Store) run(ctx context.Context, calls ...*call) []error {
	errs := make([]error, len(calls))
	err := s.within(ctx, func(c redis.UniversalClient) error {
		pipe := c.Pipeline()
		send(ctx, pipe, calls)
		_, _ = pipe.Exec(ctx) // each reply has its error
		repeat(ctx, c, calls)
		return nil
	})
	for i := range errs {
		if errs[i] = err; err == nil {
			errs[i] = calls[i].reply.Err()
		}
	}
	return errs
}

// send puts calls into a pipeline.
func send(ctx context.Context, pipe redis.Pipeliner, calls []*call) {
	for _, c := range calls {
		c.reply = c.EvalSha(ctx, pipe, c.keys, c.args...)
	}
}

// repeat makes those calls again whose scripts a server did not know.
func repeat(ctx context.Context, client redis.UniversalClient, calls []*call) {
	var pipe redis.Pipeliner
	for _, c := range calls {
		if redis.HasErrorPrefix(c.reply.Err(), "NOSCRIPT") {
			if pipe == nil {
				pipe = client.Pipeline()
			}
			c.reply = c.Eval(ctx, pipe, c.keys, c.args...)
		}
	}
	if pipe != nil {
		_, _ = pipe.Exec(ctx)
	}
}
