package cacheops

import (
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// Announce appends changes to the journals of all regions as pending. It is
// the first of the two phases; the Intent's Commit or Abort is the second.
// Transactions call it at COMMIT.
func (p *Plugin) Announce(ctx context.Context, changes []invalidation.Change) (region.Intent, error) {
	a := &announcement{plugin: p, changes: changes, definitions: changingIn(changes)}
	for _, d := range a.definitions {
		d.begin()
	}
	for _, r := range p.distinctRegions() {
		intent, err := r.Announce(ctx, changes)
		if err != nil {
			a.Abort(ctx)
			return nil, err
		}
		a.intents = append(a.intents, intent)
	}
	if err := a.widen(ctx); err != nil {
		a.Abort(ctx)
		return nil, err
	}
	return a, nil
}

// widen announces everything besides, if it turns out that the changes were made by
// a catalogue that is out of date. A region that processes share has looked for what
// others have defined beside the announcement.
func (a *announcement) widen(ctx context.Context) error {
	var all []invalidation.Change
	for _, name := range outdated(a.changes) {
		all = append(all, invalidation.Change{
			Table: invalidation.Table{Database: name, Name: invalidation.AllTables}, Kind: invalidation.Any, Rows: -1,
		})
	}
	if len(all) == 0 {
		return nil
	}
	for _, r := range a.plugin.distinctRegions() {
		intent, err := r.Announce(ctx, all)
		if err != nil {
			return err
		}
		a.widened = append(a.widened, intent)
	}
	return nil
}

// announcement is an intent in several regions at once.
type announcement struct {
	plugin  *Plugin
	changes []invalidation.Change
	intents []region.Intent
	widened []region.Intent // of everything, which the outcome does not narrow
	settled bool

	// definitions that may be changed by the changes.
	definitions []*definitions
}

// changingIn returns the definitions that the changes may change.
func changingIn(changes []invalidation.Change) (all []*definitions) {
	for _, c := range changes {
		if c.Kind == invalidation.Redefinition {
			all = append(all, definitionsOf(c.Table.Database))
		}
	}
	return all
}

// Commit settles the changes as committed in every region.
func (a *announcement) Commit(ctx context.Context, changes ...invalidation.Change) {
	if a.settled {
		return
	}
	a.settled = true
	if len(changes) == 0 {
		changes = a.changes
	} else if len(a.definitions) == 0 {
		// The outcome may tell what the announcement could not know.
		for _, d := range changingIn(changes) {
			d.begin()
			d.end()
		}
	}
	a.endDefinitions()
	for _, intent := range a.intents {
		intent.Commit(ctx, changes...)
	}
	for _, intent := range a.widened {
		intent.Commit(ctx)
	}
	a.plugin.changed(ctx, changes)
}

// fail settles the changes of a statement that came back with an error as
// committed: it may have been carried out all the same. If it was not the
// database that answered, a connection was lost, or given up, while a server may
// still be at work. Then the changes stay pending for as long as that may take.
func (a *announcement) fail(ctx context.Context, err error) {
	if a.settled {
		return
	}
	if a.plugin.answered(err) {
		a.Commit(ctx)
		return
	}
	late := *a
	a.settled = true
	time.AfterFunc(a.plugin.resolved.unseenCommit, func() { late.Commit(ctx) })
}

// answered reports whether the error is one that a database gave, or that GORM
// made of one.
func (p *Plugin) answered(err error) bool {
	for _, target := range []error{gorm.ErrDuplicatedKey, gorm.ErrForeignKeyViolated, gorm.ErrCheckConstraintViolated} {
		if errors.Is(err, target) {
			return true
		}
	}
	p.mu.Lock()
	databases := p.databases
	p.mu.Unlock()
	return slices.ContainsFunc(databases, func(d *database) bool { return d.dialect.Answered(err) })
}

// journal is where transactions announce their changes.
type journal struct{ *Plugin }

// Failed implements [track.Journal].
func (journal) Failed(ctx context.Context, intent region.Intent, err error) {
	intent.(*announcement).fail(ctx, err)
}

// Abort settles the changes as aborted in every region.
func (a *announcement) Abort(ctx context.Context) {
	if a.settled {
		return
	}
	a.settled = true
	a.endDefinitions()
	for _, intent := range slices.Concat(a.intents, a.widened) {
		intent.Abort(ctx)
	}
}

// endDefinitions has the catalogue forgotten, which must come before the
// change is settled: see catalogCache.valid.
func (a *announcement) endDefinitions() {
	for _, d := range a.definitions {
		d.end()
	}
}

// publish announces changes that are true already and settles them at once.
func (p *Plugin) publish(ctx context.Context, changes []invalidation.Change) error {
	if len(changes) == 0 {
		return nil
	}
	intent, err := p.Announce(ctx, changes)
	if err != nil {
		return err
	}
	intent.Commit(ctx)
	return nil
}

// changed counts changes and tells Events.Change of them.
func (p *Plugin) changed(ctx context.Context, changes []invalidation.Change) {
	p.counters.changes.Add(uint64(len(changes)))
	if f := p.config.Events.Change; f != nil {
		for _, c := range changes {
			f(ctx, ChangeInfo{Table: c.Table.Name, Kind: c.Kind, Rows: c.Rows})
		}
	}
}

var errNotRegistered = errors.New("cacheops: the plugin is not registered with a database yet")
