package facts

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// The checks of this file are about monitors: who is watched, what a changed list
// makes of it, and how the client hears.

const watchScopes = "aml_person/monitor aml_person/OFAC aml_organization/monitor"

// aml calls the screening service with a bearer token and a JSON body, nil for none.
func (e *Env) aml(method, path, bearer string, body any) (status int, answer map[string]any, text []byte) {
	e.t.Helper()
	var in io.Reader
	if body != nil {
		sent, err := json.Marshal(body)
		if err != nil {
			e.t.Fatalf("%s %s: %v", method, path, err)
		}
		in = bytes.NewReader(sent)
	}
	req := e.request(method, e.API("aml")+path, in)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	status, header, text := e.send(req)
	if status == http.StatusForbidden && !challenges(header.Get("WWW-Authenticate"), "insufficient_scope") {
		e.t.Errorf("%s %s: WWW-Authenticate %q; want error insufficient_scope", method, path, header.Get("WWW-Authenticate"))
	}
	if len(text) > 0 && text[0] == '{' {
		if err := json.Unmarshal(text, &answer); err != nil {
			e.t.Fatalf("%s %s: %s; want JSON", method, path, text)
		}
	}
	return status, answer, text
}

// monitor makes one and gives its path and its secret.
func (e *Env) monitor(access, webhook, template string) (path, secret string) {
	e.t.Helper()
	status, answer, _ := e.aml("POST", "/monitor", access, map[string]string{"name": "Customers", "webhook": webhook, "template": template})
	if status != 201 {
		e.t.Fatalf("POST /monitor: %d %v; want 201", status, answer)
	}
	e.Present("monitor", answer, "id", "name", "webhook", "template", "watched", "created", "secret")
	secret, _ = answer["secret"].(string)
	return "/monitor/" + answer["id"].(string), secret
}

// watch has people or organizations watched and gives their ids.
func (e *Env) watch(access, path string, all ...map[string]string) []string {
	e.t.Helper()
	status, _, text := e.aml("POST", path, access, all)
	var list []struct{ ID string }
	if err := json.Unmarshal(text, &list); status != 201 || err != nil || len(list) != len(all) {
		e.t.Fatalf("POST %s: %d %s; want 201 and %d ids", path, status, text, len(all))
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return ids
}

// alerts gives the open alerts of a monitor.
func (e *Env) alerts(access, path string) []map[string]any {
	e.t.Helper()
	status, answer, _ := e.aml("GET", path+"/alerts", access, nil)
	e.Equal("alerts", status, 200)
	all, _ := answer["alerts"].([]any)
	e.Equal("openAlerts", answer["openAlerts"], float64(len(all)))
	list := make([]map[string]any, len(all))
	for i := range all {
		list[i], _ = all[i].(map[string]any)
	}
	return list
}

// A hook is a webhook that arrived.
type hook struct {
	header http.Header
	body   []byte
}

// listener is a client's own server. It answers with what refuse says of the n-th
// webhook, 0 for success.
func (e *Env) listener(refuse func(n int) int) (address string, arrived chan hook) {
	e.t.Helper()
	arrived = make(chan hook, 16)
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.URL.Path != "/hook" {
			body = []byte(r.Method + " " + r.URL.Path)
		}
		status := 0
		if refuse != nil {
			status = refuse(n)
		}
		n++
		if status == http.StatusTemporaryRedirect {
			w.Header().Set("Location", "/elsewhere")
		}
		if status != 0 {
			w.WriteHeader(status)
		}
		arrived <- hook{r.Header.Clone(), body}
	}))
	e.t.Cleanup(server.Close)
	return server.URL + "/hook", arrived
}

