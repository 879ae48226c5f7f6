package region

import "sort"

// passage says that the shared number was heard of when the own one was reached.
type passage struct{ shared, own uint64 }

// pass notes that the shared number was reached. Passages that the own journal
// does not reach back to are forgotten.
func (m *mirror) pass(shared uint64) {
	m.passed = append(m.passed, passage{shared, m.journal.number.Load()})
	if len(m.passed) > 2*m.length {
		m.base = m.passed[m.length-1]
		m.passed = append([]passage(nil), m.passed[m.length:]...)
	}
}

// at sets a mark at a shared position. It reports false if nothing is known from
// there on.
//
// Whoever took a stamp there was met by nothing that was pending in the shared
// journal then. It may be met by what this process alone knows to be pending, so the
// mark is behind the own journal's number as long as there is such a thing, and the
// next check finds it.
func (m *mirror) at(p Position, to *mark) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.Epoch != m.epoch || p.Number < m.base.shared || p.Number > m.number || !m.youth.IsZero() {
		return false
	}
	own := m.base.own
	if later := m.after(p.Number); later > 0 {
		own = m.passed[later-1].own
	}
	to.journal = m.journal
	to.number.Store(own)
	return true
}

// after returns the first passage behind a shared number.
func (m *mirror) after(shared uint64) int {
	return sort.Search(len(m.passed), func(i int) bool { return m.passed[i].shared > shared })
}

// since returns how many records have come since a position.
func (m *mirror) since(p Position) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.passed) - m.after(p.Number)
}
