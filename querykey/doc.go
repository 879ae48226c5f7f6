// Package querykey makes the key under which a query's result is stored.
//
// Two executions have the same [Key] only if the database would be asked the
// same question and the answer would be put into the same kind of variable:
// the key holds the database's identity, the compiled SQL, each argument with
// its type in the form in which it is stored, the shape of the destination,
// and the caller's extra. It is an injective encoding, not a digest; the
// digest beside it only finds it, and a region compares keys in full.
//
// What the key means for freshness, and where results are kept, is left to
// packages invalidation and region.
package querykey
