package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

// The drill: a backup is taken while the provider serves, it is restored
// elsewhere with the master key beside it, and there a refresh token, a client's
// secret and a person's password work as they did.
func TestBackupDrill(t *testing.T) {
	directory := t.TempDir()
	in := func(name ...string) string { return filepath.Join(append([]string{directory}, name...)...) }
	world := &facts.World{}
	env := func(base string) *facts.Env {
		return world.Env(t, &facts.Provider{Base: base, Client: http.DefaultClient}, "buypass")
	}
	do := func(want int, args ...string) {
		t.Helper()
		if code := run(t.Context(), args, t.Output(), t.Output()); code != want {
			t.Fatalf("tillit %v: exit status %d; want %d", args, code, want)
		}
	}
	base, ended := startInside(t, "dev", "--listen", "127.0.0.1:0", "--data", in("first"))
	first := env(base)
	secret := first.Client("demo-web").Secret
	tokens := first.Login(facts.Request{Scope: "openid email", Manners: facts.Manners{Person: first.Named("eli")}})
	do(0, "backup", "--data", in("first"), in("copy"))
	do(1, "backup", "--data", in("first"), in("copy"))
	if code := ended(); code != 0 {
		t.Fatalf("exit status %d; want 0", code)
	}
	if err := os.Mkdir(in("second"), 0o700); err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(in("first", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, in("second", "master.key"), key)
	do(0, "restore", in("copy"), "--data", in("second"))
	do(1, "restore", in("copy"), "--data", in("second"))
	if err := os.RemoveAll(in("first")); err != nil {
		t.Fatal(err)
	}

	base, ended = startInside(t, "dev", "--listen", "127.0.0.1:0", "--data", in("second"))
	again := env(base)
	if again.Client("demo-web").Secret != secret {
		t.Error("the demo client has another secret; want the one it had")
	}
	renewed := again.Renew("demo-web", tokens.Refresh(), "")
	if renewed.Access() == "" {
		t.Errorf("the refresh token is refused after the restore: %v", renewed.Body)
	}
	if anew := again.Login(facts.Request{Scope: "openid", Manners: facts.Manners{Person: again.Named("eli")}}); anew.Access() == "" {
		t.Errorf("nobody can sign in after the restore: %v", anew.Body)
	}
	if machine := again.Machine("demo-service", "service-api"); machine.Access() == "" {
		t.Errorf("the client's secret is refused after the restore: %v", machine.Body)
	}
	if code := ended(); code != 0 {
		t.Errorf("exit status %d; want 0", code)
	}
	do(0, "audit", "verify", "--data", in("second"))
}
