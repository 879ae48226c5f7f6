package snapshot

import (
	"errors"
	"fmt"
	"reflect"
)

// maxDepth bounds how many references may follow each other in a value. It
// also finds values that contain themselves.
const maxDepth = 32

var errDepth = errors.New("it is nested too deeply, or contains itself")

// measure returns the memory that v owns besides its own bytes, an estimate,
// and verifies that v can be copied. Memory that is reached in two ways
// counts twice, and would be copied twice.
func (p *plan) measure(v reflect.Value, depth int) (int64, error) {
	switch {
	case p.inert:
		return 0, nil
	case p.extra > 0:
		return p.extra, nil
	case p.sealed != "":
		if v.IsZero() {
			return 0, nil
		}
		return 0, fmt.Errorf("%s: %s", p.typ, p.sealed)
	case depth < 0:
		return 0, errDepth
	}
	switch p.typ.Kind() {
	case reflect.String:
		return int64(v.Len()), nil
	case reflect.Struct:
		return p.measureFields(v, depth)
	case reflect.Array:
		return p.measureElems(v, depth)
	case reflect.Slice:
		n, err := p.measureElems(v, depth-1)
		return n + int64(v.Cap())*p.elem.size(), err
	case reflect.Map:
		return p.measureMap(v, depth-1)
	default: // a pointer or an interface
		return measureReferent(v, depth-1)
	}
}

// size of a value's own bytes.
func (p *plan) size() int64 { return int64(p.typ.Size()) }

func (p *plan) measureFields(v reflect.Value, depth int) (int64, error) {
	var sum int64
	for _, part := range p.heavy {
		n, err := part.plan.measure(v.Field(part.index), depth)
		if err != nil {
			return 0, fmt.Errorf("%s.%s: %w", p.typ, p.typ.Field(part.index).Name, err)
		}
		sum += n
	}
	return sum, nil
}

func (p *plan) measureElems(v reflect.Value, depth int) (int64, error) {
	if p.elem.inert {
		return 0, nil
	}
	var sum int64
	for i := range v.Len() {
		n, err := p.elem.measure(v.Index(i), depth)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// mapOverhead is what a map needs for an entry besides key and value, about.
const mapOverhead = 8

func (p *plan) measureMap(v reflect.Value, depth int) (int64, error) {
	var sum int64
	for iter := v.MapRange(); iter.Next(); {
		key, err := p.key.measure(iter.Key(), depth)
		if err != nil {
			return 0, err
		}
		value, err := p.elem.measure(iter.Value(), depth)
		if err != nil {
			return 0, err
		}
		sum += key + value + p.key.size() + p.elem.size() + mapOverhead
	}
	return sum, nil
}

// measureReferent measures what a pointer or an interface refers to.
func measureReferent(v reflect.Value, depth int) (int64, error) {
	if v.IsNil() {
		return 0, nil
	}
	p := planOf(v.Elem().Type())
	n, err := p.measure(v.Elem(), depth)
	return n + p.size(), err
}
