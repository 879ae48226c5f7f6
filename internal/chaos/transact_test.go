package chaos

import (
	"errors"
	"math/rand/v2"

	"gorm.io/gorm"
)

// transact does several things in a transaction, which may be rolled back.
func (m *member) transact(random *rand.Rand) {
	undo := random.IntN(4) == 0
	var written []*operation
	over := false
	err := m.db.Transaction(func(tx *gorm.DB) (err error) {
		written, err = m.steps(tx, random)
		switch {
		case err != nil:
			over = true
			return err
		case undo:
			over = true
			return errUndo
		}
		return nil
	})
	switch {
	case over: // before COMMIT was sent, so that it never will be
		m.ended(void, written...)
	default:
		m.ended(m.fateOf(err), written...)
	}
}

// steps writes one or two things and reads some between, and returns what awaits the
// end of the transaction. Rows are locked in the order of their ids, by all.
func (m *member) steps(tx *gorm.DB, random *rand.Rand) (written []*operation, err error) {
	touched := map[string]bool{}
	locked := int64(-1)
	for range 1 + random.IntN(2) {
		c, ok := m.decide(m.db, random)
		if !ok || c.row <= locked || meets(touched, c.does) {
			continue
		}
		locked = c.row
		happened, err := m.do(tx, c, false)
		if happened {
			written = append(written, c.does...)
		}
		if err != nil {
			return written, err
		}
		if !happened {
			continue
		}
		for _, o := range c.does {
			touched[o.Object] = true
		}
		m.read(tx, random, touched)
		m.readOwn(tx, c.does)
	}
	return written, nil
}

// meets tells whether a change is of an object that was touched.
func meets(touched map[string]bool, does []*operation) bool {
	for _, o := range does {
		if touched[o.Object] {
			return true
		}
	}
	return false
}

// readOwn reads what the transaction has written, which no one else may see yet.
func (m *member) readOwn(tx *gorm.DB, does []*operation) {
	for _, o := range does {
		switch o.Kind {
		case writes, swaps:
			var row Register
			err := tx.Where("value = ?", o.New).Take(&row).Error
			if err != nil {
				m.fault("%v was not seen by its own transaction: %v", o, err)
			}
		case adds:
			var row Entry
			if err := tx.Where("token = ?", o.Items[0].Token).Take(&row, o.Items[0].ID).Error; err != nil {
				m.fault("%v was not seen by its own transaction: %v", o, err)
			}
		case removes:
			var row Entry
			err := tx.Where("token = ?", o.Items[0].Token).Take(&row, o.Items[0].ID).Error
			if !errors.Is(err, gorm.ErrRecordNotFound) {
				m.fault("%v was not seen by its own transaction: %+v, %v", o, row, err)
			}
		}
	}
}
