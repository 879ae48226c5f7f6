package cases

import "slices"

// All are the cases, in the order of the document.
func All() []Case {
	return slices.Concat(hitCases(), stormCases(), typedCases(), parallelCases(), mixCases(), missCases(), writeCases(), startUpCases(), memoryCases(), postgresCases())
}
