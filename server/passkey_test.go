package server_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/server"
)

// A keyHolder is a browser whose scripts are written in Go.
type keyHolder struct {
	o    *op
	c    *http.Client
	body string // of the last page
	away url.Values
}

// openNamed starts a provider at an address with a name, which keys need.
func openNamed(t *testing.T) *op {
	t.Helper()
	var base string
	o := openWith(t, "buypass", func(c *wiring.Config) {
		c.Base = strings.Replace(c.Base, "127.0.0.1", "localhost", 1)
		base = c.Base
	})
	o.base = base
	o.Env = (&facts.World{Starter: started{}}).Env(t, &facts.Provider{Base: base, Advance: o.house.Advance}, "buypass")
	return o
}

func (o *op) keyHolder() *keyHolder {
	o.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	return &keyHolder{o: o, c: client(jar)}
}

func (v *keyHolder) send(req *http.Request) {
	v.o.t.Helper()
	for range 10 {
		answer := v.o.send(v.c, req)
		location := answer.header.Get("Location")
		v.body, v.away = answer.body, nil
		if location == "" {
			return
		}
		if !strings.HasPrefix(location, v.o.base) {
			_, v.away = answer.away()
			return
		}
		req = v.o.request(http.MethodGet, location, "")
	}
	v.o.t.Fatal("pages: redirects without an end")
}

func (v *keyHolder) open(address string) { v.send(v.o.request(http.MethodGet, address, "")) }

// attribute gives the first value of an attribute on the page, after a place.
func (v *keyHolder) attribute(after, name string) string {
	_, rest, found := strings.Cut(v.body, after)
	match := regexp.MustCompile(`\s` + name + `="([^"]*)"`).FindStringSubmatch(rest)
	if !found || match == nil {
		return ""
	}
	return html.UnescapeString(match[1])
}

// press sends a form: of the account page with its token, else with its step.
func (v *keyHolder) press(fields ...string) {
	v.o.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	for _, name := range []string{"token", "step"} {
		if value := v.attribute(`name="`+name+`"`, "value"); value != "" && !form.Has(name) {
			form.Set(name, value)
		}
	}
	v.send(v.o.request(http.MethodPost, v.attribute(`<form method="post"`, "action"), form.Encode()))
}

// account signs in to the account page with a password.
func (v *keyHolder) account(username string) {
	v.o.t.Helper()
	v.open("/account")
	v.press("idp", "password")
	person := v.o.Named(username)
	v.press("username", person.Username, "password", person.Password)
	if !strings.Contains(v.body, `id="passkeys"`) {
		v.o.t.Fatalf("no account page: %s", v.body)
	}
}

// add makes a key on the account page.
func (v *keyHolder) add(k *softKey) {
	v.o.t.Helper()
	v.press("action", "add_passkey", "title", "Phone <1>", "at", v.attribute(`name="at"`, "value"), "passkey", k.create(v.attribute("<form", "data-offers")))
}

// asked goes to the page that asks for a key, in a request of a client.
func (v *keyHolder) asked() (*facts.Authorization, string) {
	v.o.t.Helper()
	a := v.o.Prepare(facts.Request{Scope: "openid", Params: map[string]string{"prompt": "login"}})
	v.open(v.o.Address(a.Sent))
	v.press("idp", "passkey")
	ask := v.attribute("<form", "data-asks")
	if ask == "" {
		v.o.t.Fatalf("no page asks for a key: %s", v.body)
	}
	return a, ask
}

// A softKey is an authenticator and its one key. What a dishonest one would do
// otherwise is a field.
type softKey struct {
	t       *testing.T
	id      []byte
	key     *ecdsa.PrivateKey
	user    string // handle, base64url
	count   uint32
	flags   byte
	origin  string
	party   string // instead of the page's
	kind    string
	counts  bool
	another func(ask map[string]any)
}

const (
	userPresent  = 0x01
	userVerified = 0x04
	attested     = 0x40
)

func newSoftKey(t *testing.T, origin string) *softKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &softKey{t: t, id: []byte(rand.Text()), key: key, flags: userPresent | userVerified, origin: origin, counts: true}
}

// but gives the authenticator with a difference.
func (k *softKey) but(change func(*softKey)) *softKey {
	other := *k
	change(&other)
	return &other
}

func (k *softKey) options(text string) map[string]any {
	k.t.Helper()
	var options map[string]any
	if err := json.Unmarshal([]byte(text), &options); err != nil {
		k.t.Fatalf("the page asks %q: %v", text, err)
	}
	if k.another != nil {
		k.another(options)
	}
	return options
}

