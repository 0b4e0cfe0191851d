package kills

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/tillit/tillit/store/pgtest"
)

// first is the commit whose data the archives in testdata hold.
const first = "2fb0d65"

// A souvenir is what somebody took along from the provider as it was then.
type souvenir struct {
	Client  string `json:"client_id"`
	Secret  string `json:"client_secret"`
	Person  string `json:"username"`
	Refresh string `json:"refresh_token"`
}

// kept are the archives, by engine, and how each comes to life: the store that a
// directory with its content stands for.
var kept = []struct {
	engine string
	store  func(t *testing.T, directory string) string
}{
	{"sqlite", func(*testing.T, string) string { return "" }},
	{"postgres", func(t *testing.T, directory string) string {
		url := pgtest.URL(t)
		dump, err := os.ReadFile(filepath.Join(directory, "dump.sql"))
		if err != nil {
			t.Fatal(err)
		}
		dump = regexp.MustCompile(`(?m)^\\.*$`).ReplaceAll(dump, nil) // for psql alone
		db := pgtest.Open(t, url+"&default_query_exec_mode=simple_protocol")
		defer db.Close()
		if _, err := db.Exec(string(dump)); err != nil {
			t.Fatal(err)
		}
		return url
	}},
}

func archive(engine string) string { return filepath.Join("testdata", first+"-"+engine+".tar.gz") }

// TestUpgrade: a data directory and a dump of the first version come up after
// migrate, with their clients, refresh tokens and consents.
func TestUpgrade(t *testing.T) {
	binary := build(t)
	for _, k := range kept {
		t.Run(k.engine, func(t *testing.T) {
			v := &victim{t: t, binary: binary, data: t.TempDir(), listen: freeAddress(t)}
			v.base = "http://" + v.listen
			unpack(t, archive(k.engine), v.data)
			v.store = k.store(t, v.data)
			args := []string{"migrate", "--data", v.data}
			if v.store != "" {
				args = append(args, "--store", v.store)
			}
			for range 2 { // a second time there is nothing to do
				if out, err := exec.Command(binary, args...).CombinedOutput(); err != nil {
					t.Fatalf("migrate: %v\n%s", err, out)
				}
			}
			v.start()
			v.recall(t)
			v.kill()
		})
	}
}

// recall tries what was taken along.
func (v *victim) recall(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(v.data, "souvenir.json"))
	if err != nil {
		t.Fatal(err)
	}
	var s souvenir
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	e := envOf(t, v.base)
	status, _, body := e.PostForm(e.Endpoint("token_endpoint"), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.Refresh}}, func(req *http.Request) {
		req.SetBasicAuth(url.QueryEscape(s.Client), url.QueryEscape(s.Secret))
	})
	var tokens struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(body, &tokens); err != nil || status != http.StatusOK {
		t.Fatalf("a refresh token of then: %d %s; want 200", status, body)
	}
	if u := e.UserInfo(tokens.Access); u.Status != http.StatusOK || u.Claims["email"] == nil {
		t.Errorf("UserInfo: %d %s; want the e-mail address", u.Status, u.Body)
	}
	if next := e.Renew(s.Client, tokens.Refresh, ""); next.Status != http.StatusOK {
		t.Errorf("its successor: %d %s; want 200", next.Status, next.Text("error"))
	}
	v.verifyConsent(e, s.Person)
}

// TestUpgradeOfReplicas: replicas of the first version go on while the schema
// takes its steps, and are replaced one by one; no good request is refused.
func TestUpgradeOfReplicas(t *testing.T) {
	if !long() {
		return // it builds the first version from the history
	}
	r := startReplicas(t, buildOf(t, first), pgtest.URL(t), many())
	stop := r.steady(t)
	r.binary = build(t)
	t.Log(r.run("migrate"))
	time.Sleep(time.Second)
	for _, v := range r.each {
		v.drained.Store(true) // as a load balancer is told first
		time.Sleep(time.Second)
		if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		v.cmd.Wait()
		v.binary = r.binary
		v.start()
		v.drained.Store(false)
		time.Sleep(time.Second)
	}
	stop()
}

// buildOf makes the command of a commit.
func buildOf(t *testing.T, commit string) string {
	t.Helper()
	root, err := exec.Command("git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		t.Skipf("no history to build %s from: %v", commit, err)
	}
	tree, binary := t.TempDir(), filepath.Join(t.TempDir(), "tillit")
	for _, step := range [][]string{
		{"sh", "-c", `git -C "$1" archive "$2" | tar -x -C "$3"`, "sh", string(root[:len(root)-1]), commit, tree},
		{"go", "build", "-C", tree, "-o", binary, "./cmd/tillit"},
	} {
		if out, err := exec.CommandContext(t.Context(), step[0], step[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", step, err, out)
		}
	}
	return binary
}

// TestKeep makes the archives anew and is run by hand (testdata/README.md): it
// does nothing unless TILLIT_KEEP_WITH names the command of that commit, and
// TILLIT_PG_DUMP a pg_dump.
func TestKeep(t *testing.T) {
	binary := os.Getenv("TILLIT_KEEP_WITH")
	if binary == "" {
		return
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		v := &victim{t: t, binary: binary, data: t.TempDir(), listen: freeAddress(t)}
		v.base = "http://" + v.listen
		if engine == "postgres" {
			v.store = pgtest.URL(t)
		}
		v.start()
		for range 2 { // what is made now works for twenty years
			v.advance(t, 10*365*24*time.Hour)
		}
		v.takeAlong(t)
		if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		v.cmd.Wait()
		if engine == "postgres" {
			out, err := exec.Command(os.Getenv("TILLIT_PG_DUMP"), "--inserts", "--no-owner", "--no-privileges", v.store).Output()
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(v.data, "dump.sql"), out, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		pack(t, v.data, archive(engine))
	}
}

// takeAlong signs a person in, agrees, and writes down what is needed later.
func (v *victim) takeAlong(t *testing.T) {
	t.Helper()
	e := envOf(t, v.base)
	person := e.People(nil)[0]
	request := asking(person)
	request.Scope += " offline_access"
	request.Params["prompt"] = "consent"
	a := e.Authorize(request)
	tokens := e.Succeeded(redeem(e, entry{Code: a.Code(), URI: a.Sent.Get("redirect_uri")}))
	a = e.Authorize(asking(person)) // and so that the plain scopes are remembered
	e.Succeeded(redeem(e, entry{Code: a.Code(), URI: a.Sent.Get("redirect_uri")}))
	client := e.Client("demo-web")
	text, err := json.MarshalIndent(souvenir{client.ID, client.Secret, person.Username, tokens.Refresh()}, "", "  ")
	if err == nil {
		err = os.WriteFile(filepath.Join(v.data, "souvenir.json"), append(text, '\n'), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// pack writes the files of a directory into an archive.
func pack(t *testing.T, directory, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zip, _ := gzip.NewWriterLevel(file, gzip.BestCompression)
	out := tar.NewWriter(zip)
	if err := out.AddFS(os.DirFS(directory)); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
}

// unpack is the opposite of pack.
func unpack(t *testing.T, path, directory string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zip, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for in := tar.NewReader(zip); ; {
		header, err := in.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err == nil {
			err = os.WriteFile(filepath.Join(directory, filepath.Base(header.Name)), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
