package regiontest

import (
	"database/sql/driver"

	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region/internal/forum"
)

type where = forum.Where

// Rows of the tests.
var (
	in1 = where{forum.Is("topic", int64(1))}
	in2 = where{forum.Is("topic", int64(2))}
	in3 = where{forum.Is("topic", int64(3))}
)

// encounter is a change, with whether it drops a result.
type encounter struct {
	name   string
	dep    *invalidation.Dependency
	change invalidation.Change
	drops  bool
}

func committedChanges(s *steps) {
	titles := forum.Read("posts", in1, "id", "topic")
	popular := forum.Read("posts", where{forum.Above("views", int64(5))})
	none := forum.Read("posts", where{forum.In("topic")})
	for _, e := range []encounter{
		{"an insert into the topic", forum.Topic1, forum.PostIn1, true},
		{"an insert into another topic", forum.Topic1, forum.PostIn2, false},
		{"a delete from the topic", forum.Topic1, forum.Deleted("posts", in1...), true},
		{"a delete from another topic", forum.Topic1, forum.Deleted("posts", in2...), false},
		{"a move into the topic", forum.Topic1, forum.Updated("posts", in2, in1), true},
		{"a move out of the topic", forum.Topic1, forum.Updated("posts", in1, in2), true},
		{"a move between other topics", forum.Topic1, forum.Updated("posts", in2, in3), false},
		{"an update of a column that is read", titles, forum.Updated("posts", in1, in1, "id"), true},
		{"an update of a column that is not read", titles, forum.Updated("posts", in1, in1, "views"), false},
		{"a range that the row lies in", popular, forum.Inserted("posts", forum.Is("views", int64(6))), true},
		{"a range that the row lies outside of", popular, forum.Inserted("posts", forum.Is("views", int64(4))), false},
		{"a row of unknown topic", forum.Topic1, forum.Inserted("posts", forum.Is("id", int64(1))), true},
		{"no row at all", forum.Topic1, forum.Deleted("posts", forum.In("topic")), false},
		{"anything in the table", forum.Topic1, forum.Anything("posts"), true},
		{"anything in another table", forum.Topic1, forum.Anything("users"), false},
		{"anything in every table", forum.Topic1, forum.EveryTable, true},
		{"a redefinition of the table", forum.Topic1, redefined("posts"), true},
		{"a redefinition of another table", forum.Topic1, redefined("users"), false},
		{"a redefinition of every table", forum.Topic1, redefined(invalidation.AllTables), true},
		{"a query without rows, and a row", none, forum.PostIn1, false},
		{"a query without rows, and anything in the table", none, forum.Anything("posts"), true},
		{"a text", forum.Read("users", where{forum.Is("name", "ann")}), forum.Inserted("users", forum.Is("name", "ann")), true},
		{"another text", forum.Read("users", where{forum.Is("name", "ann")}), forum.Inserted("users", forum.Is("name", "bob")), false},
		{"NULL", forum.Read("posts", where{forum.Atom(invalidation.IsNull, "topic")}), forum.PostIn1, false},
		{"NULL, and NULL", forum.Read("posts", where{forum.Atom(invalidation.IsNull, "topic")}),
			forum.Inserted("posts", forum.Atom(invalidation.IsNull, "topic")), true},
	} {
		s.run(e.name, e.happens)
	}
}

func redefined(table string) invalidation.Change {
	return invalidation.Change{Table: forum.Named(table), Kind: invalidation.Redefinition}
}

// happens fills the result, announces the change, and commits it.
func (e *encounter) happens(s *steps) {
	s.fill("q", e.dep)
	intent := s.announce(e.change)
	if !e.drops {
		s.hits("q")
		s.fill("again", e.dep)
		intent.commit()
		s.hits("q", "again")
		return
	}
	s.blocked("q")
	s.cannotFill("again", e.dep)
	intent.commit()
	drop := s.dropped("q")
	if drop.Change.Table != e.change.Table || drop.Change.Kind != e.change.Kind || drop.Time.IsZero() {
		s.Errorf("dropped by %+v, want %+v", drop, e.change)
	}
	s.misses("again")
	s.fill("q", e.dep)
	s.hits("q")
}

