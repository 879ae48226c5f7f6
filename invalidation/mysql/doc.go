// Package mysql reads the SQL of MySQL and MariaDB, the definitions that their
// databases keep, and the data source names of github.com/go-sql-driver/mysql.
// To import it is to make it known as "mysql".
//
// Texts are parsed by marino and its tree is turned into that of
// internal/syntax, which does the rest. What is left to this package is what
// only these databases have: comments that are executed, functions that are
// not pure or are stored, statements that commit, columns that hold another
// value than the one written, tables without transactions.
//
// The analyser is a whitelist, and one for both databases: where they differ
// it knows what they have in common.
//
// Not seen: a value of type TIME that is compared with a date, or cast to one,
// takes the present day.
package mysql
