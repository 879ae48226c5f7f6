package syntax

// look walks an expression: it notes each column that is named, and reads each
// subquery.
func (a *analysis) look(e Expr, sc *scope) {
	switch e := e.(type) {
	case *Column:
		if e.Table == "" {
			sc.noteColumn(e.Name)
		} else {
			sc.noteQualified(e.Table, e.Name)
		}
	case *Star:
		sc.noteStar(e)
	case *Sub:
		a.query(e.Query, sc)
	case *Exists:
		a.query(e.Query, sc)
	case *In:
		a.look(e.X, sc)
		a.lookAll(e.List, sc)
		if e.Query != nil {
			a.query(e.Query, sc)
		}
	case *Logic:
		a.lookAll(e.Terms, sc)
	case *Not:
		a.look(e.X, sc)
	case *Compare:
		a.look(e.X, sc)
		a.look(e.Y, sc)
	case *Same:
		a.look(e.X, sc)
		a.look(e.Y, sc)
	case *Between:
		a.look(e.X, sc)
		a.look(e.Lo, sc)
		a.look(e.Hi, sc)
	case *Like:
		a.look(e.X, sc)
		a.look(e.Pattern, sc)
		a.lookAll(e.Rest, sc)
	case *Row:
		a.lookAll(e.List, sc)
	case *Extreme:
		a.look(e.X, sc)
	case *Sum:
		a.look(e.X, sc)
		a.look(e.Y, sc)
	case *Other:
		a.lookAll(e.Args, sc)
	}
}

func (a *analysis) lookAll(list []Expr, sc *scope) {
	for _, e := range list {
		a.look(e, sc)
	}
}
