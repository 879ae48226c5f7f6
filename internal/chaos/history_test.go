package chaos

// kind says what an operation does to its object.
type kind string

const (
	reads   kind = "reads"   // the value of a register
	writes  kind = "writes"  // a register, whatever it has
	swaps   kind = "swaps"   // the value of a register, if it is Old
	lists   kind = "lists"   // what is in a list, by the order of ids
	pages   kind = "pages"   // the first of a list
	counts  kind = "counts"  // what is in a list
	adds    kind = "adds"    // to a list
	removes kind = "removes" // from a list
)

// pageSize is the limit of a page.
const pageSize = 3

// item is in a list. It has another token wherever it comes to be, so each is added
// once and removed once.
type item struct{ ID, Token int64 }

// operation is one on an object.
type operation struct {
	Process int
	Number  int // of the operation, in its process
	Object  string
	Kind    kind

	Old   int64  // what a register must have for swaps
	New   int64  // what a register has: read or written
	Items []item // what a list has, or one that comes or goes
	Count int64

	Call   int64 // when it began
	Return int64 // when it had ended; 0 if that is not known
	Void   bool  // it came to nothing: it is known not to have happened
}

func (o *operation) observes() bool {
	return o.Kind == reads || o.Kind == lists || o.Kind == pages || o.Kind == counts
}

// shows returns the values or tokens that were there by the operation.
func (o *operation) shows() (there []int64) {
	switch o.Kind {
	case reads:
		return []int64{o.New}
	case swaps:
		return []int64{o.Old}
	case lists, pages:
		for _, i := range o.Items {
			there = append(there, i.Token)
		}
	}
	return there
}

// tells reports whether a read of a list tells if an item is in it. A full page does
// not tell what comes after its last.
func (o *operation) tells(i item) bool {
	return o.Kind == lists || o.Kind == pages && (len(o.Items) < pageSize || byID(i, o.Items[pageSize-1]) <= 0)
}

// history has the operations on one object.
type history []*operation

// histories parts operations by their objects, leaving out those that came to
// nothing.
func histories(all []*operation) map[string]history {
	by := map[string]history{}
	for _, o := range all {
		if !o.Void {
			by[o.Object] = append(by[o.Object], o)
		}
	}
	return by
}
