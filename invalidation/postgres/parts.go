package postgres

import (
	"iter"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// partsOf returns the messages within m, in the order in which their fields are
// declared. That in which Range gives fields differs between programs, and of
// several reasons not to cache a statement the first counts.
func partsOf(m protoreflect.Message) iter.Seq[protoreflect.Message] {
	var fields []protoreflect.FieldDescriptor
	m.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if field.Kind() == protoreflect.MessageKind {
			fields = append(fields, field)
		}
		return true
	})
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return a.Index() - b.Index() })
	return func(yield func(protoreflect.Message) bool) {
		for _, field := range fields {
			if !field.IsList() {
				if !yield(m.Get(field).Message()) {
					return
				}
				continue
			}
			list := m.Get(field).List()
			for i := range list.Len() {
				if !yield(list.Get(i).Message()) {
					return
				}
			}
		}
	}
}
