package cacheops

import (
	"errors"

	"gorm.io/gorm"
)

// readCallback is the name under which the read callback can be found again,
// so that a database is not registered twice.
const readCallback = "cacheops:registered"

// register takes the place of GORM's own callbacks that send statements. Each
// replacement calls what was there before, so other plugins' replacements
// stay in force. Replacing keeps a callback's place in its chain, which
// matters: reads must be served before gorm:preload and AfterFind, and
// changes queued before gorm:commit_or_rollback_transaction.
func (d *database) register(db *gorm.DB) error {
	cb := db.Callback()
	return errors.Join(
		cb.Query().Replace("gorm:query", d.reader(values{cb.Query().Get("gorm:query")}, d.write)),
		cb.Create().Replace("gorm:create", d.writer(counted(cb.Create().Get("gorm:create")))),
		cb.Update().Replace("gorm:update", d.writer(counted(cb.Update().Get("gorm:update")))),
		cb.Delete().Replace("gorm:delete", d.writer(counted(cb.Delete().Get("gorm:delete")))),
		cb.Raw().Replace("gorm:raw", d.writer(asText(cb.Raw().Get("gorm:raw")))),
		cb.Row().Replace("gorm:row", d.reader(rows{cb.Row().Get("gorm:row")}, d.writeRows)),
		cb.Query().Register(readCallback, func(*gorm.DB) {}),
	)
}
