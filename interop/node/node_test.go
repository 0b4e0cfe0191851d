package node_test

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

// TestOpenIDClient runs the tests of this folder that are written for Node.
func TestOpenIDClient(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed: openid-client does not try its flows")
	}
	if _, err := os.Stat("node_modules/openid-client"); err != nil {
		t.Skip("openid-client is not installed (npm ci in interop/node): it does not try its flows")
	}
	person := httptest.NewServer(running.Walker())
	t.Cleanup(person.Close)
	command := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=spec")
	command.Env = append(os.Environ(), "TILLIT_BASE="+running.Base, "TILLIT_PERSON="+person.URL)
	told, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	t.Logf("%s", told)
}