// arrives waits for the next webhook, demands that it is signed with the secret,
// says how many alerts are open and nothing else, and gives its id.
func (e *Env) arrives(arrived chan hook, secret, path string, open int) string {
	e.t.Helper()
	var got hook
	select {
	case got = <-arrived:
	case <-time.After(20 * time.Second):
		e.t.Fatalf("no webhook arrived")
	}
	id, timestamp := got.header.Get("webhook-id"), got.header.Get("webhook-timestamp")
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) != 32 || !strings.HasPrefix(secret, "whsec_") {
		e.t.Errorf("secret: %d bytes, %v; want whsec_ and base64 of 32", len(key), err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "." + string(got.body)))
	e.Equal("signature", got.header.Get("webhook-signature"), "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if at, err := strconv.ParseInt(timestamp, 10, 64); err != nil || at < e.Now().Unix()-60 || at > e.Now().Unix()+60 {
		e.t.Errorf("webhook-timestamp %q; want the present time", timestamp)
	}
	e.Equal("Content-Type", got.header.Get("Content-Type"), "application/json")
	var body map[string]any
	if err := json.Unmarshal(got.body, &body); err != nil {
		e.t.Fatalf("webhook: %s", got.body)
	}
	e.Equal("webhook", body, map[string]any{"monitorId": strings.TrimPrefix(path, "/monitor/"), "openAlerts": float64(open)})
	return id
}

// quiet demands that no webhook has arrived.
func (e *Env) quiet(arrived chan hook) {
	e.t.Helper()
	select {
	case got := <-arrived:
		e.t.Errorf("a webhook arrived: %s", got.body)
	default:
	}
}

func victor(reference string) map[string]string {
	return map[string]string{"firstName": "Victor", "lastName": "Granovsky", "dateOfBirth": "1961-03-04", "reference": reference}
}

var kariWatched = map[string]string{"firstName": "Kari", "lastName": "Skogheim", "dateOfBirth": "1985-05-17"}

// files are the four of a list of people.
func files(people ...string) map[string][]byte {
	const none = ",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"
	all := ""
	for _, person := range people {
		entry, rest, _ := strings.Cut(person, " ")
		name, birth, _ := strings.Cut(rest, " * ")
		all += entry + `,"` + name + `","individual","TREEFELL"` + none + `-0- ,"DOB ` + birth + `."` + "\n"
	}
	return map[string][]byte{"SDN.CSV": []byte(all), "ALT.CSV": {}, "ADD.CSV": {}, "SDN_COMMENTS.CSV": {}}
}

func bankIDMonitorMade(t TB, e *Env) {
	access := e.Succeeded(e.Machine("demo-bank", watchScopes)).Access()
	status, answer, _ := e.aml("POST", "/monitor", access, map[string]any{"name": "", "webhook": "https://10.0.0.1/hook", "template": "All", "more": "1"})
	e.Equal("everything wrong", status, 400)
	if all, _ := answer["errors"].([]any); len(all) != 4 {
		t.Errorf("errors %v; want four", answer["errors"])
	}
	for _, webhook := range []string{"http://client.example/hook", "https://u@client.example/", "https://169.254.169.254/", "ftp://client.example/", ""} {
		status, answer, _ := e.aml("POST", "/monitor", access, map[string]any{"name": "Customers", "webhook": webhook, "template": "OFac"})
		e.Equal("webhook "+webhook, status, 400)
		e.Present("refusal", answer, "errors")
	}
	path, secret := e.monitor(access, "https://client.example/hook", "OFac")
	status, _, text := e.aml("GET", "/monitor", access, nil)
	e.Equal("list of monitors", status, 200)
	if strings.Contains(string(text), secret) || !strings.Contains(string(text), strings.TrimPrefix(path, "/monitor/")) {
		t.Errorf("list of monitors: %s; want it without its secret", text)
	}
	bad := []map[string]any{{"firstName": "7", "lastName": "Skogheim", "dateOfBirth": "1985-02-30"}, {"firstName": "Kari", "name": "x"}, {"firstName": 1, "lastName": "A", "dateOfBirth": "2999-01-01"}}
	status, answer, text = e.aml("POST", path+"/persons", access, bad)
	e.Equal("people with faults", status, 400)
	if all, _ := answer["errors"].([]any); len(all) != 7 || strings.Contains(string(text), "Skogheim") {
		t.Errorf("%s; want seven errors, and no value", text)
	}
	status, answer, _ = e.aml("POST", path+"/organizations", access, []map[string]any{{"organizationNumber": "123456789"}, {"organizationNumber": "987654321", "name": "-"}})
	e.Equal("organizations with faults", status, 400)
	if all, _ := answer["errors"].([]any); len(all) != 4 {
		t.Errorf("errors %v; want four", answer["errors"])
	}
	_, answer, _ = e.aml("GET", path, access, nil)
	e.Equal("watched after faults", answer["watched"], 0.0)
	ids := e.watch(access, path+"/persons", kariWatched, kariWatched)
	status, _, _ = e.aml("DELETE", path+"/persons", access, []string{ids[0], "unknown"})
	e.Equal("one of them unknown", status, 404)
	status, _, _ = e.aml("DELETE", path+"/persons", access, ids[:1])
	e.Equal("one taken away", status, 204)
	_, answer, _ = e.aml("GET", path, access, nil)
	e.Equal("watched", answer["watched"], 1.0)
	for range 9 {
		e.monitor(access, "https://client.example/hook", "EuAndUn")
	}
	status, _, _ = e.aml("POST", "/monitor", access, map[string]string{"name": "One more", "webhook": "https://client.example/hook", "template": "NotSet"})
	e.Equal("more than a client may have", status, 409)
	_, answer, _ = e.aml("GET", "/monitor", access, nil)
	all, _ := answer["monitors"].([]any)
	e.Equal("monitors", len(all), 10)
	for _, one := range all {
		status, _, _ = e.aml("DELETE", "/monitor/"+Dig(one, "id").(string), access, nil)
		e.Equal("deleted", status, 204)
	}
	status, _, _ = e.aml("GET", path, access, nil)
	e.Equal("a deleted one", status, 404)
}

