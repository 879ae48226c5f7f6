// Package invalidation decides which cached results a change makes untrue.
//
// It has one idea: what a query depends on and what a write did are the same
// kind of thing, a region of a table's row space. Such a region is a [Box].
// A query's [Dependency] holds boxes that cover every row that can influence
// its result; a [Change] holds boxes that cover the rows it touched, before
// and after. The result is made untrue only if the two meet.
//
// The way from SQL to boxes has two steps. A dialect's [Analyzer] reads one
// SQL text, once, and gives its [Shape]: the tables it reads and writes, with
// predicates whose values are still parameters. [Shape.Dependency] and
// [Shape.Changes] then put the arguments of one execution in, with the help of
// the database's own [Catalog], which knows the type of each column.
//
// The law of the package is: widen when in doubt. A box may be larger than
// the truth, never smaller; a larger box costs a needless query, a smaller one
// serves a stale result. Whatever is not understood is left open.
//
// The package knows nothing of GORM, of storage, or of time: when a change
// becomes true is the journal's business, in package region.
package invalidation
