// Package postgres is the dialect of PostgreSQL: the SQL that it is sent, its
// catalogue, and the names that lead to it. To import it is to register it.
//
// A text is parsed in full and looked over as a whole, for what may stand
// anywhere in it: parameters, functions, locks, names. Then it is translated
// into the tree of package syntax, which reads it.
//
// Both admit only what they know. A syntax, a function or a FROM item that is
// not known makes the statement refused; in a condition it leaves the
// condition open. A text that is not understood at all counts as one that may
// write anything, for in PostgreSQL even a SELECT can.
//
// The catalogue tells what no statement says: the kinds of the columns, which
// names are ordinary tables, and what foreign keys, triggers, rules, views and
// functions write.
package postgres
