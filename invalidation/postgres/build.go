package postgres

import (
	"slices"
	"strings"

	"github.com/seed92106438/cacheops/invalidation"
)

// builder makes a catalogue of a schema.
type builder struct {
	*schema
	catalog   invalidation.Catalog
	relations map[int64]*relation
	// writing has the functions that may write to a table.
	writing map[int64]bool
	parents map[int64][]int64
	steady  bool // no function changes what the session may see
	// entries are the relations of the catalogue. All that belongs together
	// has one: a partitioned table and its partitions, and tables whose names
	// differ by letter case alone.
	entries map[int64]*invalidation.Relation
}

func newBuilder(s *schema) *builder {
	b := &builder{
		schema: s, catalog: invalidation.Catalog{}, relations: map[int64]*relation{},
		writing: map[int64]bool{}, parents: map[int64][]int64{}, entries: map[int64]*invalidation.Relation{},
	}
	for i := range s.Relations {
		b.relations[s.Relations[i].ID] = &s.Relations[i]
	}
	for i := range s.Functions {
		b.writing[s.Functions[i].ID] = s.Functions[i].writes()
	}
	b.steady = !slices.ContainsFunc(s.Functions, func(f function) bool { return f.impersonates() })
	for spread := true; spread; {
		spread = false
		for i := range s.Functions {
			if f := &s.Functions[i]; !b.writing[f.ID] && b.callsWriting(f) {
				b.writing[f.ID], spread = true, true
			}
		}
	}
	for _, p := range s.Parents {
		b.parents[p.Child] = append(b.parents[p.Child], p.Parent)
	}
	return b
}

// callsWriting reports whether a function, which does not write itself, may call
// one that does. PostgreSQL lets it, whatever it is declared to be.
func (b *builder) callsWriting(f *function) bool {
	if f.Own || knownExtensions[f.Extension] || f.Language != "plpgsql" && f.Language != "sql" {
		return false
	}
	body := strings.ToLower(f.Body)
	for i := range b.Functions {
		if other := &b.Functions[i]; b.writing[other.ID] && other.called(body) {
			return !f.harmless()
		}
	}
	return false
}

func (b *builder) build() invalidation.Catalog {
	for i := range b.Relations {
		b.enter(&b.Relations[i])
	}
	for i := range b.Relations {
		b.judge(&b.Relations[i])
	}
	b.hide()
	b.columns()
	b.keys()
	b.inherit()
	b.trigger()
	b.lookBehind()
	b.call()
	for _, r := range b.entries {
		slices.Sort(r.Triggered)
		r.Triggered = slices.Compact(r.Triggered)
	}
	return b.catalog
}

// root returns the partitioned table of which r is a part, or r itself.
func (b *builder) root(r *relation) *relation {
	for r.Partition && len(b.parents[r.ID]) > 0 {
		parent := b.relations[b.parents[r.ID][0]]
		if parent == nil {
			break
		}
		r = parent
	}
	return r
}

// name returns what the relation is called on every connection. Temporary
// tables have a schema for each connection.
func (r *relation) name() string {
	if r.Temporary {
		return invalidation.Name("pg_temp." + r.Name)
	}
	return invalidation.Name(r.Schema + "." + r.Name)
}

// named reports whether a statement can name the relation without naming
// another: see [plainName].
func (r *relation) named() bool { return plainName(r.Name) && plainName(r.Schema) }

// enter makes the relation known under its names.
func (b *builder) enter(r *relation) {
	root := b.root(r)
	entry := b.entries[root.ID]
	if entry == nil {
		entry = b.catalog[root.name()]
		if entry != nil {
			entry.Base = false // another's name differs in letter case alone
		} else {
			entry = &invalidation.Relation{Name: root.name(), Base: true, Returns: b.steady, Columns: map[string]invalidation.Column{}}
		}
		b.entries[root.ID] = entry
	}
	b.entries[r.ID] = entry
	if root.named() {
		b.catalog[root.name()] = entry
	}
	if !r.named() {
		return
	}
	b.know(r.name(), entry)
	if r.Visible && !r.Temporary {
		b.know(invalidation.Name(r.Name), entry)
	}
}

// know enters a relation under one more name. If that is another's already, no
// one can tell which is meant, and neither is a base table.
func (b *builder) know(key string, entry *invalidation.Relation) {
	other := b.catalog[key]
	if other != nil && other != entry {
		other.Base, entry.Base = false, false
		other.Triggered = append(other.Triggered, other.Name, entry.Name)
		return
	}
	b.catalog[key] = entry
}

// judge decides what is no base table, so that no query of it is cached.
func (b *builder) judge(r *relation) {
	entry := b.entries[r.ID]
	switch {
	case r.Sort != "r" && r.Sort != "p", r.Temporary, r.Secured, r.Computing, !r.named():
		entry.Base = false
	}
	entry.Returns = entry.Returns && r.Readable
	if r.Sort == "f" || r.Ruled {
		// The table behind a foreign one may be in this very database.
		entry.Triggered = append(entry.Triggered, entry.Name, invalidation.AllTables)
	}
}

// hide lets each temporary table take the name that it hides on its connection.
// On others the name is still the other's, which a write may mean.
func (b *builder) hide() {
	for i := range b.Relations {
		r := &b.Relations[i]
		if !r.Temporary || !r.named() {
			continue
		}
		entry := b.entries[r.ID]
		for j := range b.Relations {
			if other := &b.Relations[j]; !other.Temporary && strings.EqualFold(other.Name, r.Name) {
				entry.Triggered = append(entry.Triggered, b.entries[other.ID].Name)
			}
		}
		b.catalog[invalidation.Name(r.Name)] = entry
	}
}

