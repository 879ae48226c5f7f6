package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
)

// The objects: few enough that processes meet at them.
const (
	registerCount = 12
	listCount     = 4
	listLength    = 6 // about which lists are kept
)

// Register is a row of a register. Ids begin at 1.
type Register struct {
	ID    int64 `gorm:"primaryKey;autoIncrement:false"`
	Value int64
}

// Entry is a row that is in a list.
type Entry struct {
	ID     int64 `gorm:"primaryKey;autoIncrement:false"`
	ListID int64 `gorm:"index"`
	Token  int64
}

// prepare makes the tables.
func prepare(db *gorm.DB) error {
	rows := make([]Register, registerCount)
	for i := range rows {
		rows[i].ID = int64(i) + 1
	}
	return errors.Join(db.AutoMigrate(&Register{}, &Entry{}), db.Create(&rows).Error)
}

func registerName(id int64) string { return fmt.Sprint("register ", id) }
func listName(id int64) string     { return fmt.Sprint("list ", id) }

// errUndo ends a transaction that is to be rolled back.
var errUndo = errors.New("undo")

// work does one thing after another.
func (m *member) work(worker int, stop <-chan struct{}) {
	random := rand.New(rand.NewPCG(uint64(m.Process), uint64(worker)))
	for {
		select {
		case <-stop:
			return
		default:
			m.act(random)
		}
	}
}

// act reads, or writes, one thing or several in a transaction.
func (m *member) act(random *rand.Rand) {
	switch n := random.IntN(100); {
	case n < 97:
		m.read(m.db, random, nil)
	case n < 99:
		// Most of GORM's writes are transactions of their own; these are not.
		m.write(m.db.Session(&gorm.Session{SkipDefaultTransaction: n%2 == 0}), random)
	default:
		m.transact(random)
	}
}

// read reads anything but what the transaction that it is part of has written.
func (m *member) read(db *gorm.DB, random *rand.Rand, written map[string]bool) {
	switch random.IntN(10) {
	case 0, 1, 2, 3, 4:
		if id := 1 + random.Int64N(registerCount); !written[registerName(id)] {
			m.readOne(db, random, id)
		}
	case 5:
		first := 1 + random.Int64N(registerCount-2)
		ids := slices.DeleteFunc([]int64{first, first + 1, first + 2}, func(id int64) bool { return written[registerName(id)] })
		if len(ids) > 0 {
			m.readSome(db, ids)
		}
	default:
		if id := random.Int64N(listCount); !written[listName(id)] {
			m.readList(db, random, id)
		}
	}
}

// readOne reads a register in one of two ways, which share their results.
func (m *member) readOne(db *gorm.DB, random *rand.Rand, id int64) {
	var row Register
	var err error
	call := now()
	if random.IntN(2) == 0 {
		row, err = cacheops.Get[Register](context.Background(), m.cache, db, id)
	} else {
		err = db.First(&row, id).Error
	}
	if err != nil {
		m.fault("reading register %d: %v", id, err)
		return
	}
	m.recorder.read(m.Process, call, &operation{Object: registerName(id), Kind: reads, New: row.Value})
}

func (m *member) readSome(db *gorm.DB, ids []int64) {
	var rows []Register
	call := now()
	if err := db.Find(&rows, ids).Error; err != nil || len(rows) != len(ids) {
		m.fault("reading registers %v: %d rows, %v", ids, len(rows), err)
		return
	}
	read := make([]*operation, len(rows))
	for i, row := range rows {
		read[i] = &operation{Object: registerName(row.ID), Kind: reads, New: row.Value}
	}
	m.recorder.read(m.Process, call, read...)
}

// readList reads a list, the first of it, or how long it is.
func (m *member) readList(db *gorm.DB, random *rand.Rand, id int64) []Entry {
	o := &operation{Object: listName(id), Kind: lists}
	query := db.Model(&Entry{}).Where("list_id = ?", id)
	var rows []Entry
	var err error
	call := now()
	switch random.IntN(6) {
	case 0:
		o.Kind = counts
		err = query.Count(&o.Count).Error
	case 1:
		o.Kind = pages
		err = query.Order("id").Limit(pageSize).Find(&rows).Error
	default:
		err = query.Order("id").Find(&rows).Error
	}
	if err != nil {
		m.fault("reading list %d: %v", id, err)
		return nil
	}
	for _, row := range rows {
		o.Items = append(o.Items, item{row.ID, row.Token})
	}
	m.recorder.read(m.Process, call, o)
	return rows
}

