package cacheops

import (
	"context"

	"gorm.io/gorm"
)

// mark is put into the context of a statement that a callback sends, if the
// plugin watches a pool. By it the callback and the connection that the
// statement arrives at tell each other who makes its changes known.
//
// Without a watched pool there is none: its methods do nothing on nil.
type mark struct {
	database *database
	stmt     *gorm.Statement
	context  context.Context // the statement's own
	clause   string          // its text is sent with this at the end: see [returning]

	own    bool // the callback makes the changes known
	pooled bool // the statement begins or ends a transaction as text, on the pool

	// What the connection answers.
	taken  bool // it makes the changes known
	inside bool // it may be in a transaction, or names may mean other tables there
}

// markKey is the key of a *mark in a context.
type markKey struct{}

// mark marks the statement that db is about to send, until lift.
func (d *database) mark(db *gorm.DB, m mark) *mark {
	if !d.watching.Load() {
		return nil
	}
	put := m // what is not put anywhere costs no memory
	put.database, put.stmt, put.context = d, db.Statement, db.Statement.Context
	db.Statement.Context = context.WithValue(put.context, markKey{}, &put)
	return &put
}

// lift takes the mark away.
func (m *mark) lift() {
	if m != nil {
		m.stmt.Context = m.context
	}
}

// took reports whether the connection makes the changes known.
func (m *mark) took() bool { return m != nil && m.taken }

// saw reports whether the connection may show what others do not see.
func (m *mark) saw() bool { return m != nil && m.inside }

// owned returns a sender whose changes the callback makes known.
func (d *database) owned(send sender) sender {
	if !d.watching.Load() {
		return send
	}
	return func(db *gorm.DB) int64 {
		defer d.mark(db, mark{own: true}).lift()
		return send(db)
	}
}

// markIn returns the mark of a statement that a callback of the plugin sends,
// or nil.
func markIn(ctx context.Context, p *Plugin) *mark {
	m, ok := ctx.Value(markKey{}).(*mark)
	if !ok || m.database.Plugin != p {
		return nil
	}
	return m
}

// covers reports whether the text is the marked statement's, and not that of
// another which was given the same context.
func (m *mark) covers(sql string) bool { return m != nil && m.stmt.SQL.String()+m.clause == sql }
