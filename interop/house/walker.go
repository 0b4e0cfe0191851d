package house

import (
	"encoding/json"
	"net/http"
)

// Walker answers for people who cannot walk pages themselves: it is posted an
// authorization request and who signs in, walks it, and gives the address outside
// where the walk ended.
//
//	{"address": "…", "realm": "…", "username": "…", "decline": ["…"]}
func (h *House) Walker() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		person := h.person(task.Realm, task.Username)
		if person == nil {
			http.Error(w, "no such person", http.StatusNotFound)
			return
		}
		walk, err := h.Walk(person)
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
	})
}

func (h *House) person(realm, username string) *Person {
	for i := range h.Fixtures.Realms {
		r := &h.Fixtures.Realms[i]
		for j := range r.People {
			if r.Name == realm && r.People[j].Username == username {
				return &r.People[j]
			}
		}
	}
	return nil
}
