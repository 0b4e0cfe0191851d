package facts

import "testing"

// TestBankIDExamples runs the worked examples of every scope.
func TestBankIDExamples(t *testing.T) { runGuide(t, "../../docs/realms/bankid-examples.md") }