func (k *softKey) clientData(kind string, challenge any) []byte {
	if k.kind != "" {
		kind = k.kind
	}
	data, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.origin, "crossOrigin": false})
	if err != nil {
		k.t.Fatal(err)
	}
	return data
}

func (k *softKey) authenticatorData(party string, flags byte) []byte {
	if k.party != "" {
		party = k.party
	}
	if k.counts {
		k.count++
	}
	hash := sha256.Sum256([]byte(party))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), k.count)
}

// create answers what the account page offers.
func (k *softKey) create(offer string) string {
	k.t.Helper()
	options := k.options(offer)
	k.user, _ = options["user"].(map[string]any)["id"].(string)
	party, _ := options["rp"].(map[string]any)["id"].(string)
	public, err := k.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		k.t.Fatal(err)
	}
	data := k.authenticatorData(party, k.flags|attested)
	data = append(append(data, make([]byte, 16)...), 0, byte(len(k.id)))
	data = append(data, k.id...)
	// COSE (RFC 9053): kty 2, alg -7, crv 1, x, y.
	data = append(data, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32)
	data = append(append(append(data, public[1:33]...), 0x22, 0x58, 32), public[33:]...)
	object := slices.Concat([]byte{0xa3, 0x63}, []byte("fmt"), []byte{0x64}, []byte("none"), []byte{0x67}, []byte("attStmt"), []byte{0xa0, 0x68},
		[]byte("authData"), []byte{0x58, byte(len(data))}, data)
	return k.answer(map[string]any{"clientDataJSON": k.clientData("webauthn.create", options["challenge"]), "attestationObject": object})
}

