package facts

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestProofGuide compiles the guide's program and runs it, and its commands, on a
// token response.
func TestProofGuide(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq", "openssl", "csplit"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("a tool of the guide is not installed, so its commands cannot be run: " + tool)
		}
	}
	page, err := os.ReadFile("../../docs/guides/verify-a-proof.md")
	if err != nil {
		t.Fatal(err)
	}
	e := openRealm(t, "bankid")
	tokens := e.Login(Request{Scope: "openid bankid_proof", Manners: Manners{Person: e.Person(nil, "nnin"), Way: "BID"}})
	response, err := json.Marshal(tokens.Body)
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "response.json"), response, 0o600); err != nil {
		t.Fatal(err)
	}
	program, script := "", "set -euo pipefail\n"
	for _, block := range regexp.MustCompile("(?ms)^```(go|sh)[^\n]*\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		if block[1] == "go" {
			program = block[2]
		} else {
			script += block[2]
		}
	}
	shell := exec.CommandContext(t.Context(), "bash", "-c", script)
	shell.Dir, shell.Env = directory, append(os.Environ(), "BASE="+e.Base())
	printed, err := shell.CombinedOutput()
	for _, want := range []string{"Verification successful", "leaf.pem: good", "serialNumber"} {
		if err != nil || !strings.Contains(string(printed), want) {
			t.Errorf("%v; want %q in\n%s", err, want, printed)
		}
	}
	source, binary := filepath.Join(directory, "verify.go"), filepath.Join(directory, "verify")
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if told, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	verified := exec.CommandContext(t.Context(), binary, e.Issuer(), "demo-web", tokens.Sent.Get("nonce"))
	verified.Dir, verified.Stdin = directory, strings.NewReader(string(response))
	if told, err := verified.CombinedOutput(); err != nil || !strings.HasPrefix(string(told), "signed by ") {
		t.Errorf("%v\n%s", err, told)
	}
}
