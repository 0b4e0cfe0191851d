package java_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/tillit/tillit/interop/house"
)

var running *house.House

func TestMain(m *testing.M) {
	os.Exit(house.Run(m, func(h *house.House) { running = h }))
}

// TestNimbus runs Login.java, whose exit status says whether the SDK was content.
func TestNimbus(t *testing.T) {
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("java is not installed: the Nimbus SDK does not sign in")
	}
	if _, err := os.Stat("lib"); err != nil {
		t.Skip("the Nimbus SDK is not installed (.ci/tools copies it to interop/java/lib): it does not sign in")
	}
	command := exec.CommandContext(t.Context(), java, "-cp", "lib/*", "Login.java")
	command.Env = append(os.Environ(), "TILLIT_BASE="+running.Base)
	told, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	t.Logf("%s", told)
}
