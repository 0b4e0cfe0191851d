package node_test

import (
	"encoding/json"
	"net/http"
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
	person := httptest.NewServer(http.HandlerFunc(walk))
	t.Cleanup(person.Close)
	command := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=spec")
	command.Env = append(os.Environ(), "TILLIT_BASE="+running.Base, "TILLIT_PERSON="+person.URL)
	told, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	t.Logf("%s", told)
}

// walk is the person: they answer an authorization request, and the address
// outside where the walk ended is told.
func walk(w http.ResponseWriter, r *http.Request) {
	var task struct {
		Address  string   `json:"address"`
		Realm    string   `json:"realm"`
		Username string   `json:"username"`
		Decline  []string `json:"decline"`
	}
	if err := json.NewDecoder(r.Body).Decode(&task); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var person *house.Person
	for i := range running.Fixtures.Realms {
		realm := &running.Fixtures.Realms[i]
		for j := range realm.People {
			if realm.Name == task.Realm && realm.People[j].Username == task.Username {
				person = &realm.People[j]
			}
		}
	}
	if person == nil {
		http.Error(w, "no such person", http.StatusNotFound)
		return
	}
	walk, err := running.Walk(person)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	walk.Decline = task.Decline
	end, err := walk.To(task.Address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	w.Write([]byte(end.String()))
}
