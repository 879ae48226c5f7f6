// Package chaos has tests that kill, cut off and empty what a cache stands on, and
// check that what is read through it is what the database would have answered. There
// is nothing to import.
//
// # Linearizability
//
// A crew of processes, each of which runs this package's test program again, reads
// and writes one database through GORM and the plugin, with a region that they share.
// Each tells the test what it did and when, by the clock that is common to the
// processes of a machine; a write is told of before it is sent. Processes are
// killed and replaced meanwhile, and worse is done to the region's store. Then it is
// asked whether the reads and writes of each object can have happened one after the
// other: whether there is an order in which every read sees the last write, and in
// which nothing comes before what had ended when it began. At the level bounded(d) a
// read may be as old as d: it counts as one that began so much earlier, though it
// comes after what its own process has written, as far as it depends on that.
//
// github.com/anishathalye/porcupine decides that for any objects. In a history that is
// wrong, or hard to explain, it tries what order overlapping reads can have come in,
// which takes time and memory without end; most of all if they may be old, for then
// all overlap. So an order is found by what is known of these objects, and porcupine
// confirms it. That there is none is found as porcupine would, see
// TestVerdictsArePorcupines. What is wrong is kept in a file, and can be judged again;
// see -chaos.history.
//
// A crew works until it has done its share of the operations that all modes are to do
// together, and for some time at least; see -chaos.operations and -chaos.time. What is
// counted are operations on objects, as the check takes them: a read of three rows is
// three.
//
// Objects are registers, which are rows that are found by key, and lists, which are
// the rows that meet a condition. What nobody can know the end of, because its
// process was killed or its COMMIT was not answered, may have happened at any time
// after it began, or never.
//
// So that others come between, processes hold the steps of their reads and writes up
// at times. Left-out defences have been found by that: what is pending not looked at,
// and leases that end as if nothing had been committed.
//
// # Outages
//
// A region whose outages are Degrade is not linearizable in an outage, and does not
// say that it is: what a process could not announce it commits all the same, and the
// others, for whom the store may be back already, serve what they have until it is
// announced. One call that takes longer than the region's Timeout is such an outage,
// and nobody can promise that there is none. So the regions of crews are Strict. What
// Degrade does promise is tested by itself, see TestServerInTrouble.
//
// # Leases
//
// A lease is relied on to exceed any time for which a process is stopped, and any
// time for which a statement whose process was killed goes on in the database. On a
// machine with much else to do a short one does not; see -chaos.lease.
package chaos
