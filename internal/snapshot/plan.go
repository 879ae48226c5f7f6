package snapshot

import (
	"database/sql"
	"reflect"
	"sync"
	"time"
)

// plan tells how a value of one type is copied so that the copy shares no
// memory with the original, and how much memory a value owns.
//
// A copy is made in two steps: a plain assignment, and then [plan.unshare],
// which replaces each reference in the copy by a fresh copy of what it refers
// to. Most models need no second step.
type plan struct {
	typ reflect.Type

	// flat is true if assignment copies everything that can be changed.
	flat bool

	// inert is true if a value owns no memory but its own bytes and can
	// always be copied, so that there is nothing to measure.
	inert bool

	// sealed says why a value that is not zero cannot be copied. Assignment
	// copies the zero value, so a sealed type counts as flat; measure finds
	// the others. GORM never sets an unexported field, so a model that has
	// one is nearly always fine.
	sealed string

	// extra is an estimate of the memory behind a value of an immutable type.
	extra int64

	key  *plan // of a map
	elem *plan // of a pointer, slice, array or map

	parts []part // fields of a struct that are not flat
	heavy []part // fields of a struct that are not inert
}

// part is one field of a struct.
type part struct {
	index int
	plan  *plan
}

// immutable types hold references through which nothing is ever changed. Each
// has an estimate of the memory behind a value. They are listed by name, which
// spares a dependency; types made from time.Time belong here as well.
var immutable = map[string]int64{
	"net/netip.Addr":                        0,
	"net/netip.AddrPort":                    0,
	"net/netip.Prefix":                      0,
	"github.com/shopspring/decimal.Decimal": 48,
}

var (
	rawBytesType = reflect.TypeFor[sql.RawBytes]()
	timeType     = reflect.TypeFor[time.Time]()
)

var plans sync.Map // of *plan by reflect.Type

// planOf returns the plan of a type. Plans are made once and never change.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	made := planner{}
	p := made.plan(t)
	for t, p := range made {
		plans.LoadOrStore(t, p)
	}
	return p
}

// planner holds the plans that are being made. A type that contains itself
// finds its own unfinished plan here. It can do so only through a reference,
// and the plan of a reference asks nothing of what is behind it; a map asks
// of its key, whose plan, while unfinished, is not flat: that errs on the
// safe side.
//
// Plans become visible to others when all are finished.
type planner map[reflect.Type]*plan

func (made planner) plan(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	if p, ok := made[t]; ok {
		return p
	}
	p := &plan{typ: t}
	made[t] = p
	made.finish(p)
	return p
}

func (made planner) finish(p *plan) {
	if extra, ok := immutable[p.typ.PkgPath()+"."+p.typ.Name()]; ok {
		p.flat, p.inert, p.extra = true, extra == 0, extra
		return
	}
	switch kind := p.typ.Kind(); kind {
	case reflect.String:
		p.flat = true
	case reflect.Interface:
		// What it holds has a plan of its own.
	case reflect.Pointer:
		p.elem = made.plan(p.typ.Elem())
	case reflect.Slice:
		p.elem = made.plan(p.typ.Elem())
		if p.typ == rawBytesType {
			p.seal("sql.RawBytes belong to the driver")
		}
	case reflect.Array:
		p.elem = made.plan(p.typ.Elem())
		p.flat, p.inert = p.elem.flat, p.elem.inert
	case reflect.Map:
		p.key, p.elem = made.plan(p.typ.Key()), made.plan(p.typ.Elem())
		if !p.key.flat {
			p.seal("a map whose keys hold references")
		}
	case reflect.Struct:
		p.flat, p.inert = true, true
		if !p.typ.ConvertibleTo(timeType) {
			made.finishStruct(p)
		}
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		p.seal("a " + kind.String())
	default: // booleans and numbers
		p.flat, p.inert = true, true
	}
}

func (made planner) finishStruct(p *plan) {
	for i := range p.typ.NumField() {
		field := p.typ.Field(i)
		sub := made.plan(field.Type)
		// The exported fields of an embedded struct can be set, whatever the
		// name of its type.
		open := field.IsExported() || field.Anonymous && field.Type.Kind() == reflect.Struct
		if !sub.flat && !open {
			sub = &plan{typ: field.Type}
			sub.seal("unexported field " + field.Name + " holds a reference")
		}
		if !sub.flat {
			p.flat = false
			p.parts = append(p.parts, part{i, sub})
		}
		if !sub.inert {
			p.inert = false
			p.heavy = append(p.heavy, part{i, sub})
		}
	}
}

func (p *plan) seal(why string) { p.flat, p.sealed = true, why }
