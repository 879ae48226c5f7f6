package sqlitestore

import (
	"errors"
	"fmt"
	"strconv"
)

// What is in the header of a file: that it is one of ours, and of which version.
const (
	applicationID = 0x636f7073 // "cops"
	schemaVersion = 1
)

var schema = []string{
	`CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
	// kept and bytes are of the journal's records; those numbered up to floor were
	// given up.
	`CREATE TABLE journals (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, epoch INTEGER NOT NULL,
		number INTEGER NOT NULL, floor INTEGER NOT NULL, young INTEGER NOT NULL,
		kept INTEGER NOT NULL, bytes INTEGER NOT NULL)`,
	`CREATE TABLE records (journal INTEGER NOT NULL, number INTEGER NOT NULL, changes BLOB NOT NULL,
		PRIMARY KEY (journal, number)) WITHOUT ROWID`,
	`CREATE TABLE pending (journal INTEGER NOT NULL, id BLOB NOT NULL, renewed INTEGER NOT NULL,
		lease INTEGER NOT NULL, changes BLOB NOT NULL, PRIMARY KEY (journal, id)) WITHOUT ROWID`,
	// What is stored again has another id, so ids are in the order of storing. Times
	// are in microseconds since 1970.
	`CREATE TABLE entries (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL,
		expires INTEGER NOT NULL)`,
	`CREATE INDEX entries_expires ON entries (expires)`,
	fmt.Sprintf(`PRAGMA application_id = %d`, applicationID),
	fmt.Sprintf(`PRAGMA user_version = %d`, schemaVersion),
}

// Errors of a file that cannot be used as it is.
var (
	errForeign  = errors.New("the file is another application's database, and is left alone")
	errObsolete = errors.New("the file is of another version, or of the time before the machine was started anew")
)

// inspect reports whether the file is empty. If it is not, it sees whether it is one
// of ours; nothing is done to one that is not.
func (f *file) inspect() (empty bool, err error) {
	var id, version, objects int64
	_, err = f.writer.one(`SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
		FROM pragma_application_id, pragma_user_version`, nil, &id, &version, &objects)
	switch {
	case err != nil:
		return false, err
	case id == 0 && version == 0 && objects == 0:
		return true, nil
	case id != applicationID:
		return false, errForeign
	case version != schemaVersion:
		return false, errObsolete
	}
	return false, nil
}

// define makes the tables.
func (f *file) define() error {
	if err := f.writer.set(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	err := f.writer.set(schema...)
	if err == nil {
		_, err = f.writer.exec(`INSERT INTO meta (name, value) VALUES ('shards', ?)`, strconv.Itoa(f.options.Shards))
	}
	if err == nil {
		err = f.writer.set(`COMMIT`)
	}
	if err != nil {
		f.writer.end()
	}
	return err
}

// sound sees whether the tables of the journals are whole. They are small. A value
// that is damaged is found out by whoever reads it.
func (f *file) sound() error {
	for _, table := range []string{"meta", "journals", "records", "pending"} {
		var result string
		if _, err := f.writer.one(`PRAGMA quick_check('`+table+`')`, nil, &result); err != nil {
			return err
		}
		if result != "ok" {
			return fmt.Errorf("table %s is malformed: %s", table, result)
		}
	}
	var shards string
	_, err := f.writer.one(`SELECT value FROM meta WHERE name = 'shards'`, nil, &shards)
	if err == nil && shards != strconv.Itoa(f.options.Shards) {
		return fmt.Errorf("the file was made with Shards set to %s", shards)
	}
	return err
}

// begun sees whether the file holds all that was committed to it, and returns
// errObsolete if some may be missing.
//
// The first process that does not wait for the disk writes down the boot of the
// machine, and does wait for the disk with that. If another boot is found to be
// written down, there may have been a power loss in between, which has taken the
// last transactions: a journal would go back, and repeat its numbers.
func (f *file) begun() error {
	var boot string
	found, err := f.writer.one(`SELECT value FROM meta WHERE name = 'boot'`, nil, &boot)
	switch {
	case err != nil:
		return err
	case found && boot != thisBoot():
		return errObsolete
	case found || f.options.Save == Durable:
		return nil
	}
	if _, err := f.writer.exec(`INSERT INTO meta (name, value) VALUES ('boot', ?)`, thisBoot()); err != nil {
		return err
	}
	return f.writer.set(`PRAGMA wal_checkpoint(TRUNCATE)`)
}
