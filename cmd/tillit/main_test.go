package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the commands print into scripts and docs/commands.md")

// TestMain lets the test binary be the command, so that scripts run it as an
// operator does.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tillit": main})
}
