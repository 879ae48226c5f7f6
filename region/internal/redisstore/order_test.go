package redisstore

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed92106438/cacheops/internal/redistest"
	"github.com/seed92106438/cacheops/internal/testdb"
	"github.com/seed92106438/cacheops/region/internal/backend"
)

// interrupt has something done in the midst of the next look: after the journal
// first was read, and before the other one is.
type interrupt struct {
	first, last string // keys
	do          func()
	once        sync.Once
	read        chan struct{}
}

func (i *interrupt) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (i *interrupt) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook parts the pipeline of one server, and lets those of two nodes
// wait for each other.
func (i *interrupt) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		first, last := i.find(cmds, i.first), i.find(cmds, i.last)
		switch {
		case first == last: // none, or a script that reads both
		case first >= 0 && last > first:
			err := next(ctx, cmds[:last])
			i.once.Do(i.do)
			if err == nil {
				err = next(ctx, cmds[last:])
			}
			return err
		case last >= 0:
			<-i.read
			i.once.Do(i.do)
		case first >= 0:
			defer func() {
				select {
				case <-i.read:
				default:
					close(i.read)
				}
			}()
		}
		return next(ctx, cmds)
	}
}

func (i *interrupt) find(cmds []redis.Cmder, key string) int {
	return slices.IndexFunc(cmds, func(cmd redis.Cmder) bool { return slices.Contains(cmd.Args(), any(key)) })
}

// TestAnOutcomeInTheMidstOfALook has an announcement in one journal be committed as
// a record in another one, which was read before, while the first is read after.
func TestAnOutcomeInTheMidstOfALook(t *testing.T) {
	t.Run("single", func(t *testing.T) {
		c := connect(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}})
		s := open(t, c, Options{})
		sweep(t, s)
		midst(t, s, open(t, connect(t, &redis.UniversalOptions{Addrs: []string{testdb.Redis(t)}}), s.Options), "table", "all", func(i *interrupt) { c.AddHook(i) })
	})
	t.Run("cluster", func(t *testing.T) {
		cluster := redistest.StartCluster(t, false)
		c := cluster.Client().(*redis.ClusterClient)
		s := open(t, c, Options{})
		names := apart(cluster, s)
		midst(t, s, open(t, cluster.Client(), s.Options), names[0], names[1], func(i *interrupt) {
			err := c.ForEachMaster(t.Context(), func(_ context.Context, node *redis.Client) error {
				node.AddHook(i)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	})
}

// apart returns journals of two masters.
func apart(cluster *redistest.Cluster, s *Store) (names [2]string) {
	names[0] = "table"
	where, _ := cluster.Master(s.journalKey(names[0]))
	for names[1] = "all"; ; names[1] += "l" {
		if other, _ := cluster.Master(s.journalKey(names[1])); other != where {
			return names
		}
	}
}

func midst(t *testing.T, reader, writer *Store, table, all string, hook func(*interrupt)) {
	known := []backend.Follow{at(t, reader, table), at(t, reader, all)}
	if err := announce(writer, t.Context(), all); err != nil {
		t.Fatal(err)
	}
	interrupted := false
	hook(&interrupt{first: reader.journalKey(table), last: reader.journalKey(all), read: make(chan struct{}), do: func() {
		interrupted = true
		if err := writer.Settle(context.Background(), "id", []backend.Part{{Journal: table}}, []string{all}); err != nil {
			t.Error(err)
		}
	}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var news []backend.News
	for !interrupted { // now and then a look is made by a script
		var err error
		if _, news, err = reader.Look(ctx, "", known); err != nil {
			t.Fatal(err)
		}
	}
	if len(news[0].Records) == 0 && len(news[1].Pending) == 0 {
		t.Errorf("the change is to be seen nowhere: %+v", news)
	}
}
