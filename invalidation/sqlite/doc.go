// Package sqlite reads SQLite: the SQL that it is sent, and its catalogue.
//
// [Analyzer] turns one SQL text into an [invalidation.Shape]. The text is
// parsed in full; then the statement is read block by block, a block being a
// SELECT with its own FROM clause, however deeply it is nested:
//
//   - Every table that a block names is a source. What a name stands for is
//     decided as SQLite does it: a common table expression hides a table.
//   - Every expression of the block is walked, and the columns that it names
//     are noted with each source that they may belong to, in this block and
//     in those around it.
//   - WHERE and ON are projected on each source: the rows that the projection
//     leaves out cannot influence the block. Which conditions may leave out a
//     row of which source is decided by the tree of joins.
//
// Both walks admit only what they know. A syntax, a function or a FROM item
// that is not known makes the statement refused; in a condition it leaves the
// condition open.
//
// [ReadCatalog] reads what no statement says: the kinds of the columns, which
// names are ordinary tables, and what foreign keys and triggers write.
package sqlite
