package sqlitestore

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed92106438/cacheops/region/internal/backend"
)

// tx is a transaction that writes.
type tx struct {
	*conn
	options *Options
}

// journal is a journal in the midst of being written.
type journal struct {
	head
	kept  int   // records that there are
	bytes int64 // of their changes
}

// find returns a journal, nil if there is none.
func (t *tx) find(name string) (*journal, error) {
	var j journal
	var found bool
	var err error
	if j.head, found, err = t.head(name); err != nil || !found {
		return nil, err
	}
	_, err = t.one(`SELECT kept, bytes FROM journals WHERE id = ?`, []any{j.id}, &j.kept, &j.bytes)
	return &j, err
}

// open returns a journal, which begins now if there is none.
func (t *tx) open(name string) (*journal, error) {
	j, err := t.find(name)
	if j != nil || err != nil {
		return j, err
	}
	_, err = t.exec(`INSERT INTO journals (name, epoch, number, floor, young, kept, bytes) VALUES (?, ?, 0, 0, 1, 0, 0)`,
		blob(name), int64(random()))
	if err != nil {
		return nil, err
	}
	return t.find(name)
}

// random returns a number that was never returned before, other than zero.
func random() uint64 { return rand.Uint64() | 1 }

// save writes a journal's head.
func (t *tx) save(j *journal) error {
	_, err := t.exec(`UPDATE journals SET epoch = ?, number = ?, floor = ?, young = ?, kept = ?, bytes = ? WHERE id = ?`,
		int64(j.epoch), int64(j.number), int64(j.floor), j.young, j.kept, j.bytes, j.id)
	return err
}

// follow begins the journals that are not there, and begins those anew that are
// behind what was seen of them.
//
// That should not be. It can be seen if someone has put an older copy into the file.
func (t *tx) follow(follow []backend.Follow) error {
	for _, f := range follow {
		j, err := t.open(f.Journal)
		if err != nil {
			return err
		}
		if j.epoch != f.Epoch || j.number >= f.Number {
			continue
		}
		if _, err := t.exec(`DELETE FROM records WHERE journal = ?`, j.id); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM pending WHERE journal = ?`, j.id); err != nil {
			return err
		}
		if err := t.save(&journal{head: head{id: j.id, epoch: random(), young: true}}); err != nil {
			return err
		}
	}
	return nil
}

// announce makes a part pending, or renews it.
func (t *tx) announce(id string, lease time.Duration, part backend.Part) error {
	j, err := t.open(part.Journal)
	if err != nil {
		return err
	}
	renewed, err := t.exec(`UPDATE pending SET renewed = ?, lease = ? WHERE journal = ? AND id = ?`,
		int64(random()), int64(lease), j.id, blob(id))
	if err != nil {
		return err
	}
	if renewed == 0 {
		_, err = t.exec(`INSERT INTO pending (journal, id, renewed, lease, changes) VALUES (?, ?, ?, ?, ?)`,
			j.id, blob(id), int64(random()), int64(lease), blob(part.Changes))
		if err != nil {
			return err
		}
	}
	j.number++
	return t.save(j)
}

// commit appends a part as a record.
func (t *tx) commit(part backend.Part) error {
	j, err := t.open(part.Journal)
	if err != nil {
		return err
	}
	if err := t.record(j, part.Changes); err != nil {
		return err
	}
	return t.save(j)
}

// weight is how many bytes of changes are kept in place of one record: changes of
// many rows are given up sooner.
const weight = 256

// record appends changes, and gives up the oldest records if they are too many.
func (t *tx) record(j *journal, changes []byte) error {
	j.number++
	_, err := t.exec(`INSERT INTO records (journal, number, changes) VALUES (?, ?, ?)`,
		j.id, int64(j.number), blob(changes))
	if err != nil {
		return err
	}
	j.kept++
	j.bytes += int64(len(changes))
	for j.kept > t.options.JournalLength || j.kept > 1 && j.bytes > int64(t.options.JournalLength)*weight {
		var oldest, size int64
		found, err := t.one(`SELECT number, length(changes) FROM records WHERE journal = ? ORDER BY number LIMIT 1`,
			[]any{j.id}, &oldest, &size)
		if err != nil || !found {
			return err
		}
		if _, err := t.exec(`DELETE FROM records WHERE journal = ? AND number = ?`, j.id, oldest); err != nil {
			return err
		}
		j.kept--
		j.bytes -= size
		j.floor = uint64(oldest)
	}
	return nil
}

// withdraw takes what is pending under an id from a journal.
func (t *tx) withdraw(id, name string) error {
	j, err := t.find(name)
	if j == nil || err != nil {
		return err
	}
	gone, err := t.exec(`DELETE FROM pending WHERE journal = ? AND id = ?`, j.id, blob(id))
	if err != nil || gone == 0 {
		return err
	}
	j.number++
	return t.save(j)
}

// expire settles what is pending as committed, if it is as it was.
func (t *tx) expire(name string, p backend.Pending) error {
	j, err := t.find(name)
	if j == nil || err != nil {
		return err
	}
	var changes []byte
	found, err := t.one(`SELECT changes FROM pending WHERE journal = ? AND id = ? AND renewed = ?`,
		[]any{j.id, blob(p.ID), int64(p.Renewed)}, &changes)
	if err != nil || !found {
		return err
	}
	if err := t.record(j, changes); err != nil {
		return err
	}
	if err := t.save(j); err != nil {
		return err
	}
	return t.withdraw(p.ID, name)
}

// mature ends the youth of a journal.
func (t *tx) mature(name string, epoch uint64) error {
	j, err := t.find(name)
	if err != nil || j == nil || j.epoch != epoch || !j.young {
		return err
	}
	j.young = false
	j.number++
	return t.save(j)
}

// forget gives up all records, so that nothing which was stored before can be shown
// to be fresh. What is pending stays so.
func (t *tx) forget() error {
	if _, err := t.exec(`DELETE FROM records`); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE journals SET number = number + 1, floor = number + 1, kept = 0, bytes = 0`)
	return err
}

// distinct returns an error if two parts go to one journal: of those under one id it
// would keep the first only.
func distinct(parts []backend.Part) error {
	seen := map[string]bool{}
	for _, part := range parts {
		if seen[part.Journal] {
			return fmt.Errorf("two parts go to the journal %q", part.Journal)
		}
		seen[part.Journal] = true
	}
	return nil
}
