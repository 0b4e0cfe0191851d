package guard

import (
	"bytes"
	"context"
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

	"github.com/tillit/tillit/interop/house"
)

var running *house.House

func TestMain(m *testing.M) {
	os.Exit(house.Run(m, func(h *house.House) { running = h }))
}

const guide = "../../docs/guides/guard-an-api.md"

var block = regexp.MustCompile("(?ms)^```(go|sh|text)\n(.*?)^```$")

// TestGuide compiles the guide's programs, runs the first, and demands of every
// command the answer that stands below it.
func TestGuide(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: the guide's commands are not run", tool)
		}
	}
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	listener.Close()
	here := strings.NewReplacer("http://localhost:8080", running.Base, "localhost:9000", address).Replace(string(text))

	var commands, answers []string
	programs := 0
	for _, found := range block.FindAllStringSubmatch(here, -1) {
		switch found[1] {
		case "go":
			programs++
			serve(t, found[2], address, programs == 1)
		case "sh":
			commands, answers = append(commands, found[2]), append(answers, "")
		case "text":
			answers[len(answers)-1] = found[2]
		}
	}
	if programs != 2 || len(commands) < 5 {
		t.Fatalf("%d programs and %d commands; the guide has more", programs, len(commands))
	}
	for i, command := range commands {
		// The commands of one page share a terminal.
		script := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", strings.Join(commands[:i+1], "\necho ---\n"))
		told, err := script.Output()
		parts := strings.Split(string(told), "---\n")
		if got := parts[len(parts)-1]; err != nil || got != answers[i] {
			t.Errorf("%s\n%v, answers:\n%s\nthe guide says:\n%s", command, err, got, answers[i])
		}
	}
}

// serve compiles a program of the guide, and runs it until the test is over.
func serve(t *testing.T, program, address string, run bool) {
	t.Helper()
	directory := t.TempDir()
	source, binary := filepath.Join(directory, "main.go"), filepath.Join(directory, "api")
	if !run {
		program += "\nfunc main() { asking(\"\", \"\") }\n"
	}
	if err := os.WriteFile(source, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if told, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	if !run {
		return
	}
	command := exec.Command(binary)
	command.Env = append(os.Environ(), "ISSUER="+running.Base+"/buypass")
	var log bytes.Buffer
	command.Stderr = &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		if t.Failed() {
			t.Logf("the API's log: %s", log.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if answer, err := http.Get("http://" + address + "/"); err == nil {
			answer.Body.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the API does not answer")
}
