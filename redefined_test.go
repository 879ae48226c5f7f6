package cacheops_test

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"github.com/seed92106438/cacheops"
	"github.com/seed92106438/cacheops/invalidation"
	"github.com/seed92106438/cacheops/profiles"
	"github.com/seed92106438/cacheops/region"
)

// Another process creates a trigger by which a write to posts changes notes. This
// one, which has read the catalogue before, must not go by it any more, whether it
// hears of the trigger with a read or only when it writes.
func TestTriggerThatAnotherProcessCreates(t *testing.T) {
	retitle := func(db *gorm.DB) error { return db.Model(&Post{ID: 1}).Update("title", "changed").Error }
	for name, write := range map[string]func(f *fixture, define func()) error{
		"and then one writes": func(f *fixture, define func()) error {
			define()
			return retitle(f.db)
		},
		"in the midst of a transaction": func(f *fixture, define func()) error {
			return f.db.Transaction(func(tx *gorm.DB) error {
				define()
				return retitle(tx)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			keep, nurse := inRedis(t)
			told := &recorder{Region: nursed(keep, nurse)}
			config := cacheops.Config{
				Profiles: profiles.Set{"*": {Ops: profiles.All}}, Database: t.Name(),
				Regions: region.Set{region.Default: told},
			}
			f := newFixture(t, config)
			notes := f.watch("notes", into(func(db *gorm.DB, notes *[]Note) *gorm.DB { return db.Order("id").Find(notes) }))
			notes.costs(1)
			notes.isKept()
			must(t, retitle(f.db))
			notes.isKept() // which shows that the catalogue is known
			told.everything = false
			must(t, write(f, func() {
				other := announcing(t, nurse, t.Name())
				for _, sql := range noting[*database] {
					must(t, f.truth.Exec(sql).Error)
				}
				other.Commit(t.Context())
			}))
			// What others have stored since the trigger was created is untrue as well.
			if !told.everything {
				t.Error("a change that was understood without the trigger was announced alone")
			}
			notes.costs(1)
			must(t, retitle(f.db))
			notes.costs(1)
		})
	}
}

// noting creates a trigger by which an update of posts changes all notes.
var noting = map[string][]string{
	"sqlite": {"CREATE TRIGGER noting AFTER UPDATE ON posts BEGIN UPDATE notes SET text = text || '!'; END"},
	"postgres": {
		"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE notes SET text = text || ''!''; RETURN NULL; END'",
		"CREATE TRIGGER noting AFTER UPDATE ON posts FOR EACH ROW EXECUTE FUNCTION note()",
	},
	"mysql": {"CREATE TRIGGER noting AFTER UPDATE ON posts FOR EACH ROW UPDATE notes SET text = CONCAT(text, '!')"},
}

// announcing announces a change of definitions of a database as another process does.
func announcing(t *testing.T, r region.Region, database string) region.Intent {
	t.Helper()
	intent, err := r.Announce(t.Context(), []invalidation.Change{{
		Table: invalidation.Table{Database: database, Name: invalidation.AllTables}, Kind: invalidation.Redefinition, Rows: -1,
	}})
	must(t, err)
	return intent
}

// recorder notes whether a change of everything was announced.
type recorder struct {
	region.Region
	everything bool
}

func (r *recorder) Announce(ctx context.Context, changes []invalidation.Change) (region.Intent, error) {
	for _, c := range changes {
		r.everything = r.everything || c.Table.Name == invalidation.AllTables
	}
	return r.Region.Announce(ctx, changes)
}