func bankIDMonitorScopes(t TB, e *Env) {
	plan := map[string]string{"name": "Customers", "webhook": "https://client.example/hook", "template": "OFac"}
	people := e.Succeeded(e.Machine("demo-bank", "aml_person/monitor")).Access()
	status, _, _ := e.aml("POST", "/monitor", people, plan)
	e.Equal("the guarded list without its scope", status, 403)
	path, _ := e.monitor(people, plan["webhook"], "EuAndUn")
	status, _, _ = e.aml("POST", path+"/organizations", people, []map[string]string{{"organizationNumber": "310200107"}})
	e.Equal("organizations with the scope for people", status, 403)
	organizations := e.Succeeded(e.Machine("demo-bank", "aml_organization/monitor")).Access()
	status, _, _ = e.aml("POST", path+"/persons", organizations, []map[string]string{kariWatched})
	e.Equal("people with the scope for organizations", status, 403)
	neither := e.Succeeded(e.Machine("demo-bank", "aml_person/basic aml_person/OFAC")).Access()
	for _, call := range [][2]string{{"POST", "/monitor"}, {"GET", "/monitor"}, {"GET", path}, {"DELETE", path}, {"GET", path + "/alerts"}, {"POST", path + "/persons"}} {
		status, _, _ = e.aml(call[0], call[1], neither, plan)
		e.Equal(call[0]+" "+call[1]+" without the role", status, 403)
		status, _, _ = e.aml(call[0], call[1], "", plan)
		e.Equal(call[0]+" "+call[1]+" without a token", status, 401)
	}
	status, _, _ = e.aml("DELETE", path, people, nil)
	e.Equal("deleted", status, 204)
}

