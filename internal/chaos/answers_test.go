package chaos

import (
	"testing"
	"time"

	"github.com/seed92106438/cacheops/region"
)

// answers of a server that are of no use.
var answers = map[string]string{
	"OOM":         "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
	"BUSY":        "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n",
	"LOADING":     "-LOADING Redis is loading the dataset in memory\r\n",
	"READONLY":    "-READONLY You can't write against a read only replica.\r\n",
	"MASTERDOWN":  "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
	"NOREPLICAS":  "-NOREPLICAS Not enough good replicas to write.\r\n",
	"MISCONF":     "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.\r\n",
	"NOAUTH":      "-NOAUTH Authentication required.\r\n",
	"WRONGPASS":   "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
	"NOPERM":      "-NOPERM this user has no permissions to run the 'evalsha' command\r\n",
	"MOVED":       "-MOVED 3999 127.0.0.1:1\r\n",
	"ASK":         "-ASK 3999 127.0.0.1:1\r\n",
	"CROSSSLOT":   "-CROSSSLOT Keys in request don't hash to the same slot\r\n",
	"CLUSTERDOWN": "-CLUSTERDOWN The cluster is down\r\n",
	"TRYAGAIN":    "-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
	"NOSCRIPT":    "-NOSCRIPT No matching script. Please use EVAL.\r\n",
	"unknown":     "-ERR unknown command 'evalsha'\r\n",
	"nothing":     "$-1\r\n",
	"no array":    "*-1\r\n",
	"empty array": "*0\r\n",
	"a status":    "+OK\r\n",
	"a text":      "$5\r\nhello\r\n",
	"texts":       "*2\r\n$5\r\nhello\r\n$5\r\nhello\r\n",
	"arrays":      "*2\r\n*2\r\n$3\r\n1 x\r\n$0\r\n\r\n*1\r\n:9\r\n",
	"an integer":  ":7\r\n",
	"half":        "$100\r\nhello",
	"not Redis":   "HTTP/1.1 400 Bad Request\r\n\r\n",
	"silence":     "",
}

// Whatever a server answers, queries are answered as by the database, and soon the
// server is not asked any more.
func TestAnswersThatAreOfNoUse(t *testing.T) {
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("degrade", func(t *testing.T) { degrades(t, answer) })
			t.Run("strict", func(t *testing.T) {
				s := newShop(t)
				db, _ := s.process(inRedis(client(t, act(t, answer).address), region.Strict))
				s.isRefused(db)
				s.agree(db)
			})
		})
	}
}

// degrades reads and writes with a server that gives that answer.
func degrades(t *testing.T, answer string) {
	t.Helper()
	s, server := newShop(t), act(t, answer)
	db, cache := s.process(inRedis(client(t, server.address), region.Degrade))
	for round := range int64(3) {
		s.agree(db)
		must(t, set(db, 1+round, 7+round))
		s.agree(db)
	}
	asked, began := server.asked.Load(), time.Now()
	for range 5 {
		s.agree(db)
	}
	// One call is let through each second, of few commands, and one attempt to tell
	// of the changes is made at most so often as the time between them allows.
	rest := server.asked.Load() - asked
	if allowed := 20 + 100*int64(time.Since(began)/time.Second+1); rest > allowed {
		t.Errorf("the server was asked %d times more, after %d times", rest, asked)
	}
	if stats := cache.Stats(); stats.Hits > 0 {
		t.Errorf("something was served: %+v", stats)
	}
}
