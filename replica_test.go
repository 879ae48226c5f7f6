package cacheops_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/plugin/dbresolver"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/region"
)

// A replica may be this far behind: too far for any test, or not at all.
const (
	behind  = 24 * time.Hour
	abreast = time.Nanosecond
)

// Unless it is known how far replicas are behind, what they give is not cached.
func TestReplicaOfUnknownLagIsBypassed(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		c := newCluster(t, s)
		c.sees("first", false, c.db, 1)
		c.sees("first", false, c.db, 1)
		if n := c.cache.Stats().Bypasses[cacheops.OtherPool]; n != 2 {
			t.Errorf("%d reads were bypassed, want 2", n)
		}
		primary := c.db.Clauses(dbresolver.Write).Session(&gorm.Session{})
		c.sees("first", false, primary, 1)
		c.sees("first", true, primary, 1)
		must(t, c.db.Save(&Note{ID: 1, Text: "changed"}).Error)
		c.sees("first", false, c.db, 1) // as the replica has it
		c.sees("changed", false, primary, 1)
	})
}

// What a replica gives is cached, and serves reads of the source as well.
func TestReplicaIsCached(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		s.lag = behind
		c := newCluster(t, s)
		primary := c.db.Clauses(dbresolver.Write).Session(&gorm.Session{})
		c.sees("first", false, c.db, 1)
		if len(c.logs[c.replicaDSN].Take()) == 0 {
			t.Error("the replica was not asked")
		}
		c.sees("first", true, c.db, 1)
		c.sees("first", true, primary, 1)
		c.sees("second", false, primary, 2)
		c.sees("second", true, c.db, 2)
		if sent := c.logs[c.replicaDSN].Take(); len(sent) > 0 {
			t.Errorf("the replica was asked %q", sent)
		}
		if c.logs[c.replicaDSN].Catalogue() > 0 {
			t.Error("the catalogue was read from the replica, which may be behind")
		}
	})
}

// A row that was written is not stored from a replica that may not show it;
// others are, and so is what the source gives.
func TestLaggingReplicaDoesNotStoreTheOldRow(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		s.lag = behind
		c := newCluster(t, s)
		primary := c.db.Clauses(dbresolver.Write).Session(&gorm.Session{})
		id := uint(10)
		for how, write := range updates {
			for _, db := range []*gorm.DB{c.source, c.replica} {
				must(t, db.Create(&Note{ID: id, Text: "old"}).Error)
			}
			c.sees("old", false, c.db, id)
			c.sees("old", true, c.db, id)
			must(t, write(c.db, id, how))
			c.sees("old", false, c.db, id) // the replica is behind
			c.sees("old", false, c.db, id)
			c.sees(how, false, primary, id)
			c.sees(how, true, c.db, id)
			id++
		}
		c.sees("second", false, c.db, 2)
		c.sees("second", true, c.db, 2)
	})
}

// ripening is a region for which the test says when a lag is over.
type ripening struct {
	region.Region
	lags []time.Duration // that it was asked for
	over bool

	stamping func() // called before a stamp is taken
}

func (r *ripening) Stamp(ctx context.Context, dep *invalidation.Dependency, lag time.Duration) (region.Stamp, bool) {
	r.lags = append(r.lags, lag)
	if stamping := r.stamping; stamping != nil {
		r.stamping = nil
		stamping()
	}
	if r.over {
		lag = min(lag, abreast)
	}
	return r.Region.Stamp(ctx, dep, lag)
}

// What was committed just before the process began, a replica may not show,
// and no journal has it.
func TestReplicaAfterARestart(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		s.lag, s.young = behind, true
		c := newCluster(t, s)
		c.sees("first", false, c.db, 1)
		c.sees("first", false, c.db, 1)
		primary := c.db.Clauses(dbresolver.Write).Session(&gorm.Session{})
		c.sees("first", false, primary, 1)
		c.sees("first", true, c.db, 1)
	})
}

// When the lag is over, a replica fills the cache again.
func TestReplicaStoresAfterItsLag(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		r := &ripening{Region: region.Memory(region.MemoryOptions{})}
		s.lag, s.config.Regions = behind, region.Set{region.Default: r}
		c := newCluster(t, s)
		must(t, c.db.Save(&Note{ID: 1, Text: "changed"}).Error)
		c.sees("first", false, c.db, 1)
		c.sees("first", false, c.db, 1)
		c.replicate()
		r.over = true
		c.sees("changed", false, c.db, 1)
		c.sees("changed", true, c.db, 1)
		c.sees("second", false, c.db.Clauses(dbresolver.Write), 2)
		if want := []time.Duration{behind, behind, behind, 0}; !slices.Equal(r.lags, want) {
			t.Errorf("the region was asked for lags of %v, want %v", r.lags, want)
		}
	})
}