// get answers what the sign-in page asks.
func (k *softKey) get(ask string) string {
	k.t.Helper()
	options := k.options(ask)
	party, _ := options["rpId"].(string)
	client, data := k.clientData("webauthn.get", options["challenge"]), k.authenticatorData(party, k.flags)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(slices.Concat(data, hash[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, signed[:])
	if err != nil {
		k.t.Fatal(err)
	}
	user, err := base64.RawURLEncoding.DecodeString(k.user)
	if err != nil {
		k.t.Fatal(err)
	}
	return k.answer(map[string]any{"clientDataJSON": client, "authenticatorData": data, "signature": signature, "userHandle": user})
}

func (k *softKey) answer(response map[string]any) string {
	for name, value := range response {
		response[name] = base64.RawURLEncoding.EncodeToString(value.([]byte))
	}
	id := base64.RawURLEncoding.EncodeToString(k.id)
	text, err := json.Marshal(map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		k.t.Fatal(err)
	}
	return string(text)
}

// enrolled gives a provider and a key that a person added.
func enrolled(t *testing.T) (*op, *keyHolder, *softKey) {
	t.Helper()
	o := openNamed(t)
	v, k := o.keyHolder(), newSoftKey(t, o.base)
	v.account("eli")
	v.add(k)
	if !strings.Contains(v.body, "Phone &lt;1&gt;") || !strings.Contains(v.body, `role="status"`) {
		t.Fatalf("the key was not added: %s", v.body)
	}
	return o, v, k
}

// TestPasskey signs in by a key to a client and to the account page, then removes
// the key.
func TestPasskey(t *testing.T) {
	o, v, k := enrolled(t)
	again := o.keyHolder()
	a, ask := again.asked()
	again.press("passkey", k.get(ask))
	if strings.Contains(again.body, `value="allow"`) {
		again.press("action", "allow")
	}
	if again.away.Get("code") == "" {
		t.Fatalf("no code: %v %s", again.away, again.body)
	}
	a.Exit = &facts.Exit{Params: again.away, URL: &url.URL{}}
	id := o.IDClaims(o.Exchange(a))
	amr, _ := json.Marshal(id["amr"])
	if string(amr) != `["pop","user","mfa"]` || id["acr"] != "substantial" {
		t.Errorf("amr %s, acr %v; want pop, user, mfa at substantial", amr, id["acr"])
	}
	x, err := o.house.Provider.Explain(t.Context(), server.ExplainRequest{
		Realm: "buypass", Endpoint: "authorization", Query: a.Sent.Encode(), Person: "eli", Way: "passkey",
	})
	if err != nil || x.Error != nil || x.Way != "passkey" {
		t.Fatalf("explain: %+v, %v", x, err)
	}
	if told, _ := json.Marshal(x.Tokens["id_token"]["amr"]); string(told) != string(amr) || x.Tokens["id_token"]["acr"] != id["acr"] {
		t.Errorf("explain tells amr %s, acr %v", told, x.Tokens["id_token"]["acr"])
	}
	if _, err := o.house.Provider.Explain(t.Context(), server.ExplainRequest{
		Realm: "buypass", Endpoint: "authorization", Query: a.Sent.Encode(), Person: "mats", Way: "passkey",
	}); err == nil || !strings.Contains(err.Error(), "not_for_this_way") {
		t.Errorf("explain lets somebody without a key use one: %v", err)
	}
	password := o.IDClaims(o.Login(facts.Request{Scope: "openid", Manners: facts.Manners{Person: o.Named("eli")}}))
	if id["sub"] != password["sub"] {
		t.Error("the key signs somebody else in than the password of who added it")
	}

	account := o.keyHolder()
	account.open("/account")
	account.press("idp", "passkey")
	account.press("passkey", k.get(account.attribute("<form", "data-asks")))
	if !strings.Contains(account.body, "Phone &lt;1&gt;") {
		t.Fatalf("no account page: %s", account.body)
	}
	v.open("/account")
	v.press("action", "remove_passkey", "passkey", v.attribute(`<input type="hidden" name="passkey"`, "value"))
	if strings.Contains(v.body, "Phone &lt;1&gt;") {
		t.Error("the key is still there")
	}
	gone := o.keyHolder()
	_, ask = gone.asked()
	gone.press("passkey", k.get(ask))
	gone.refused(t, "a key that was removed")
	if log := o.log.String(); strings.Contains(log, "Phone <1>") || strings.Contains(log, k.user) {
		t.Error("the log has what belongs to the person")
	}
}

func (v *keyHolder) refused(t *testing.T, what string) {
	t.Helper()
	if v.away != nil || !strings.Contains(v.body, `role="alert"`) {
		t.Errorf("%s: not refused: %v %s", what, v.away, v.body)
	}
}

// TestPasskeyRefused: no answer but the key's own, to this page, signs in.
func TestPasskeyRefused(t *testing.T) {
	o, _, k := enrolled(t)
	other := o.keyHolder()
	mats := newSoftKey(t, o.base)
	other.account("mats")
	other.add(mats)
	later := k.get(func() string { _, ask := o.keyHolder().asked(); return ask }())

	for name, answer := range map[string]func(ask string) string{
		"nothing":            func(string) string { return "" },
		"no JSON":            func(string) string { return "{" },
		"an empty object":    func(string) string { return "{}" },
		"far too much":       func(ask string) string { return k.get(ask) + strings.Repeat(" ", 16<<10) },
		"another challenge":  func(string) string { return later },
		"another origin":     k.but(func(k *softKey) { k.origin = "https://phish.example" }).get,
		"another port":       k.but(func(k *softKey) { k.origin += "1" }).get,
		"another scheme":     k.but(func(k *softKey) { k.origin = strings.Replace(k.origin, "http:", "https:", 1) }).get,
		"another party":      k.but(func(k *softKey) { k.party = "phish.example" }).get,
		"nobody there":       k.but(func(k *softKey) { k.flags = userVerified }).get,
		"nobody verified":    k.but(func(k *softKey) { k.flags = userPresent }).get,
		"another ceremony":   k.but(func(k *softKey) { k.kind = "webauthn.create" }).get,
		"an unknown key":     k.but(func(k *softKey) { k.id = []byte(rand.Text()) }).get,
		"another key":        k.but(func(k *softKey) { k.key = mats.key }).get,
		"another's key id":   k.but(func(k *softKey) { k.id = mats.id }).get,
		"another's name":     k.but(func(k *softKey) { k.user = mats.user }).get,
		"no name":            k.but(func(k *softKey) { k.user = "" }).get,
		"a count of before":  k.but(func(k *softKey) { k.count, k.counts = 1, false }).get,
		"no longer counting": k.but(func(k *softKey) { k.count, k.counts = 0, false }).get,
	} {
		t.Run(name, func(t *testing.T) {
			v := o.keyHolder()
			_, ask := v.asked()
			v.press("passkey", answer(ask))
			v.refused(t, name)
		})
	}
	v := o.keyHolder()
	_, ask := v.asked()
	if v.press("passkey", k.get(ask)); v.away == nil && !strings.Contains(v.body, `value="allow"`) {
		t.Errorf("after all that the right answer is not right: %s", v.body)
	}
}

// TestPasskeyOnce: an answer that signed in signs in nowhere again, neither in its
// interaction nor in another, nor in another realm.
func TestPasskeyOnce(t *testing.T) {
	o, _, k := enrolled(t)
	v := o.keyHolder()
	_, ask := v.asked()
	page, answer := v.body, k.get(ask)
	v.press("passkey", answer)
	used := v.body
	for range 2 {
		v.body = page // back in the browser, and sent once more
		v.press("passkey", answer)
		if v.away.Get("code") != "" && strings.Contains(used, `value="allow"`) {
			t.Error("a form that was sent before ends the request")
		}
	}
	thief := o.keyHolder()
	_, fresh := thief.asked()
	thief.press("passkey", answer)
	thief.refused(t, "an answer in another interaction")
	thief.press("passkey", k.get(fresh), "step", "99")
	if thief.away != nil || !strings.Contains(thief.body, "data-asks") {
		t.Errorf("an answer for another step: %v %s", thief.away, thief.body)
	}
}

// TestPasskeyIsAdded: a key is added on its own page only, by somebody who just
// signed in, and to one person.
func TestPasskeyIsAdded(t *testing.T) {
	o, v, k := enrolled(t)
	add := func(v *keyHolder, k *softKey, at string) bool {
		t.Helper()
		v.open("/account")
		before := strings.Count(v.body, "remove_passkey")
		offer := v.attribute("<form", "data-offers")
		if at == "" {
			at = v.attribute(`name="at"`, "value")
		}
		v.press("action", "add_passkey", "at", at, "passkey", k.create(offer))
		v.open("/account")
		return strings.Count(v.body, "remove_passkey") > before
	}
	fresh := func() *softKey { return newSoftKey(t, o.base) }
	for name, key := range map[string]*softKey{
		"another origin":   fresh().but(func(k *softKey) { k.origin = "https://phish.example" }),
		"another party":    fresh().but(func(k *softKey) { k.party = "phish.example" }),
		"nobody verified":  fresh().but(func(k *softKey) { k.flags = userPresent }),
		"another ceremony": fresh().but(func(k *softKey) { k.kind = "webauthn.get" }),
		"another challenge": fresh().but(func(k *softKey) {
			k.another = func(o map[string]any) {
				o["challenge"] = base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))
			}
		}),
		"a key that is there": k,
	} {
		if add(v, key, "") {
			t.Errorf("%s: added", name)
		}
	}
	if add(v, fresh(), "1790000000") {
		t.Error("added with the time of another page")
	}
	mats := o.keyHolder()
	mats.account("mats")
	if add(mats, k, "") {
		t.Error("the key of one person was added to another")
	}
	mine, offer := fresh(), ""
	v.open("/account")
	offer = v.attribute("<form", "data-offers")
	at := v.attribute(`name="at"`, "value")
	mats.press("action", "add_passkey", "at", at, "passkey", mine.create(offer))
	if mats.open("/account"); strings.Contains(mats.body, "remove_passkey") {
		t.Error("a key made for one session was added in another")
	}
	mats.press("action", "remove_passkey", "passkey", base64.RawURLEncoding.EncodeToString(k.id))
	if v.open("/account"); strings.Count(v.body, "remove_passkey") != 1 {
		t.Error("somebody else removed the key")
	}
	if !add(v, fresh(), "") {
		t.Error("a second key is not added")
	}
	o.house.Advance(11 * time.Minute)
	v.open("/account")
	if strings.Contains(v.body, "data-offers") || !strings.Contains(v.body, "sign_in_again") {
		t.Fatalf("long after the sign-in a key may be added: %s", v.body)
	}
	v.press("action", "sign_in_again")
	v.press("idp", "password")
	person := o.Named("eli")
	v.press("username", person.Username, "password", person.Password)
	if !add(v, fresh(), "") {
		t.Error("after another sign-in no key is added")
	}
}

// TestPasskeyNeedsName: at an address that is a number the pages say so.
func TestPasskeyNeedsName(t *testing.T) {
	o := open(t, "buypass")
	v := o.keyHolder()
	v.account("eli")
	if strings.Contains(v.body, "data-offers") || strings.Contains(v.body, "<script") {
		t.Error("a key is offered where none works")
	}
	v = o.keyHolder()
	v.open(o.Address(o.Prepare(facts.Request{Scope: "openid"}).Sent))
	v.press("idp", "passkey")
	if strings.Contains(v.body, "data-asks") || !strings.Contains(v.body, `value="other"`) {
		t.Errorf("a key is asked for where none works: %s", v.body)
	}
	v.press("action", "other")
	if !strings.Contains(v.body, `value="password"`) {
		t.Error("no other way can be chosen")
	}
}
