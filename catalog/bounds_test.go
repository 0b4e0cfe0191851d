package catalog

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestHugeInputIsRefusedSoon(t *testing.T) {
	var steps strings.Builder
	for i := range 2_000 {
		steps.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for name, data := range map[string]string{
		"brackets":          strings.Repeat("[", 1_000_000),
		"brackets on lines": strings.Repeat("[\n", 1_000_000),
		"objects":           strings.Repeat("{a: ", 200_000),
		"dashes":            strings.Repeat("- ", 300_000) + "a",
		"keys":              strings.Repeat("? ", 300_000) + "a",
		"steps":             steps.String(),
		"one long text":     "a: " + strings.Repeat("x", 8<<20),
		"too large":         strings.Repeat("# nothing\n", maxFile/10+1),
		"binary":            strings.Repeat("\x00\xff", 100_000),
		"just deep enough":  "a: " + strings.Repeat("[", maxNesting) + strings.Repeat("]", maxNesting),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := Load(fstest.MapFS{"realm.yaml": {Data: []byte(data)}})
			var faults Faults
			if !errors.As(err, &faults) {
				t.Errorf("the error is %v; right would be Faults", err)
			}
			// What grows with the square of its input takes hours; a busy machine does not.
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("it took %s", took)
			}
			if len(err.Error()) > 10_000 {
				t.Errorf("the faults have %d bytes", len(err.Error()))
			}
		})
	}
}
