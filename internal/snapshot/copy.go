package snapshot

import (
	"bytes"
	"reflect"
	"slices"
	"time"
)

// refers reports whether a copy of v by assignment shares memory with v that can
// be changed. The rows of a model whose associations are not loaded refer to
// nothing, whatever their type has room for.
func (p *plan) refers(v reflect.Value) bool {
	if p.flat {
		return false
	}
	switch p.typ.Kind() {
	case reflect.Struct:
		return slices.ContainsFunc(p.parts, func(part part) bool { return part.plan.refers(v.Field(part.index)) })
	case reflect.Array:
		return p.elemsRefer(v)
	case reflect.Interface:
		return !v.IsNil() && !planOf(v.Elem().Type()).flat
	default: // a pointer, a slice or a map
		return !v.IsNil()
	}
}

// elemsRefer is refers for the elements of a slice or an array.
func (p *plan) elemsRefer(v reflect.Value) bool {
	if p.elem.flat {
		return false
	}
	for i := range v.Len() {
		if p.elem.refers(v.Index(i)) {
			return true
		}
	}
	return false
}

// unshare makes dst independent of src. On entry dst must be an assigned copy
// of src, and settable; on return no memory that can be reached through dst
// can be reached through src. Only dst is written.
//
// The value must have passed [plan.measure], or this may not come to an end.
func (p *plan) unshare(dst, src reflect.Value) {
	if p.flat {
		return
	}
	switch p.typ.Kind() {
	case reflect.Struct:
		for _, part := range p.parts {
			part.plan.unshare(dst.Field(part.index), src.Field(part.index))
		}
	case reflect.Array:
		p.unshareElems(dst, src)
	case reflect.Slice:
		if !src.IsNil() {
			p.renew(dst, src.Len())
			reflect.Copy(dst, src)
			p.unshareElems(dst, src)
		}
	case reflect.Pointer:
		if !src.IsNil() {
			fresh := reflect.New(p.typ.Elem())
			fresh.Elem().Set(src.Elem())
			p.elem.unshare(fresh.Elem(), src.Elem())
			dst.Set(fresh)
		}
	case reflect.Map:
		if !src.IsNil() {
			dst.Set(p.copyMap(src))
		}
	case reflect.Interface:
		if !src.IsNil() {
			dst.Set(reflect.ValueOf(copyAny(src.Interface())))
		}
	}
}

// renew sets dst to a slice of n zero elements in memory of its own.
func (p *plan) renew(dst reflect.Value, n int) {
	if n == 0 {
		dst.Set(reflect.MakeSlice(p.typ, 0, 0))
		return
	}
	dst.SetZero()
	dst.Grow(n)
	dst.SetLen(n)
}

// unshareElems is unshare for the elements of a slice or an array.
func (p *plan) unshareElems(dst, src reflect.Value) {
	if p.elem.flat {
		return
	}
	for i := range src.Len() {
		p.elem.unshare(dst.Index(i), src.Index(i))
	}
}

func (p *plan) copyMap(src reflect.Value) reflect.Value {
	fresh := reflect.MakeMapWithSize(p.typ, src.Len())
	for iter := src.MapRange(); iter.Next(); {
		value := iter.Value()
		if !p.elem.flat {
			value = p.elem.copy(value)
		}
		fresh.SetMapIndex(iter.Key(), value)
	}
	return fresh
}

// copy returns a copy of src that shares nothing with it.
func (p *plan) copy(src reflect.Value) reflect.Value {
	dst := reflect.New(p.typ).Elem()
	dst.Set(src)
	p.unshare(dst, src)
	return dst
}

// copyAny returns a copy of v, of the same type, that shares nothing with it.
// What an interface holds cannot be changed in place, so a flat value is its
// own copy. The types that drivers and encoding/json produce come first.
func copyAny(v any) any {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, time.Time:
		return v
	case []byte:
		return bytes.Clone(v)
	case map[string]any:
		return copyMap(v)
	}
	src := reflect.ValueOf(v)
	p := planOf(src.Type())
	if p.flat {
		return v
	}
	return p.copy(src).Interface()
}

func copyMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	fresh := make(map[string]any, len(m))
	for k, v := range m {
		fresh[k] = copyAny(v)
	}
	return fresh
}
