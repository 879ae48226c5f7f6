package profiles

import (
	"fmt"
	"testing"
)

func TestAnswersRememberedAreBounded(t *testing.T) {
	m, err := Set{"t*": {}}.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for i := range 3 * maxKnown {
		m.Match(fmt.Sprint("t", i))
		most = max(most, len(*m.known.Load()))
	}
	if most != maxKnown {
		t.Errorf("at most %d names were remembered, want %d", most, maxKnown)
	}
}
