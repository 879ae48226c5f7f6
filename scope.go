package cacheops

import (
	"context"
	"errors"
	"sync"
	"time"
	"unsafe"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/seed92106438/cacheops/profiles"
)

// Scope says for one query whether and how it is cached. [Cache] and
// [NoCache] make it. The same value works in all of
//
//	db.Scopes(scope)      db.Clauses(scope)      gorm.G[T](db, scope)
//
// and reaches the preloads of the query. In a condition, such as the
// arguments of Preload, it is an error; there, say
//
//	Preload("Items", func(db *gorm.DB) *gorm.DB { return db.Scopes(scope) })
type Scope func(*gorm.DB) *gorm.DB

var (
	_ clause.Expression      = Scope(nil)
	_ gorm.StatementModifier = Scope(nil)
)

// ModifyStatement implements [gorm.StatementModifier], for db.Clauses.
func (s Scope) ModifyStatement(stmt *gorm.Statement) { s(stmt.DB) }

// Build implements [clause.Expression]. A scope is no part of the SQL, so
// GORM calls it only where a scope was given as a condition.
func (s Scope) Build(builder clause.Builder) {
	_ = builder.AddError(errors.New("cacheops: a scope was given as a condition; pass it to db.Scopes or db.Clauses"))
}

// Option is a setting of [Cache] and [WithCache].
type Option func(*settings)

// TTL keeps the result for d at most. A negative d is ignored.
func TTL(d time.Duration) Option {
	return func(s *settings) {
		if d >= 0 {
			s.ttl = d
		}
	}
}

// Ops caches only reads of these kinds. Without it every read is cached except
// [profiles.Rows], which must be asked for.
func Ops(ops profiles.Ops) Option { return func(s *settings) { s.ops = ops } }

// Region keeps the result in the region of that name. If there is none, the
// query is not cached and Events.Error is told.
func Region(name string) Option { return func(s *settings) { s.region = name } }

// Key sets the result apart from results of the same query with another
// extra: by tenant, say, where the database decides by a session variable.
func Key(extra string) Option { return func(s *settings) { s.extra = extra } }

// Lock has one process alone run the query on a miss, in a region that
// processes share; the others wait for what it stores. It is for queries that
// take long: a miss costs three round trips to the region more. A process that
// dies, or takes longer, is waited for until the region's lease is over, and
// then another runs the query too. After two such, or two who found what cannot
// be stored, a read waits no longer. Nor does it while a pending change meets
// the result, or the region is away. Within a process concurrent misses share
// one query anyway, so in a memory region Lock changes nothing.
func Lock() Option { return func(s *settings) { s.lock = true } }

// DependsOn declares tables, as models or names, that the result depends on
// besides those its SQL shows: what is behind a view or a function. It lets
// relations be cached that are otherwise refused because they are not known
// to be tables. Any change of a declared table drops the result.
func DependsOn(modelsOrTables ...any) Option {
	return func(s *settings) { s.dependsOn = append(s.dependsOn, modelsOrTables...) }
}

// Cache asks for the query's result to be cached, for any kind of read in
// [profiles.All] unless [Ops] says otherwise. What it leaves open comes from the context, then the
// table's profile, then the defaults. It cannot override a profile's Never.
func Cache(options ...Option) Scope { return asScope(cached(options)) }

// NoCache sends the query to the database and stores nothing. It wins over
// [Cache], in whatever order they are given.
func NoCache() Scope { return asScope(settings{never: true}) }

// WithCache returns a context under which queries are cached as with [Cache].
// A scope on the query itself goes before it.
func WithCache(ctx context.Context, options ...Option) context.Context {
	return inContext(ctx, cached(options))
}

// WithoutCache returns a context under which queries are not cached, unless
// the query itself has a [Cache] scope.
func WithoutCache(ctx context.Context) context.Context {
	return inContext(ctx, settings{never: true})
}

// settings are what a scope or a context asks for. Zero fields are left open.
// A value is never changed once it is in a statement or context.
type settings struct {
	wanted    bool
	never     bool
	ops       profiles.Ops
	ttl       time.Duration
	region    string
	extra     string
	lock      bool
	dependsOn []any
}

func cached(options []Option) settings {
	s := settings{wanted: true}
	for _, option := range options {
		option(&s)
	}
	return s
}

// settingsKey is the key of settings in a gorm.Statement's Settings, from
// where they reach clones, preloads and association queries.
const settingsKey = "cacheops:settings"

// contextKey is the key of settings in a context.
type contextKey struct{}

func asScope(s settings) Scope {
	return func(db *gorm.DB) *gorm.DB {
		merged := s
		if old, ok := db.Get(settingsKey); ok {
			merged = s.over(*old.(*settings))
		}
		return db.Set(settingsKey, &merged)
	}
}

func inContext(ctx context.Context, s settings) context.Context {
	if old, ok := ctx.Value(contextKey{}).(*settings); ok && !s.never && !old.never {
		s = s.over(*old)
	}
	return context.WithValue(ctx, contextKey{}, &s)
}

// over returns s with what it leaves open taken from below.
func (s settings) over(below settings) settings {
	s.wanted = s.wanted || below.wanted
	s.never = s.never || below.never
	if s.ops == 0 {
		s.ops = below.ops
	}
	if s.ttl == 0 {
		s.ttl = below.ttl
	}
	if s.region == "" {
		s.region = below.region
	}
	if s.extra == "" {
		s.extra = below.extra
	}
	s.lock = s.lock || below.lock
	if len(s.dependsOn) == 0 {
		s.dependsOn = below.dependsOn
	}
	return s
}

// settingsOf returns what is asked for stmt: by its own scopes, which go
// first, and by its context. It returns nil if nothing is.
func settingsOf(stmt *gorm.Statement) *settings {
	inCtx, _ := stmt.Context.Value(contextKey{}).(*settings)
	if unused(&stmt.Settings) {
		return inCtx
	}
	own, ok := stmt.Settings.Load(settingsKey)
	switch {
	case !ok:
		return inCtx
	case inCtx == nil || inCtx.never:
		return own.(*settings)
	}
	merged := own.(*settings).over(*inCtx)
	return &merged
}

// unused reports whether a map that only this goroutine uses was not used yet.
// Then it is zero, and a zero Map is empty. Asked itself, it would make room for what
// it has not: most statements have no settings, and that would be a twentieth of what
// GORM needs to write one down.
func unused(m *sync.Map) bool {
	type memory [unsafe.Sizeof(sync.Map{})]byte
	return *(*memory)(unsafe.Pointer(m)) == memory{}
}