func bankIDMonitorAlerts(t TB, e *Env) {
	fresh := e.With()
	access := fresh.Succeeded(fresh.Machine("demo-bank", watchScopes)).Access()
	address, arrived := fresh.listener(nil)
	path, secret := fresh.monitor(access, address, "OFac")
	ids := fresh.watch(access, path+"/persons", victor("customer 1"), kariWatched)
	first := fresh.arrives(arrived, secret, path, 1) // on the list already
	alerts := fresh.alerts(access, path)
	if len(alerts) != 1 {
		t.Fatalf("alerts %v; want one", alerts)
	}
	fresh.Equal("person", alerts[0]["person"], map[string]any{"id": ids[0], "firstName": "Victor", "lastName": "Granovsky", "dateOfBirth": "1961-03-04", "reference": "customer 1"})
	fresh.Equal("change", alerts[0]["change"], "new")
	fresh.Equal("entry", Dig(alerts[0], "hit", "entry"), "101")
	received := path + "/alerts/" + alerts[0]["id"].(string) + "/received"
	for range 2 {
		status, _, _ := fresh.aml("POST", received, access, nil)
		fresh.Equal("received", status, 204)
	}
	fresh.Equal("open alerts", len(fresh.alerts(access, path)), 0)

	const list = "OFAC"
	fresh.Import(list, "2", files("101 GRANOVSKIJ, Viktor * 04 Mar 1961", "201 SKOGHEIM, Kari * 1985"))
	second := fresh.arrives(arrived, secret, path, 1) // one for all of the list
	if second == first {
		t.Errorf("two webhooks with the id %s", first)
	}
	alerts = fresh.alerts(access, path)
	if len(alerts) != 1 {
		t.Fatalf("alerts after the list changed: %v; want one", alerts)
	}
	fresh.Equal("person", Dig(alerts[0], "person", "id"), ids[1])
	fresh.Equal("change", alerts[0]["change"], "new")
	digest, _ := Dig(alerts[0], "list", "digest").(string)
	if version := Dig(alerts[0], "list", "version"); version != "2" || len(digest) != 64 {
		t.Errorf("list %v; want version 2 and a digest", alerts[0]["list"])
	}
	fresh.Import(list, "3", files("101 GRANOVSKIJ, Viktor * 05 Mar 1961", "201 SKOGHEIM, Kari * 1985"))
	fresh.arrives(arrived, secret, path, 2)
	alerts = fresh.alerts(access, path)
	if len(alerts) != 2 {
		t.Fatalf("alerts after an entry changed: %v; want two", alerts)
	}
	fresh.Equal("change", alerts[1]["change"], "changed")
	fresh.Equal("attributes", Words(alerts[1]["attributes"]), []string{"birth"})
	fresh.Import(list, "4", files("101 GRANOVSKIJ, Viktor * 05 Mar 1961", "201 SKOGHEIM, Kari * 1985", "301 ELVESTAD, Ola * 1950"))
	other, otherSecret := fresh.monitor(access, address, "OFac") // compared after the first one, at the latest
	fresh.watch(access, other+"/persons", victor(""))
	fresh.arrives(arrived, otherSecret, other, 1)
	fresh.quiet(arrived) // nothing is new about those of the first
	fresh.Equal("alerts after somebody else was listed", len(fresh.alerts(access, path)), 2)
}

func bankIDMonitorWebhook(t TB, e *Env) {
	fresh := e.With()
	access := fresh.Succeeded(fresh.Machine("demo-bank", watchScopes)).Access()
	address, arrived := fresh.listener(func(n int) int { return []int{500, http.StatusTemporaryRedirect, 0, 0, 0, 0}[n] })
	path, secret := fresh.monitor(access, address, "OFac")
	fresh.watch(access, path+"/persons", victor(""))
	id := fresh.arrives(arrived, secret, path, 1)
	for _, pause := range []time.Duration{5 * time.Second, 30 * time.Second} {
		fresh.Advance(pause)
		fresh.Equal("id of the same webhook", fresh.arrives(arrived, secret, path, 1), id)
	}
	fresh.Advance(24 * time.Hour)
	access = fresh.Succeeded(fresh.Machine("demo-bank", watchScopes)).Access()
	other, otherSecret := fresh.monitor(access, address, "OFac")
	if otherSecret == secret {
		t.Errorf("two monitors have one secret")
	}
	fresh.watch(access, other+"/persons", victor(""))
	fresh.arrives(arrived, otherSecret, other, 1)
	fresh.quiet(arrived) // the first one arrived, and comes no more
}

