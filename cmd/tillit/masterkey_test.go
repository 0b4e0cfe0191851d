package main

import (
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tillit/tillit/token"
)

// TestMasterKeyFromModule keeps a master key in a PKCS #11 module and reads it
// from there by a program, as the configuration may.
func TestMasterKeyFromModule(t *testing.T) {
	util, err := exec.LookPath("softhsm2-util")
	tool, toolErr := exec.LookPath("pkcs11-tool")
	modules, _ := filepath.Glob("/usr/lib/*/softhsm/libsofthsm2.so")
	if more, _ := filepath.Glob("/usr/lib/softhsm/libsofthsm2.so"); len(more) > 0 {
		modules = append(modules, more...)
	}
	if err != nil || toolErr != nil || len(modules) == 0 {
		t.Skip("softhsm2 and opensc are not installed; make test installs them")
	}
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(home, "softhsm2.conf")
	write(t, conf, []byte("directories.tokendir = "+filepath.Join(home, "tokens")+"\n"))
	t.Setenv("SOFTHSM2_CONF", conf)
	t.Setenv("TILLIT_TEST_PIN", "123456")
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	run(util, "--init-token", "--free", "--label", "tillit", "--so-pin", "12345678", "--pin", "123456")
	text, err := token.GenerateMasterKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(home, "key")
	write(t, file, []byte(text))
	run(tool, "--module", modules[0], "--token-label", "tillit", "--login", "--pin", "env:TILLIT_TEST_PIN",
		"--write-object", file, "--type", "data", "--label", "master", "--private")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	command := []string{tool, "--module", modules[0], "--token-label", "tillit", "--login", "--pin", "env:TILLIT_TEST_PIN",
		"--read-object", "--type", "data", "--label", "master"}
	got, err := keyFromCommand(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	want, err := token.ParseMasterKey(text)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := got.Open(want.Seal([]byte("x"), "p"), "p"); err != nil || string(plain) != "x" {
		t.Errorf("the module told another key: %v", err)
	}
	t.Setenv("TILLIT_TEST_PIN", "000000")
	if _, err := keyFromCommand(t.Context(), command); err == nil {
		t.Error("a wrong PIN gives a key")
	}
}

func TestMasterKeyFromCommand(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"exit 3", "exit status 3"},
		{"echo secret-that-is-no-key", "not base64url"},
		{"head -c 5000 /dev/zero", "signal"},
	} {
		_, err := keyFromCommand(t.Context(), []string{"sh", "-c", c.script})
		if err == nil || strings.Contains(err.Error(), "secret-that") {
			t.Errorf("%s: %v; want an error that does not quote", c.script, err)
		}
	}
}
