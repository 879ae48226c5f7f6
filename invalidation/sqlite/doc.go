// Package sqlite reads SQLite: the SQL that it is sent, and its catalogue.
//
// [Analyzer] turns one SQL text into an [invalidation.Shape]. The text is
// parsed in full; then the statement is turned into the tree that all dialects
// share, and read as such. What is decided here is what SQLite alone knows:
// what its names and literals mean, which functions are pure, what a PRAGMA
// does. A syntax, a function or a FROM item that is not known makes the
// statement refused; in a condition it leaves the condition open.
//
// [ReadCatalog] reads what no statement says: the kinds of the columns, which
// names are ordinary tables, and what foreign keys and triggers write.
package sqlite
