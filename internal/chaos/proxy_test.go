package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// proxies are ways to a server, one for each member of a crew.
type proxies struct {
	t   testing.TB
	all []*toxiproxy.Proxy
}

func newProxies(t testing.TB, count int, to string) *proxies {
	t.Helper()
	p := &proxies{t: t}
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	for i := range count {
		proxy := toxiproxy.NewProxy(api, fmt.Sprint(i), "127.0.0.1:0", to)
		must(t, proxy.Start())
		t.Cleanup(proxy.Stop)
		p.all = append(p.all, proxy)
	}
	return p
}

func (p *proxies) address(place int) string { return p.all[place].Listen }

// toxics are what becomes of connections.
var toxics = []string{
	`{"type": "latency", "attributes": {"latency": 60, "jitter": 60}}`,
	`{"type": "latency", "attributes": {"latency": 400}}`,                                       // past the region's timeout
	`{"type": "timeout", "attributes": {"timeout": 0}}`,                                         // silence
	`{"type": "timeout", "attributes": {"timeout": 50}}`,                                        // then the end
	`{"type": "reset_peer", "attributes": {"timeout": 10}}`,                                     //
	`{"type": "bandwidth", "attributes": {"rate": 4}}`,                                          // KB/s
	`{"type": "slicer", "attributes": {"average_size": 16, "size_variation": 8, "delay": 500}}`, // bytes, µs
	`{"type": "limit_data", "attributes": {"bytes": 700}}`,                                      // an end in the midst of an answer
}

// spoil does something to some of the ways for a while, or all of them.
func (p *proxies) spoil(random *rand.Rand) {
	p.t.Helper()
	toxic, stream := toxics[random.IntN(len(toxics))], "upstream"
	if random.IntN(2) == 0 {
		stream = "downstream"
	}
	text := strings.Replace(toxic, "{", `{"name": "fault", "stream": "`+stream+`", `, 1)
	way := random.IntN(len(p.all) + 1)
	for i, proxy := range p.all {
		if way == i || way == len(p.all) {
			_, err := proxy.Toxics.AddToxicJson(strings.NewReader(text))
			must(p.t, err)
		}
	}
	time.Sleep(between(random, 50*time.Millisecond, 700*time.Millisecond))
	p.mend()
}

// mend makes the ways what they were.
func (p *proxies) mend() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, proxy := range p.all {
		proxy.Toxics.ResetToxics(ctx)
	}
}
