package python_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/tillit/tillit/interop/house"
)

var running *house.House

func TestMain(m *testing.M) {
	os.Exit(house.Run(m, func(h *house.House) { running = h }))
}

const python = ".venv/bin/python"

// TestAuthlib runs login.py, whose exit status says whether Authlib was content.
func TestAuthlib(t *testing.T) {
	if _, err := os.Stat(python); err != nil {
		t.Skip("Authlib is not installed (.ci/tools makes interop/python/.venv): it does not sign in")
	}
	person := httptest.NewServer(running.Walker())
	t.Cleanup(person.Close)
	command := exec.CommandContext(t.Context(), python, "login.py")
	command.Env = append(os.Environ(), "TILLIT_BASE="+running.Base, "TILLIT_PERSON="+person.URL, "AUTHLIB_INSECURE_TRANSPORT=1")
	told, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	t.Logf("%s", told)
}