// Replicas that are level store at once.
func TestReplicaWithoutLag(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		s.lag = abreast
		c := newCluster(t, s)
		c.sees("first", false, c.db, 1)
		must(t, c.db.Save(&Note{ID: 1, Text: "changed"}).Error)
		c.replicate()
		c.sees("changed", false, c.db, 1)
		c.sees("changed", true, c.db, 1)
	})
}

// While a COMMIT is under way, a replica neither serves nor stores what it may
// change. One that is rolled back costs nothing.
func TestReplicaAndPendingWrite(t *testing.T) {
	c := newCluster(t, setup{lag: abreast})
	c.sees("first", false, c.db, 1)
	tx := c.db.Clauses(dbresolver.Write).Begin()
	must(t, tx.Exec("UPDATE notes SET text = 'undone' WHERE id = 1").Error)
	must(t, tx.Rollback().Error)
	c.sees("first", true, c.db, 1)

	g := newGate()
	c.log.Gate(func(sql string) {
		if sql == sqlcount.Committing {
			g.stop()
		}
	})
	written := make(chan error)
	go func() { written <- c.db.Save(&Note{ID: 1, Text: "changed"}).Error }()
	<-g.reached
	c.sees("first", false, c.db, 1)
	c.sees("first", false, c.db, 1)
	c.sees("second", false, c.db, 2)
	c.sees("second", true, c.db, 2)
	g.open()
	must(t, <-written)
	c.replicate()
	c.sees("changed", false, c.db, 1)
}

// Reads in a transaction, be it on a replica, are not cached.
func TestTransactionOnAReplica(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		s.lag = behind
		c := newCluster(t, s)
		c.sees("first", false, c.db, 1)
		must(t, c.db.Clauses(dbresolver.Read).Transaction(func(tx *gorm.DB) error {
			c.sees("first", false, tx, 1)
			c.sees("second", false, tx, 2)
			return nil
		}))
		c.sees("second", false, c.db, 2)
		if n := c.cache.Stats().Bypasses[cacheops.InTransaction]; n != 2 {
			t.Errorf("%d reads were bypassed, want 2", n)
		}
	})
}

// A change of definitions is not shown by a replica that is behind. The
// catalogue is the source's.
func TestLaggingReplicaAndDefinitions(t *testing.T) {
	onlyOn(t, "sqlite", "the replica's definitions are changed by another connection, which others fail for")
	r := &ripening{Region: region.Memory(region.MemoryOptions{})}
	c := newCluster(t, setup{lag: behind, config: cacheops.Config{Regions: region.Set{region.Default: r}}})
	c.sees("first", false, c.db, 1)
	more := "ALTER TABLE notes ADD COLUMN extra integer"
	must(t, c.db.Exec(more).Error)
	c.sees("first", false, c.db, 1)
	c.sees("first", false, c.db, 1)
	must(t, c.replica.Exec(more).Error)
	r.over = true
	c.note(1) // by a connection that may know the old definition
	c.note(1)
	c.sees("first", true, c.db, 1)
}

// ownRows gives the table of notes a source of its own, which is not the
// primary's database, and leaves the others to the primary.
func ownRows(c *cluster) *dbresolver.DBResolver {
	return dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{c.dialector(c.replicaDSN)}}, &Note{}, "second")
}

// Results of a group with a database of its own are never taken for the
// primary's, nor the other way round.
func TestGroupWithADatabaseOfItsOwn(t *testing.T) {
	for _, prepared := range []bool{false, true} {
		c := newCluster(t, setup{lag: abreast, configure: ownRows, prepared: prepared})
		primary, _ := openDB(t, c.dsn, &gorm.Config{})
		must(t, primary.Use(c.cache))
		must(t, c.replica.Save(&Note{ID: 1, Text: "of the second"}).Error)
		c.sees("of the second", false, c.db, 1)
		c.sees("of the second", true, c.db, 1)
		c.sees("first", false, primary, 1)
		c.sees("of the second", true, c.db.Clauses(dbresolver.Use("second")), 1)

		must(t, c.db.Save(&Note{ID: 1, Text: "changed"}).Error)
		c.sees("changed", false, c.db, 1)
		c.sees("changed", true, c.db, 1)
		c.sees("second", false, c.db, 2)
		must(t, c.db.Delete(&Note{ID: 1}).Error)
		c.sees("second", true, c.db, 2)

		tags := func() (tags []Tag) { must(t, c.db.Find(&tags).Error); return tags }
		must(t, c.replica.Where("1 = 1").Delete(&Tag{}).Error)
		if n := len(tags()); n != 2 {
			t.Errorf("there are %d tags in the primary, want 2", n)
		}
	}
}