// change is a write that was decided on: what it does, and how.
type change struct {
	row  int64 // whose id
	does []*operation
	send func(*gorm.DB) *gorm.DB
	sure bool // it finds its row, whatever others do
}

// write does one write outside any transaction of the caller's.
func (m *member) write(db *gorm.DB, random *rand.Rand) {
	if c, ok := m.decide(db, random); ok {
		_, _ = m.do(db, c, true)
	}
}

// do sends a change. If it is alone, what becomes of it is told at once.
func (m *member) do(db *gorm.DB, c change, alone bool) (happened bool, err error) {
	for _, o := range c.does {
		m.begun(m.Process, o)
	}
	tx := c.send(db)
	switch {
	case tx.Error != nil:
		if alone {
			m.ended(m.fateOf(tx.Error), c.does...)
		}
		return true, tx.Error
	case tx.RowsAffected == 0:
		if c.sure {
			m.fault("%v: no row was found", c.does)
		}
		m.ended(void, c.does...)
		return false, nil
	}
	if alone {
		m.ended(done, c.does...)
	}
	return true, nil
}

// decide decides on a write, having read what it builds on.
func (m *member) decide(db *gorm.DB, random *rand.Rand) (change, bool) {
	if random.IntN(2) == 0 {
		return m.decideRegister(db, random), true
	}
	id := random.Int64N(listCount)
	var rows []Entry
	if err := db.Where("list_id = ?", id).Order("id").Find(&rows).Error; err != nil {
		return change{}, false
	}
	if len(rows) == 0 || random.IntN(2*listLength) > len(rows) {
		return m.create(id, random), true
	}
	row := rows[random.IntN(len(rows))]
	if random.IntN(3) == 0 {
		return m.remove(row), true
	}
	return m.move(row, random), true
}

func (m *member) decideRegister(db *gorm.DB, random *rand.Rand) change {
	row := Register{ID: 1 + random.Int64N(registerCount), Value: m.next()}
	o := &operation{Object: registerName(row.ID), Kind: writes, New: row.Value}
	var old Register
	switch random.IntN(3) {
	case 0:
		return change{row.ID, []*operation{o}, func(db *gorm.DB) *gorm.DB { return db.Save(&row) }, true}
	case 1:
		if db.First(&old, row.ID).Error == nil {
			o.Kind, o.Old = swaps, old.Value
			return change{row.ID, []*operation{o}, func(db *gorm.DB) *gorm.DB {
				return db.Model(&Register{}).Where("id = ? AND value = ?", row.ID, old.Value).Update("value", row.Value)
			}, false}
		}
	}
	return change{row.ID, []*operation{o}, func(db *gorm.DB) *gorm.DB {
		return db.Model(&Register{ID: row.ID}).Update("value", row.Value)
	}, true}
}

func (m *member) create(to int64, random *rand.Rand) change {
	row := Entry{ID: random.Int64(), ListID: to, Token: m.next()}
	return change{row.ID, []*operation{{Object: listName(to), Kind: adds, Items: []item{{row.ID, row.Token}}}},
		func(db *gorm.DB) *gorm.DB { return db.Create(&row) }, true}
}

func (m *member) remove(row Entry) change {
	return change{row.ID, []*operation{{Object: listName(row.ListID), Kind: removes, Items: []item{{row.ID, row.Token}}}},
		func(db *gorm.DB) *gorm.DB { return db.Where("token = ?", row.Token).Delete(&Entry{ID: row.ID}) }, false}
}

func (m *member) move(row Entry, random *rand.Rand) change {
	to := random.Int64N(listCount)
	token := m.next()
	return change{row.ID, []*operation{
		{Object: listName(row.ListID), Kind: removes, Items: []item{{row.ID, row.Token}}},
		{Object: listName(to), Kind: adds, Items: []item{{row.ID, token}}},
	}, func(db *gorm.DB) *gorm.DB {
		return db.Model(&Entry{ID: row.ID}).Where("token = ?", row.Token).Updates(map[string]any{"list_id": to, "token": token})
	}, false}
}
