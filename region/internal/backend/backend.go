// Package backend says what a store must be able to do in which processes meet:
// keep values under keys, and a journal for each table.
//
// What a backend keeps is bytes. What a change or an entry is, when one makes the
// other untrue, and what is done when the store cannot be reached, is the business
// of package region.
//
// A journal is numbered from 1. Each announcement, renewal, outcome, withdrawal and
// opening takes the next number, so whoever finds the number that he knows has
// missed nothing. It has an epoch, a random number other than zero that is chosen
// when the journal begins; whatever was lost of a journal, all of it was, and the
// one that takes its place has another epoch. A backend may lose values, and whole
// journals, at any time, and nothing less than that.
package backend

import (
	"context"
	"errors"
	"time"
)

// Backend is such a store. Each method is one round trip, whatever the number of
// journals. An error means that nothing is known of what was done. Bytes that are
// handed over are not changed by the caller after the call, nor by the backend ever, so
// either may keep them; a call that was given up may still read them. It is safe for
// concurrent use.
type Backend interface {
	// Look returns the value under key, nil if there is none or key is empty, and
	// for each of the journals followed, in order, what is new in it. A journal that
	// is not there begins now. All of it was read at moments within the call.
	Look(ctx context.Context, key string, follow []Follow) (value []byte, news []News, err error)

	// Put stores a value for as long as ttl, which is positive.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// Add stores a value unless there is one, and reports whether it did.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error)

	// Delete removes values.
	Delete(ctx context.Context, keys ...string) error

	// Remove removes a value if it is the one given. Of values that no one else
	// stores, it removes one's own.
	Remove(ctx context.Context, key string, value []byte) error

	// Announce appends parts as pending under an id. A journal occurs in one part at
	// most: it has one announcement for each id. If they are pending already
	// they stay, and count as renewed: so it renews a lease, and puts back what was
	// lost.
	Announce(ctx context.Context, id string, lease time.Duration, parts []Part) error

	// Settle appends committed parts, each as one record, and then takes what is
	// pending under the id from the journals named. In each journal a reader finds
	// the record before, or when, it does not find the announcement any more; and
	// everywhere the records are there before any announcement is gone. With no
	// parts it is an abort. Settling twice appends twice, which is no harm.
	Settle(ctx context.Context, id string, committed []Part, announced []string) error

	// Expire settles what is pending under the id in a journal as committed, if it
	// was not renewed since Pending.Renewed was read.
	Expire(ctx context.Context, journal string, p Pending) error

	// Open ends the youth of a journal, if it still has that epoch.
	Open(ctx context.Context, journal string, epoch uint64) error

	// Close lets go of what the backend holds of its own.
	Close() error
}

// Follow says how far a journal is known.
type Follow struct {
	Journal string
	Epoch   uint64 // zero if nothing is known
	Number  uint64
}

// News is what a journal has had since.
type News struct {
	Epoch  uint64
	Number uint64 // the present one

	// Changed reports whether epoch or number differ from those followed. Unless
	// it is set what follows is empty, and nothing is new.
	Changed bool
	// Since is the number after which Records has all there were. It is what was
	// followed, or more if records before it were given up, or the epoch is another.
	Since   uint64
	Records []Record
	Pending []Pending // all that there are

	// Young is set from the journal's beginning until Open: announcements that
	// were pending in the journal before it, if there was one, may be missing.
	Young bool
}

// Record is a committed part.
type Record struct {
	Number  uint64
	Changes []byte
}

// Pending is an announced part.
type Pending struct {
	ID      string
	Renewed uint64 // differs each time the lease was renewed: by this alone a reader, and Expire, tell
	Lease   time.Duration
	Changes []byte
}

// Part is changes that go to one journal.
type Part struct {
	Journal string
	Changes []byte
}

// ErrRefused is wrapped by an error with which the store itself has answered, so
// that nothing was done.
var ErrRefused = errors.New("the store refused")
