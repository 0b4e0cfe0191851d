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

// TestClients runs the programs, whose exit status says whether they were content:
// a relying party made with the Nimbus SDK, and machines made with a published
// client that knows nothing of ours but addresses.
func TestClients(t *testing.T) {
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("java is not installed: nobody signs in with the Nimbus SDK, and no machine gets tokens")
	}
	if _, err := os.Stat("lib"); err != nil {
		t.Skip("the packages are not installed (.ci/tools copies them to interop/java/lib): nobody signs in, and no machine gets tokens")
	}
	for _, program := range []string{"Login.java", "Machine.java"} {
		t.Run(program, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), java, "-cp", "lib/*", program)
			command.Env = append(os.Environ(), "TILLIT_BASE="+running.Base)
			told, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, told)
			}
			t.Logf("%s", told)
		})
	}
}