// The source of a group may be nothing but a replica of the primary. What is
// written to the primary, and is not shown there, is not stored there.
func TestReplicaThatIsUsedAsASource(t *testing.T) {
	for _, first := range []bool{false, true} {
		c := newCluster(t, setup{lag: behind, resolverFirst: first, configure: func(c *cluster) *dbresolver.DBResolver {
			return dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{c.dialector(c.replicaDSN)}}, "reports").
				Register(dbresolver.Config{Replicas: []gorm.Dialector{c.dialector(c.replicaDSN)}})
		}})
		reports := c.db.Clauses(dbresolver.Use("reports")).Session(&gorm.Session{})
		c.sees("first", false, reports, 1)
		c.sees("first", !first, reports, 1)
		must(t, c.db.Save(&Note{ID: 1, Text: "changed"}).Error)
		c.sees("first", false, reports, 1)
		c.sees("first", false, reports, 1)
		c.replicate()
		c.sees("changed", false, reports, 1)
	}
}

// A table whose reads alone go to replicas has the primary for its source.
func TestReplicasOfATable(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		s.lag, s.configure = behind, func(c *cluster) *dbresolver.DBResolver {
			return dbresolver.Register(dbresolver.Config{Replicas: []gorm.Dialector{c.dialector(c.replicaDSN)}}, &Note{})
		}
		c := newCluster(t, s)
		c.sees("first", false, c.db, 1)
		c.sees("first", true, c.db, 1)
		must(t, c.db.Save(&Note{ID: 1, Text: "changed"}).Error)
		c.sees("first", false, c.db, 1)
		c.sees("first", false, c.db, 1)
		c.sees("second", false, c.db, 2)
		c.sees("second", true, c.db, 2)
	})
}

// Once a write was sent to another source, the primary may be behind too.
func TestPrimaryThatIsBehindAnotherSource(t *testing.T) {
	for _, first := range []bool{false, true} {
		c := newCluster(t, setup{lag: behind, resolverFirst: first, configure: func(c *cluster) *dbresolver.DBResolver {
			return dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{c.dialector(c.replicaDSN)}}, "other")
		}})
		c.sees("first", false, c.db, 1)
		c.sees("first", true, c.db, 1)
		must(t, c.db.Save(&Note{ID: 1, Text: "changed"}).Error) // by the primary, which shows it
		c.sees("changed", false, c.db, 1)
		c.sees("changed", true, c.db, 1)
		must(t, c.db.Clauses(dbresolver.Use("other")).Exec("UPDATE notes SET text = 'elsewhere' WHERE id = 1").Error)
		c.sees("changed", false, c.db, 1)
		c.sees("changed", false, c.db, 1)
		c.sees("second", false, c.db, 2)
		c.sees("second", true, c.db, 2)
	}
}

// The first write to another source may come while a read of the primary is
// about to take its stamp.
func TestFirstWriteToAnotherSourceDuringARead(t *testing.T) {
	r := &ripening{Region: region.Memory(region.MemoryOptions{})}
	c := newCluster(t, setup{lag: behind, config: cacheops.Config{Regions: region.Set{region.Default: r}}, configure: func(c *cluster) *dbresolver.DBResolver {
		return dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{c.dialector(c.replicaDSN)}}, "other")
	}})
	r.stamping = func() {
		must(t, c.db.Clauses(dbresolver.Use("other")).Exec("UPDATE notes SET text = 'elsewhere' WHERE id = 1").Error)
	}
	c.sees("first", false, c.db, 1)
	c.sees("first", false, c.db, 1)
}

// Sources that are declared to be one database share what is cached.
func TestSourcesOfOneDatabase(t *testing.T) {
	c := newCluster(t, setup{lag: behind, config: cacheops.Config{Database: "forum"}, configure: func(c *cluster) *dbresolver.DBResolver {
		return dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{c.dialector(c.replicaDSN)}}, "other")
	}})
	c.sees("first", false, c.db, 1)
	c.sees("first", true, c.db.Clauses(dbresolver.Use("other")), 1)
}

// A read that goes to whichever of several replicas is cached once.
func TestSeveralReplicas(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		s.lag, s.configure = behind, func(c *cluster) *dbresolver.DBResolver {
			return dbresolver.Register(dbresolver.Config{
				Replicas: []gorm.Dialector{c.dialector(c.replicaDSN), c.dialector(on().alias(c.replicaDSN))},
				Policy:   dbresolver.StrictRoundRobinPolicy(),
			})
		}
		c := newCluster(t, s)
		c.sees("first", false, c.db, 1)
		for range 4 {
			c.sees("first", true, c.db, 1)
		}
	})
}

// A pool that is set up in another way may give other results.
func TestReplicaThatIsSetUpOtherwise(t *testing.T) {
	onlyOn(t, "sqlite", "it is about a parameter of its names")
	c := newCluster(t, setup{lag: behind, configure: func(c *cluster) *dbresolver.DBResolver {
		return dbresolver.Register(dbresolver.Config{Replicas: []gorm.Dialector{c.dialector(c.replicaDSN + "&_loc=auto")}})
	}})
	c.sees("first", false, c.db, 1)
	c.sees("first", false, c.db, 1)
}