// columns enters the columns of all relations. A partition has those of its
// root; if one compares otherwise, nothing is known of it.
func (b *builder) columns() {
	written := map[*invalidation.Relation]map[string]string{}
	for _, c := range b.Columns {
		r, entry := b.relations[c.Table], b.entries[c.Table]
		if written[entry] == nil {
			written[entry] = map[string]string{}
		}
		name := invalidation.Name(c.Name)
		if before, ok := written[entry][name]; ok && before != c.Name || c.columnType.Sort == "c" {
			// Names that differ in letter case alone are not told apart. And
			// a row whose fields are all NULL is NULL to IS NULL, although it
			// is none.
			entry.Base = false
		}
		written[entry][name] = c.Name
		is := c.catalogued()
		is.Unique = is.Unique && b.root(r) == r
		if before, ok := entry.Columns[name]; ok {
			is = common(before, is)
		}
		entry.Columns[name] = is
	}
}

// catalogued returns what the catalogue says of the column.
//
// An identity column that is always generated does not count as generated: a
// statement that gives it a value fails, or says that the value is to be taken,
// or is known to leave the value out.
func (c *column) catalogued() invalidation.Column {
	is := invalidation.Column{Generated: c.Generated, Unique: c.Unique}
	is.Kind, is.Canonical = c.kind()
	if is.Kind == invalidation.Decimal {
		is.Scale = c.scale()
		if c.Keyed && c.Modifier >= 0 {
			// The row that an upsert meets equals what is inserted when that
			// is rounded, which is not modelled.
			is = invalidation.Column{Generated: c.Generated, Unique: c.Unique}
		}
	}
	return is
}

// common returns what holds for both columns.
func common(a, b invalidation.Column) invalidation.Column {
	is := invalidation.Column{Generated: a.Generated || b.Generated, Unique: a.Unique || b.Unique}
	if a.Kind == b.Kind && a.Scale == b.Scale {
		is.Kind, is.Scale, is.Canonical = a.Kind, a.Scale, a.Canonical && b.Canonical
	}
	return is
}

// acts reports whether the action of a foreign key changes the child.
func acts(action string) bool { return action == "c" || action == "n" || action == "d" }

// keys hands the foreign keys to the tables that they refer to. Those of a
// partitioned table are there once for each partition.
func (b *builder) keys() {
	for _, k := range b.Keys {
		parent, child := b.entries[k.Parent], b.entries[k.Child]
		if parent == nil || child == nil {
			continue
		}
		key := invalidation.ForeignKey{
			Child: child.Name, Columns: names(k.Columns), Parent: names(k.Referred),
			OnDelete: acts(k.OnDelete), Deletes: k.OnDelete == "c", OnUpdate: acts(k.OnUpdate),
		}
		same := func(other invalidation.ForeignKey) bool {
			return other.Child == key.Child && slices.Equal(other.Columns, key.Columns) && slices.Equal(other.Parent, key.Parent) &&
				other.OnDelete == key.OnDelete && other.Deletes == key.Deletes && other.OnUpdate == key.OnUpdate
		}
		if !slices.ContainsFunc(parent.Children, same) {
			parent.Children = append(parent.Children, key)
		}
	}
}

func names(list []string) []string {
	lower := make([]string, len(list))
	for i, name := range list {
		lower[i] = invalidation.Name(name)
	}
	return lower
}

// inherit takes the tables out that inherit from each other: the rows of one
// are seen, and written, through the others.
func (b *builder) inherit() {
	for _, p := range b.Parents {
		child, parent := b.entries[p.Child], b.entries[p.Parent]
		if child == nil || parent == nil || child == parent {
			continue
		}
		child.Base, parent.Base = false, false
		child.Triggered = append(child.Triggered, child.Name, parent.Name)
		parent.Triggered = append(parent.Triggered, child.Name, parent.Name)
	}
}

// trigger notes what may be written along with a table, by triggers and by the
// functions of defaults and checks. The table itself is listed because a
// trigger may also put other values into the row, or ignore it.
func (b *builder) trigger() {
	for _, g := range b.Triggers {
		entry := b.entries[g.Table]
		entry.Triggered = append(entry.Triggered, entry.Name)
		if b.writing[g.Function] {
			entry.Triggered = append(entry.Triggered, invalidation.AllTables)
		}
	}
	for _, c := range b.Calls {
		if b.writing[c.Function] {
			entry := b.entries[c.Table]
			entry.Triggered = append(entry.Triggered, entry.Name, invalidation.AllTables)
		}
	}
}

// lookBehind notes the relations that a view is made of, through which it may
// be written. One with triggers or rules may write any.
func (b *builder) lookBehind() {
	for _, v := range b.Behind {
		entry := b.entries[v.View]
		entry.Triggered = append(entry.Triggered, b.entries[v.Table].Name)
	}
}

// call enters the functions that may write.
func (b *builder) call() {
	for i := range b.Functions {
		f := &b.Functions[i]
		if !b.writing[f.ID] {
			continue
		}
		r := &invalidation.Relation{
			Name:      invalidation.FunctionName(f.Schema + "." + f.Name),
			Triggered: []string{invalidation.AllTables},
		}
		b.catalog[r.Name] = r
		b.catalog[invalidation.FunctionName(f.Name)] = r
		if f.Operates {
			b.catalog[invalidation.FunctionName(operators)] = r
		}
	}
}