func severalTables(s *steps) {
	both := forum.Reads(forum.Use("posts", in1), forum.Use("users", nil))
	for _, e := range []encounter{
		{"a change of the first", both, forum.PostIn1, true},
		{"a change of the second", both, forum.UserAdded, true},
		{"a change of the first, elsewhere", both, forum.PostIn2, false},
		{"a change of another table", both, forum.Anything("tags"), false},
		{"a change of every table", both, forum.EveryTable, true},
	} {
		s.run(e.name, e.happens)
	}
}

// sides are those of a change that the parts of a dependency look at.
func sides(s *steps) {
	look := func(rows where, side invalidation.Side, columns ...string) invalidation.Part {
		return invalidation.Part{
			Boxes: forum.Boxes("posts", rows), Side: side,
			Columns: invalidation.Columns{All: len(columns) == 0, Names: columns},
		}
	}
	parts := func(parts ...invalidation.Part) *invalidation.Dependency {
		return &invalidation.Dependency{Tables: []invalidation.TableDependency{{Table: forum.Named("posts"), Parts: parts}}}
	}
	before, after := parts(look(in1, invalidation.Before)), parts(look(in1, invalidation.After))
	two := parts(look(in1, invalidation.Either, "id", "topic"), look(in2, invalidation.After, "views"))
	for _, e := range []encounter{
		{"before: a delete", before, forum.Deleted("posts", in1...), true},
		{"before: an insert", before, forum.PostIn1, false},
		{"before: a move out", before, forum.Updated("posts", in1, in2), true},
		{"before: a move in", before, forum.Updated("posts", in2, in1), false},
		{"after: a delete", after, forum.Deleted("posts", in1...), false},
		{"after: an insert", after, forum.PostIn1, true},
		{"after: a move out", after, forum.Updated("posts", in1, in2), false},
		{"after: a move in", after, forum.Updated("posts", in2, in1), true},
		{"after: anything", after, forum.Anything("posts"), true},
		{"two parts: the first, by its column", two, forum.Updated("posts", in1, in1, "id"), true},
		{"two parts: the first, by the other's column", two, forum.Updated("posts", in1, in1, "views"), false},
		{"two parts: the second, by its column", two, forum.Updated("posts", in3, in2, "views"), true},
		{"two parts: the second, by the other's column", two, forum.Updated("posts", in3, in2, "id"), false},
		{"two parts: the second, on the other side", two, forum.Updated("posts", in2, in3, "views"), false},
		{"no part: a row", parts(), forum.PostIn1, false},
		{"no part: anything", parts(), forum.Anything("posts"), true},
	} {
		s.run(e.name, e.happens)
	}
}

func longLists(s *steps) {
	ids := make([]driver.Value, 10_000)
	for i := range ids {
		ids[i] = int64(2 * i)
	}
	list := forum.Read("posts", where{forum.In("id", ids...)})
	row := func(id int64) invalidation.Change { return forum.Inserted("posts", forum.Is("id", id)) }
	for _, e := range []encounter{
		{"the first", list, row(0), true},
		{"one of the list", list, row(10_000), true},
		{"the last", list, row(19_998), true},
		{"between two", list, row(10_001), false},
		{"past the last", list, row(20_000), false},
	} {
		s.run(e.name, e.happens)
	}
	// A region may keep changes of many rows wider than they are.
	s.run("a change of many rows", func(s *steps) {
		s.fill("first", forum.Read("posts", where{forum.Is("id", int64(0))}))
		s.fill("last", forum.Read("posts", where{forum.Is("id", int64(19_998))}))
		s.fill("users", forum.AllUsers)
		intent := s.announce(forum.Deleted("posts", forum.In("id", ids...)))
		s.blocked("first", "last")
		intent.commit()
		s.misses("first", "last")
		s.hits("users")
	})
}
