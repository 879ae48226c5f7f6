package cacheops

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"regexp"
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/internal/watch"
	"github.com/seed92106438/cacheops/invalidation"
)

// wire follows one connection of a watched pool, and makes known what is sent
// on it: the changes of a transaction in two phases around its COMMIT, those
// of other statements around these. What a callback sends is left to the
// callback, as long as that can tell when it becomes true.
type wire struct {
	*link
	status watch.Status
	tx     *transaction // nil if none is open, as far as is known

	// unsure is set after a text that may have left a transaction open, and
	// implicit after one about a mode in which any statement begins one.
	unsure, implicit bool

	// strayed is set when the connection's names may mean other tables.
	strayed bool
}

// statement is one on its way.
type statement struct {
	*wire
	given     context.Context // that it is sent with
	ctx       context.Context // the same without an end
	mark      *mark
	own       bool // its changes are made known by a callback
	sql       string
	args      []driver.NamedValue
	databases []*database
	shape     *invalidation.Shape // as the first of these reads it
}

// Statement implements [watch.Session].
func (w *wire) Statement(ctx context.Context, sql string, args []driver.NamedValue) (watch.Ended, error) {
	databases := w.databases()
	if len(databases) == 0 {
		return w.unheard(), nil
	}
	s := statement{
		wire: w, given: ctx, ctx: context.WithoutCancel(ctx), mark: markIn(ctx, w.plugin), sql: sql, args: args,
		databases: databases, shape: databases[0].shape(sql),
	}
	s.meet()
	s.heed()
	switch {
	case w.tx != nil:
		return s.inside()
	case s.governs():
		return s.govern()
	case s.own || !s.changing():
		return nil, nil
	}
	return s.alone()
}

// unheard is for what is sent before the plugin has a database. Nothing is
// cached then, unless one is registered meanwhile.
func (w *wire) unheard() watch.Ended {
	if w.tx != nil {
		w.tx.blind = true
		return nil
	}
	return func(int64, error) { w.dropAll() }
}

// dropAll makes every result untrue, for what was not seen.
func (w *wire) dropAll() {
	w.tell(context.Background(), w.everything())
}

// everything are the changes that make every result untrue.
func (w *wire) everything() (all []invalidation.Change) {
	for _, d := range w.databases() {
		all = append(all, d.everything(invalidation.Redefinition))
	}
	return all
}

// tell makes changes known that are true already.
func (w *wire) tell(ctx context.Context, changes []invalidation.Change) {
	if err := w.plugin.publish(ctx, changes); err != nil {
		w.plugin.report(ctx, "", err)
	}
}

// meet settles with the callback that sends the statement, if one does, who
// makes its changes known. A callback sees neither a transaction that was
// begun by text nor what names mean on this connection.
func (s *statement) meet() {
	if s.mark == nil {
		return
	}
	odd := s.unsure || s.implicit || s.strayed || s.tx != nil && (s.tx.text || s.tx.Strayed())
	s.mark.inside = s.mark.inside || odd
	s.own = s.mark.own && !odd && s.mark.covers(s.sql)
	s.mark.taken = !s.own
}

// heed takes note of a text that changes what later ones mean.
func (s *statement) heed() {
	if name := s.shape.Temporary; name != "" {
		for _, d := range s.databases {
			d.catalog.hide(name)
		}
	}
	switch s.shape.Verb {
	case invalidation.Opaque:
		s.unsure = s.unsure || s.tx == nil && opening.MatchString(s.sql)
	case invalidation.Local:
		if s.tx != nil {
			s.tx.Stray()
			return
		}
		s.strayed = true
	case invalidation.Session:
		s.strayed = true
	case invalidation.Neutral:
	default:
		return
	}
	s.implicit = s.implicit || s.setsAutocommit()
}

// opening finds the words of a text that may leave a transaction open.
var opening = regexp.MustCompile(`(?i)\b(begin|start|savepoint)\b`)

// changing reports whether the statement can change anything.
func (s *statement) changing() bool {
	for _, d := range s.databases {
		if d.changes(d.shape(s.sql)) {
			return true
		}
	}
	return false
}

// changes returns what the statement has changed, or will have.
func (s *statement) changes(facts invalidation.Facts) (all []invalidation.Change) {
	args := make([]any, len(s.args))
	for i, arg := range s.args {
		args[i] = arg.Value
		if arg.Name != "" {
			args[i] = sql.Named(arg.Name, arg.Value) // which no box understands
		}
	}
	for _, d := range s.databases {
		shape := d.shape(s.sql)
		if !d.changes(shape) {
			continue
		}
		reading := d.catalog.reading()
		names := d.catalog.known()
		if s.strayed || d.strayed.Load() || s.tx != nil && s.tx.Strayed() {
			names = nil
		}
		all = append(all, d.keep(s.ctx, made(shape.Changes(d.name, d.stored(args), names, facts), reading))...)
	}
	return all
}

// untouched reports whether the statement reached no row, by its count.
func (s *statement) untouched(rows int64, err error) bool {
	if err != nil || rows != 0 || s.strayed || strings.Contains(strings.ToLower(s.sql), "returning") {
		return false
	}
	return !slices.ContainsFunc(s.databases, func(d *database) bool {
		return !counts(d.shape(s.sql), d.catalog.known())
	})
}

// alone announces a statement outside any transaction before it is sent, and
// narrows what it makes untrue when it has ended.
func (s *statement) alone() (watch.Ended, error) {
	intent, err := s.plugin.announce(s.ctx, s.changes(invalidation.Facts{}))
	if err != nil {
		return nil, err
	}
	return func(rows int64, err error) {
		if notSent(err) || s.untouched(rows, err) {
			intent.Abort(s.ctx)
			return
		}
		if err != nil {
			intent.fail(s.ctx, err)
		}
		intent.Commit(s.ctx)
		if s.shape.Verb == invalidation.Opaque {
			s.look()
		}
	}, nil
}
