package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
)

// fenced is a block of a guide: what it is, a file's name, and its text.
var fenced = regexp.MustCompile("(?ms)^```(sh|text|yaml|sql|story|go|json|terminal)(?: (\\S+))?\n(.*?)^```$")

// TestOwnProviderGuide does what the guide says, in its order, and demands what it
// shows.
func TestOwnProviderGuide(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq", "sqlite3"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the guide's commands are not run", tool)
		}
	}
	module, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/guides/your-own-provider.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	addresses := []string{"localhost:9000", freeAddress(t)}
	here := func(text string) string { return strings.NewReplacer(addresses...).Replace(text) }
	answer, blocks := "", 0
	var world *facts.Env
	for _, found := range fenced.FindAllStringSubmatch(string(page), -1) {
		kind, file, text := found[1], found[2], here(found[3])
		blocks++
		if file != "" {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, file, []byte(text))
		}
		switch kind {
		case "sh":
			told, err := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", text).CombinedOutput()
			if answer = string(told); err != nil {
				t.Fatalf("%s\n%v: %s", text, err, told)
			}
		case "text":
			if answer != text {
				t.Errorf("it answers\n%s\nthe guide says\n%s", answer, text)
			}
		case "terminal":
			base, ended := startInside(t, append(strings.Fields(text)[1:], "--listen", "127.0.0.1:0")...)
			t.Cleanup(func() { ended() })
			addresses = append(addresses, "http://localhost:8080", base)
			world = (&facts.World{}).Env(t, &facts.Provider{Base: base, Client: http.DefaultClient}, "cabin")
		case "json":
			tokens := world.Login(facts.Request{Client: "demo-web", Scope: "openid visits", Manners: facts.Manners{Person: world.Named("kari")}})
			var want map[string]any
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatal(err)
			}
			released := world.Released(tokens)
			for name, value := range want {
				if released[name] != value {
					t.Errorf("UserInfo: %s is %v; the guide says %v", name, released[name], value)
				}
			}
			tokens = world.Login(facts.Request{Client: "demo-web", Scope: "openid visits", Manners: facts.Manners{Person: world.Named("ola")}})
			if _, there := world.Released(tokens)["favourite"]; there {
				t.Error("UserInfo: a favourite that nobody has")
			}
		case "go":
			runAPI(t, module, file, world.Issuer(), addresses[1])
		}
	}
	if blocks < 17 {
		t.Fatalf("%d blocks are in the guide; some of it was not read", blocks)
	}
}

func freeAddress(t *testing.T) string { return "localhost:" + freePort(t) }

// runAPI compiles a program of the guide in the module, and runs it until the
// test is over.
func runAPI(t *testing.T, module, file, issuer, address string) {
	t.Helper()
	source, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "doors")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source)
	build.Dir = module
	if told, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	command := exec.Command(binary)
	command.Env = append(os.Environ(), "ISSUER="+issuer)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill() //nolint:errcheck // it may have ended by itself
		command.Wait()         //nolint:errcheck // killed
	})
	for began := time.Now(); time.Since(began) < patience; time.Sleep(20 * time.Millisecond) {
		if connection, err := net.Dial("tcp", address); err == nil {
			connection.Close()
			return
		}
	}
	t.Fatal(fmt.Sprint("the API does not answer at ", address))
}