func bankIDMonitorForeign(t TB, e *Env) {
	own := e.Succeeded(e.Machine("demo-bank", watchScopes)).Access()
	foreign := e.Succeeded(e.Machine("demo-service", watchScopes)).Access()
	path, _ := e.monitor(own, "https://client.example/hook", "EuAndUn")
	ids := e.watch(own, path+"/persons", kariWatched)
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil},
		{"GET", "/alerts", nil},
		{"POST", "/alerts/1/received", nil},
		{"POST", "/persons", []map[string]string{kariWatched}},
		{"DELETE", "/persons", ids},
		{"POST", "/organizations", []map[string]string{{"organizationNumber": "310200107"}}},
		{"DELETE", "", nil},
	} {
		status, _, text := e.aml(call.method, path+call.path, foreign, call.body)
		_, _, never := e.aml(call.method, "/monitor/8f9e3c2e-0000-4000-8000-000000000000"+call.path, foreign, call.body)
		e.Equal(call.method+call.path+" of another client's", status, 404)
		e.Equal(call.method+call.path+": as for one that never was", string(text), string(never))
	}
	_, answer, _ := e.aml("GET", "/monitor", foreign, nil)
	e.Equal("monitors of the other client", answer["monitors"], []any{})
	status, answer, _ := e.aml("GET", path, own, nil)
	e.Equal("its own", status, 200)
	e.Equal("watched", answer["watched"], 1.0)
	status, _, _ = e.aml("DELETE", path, own, nil)
	e.Equal("deleted", status, 204)
}

func bankIDMonitorOrganizations(t TB, e *Env) {
	access := e.Succeeded(e.Machine("demo-bank", "aml_organization/monitor aml_person/basic aml_person/OFAC")).Access()
	address, arrived := e.listener(nil)
	path, secret := e.monitor(access, address, "OFac")
	number := e.Client("demo-bank").Organization
	ids := e.watch(access, path+"/organizations", map[string]string{"organizationNumber": number}, map[string]string{"organizationNumber": "974760673", "name": "Nordhavn Shipping", "reference": "7"})
	e.arrives(arrived, secret, path, 1)
	alerts := e.alerts(access, path)
	if len(alerts) != 1 {
		t.Fatalf("alerts %v; want one", alerts)
	}
	e.Equal("organization", alerts[0]["organization"], map[string]any{"id": ids[1], "organizationNumber": "974760673", "name": "Nordhavn Shipping", "reference": "7"})
	e.Equal("entry", Dig(alerts[0], "hit", "entry"), "103")
	status, _, _ := e.aml("DELETE", path+"/organizations", access, ids[1:])
	e.Equal("taken away", status, 204)
	e.Equal("alerts of what is not watched", len(e.alerts(access, path)), 0)
	status, _, _ = e.aml("DELETE", path, access, nil)
	e.Equal("deleted", status, 204)
}

func bankIDMonitorTaken(t TB, e *Env) {
	fresh := e.With()
	bank, service := fresh.Succeeded(fresh.Machine("demo-bank", watchScopes)).Access(), fresh.Succeeded(fresh.Machine("demo-service", watchScopes)).Access()
	address, arrived := fresh.listener(nil)
	path, secret := fresh.monitor(bank, address, "OFac")
	fresh.watch(bank, path+"/persons", kariWatched)
	elsewhere, others := fresh.listener(nil)
	other, otherSecret := fresh.monitor(service, elsewhere, "OFac") // which shows that the comparing was done
	fresh.watch(service, other+"/persons", kariWatched)
	provisioned := func(scopes ...string) []map[string]any {
		all := make([]map[string]any, len(scopes))
		for i, scope := range scopes {
			all[i] = map[string]any{"scope": fresh.N(scope)}
		}
		return all
	}
	fresh.Change("demo-bank", map[string]any{"scopes": provisioned("aml_person/basic", "aml_person/OFAC")})
	fresh.Import("OFAC", "2", files("201 SKOGHEIM, Kari * 1985"))
	fresh.arrives(others, otherSecret, other, 1)
	fresh.Import("OFAC", "3", files("201 SKOGHEIM, Kari * 17 May 1985")) // by now all of the one before is done
	fresh.arrives(others, otherSecret, other, 2)
	fresh.Equal("alerts without the scope", len(fresh.alerts(bank, path)), 0)
	fresh.quiet(arrived)
	fresh.Change("demo-bank", map[string]any{"scopes": provisioned("aml_person/monitor", "aml_person/OFAC")})
	fresh.Import("OFAC", "4", files("201 SKOGHEIM, Kari * 17 May 1985", "301 ELVESTAD, Ola * 1950"))
	fresh.arrives(arrived, secret, path, 1)
}
