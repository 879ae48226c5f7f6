package sqlitestore

import "os"

// identity tells files of the same name apart. In memory there is none.
//
// It is that of the file's write-ahead log too. A log that is removed under open
// handles leaves them with one that nobody else sees, while others begin another.
type identity struct{ file, log os.FileInfo }

// identify returns the identity of what has the name now.
func identify(path string, o *Options) (id identity, err error) {
	if o.Memory {
		return identity{}, nil
	}
	if id.file, err = os.Stat(path); err == nil && !o.Rollback {
		id.log, err = os.Stat(path + "-wal")
	}
	return id, err
}

// standing is what has become of a file that is open.
type standing int

const (
	current  standing = iota
	replaced          // another has its name, or none; or it has to be opened again
	torn              // what was written to its log is lost to others
)

// stands tells what has become of the file.
func (f *file) stands() standing {
	switch {
	case f.broken.Load():
		return replaced
	case f.options.Memory:
		return current
	}
	now, err := os.Stat(f.path)
	if err != nil || !os.SameFile(now, f.identity.file) {
		return replaced
	}
	if f.options.Rollback {
		return current
	}
	if now, err = os.Stat(f.path + "-wal"); err != nil || !os.SameFile(now, f.identity.log) {
		return torn
	}
	return current
}
