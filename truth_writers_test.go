package cacheops_test

import (
	"database/sql"
	"fmt"

	"gorm.io/gorm"
)

// levels of isolation.
var levels = []sql.IsolationLevel{
	sql.LevelDefault, sql.LevelDefault, sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable,
}

// together has two transactions write by turns, with reads and writes of others
// in between. What would have to wait for a lock fails.
func (tr *trial) together() {
	var open []*party
	for _, name := range []string{"one", "two"} {
		level := pick(tr.dice, levels...)
		tx := tr.db.Begin(&sql.TxOptions{Isolation: level})
		tr.note(fmt.Sprintf("%s: BEGIN %v", name, level), tx.Error)
		if tx.Error != nil {
			continue
		}
		p := &party{trial: tr, name: name, tx: tx}
		defer p.leave()
		open = append(open, p)
	}
	for range 3 + tr.below(6) {
		p := pick(tr.dice, open...)
		switch choice := tr.below(10); {
		case choice < 5:
			p.write()
		case choice == 5:
			p.read()
		case choice == 6:
			_ = tr.do(tr.db, tr.act())
		case choice == 7:
			p.end()
		}
		tr.look(3)
	}
	for len(open) > 0 {
		at := tr.below(len(open))
		open[at].end()
		open = append(open[:at], open[at+1:]...)
		tr.look(6)
	}
}

// party is one of several transactions.
type party struct {
	*trial
	name string
	tx   *gorm.DB
	over bool
}

func (p *party) write() {
	if p.over {
		return
	}
	o := p.act()
	o.text = p.name + ": " + o.text
	p.guarded(p.tx, o)
}

// read sees what is not committed, or is no more, and must not store it.
func (p *party) read() {
	if p.over {
		return
	}
	q := p.asked[p.below(len(p.asked))]
	p.note(p.name+": read "+q.text, q.read(p.tx).Err)
}

// end ends the transaction one way or the other.
func (p *party) end() {
	if p.over {
		return
	}
	p.over = true
	if p.chance(65) {
		p.note(p.name+": COMMIT", p.tx.Commit().Error)
	} else {
		p.note(p.name+": ROLLBACK", p.tx.Rollback().Error)
	}
}

// leave makes sure that nothing is left open when a check fails.
func (p *party) leave() {
	if !p.over {
		p.over = true
		_ = p.tx.Rollback()
	}
}
