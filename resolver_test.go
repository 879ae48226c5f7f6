package cacheops_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/plugin/dbresolver"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/internal/sqlcount"
	"github.com/seed92106438/cacheops/profiles"
)

// cluster is a source and a replica with the same notes, behind one *gorm.DB
// for which dbresolver chooses. Nothing is replicated but by replicate.
type cluster struct {
	*testing.T
	dsn, replicaDSN string
	db              *gorm.DB
	cache           *cacheops.Plugin
	source, replica *gorm.DB // past plugins
	log             *sqlcount.Log
	logs            map[string]*sqlcount.Log // of the pools that dbresolver opens
}

// setup is what clusters may differ in.
type setup struct {
	lag           time.Duration
	resolverFirst bool // registered before the plugin
	prepared      bool
	young         bool                                    // the process began a moment ago
	configure     func(c *cluster) *dbresolver.DBResolver // nil: one replica
	config        cacheops.Config
}

// replicas has dbresolver read from the replica.
func replicas(c *cluster) *dbresolver.DBResolver {
	return dbresolver.Register(dbresolver.Config{Replicas: []gorm.Dialector{c.dialector(c.replicaDSN)}})
}

func newCluster(t *testing.T, s setup) *cluster {
	t.Helper()
	if s.lag > 0 {
		onlyOn(t, "sqlite postgres", "to MySQL, two databases of one server are no replicas of each other")
	}
	c := &cluster{T: t, dsn: on().empty(t), replicaDSN: on().empty(t), logs: map[string]*sqlcount.Log{}}
	c.source, _ = openDB(t, c.dsn, &gorm.Config{})
	c.replica, _ = openDB(t, c.replicaDSN, &gorm.Config{})
	for _, db := range []*gorm.DB{c.source, c.replica} {
		must(t, db.AutoMigrate(&Note{}, &Tag{}))
		must(t, db.Create(&[]Note{{ID: 1, Text: "first"}, {ID: 2, Text: "second"}}).Error)
		must(t, db.Create(&[]Tag{{ID: 1, Name: "go"}, {ID: 2, Name: "sql"}}).Error)
	}
	c.db, c.log = openDB(t, c.dsn, &gorm.Config{PrepareStmt: s.prepared})
	config := s.config
	config.Profiles, config.ReplicaLag = profiles.Set{"*": {Ops: profiles.All, TTL: time.Hour}}, s.lag
	c.cache = cacheops.New(config)
	if s.configure == nil {
		s.configure = replicas
	}
	plugins := []gorm.Plugin{c.cache, s.configure(c)}
	if s.resolverFirst {
		plugins[0], plugins[1] = plugins[1], plugins[0]
	}
	for _, plugin := range plugins {
		must(t, c.db.Use(plugin))
	}
	if !s.young {
		c.cache.Age(2 * behind)
	}
	return c
}

// dialector opens a pool to a database, whose statements are in c.logs.
func (c *cluster) dialector(dsn string) gorm.Dialector {
	conn, log := on().driver(c, dsn).Open()
	c.Cleanup(func() { _ = conn.Close() })
	c.logs[dsn] = log
	return on().dialector(dsn, conn)
}

// replicate has the replica show what the source has.
func (c *cluster) replicate() {
	c.Helper()
	var notes []Note
	must(c, c.source.Find(&notes).Error)
	must(c, c.replica.Where("1 = 1").Delete(&Note{}).Error)
	must(c, c.replica.Create(&notes).Error)
}

// note reads a note.
func (c *cluster) note(id uint) {
	c.Helper()
	must(c, c.db.First(&Note{}, id).Error)
}

// sees checks what a read gives, and whether it came from the cache.
func (c *cluster) sees(want string, hit bool, db *gorm.DB, id uint) {
	c.Helper()
	var note Note
	before := c.cache.Stats()
	must(c, db.First(&note, id).Error)
	after := c.cache.Stats()
	if note.Text != want {
		c.Errorf("note %d is %q, want %q", id, note.Text, want)
	}
	if got := after.Hits > before.Hits; got != hit {
		c.Errorf("note %d: hit is %v, want %v", id, got, hit)
	}
}

// eachSetup runs a test with the plugins registered in either order, with prepared
// statements and without.
func eachSetup(t *testing.T, test func(t *testing.T, s setup)) {
	for _, resolverFirst := range []bool{false, true} {
		for _, prepared := range []bool{false, true} {
			t.Run(fmt.Sprintf("resolver first %v, prepared %v", resolverFirst, prepared), func(t *testing.T) {
				test(t, setup{resolverFirst: resolverFirst, prepared: prepared})
			})
		}
	}
}

