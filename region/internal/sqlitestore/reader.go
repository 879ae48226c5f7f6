package sqlitestore

import (
	"database/sql"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// reader is a connection that reads, with what it knows of the journals.
type reader struct {
	*conn
	// version is SQLite's number for what the file held when heads were read. It
	// differs as soon as any other connection has committed, of this process or
	// another one, and this connection commits nothing.
	version int64
	heads   map[string]head
}

// head is where a journal stands.
type head struct {
	id     int64
	epoch  uint64
	number uint64
	floor  uint64 // records up to it were given up
	young  bool
}

func newReader(c *conn) *reader { return &reader{conn: c, heads: map[string]head{}} }

// value returns the value under key, nil if there is none.
func (r *reader) value(key string) (value []byte, err error) {
	found, err := r.one(`SELECT value FROM entries WHERE key = ? AND expires > ?`, []any{blob(key), now()}, &value)
	if found && value == nil {
		value = []byte{}
	}
	return value, err
}

// news tells what is new in journals. It reports false if one of them is not there,
// or has gone back.
//
// The version is read before the heads, so they are as new as it at least. As long
// as it stays, nothing was written since, and they are right.
func (r *reader) news(follow []backend.Follow) (news []backend.News, ok bool, err error) {
	var version int64
	if _, err := r.one(`PRAGMA data_version`, nil, &version); err != nil {
		return nil, false, err
	}
	if version != r.version {
		clear(r.heads)
		r.version = version
	}
	news = make([]backend.News, len(follow))
	for i, f := range follow {
		h, known := r.heads[f.Journal]
		if !known || h.epoch != f.Epoch || h.number != f.Number {
			return r.changed(follow)
		}
		news[i] = backend.News{Epoch: h.epoch, Number: h.number}
	}
	return news, true, nil
}

// changed reads the journals themselves, in one transaction: a head, its records and
// what is pending are of one moment.
func (r *reader) changed(follow []backend.Follow) (news []backend.News, ok bool, err error) {
	if _, err := r.exec(`BEGIN`); err != nil {
		return nil, false, err
	}
	defer r.end() // nothing was written; if it fails, so will the next statement
	news = make([]backend.News, len(follow))
	for i, f := range follow {
		h, found, err := r.head(f.Journal)
		if err != nil || !found || h.epoch == f.Epoch && h.number < f.Number {
			return nil, false, err
		}
		r.heads[f.Journal] = h
		if err := r.since(&news[i], h, f); err != nil {
			return nil, false, err
		}
	}
	return news, true, nil
}

func (c *conn) head(journal string) (h head, found bool, err error) {
	var epoch, number, floor int64
	found, err = c.one(`SELECT id, epoch, number, floor, young FROM journals WHERE name = ?`, []any{blob(journal)},
		&h.id, &epoch, &number, &floor, &h.young)
	h.epoch, h.number, h.floor = uint64(epoch), uint64(number), uint64(floor)
	return h, found, err
}

// since fills in what a journal has had since it was followed. Of another epoch that
// is all that there is: what another process has stored may be checked against it.
func (r *reader) since(news *backend.News, h head, f backend.Follow) error {
	news.Epoch, news.Number = h.epoch, h.number
	if h.epoch == f.Epoch && h.number == f.Number {
		return nil
	}
	news.Changed, news.Young, news.Since = true, h.young, h.floor
	if h.epoch == f.Epoch {
		news.Since = max(f.Number, h.floor)
	}
	err := r.each(`SELECT number, changes FROM records WHERE journal = ? AND number > ? ORDER BY number`,
		[]any{h.id, int64(news.Since)}, func(rows *sql.Rows) error {
			var number int64
			var changes []byte
			err := rows.Scan(&number, &changes)
			news.Records = append(news.Records, backend.Record{Number: uint64(number), Changes: changes})
			return err
		})
	if err != nil {
		return err
	}
	return r.each(`SELECT id, renewed, lease, changes FROM pending WHERE journal = ?`,
		[]any{h.id}, func(rows *sql.Rows) error {
			var p backend.Pending
			var id []byte
			var renewed int64
			err := rows.Scan(&id, &renewed, (*int64)(&p.Lease), &p.Changes)
			p.ID, p.Renewed = string(id), uint64(renewed)
			news.Pending = append(news.Pending, p)
			return err
		})
}
