package pages_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

// scriptSite is a client that is a page and nothing else: oidc-client-ts in the
// browser, on an origin of its own.
var scriptSite = template.Must(template.New("site").Parse(`<!doctype html>
<html lang="en"><title>A page that signs in</title>
<script src="/oidc-client-ts.js"></script>
<main><button id="begin">Sign in</button><pre id="told"></pre></main>
<script>
const manager = new oidc.UserManager({
  authority: "{{.Issuer}}", client_id: "demo-spa", redirect_uri: location.origin + "/callback",
  scope: "openid email", loadUserInfo: true, automaticSilentRenew: false,
});
const tell = (what) => { document.querySelector("#told").textContent = what; };
document.querySelector("#begin").onclick = () => manager.signinRedirect();
(async () => {
  if (location.pathname !== "/callback") return;
  const user = await manager.signinCallback();
  const renewed = await manager.signinSilent();
  tell([user.profile.email, renewed.access_token !== user.access_token && "renewed"].join(" "));
  document.body.dataset.done = "yes";
})().catch((fault) => { tell("fault: " + fault); document.body.dataset.done = "no"; });
</script></html>`))

// TestScriptClient: a client without a secret, in scripts of another origin, signs
// a person in, reads UserInfo and renews its tokens.
func TestScriptClient(t *testing.T) {
	library, err := os.ReadFile("../node/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js")
	if err != nil {
		t.Skip("oidc-client-ts is not installed (npm ci in interop/node): no script signs in")
	}
	realm := running.Realm(t, "buypass")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oidc-client-ts.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Write(library)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := scriptSite.Execute(w, realm); err != nil {
			t.Error(err)
		}
	})
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)

	w := newBrowser(t).window(t, 390, "en")
	person := realm.Person(t, "eli")
	w.open(site.URL)
	w.press("#begin")
	run(w, chromedp.WaitReady(chromedp.CSS(wayButtons)))
	w.press(wayButtons)
	w.signIn(person)
	if w.has(allowButton) {
		w.press(allowButton)
	}
	run(w, chromedp.WaitReady(chromedp.CSS("body[data-done]")))
	if told, want := w.text("#told"), person.Claims["email"].(string)+" renewed"; told != want {
		t.Errorf("the page says %q; want %q", told, want)
	}
}