// updates are ways to write to a database by way of dbresolver.
var updates = map[string]func(db *gorm.DB, id uint, text string) error{
	"default transaction": func(db *gorm.DB, id uint, text string) error {
		return db.Model(&Note{}).Where("id = ?", id).Update("text", text).Error
	},
	"no transaction": func(db *gorm.DB, id uint, text string) error {
		return db.Session(&gorm.Session{SkipDefaultTransaction: true}).
			Model(&Note{}).Where("id = ?", id).Update("text", text).Error
	},
	"save": func(db *gorm.DB, id uint, text string) error {
		return db.Save(&Note{ID: id, Text: text}).Error
	},
	"delete and create": func(db *gorm.DB, id uint, text string) error {
		if err := db.Delete(&Note{ID: id}).Error; err != nil {
			return err
		}
		return db.Create(&Note{ID: id, Text: text}).Error
	},
	"SQL": func(db *gorm.DB, id uint, text string) error {
		return db.Exec("UPDATE notes SET text = ? WHERE id = ?", text, id).Error
	},
	"prepared session": func(db *gorm.DB, id uint, text string) error {
		return db.Session(&gorm.Session{PrepareStmt: true}).
			Model(&Note{}).Where("id = ?", id).Update("text", text).Error
	},
	"transaction on a source": func(db *gorm.DB, id uint, text string) error {
		return db.Clauses(dbresolver.Write).Transaction(func(tx *gorm.DB) error {
			return tx.Model(&Note{}).Where("id = ?", id).Update("text", text).Error
		})
	},
	"begin on a source": func(db *gorm.DB, id uint, text string) error {
		tx := db.Clauses(dbresolver.Write).Begin()
		if err := tx.Exec("UPDATE notes SET text = ? WHERE id = ?", text, id).Error; err != nil {
			return err
		}
		return tx.Commit().Error
	},
	"nested transaction": func(db *gorm.DB, id uint, text string) error {
		return db.Clauses(dbresolver.Write).Transaction(func(tx *gorm.DB) error {
			return tx.Transaction(func(tx *gorm.DB) error {
				return tx.Model(&Note{}).Where("id = ?", id).Update("text", text).Error
			})
		})
	},
	"clause": func(db *gorm.DB, id uint, text string) error {
		return db.Clauses(dbresolver.Write).Exec("UPDATE notes SET text = ? WHERE id = ?", text, id).Error
	},
}

// Writes are seen on whatever source they are sent to. They drop what another
// *gorm.DB has read of the row, and nothing else.
func TestWritesThroughResolver(t *testing.T) {
	for place, configure := range map[string]func(c *cluster) *dbresolver.DBResolver{
		"the primary": replicas,
		"a source by the primary's name": func(c *cluster) *dbresolver.DBResolver {
			return dbresolver.Register(dbresolver.Config{
				Sources:  []gorm.Dialector{c.dialector(c.dsn)},
				Replicas: []gorm.Dialector{c.dialector(c.replicaDSN)},
			})
		},
		"sources by other names": func(c *cluster) *dbresolver.DBResolver {
			return dbresolver.Register(dbresolver.Config{
				Sources:  []gorm.Dialector{c.dialector(on().alias(c.dsn)), c.dialector(c.dsn)},
				Replicas: []gorm.Dialector{c.dialector(c.replicaDSN)},
			})
		},
		"a source without a name": func(c *cluster) *dbresolver.DBResolver {
			conn, _ := on().driver(c, c.dsn).Open()
			c.Cleanup(func() { _ = conn.Close() })
			return dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{on().dialector("", conn)}})
		},
		"a source for the table": func(c *cluster) *dbresolver.DBResolver {
			return dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{c.dialector(on().alias(c.dsn))}}, &Note{}).
				Register(dbresolver.Config{Replicas: []gorm.Dialector{c.dialector(c.replicaDSN)}})
		},
	} {
		t.Run(place, func(t *testing.T) {
			eachSetup(t, func(t *testing.T, s setup) {
				s.configure = configure
				c := newCluster(t, s)
				reader, _ := openDB(t, c.dsn, &gorm.Config{}) // with the same region
				must(t, reader.Use(c.cache))
				c.sees("second", false, reader, 2)
				before := "first"
				c.sees(before, false, reader, 1)
				for how, write := range updates {
					c.sees(before, true, reader, 1)
					must(t, write(c.db, 1, how))
					c.sees(how, false, reader, 1)
					c.sees("second", true, reader, 2)
					before = how
				}
			})
		})
	}
}

// A transaction on a source that is rolled back drops nothing.
func TestRollbackThroughResolver(t *testing.T) {
	eachSetup(t, func(t *testing.T, s setup) {
		c := newCluster(t, s)
		primary := c.db.Clauses(dbresolver.Write).Session(&gorm.Session{})
		c.sees("first", false, primary, 1)
		tx := c.db.Clauses(dbresolver.Write).Begin()
		must(t, tx.Exec("UPDATE notes SET text = 'undone' WHERE id = 1").Error)
		c.sees("first", true, primary, 1)
		must(t, tx.Rollback().Error)
		c.sees("first", true, primary, 1)
	})
}

// A source with rows of its own is another database: what is written there
// drops what others have read of it.
func TestWriteToASourceThatIsADatabaseOfItsOwn(t *testing.T) {
	s := setup{configure: func(c *cluster) *dbresolver.DBResolver {
		return dbresolver.Register(dbresolver.Config{Sources: []gorm.Dialector{c.dialector(c.replicaDSN)}}, &Note{}, "second")
	}}
	c := newCluster(t, s)
	other, _ := openDB(t, c.replicaDSN, &gorm.Config{})
	must(t, other.Use(c.cache))
	c.sees("first", false, other, 1)
	c.sees("second", false, other, 2)
	must(t, c.db.Model(&Note{}).Where("id = 1").Update("text", "changed").Error)
	c.sees("changed", false, other, 1)
	c.sees("second", true, other, 2)
	must(t, c.db.Clauses(dbresolver.Use("second")).Exec("UPDATE notes SET text = 'again' WHERE id = 1").Error)
	c.sees("again", false, other, 1)
}

// A pool is wrapped once, and dbresolver's settings reach it.
func TestPoolsOfResolver(t *testing.T) {
	for _, first := range []bool{false, true} {
		c := newCluster(t, setup{resolverFirst: first, configure: func(c *cluster) *dbresolver.DBResolver {
			return replicas(c).SetMaxOpenConns(3)
		}})
		pool := func() gorm.ConnPool { return c.db.Clauses(dbresolver.Read).Statement.ConnPool }
		stats, ok := pool().(interface{ Stats() sql.DBStats })
		if !ok || stats.Stats().MaxOpenConnections != 3 {
			t.Errorf("the settings did not reach the pool, which is a %T", pool())
		}
		if pool() != pool() {
			t.Error("the pool has two trackers")
		}
	}
}
