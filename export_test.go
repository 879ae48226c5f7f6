package cacheops

import "time"

// Age makes it longer ago that p was registered.
func (p *Plugin) Age(by time.Duration) {
	for _, d := range p.each() {
		d.begun = d.begun.Add(-by)
	}
}
