package node_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
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
	nonces := running.Another(t, withNonces(t))
	command := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=spec")
	command.Env = append(os.Environ(), "TILLIT_BASE="+running.Base, "TILLIT_NONCES="+nonces.Base, "TILLIT_PERSON="+person.URL)
	told, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	t.Logf("%s", told)
}

// withNonces gives a directory of realms in which DPoP proofs bear nonces.
func withNonces(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	if err := os.CopyFS(directory, os.DirFS("../../realms")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "buypass.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const features = "features: [par, request_object, dpop]"
	if bytes.Count(text, []byte(features)) != 1 {
		t.Fatalf("%s: no %q", path, features)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte(features), []byte("features: [par, request_object, dpop, dpop_nonce]"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	return directory
}
