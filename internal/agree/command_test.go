package agree

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// masterKey makes the key that the provider and the command share by its file.
func masterKey(t *testing.T, path string) token.MasterKey {
	t.Helper()
	text, err := token.GenerateMasterKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := token.LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A command is `tillit explain --requests -` in a process of its own, beside the
// provider, on the same data. It gets the request and nothing else.
type command struct {
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t *testing.T, base, data string) *command {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "tillit")
	build := exec.Command("go", "build", "-o", binary, "github.com/tillit/tillit/cmd/tillit")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the command: %v\n%s", err, text)
	}
	run := exec.Command(binary, "explain", "--data", data, "--base-url", base, "--requests", "-", "--output", "json")
	run.Stderr = os.Stderr
	in, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := run.Wait(); err != nil {
			t.Errorf("the command: %v", err)
		}
	})
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 64<<10), 4<<20)
	return &command{in, lines}
}

// explain asks the command; nil where none runs.
func (c *command) explain(realm string, r request, sent url.Values) (*outcome, error) {
	if c == nil {
		return nil, nil
	}
	line, err := json.Marshal(map[string]any{
		"realm": realm, "endpoint": r.Endpoint, "query": sent.Encode(), "client": r.Client,
		"person": r.Person.Username, "way": r.Way, "decline": r.Decline, "deny": r.Deny,
	})
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(c.in, "%s\n", line); err != nil {
		return nil, err
	}
	if !c.out.Scan() {
		return nil, fmt.Errorf("the command ended: %w", c.out.Err())
	}
	var answer struct {
		Error       string                    `json:"error"`
		Description string                    `json:"error_description"`
		Failed      string                    `json:"failed"`
		Shape       *tillit.Shape             `json:"shape"`
		Tokens      map[string]map[string]any `json:"tokens"`
		Needs       []struct {
			Kind tillit.NeedKind `json:"kind"`
		} `json:"needs"`
	}
	if err := json.Unmarshal(c.out.Bytes(), &answer); err != nil {
		return nil, err
	}
	switch {
	case strings.Contains(answer.Failed, "not_for_this_way"):
		return &outcome{Error: "page sign_in"}, nil
	case answer.Failed != "":
		return nil, fmt.Errorf("the command: %s", answer.Failed)
	case answer.Error != "":
		return &outcome{Error: answer.Error, Description: answer.Description}, nil
	case len(answer.Needs) > 0 && answer.Needs[0].Kind != tillit.NeedSignIn && answer.Needs[0].Kind != tillit.NeedConsent:
		return &outcome{Error: "page " + string(answer.Needs[0].Kind)}, nil
	}
	o := &outcome{Claims: answer.Tokens}
	if answer.Shape != nil {
		o.Scope, o.Refresh = tillit.JoinScopes(answer.Shape.Scopes), answer.Shape.Refresh
	}
	return o, nil
}

// unrecorded leaves out what was recorded with the token: the command's verdicts
// name what was asked for as it was written, records do not.
func (o outcome) unrecorded() outcome {
	o.Verdicts = nil
	return o
}
