package chaos

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/seed92106438/cacheops/internal/redistest"
)

// calm is how long a crew works after the last fault.
const calm = 200 * time.Millisecond

// slowest is how long a crew may take for its operations.
const slowest = 2 * time.Minute

// share is how many operations a crew does at least.
func share() int64 { return int64(*inAll/len(modes()) + 1) }

// stint begins a part of a crew's work: as much of its time, and of its operations.
// What is returned reports whether there is more to do.
func (c *crew) stint(parts int64) (more func() bool) {
	c.t.Helper()
	began := time.Now()
	enough := c.told.Load() + share()/parts + 1
	return func() bool {
		c.t.Helper()
		told, taken := c.told.Load(), time.Since(began)
		if taken > slowest && told < enough {
			c.t.Errorf("%d operations are to be done still after %v", enough-told, slowest)
			return false
		}
		return taken < *runTime/time.Duration(parts) || told < enough
	}
}

// between returns a time of that range.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)))
}

// inflict kills processes now and then, and does other faults, chosen at random, one
// after the other, for a part of the crew's work.
func (c *crew) inflict(parts int64, faults ...func(*rand.Rand)) {
	c.t.Helper()
	stop := make(chan struct{})
	var killing sync.WaitGroup
	defer func() {
		close(stop)
		killing.Wait()
		time.Sleep(calm)
	}()
	killing.Go(func() {
		random := rand.New(rand.NewPCG(*seed, 2))
		due := int64(0)
		every(50*time.Millisecond, stop, func() {
			c.refill()
			if told := c.told.Load(); told >= due {
				due = told + share()/kills
				c.kill(random)
			}
		})
	})
	random := rand.New(rand.NewPCG(*seed, 3))
	for more := c.stint(parts); more(); {
		// Nothing is kept before a lease has passed since the store forgot all.
		time.Sleep(between(random, *leaseTime, 4**leaseTime))
		if len(faults) > 0 {
			faults[random.IntN(len(faults))](random)
		}
	}
}

// kills is how often a process is killed while a crew does its share, or told to end
// itself. It goes by what is done and not by time: starting a process takes long, and
// on a slow machine there would be little else.
const kills = 8

// refill replaces processes that have ended by themselves.
func (c *crew) refill() {
	c.t.Helper()
	for place := range c.members {
		select {
		case <-c.members[place].ended:
			c.employ(place, step{})
		default:
		}
	}
}

// kill replaces a process: one that is killed at any moment, or one that ends itself
// in the midst of a write.
func (c *crew) kill(random *rand.Rand) {
	place := random.IntN(len(c.members))
	if random.IntN(3) == 0 {
		c.replace(place, step{})
		return
	}
	c.replace(place, step{At: steps[random.IntN(len(steps))], Nth: 1 + random.Int64N(5)})
}

// forgets is what is done to a server that goes on to answer.
func forgets(server *redistest.Server) []func(*rand.Rand) {
	client := server.Client()
	return []func(*rand.Rand){
		func(*rand.Rand) { server.Do("flushall") },
		func(random *rand.Rand) {
			for range 1 + random.IntN(30) {
				client.Del(context.Background(), client.RandomKey(context.Background()).Val())
			}
		},
	}
}

// outages is what is done to a server so that it is away for a while.
func outages(server *redistest.Server) []func(*rand.Rand) {
	snapshot := server.Snapshot()
	return []func(*rand.Rand){
		func(*rand.Rand) { server.Restart() },
		func(*rand.Rand) { server.Restore(snapshot) },
		func(*rand.Rand) { snapshot = server.Snapshot() },
		func(random *rand.Rand) {
			server.Pause()
			// Nothing is kept before a lease has passed since the store forgot all.
			time.Sleep(between(random, 20*time.Millisecond, *leaseTime))
			server.Resume()
		},
	}
}

// failover has a server of a Sentinel set die, and a replica take its place that
// lacks the last that it had acknowledged.
func failover(t testing.TB, set *redistest.Sentinel, random *rand.Rand) {
	t.Helper()
	master := set.Master()
	if master == nil {
		t.Fatal("the sentinels do not agree on a master")
	}
	var replicas []*redistest.Server
	for _, s := range set.Servers {
		if s != master {
			replicas = append(replicas, s)
			redistest.CutOff(master, s)
		}
	}
	time.Sleep(between(random, 20*time.Millisecond, 200*time.Millisecond))
	master.Kill()
	for _, s := range replicas {
		s.Resume()
	}
	set.Succeeded(master)
}

// damages is what is done to a file under those who use it, such that it can be told.
func damages(path string) []func(*rand.Rand) {
	return []func(*rand.Rand){
		func(*rand.Rand) {
			for _, part := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(path + part)
			}
		},
		func(*rand.Rand) {
			// It may have been removed, and nobody have come by yet.
			if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
				_, _ = f.WriteAt(make([]byte, 100), 0)
				_ = f.Close()
			}
		},
	}
}
