package facts

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
)

// A Browser keeps cookies and walks pages without scripts.
type Browser struct {
	e      *Env
	client *http.Client
	Pages  []*Page // met so far
}

// NewBrowser gives a browser in which nobody is signed in.
func (e *Env) NewBrowser() *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		e.t.Fatalf("cookie jar: %v", err)
	}
	return &Browser{e: e, client: e.httpClient(jar)}
}

// Cookies gives what the browser would send to an address.
func (b *Browser) Cookies(to *url.URL) []*http.Cookie { return b.client.Jar.Cookies(to) }

// Manners say what the person in front of the browser does.
type Manners struct {
	Person  PersonFixture
	Way     string   // pressed on the chooser; "" takes the first
	Decline []string // boxes left empty; every other one is ticked
	Deny    bool     // presses deny on the consent page
	Cancel  bool     // presses cancel on the sign-in page
	Refuse  bool     // presses cancel on the page that asks to sign, or whom to act for
	For     string   // chosen as the one to act for, by name; "" takes the first
	Until   string   // stops at a page of this kind

	NewPassword string // chosen where one is asked for
	Again       string // typed the second time; "" is the same
}

// An Exit is where a walk ended: outside the provider, or on a page.
type Exit struct {
	Params url.Values // what was brought to the redirect URI
	Mode   string     // query, fragment or form_post
	URL    *url.URL   // the address outside; nil when the walk ended on a page
	Page   *Page      // the last page, when the walk ended there
}

// Open requests an address and walks from there.
func (b *Browser) Open(address string, m Manners) *Exit {
	b.e.t.Helper()
	return b.walk(b.e.request(http.MethodGet, address, nil), m)
}

// Submit posts a form to an address, as a page of another site would, and walks on.
func (b *Browser) Submit(address string, fields url.Values, m Manners) *Exit {
	b.e.t.Helper()
	req := b.e.request(http.MethodPost, address, strings.NewReader(fields.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.walk(req, m)
}

const longestWalk = 24 // answers; a longer way is a circle

func (b *Browser) walk(req *http.Request, m Manners) *Exit {
	t := b.e.t
	t.Helper()
	for range longestWalk {
		exit, next := b.step(req, m)
		if exit != nil {
			return exit
		}
		req = next
	}
	t.Fatalf("pages: %d answers without an end; the last was %s", longestWalk, req.URL.Path)
	return nil
}

// step sends one request and finds out what follows: the end, or another one.
func (b *Browser) step(req *http.Request, m Manners) (*Exit, *http.Request) {
	t := b.e.t
	t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		t.Fatalf("%s %s: read the answer: %v", req.Method, req.URL.Path, err)
	}
	if resp.StatusCode >= 500 {
		t.Fatalf("%s %s: %d", req.Method, req.URL.Path, resp.StatusCode)
	}
	if location := resp.Header.Get("Location"); resp.StatusCode/100 == 3 && location != "" {
		target, err := req.URL.Parse(location)
		if err != nil {
			t.Fatalf("%s %s: Location %q: %v", req.Method, req.URL.Path, location, err)
		}
		if b.outside(target) {
			return leave(target), nil
		}
		return nil, b.e.request(http.MethodGet, target.String(), nil)
	}
	page, err := parsePage(body, req.URL, resp.StatusCode, b.origin())
	if err != nil {
		t.Fatalf("%s %s: parse the page: %v", req.Method, req.URL.Path, err)
	}
	b.Pages = append(b.Pages, page)
	return b.answer(page, m)
}

// answer does on a page what the person would.
func (b *Browser) answer(page *Page, m Manners) (*Exit, *http.Request) {
	b.e.t.Helper()
	if page.Kind == m.Until {
		return &Exit{Page: page}, nil
	}
	switch page.Kind {
	case "choose":
		way := b.e.N(m.Way)
		if way == "" {
			way = page.Ways[0]
		}
		return nil, b.Press(page, "idp", way, nil)
	case "sign_in":
		return b.signIn(page, m)
	case "consent":
		if m.Deny {
			return nil, b.Press(page, "action", "deny", nil)
		}
		return nil, b.Press(page, "action", "allow", url.Values{"consent": b.boxes(page, m.Decline)})
	case "change_password":
		return b.changePassword(page, m)
	case "sign":
		return b.sign(page, m)
	case "choose_principal":
		return b.choosePrincipal(page, m)
	case "form_post":
		return b.formPost(page), nil
	}
	return &Exit{Page: page}, nil
}

func (b *Browser) signIn(page *Page, m Manners) (*Exit, *http.Request) {
	b.e.t.Helper()
	if m.Cancel {
		return nil, b.Press(page, "action", "cancel", nil)
	}
	if page.Alert != "" { // refused: trying again the same way is of no use
		return &Exit{Page: page}, nil
	}
	f := page.form(func(f *form) bool { return slices.Contains(f.names, "password") })
	fields := url.Values{}
	for _, name := range f.names {
		switch name {
		case "username":
			fields.Set(name, m.Person.Username)
		case "password":
			fields.Set(name, m.Person.Password)
		default:
			if value := m.Person.Fields[name]; value != "" {
				fields.Set(name, value)
			}
		}
	}
	return nil, b.post(page, f, fields, button{})
}

func (b *Browser) changePassword(page *Page, m Manners) (*Exit, *http.Request) {
	b.e.t.Helper()
	if page.Alert != "" {
		return &Exit{Page: page}, nil
	}
	again := m.Again
	if again == "" {
		again = m.NewPassword
	}
	f := page.form(func(f *form) bool { return slices.Contains(f.names, "new_password") })
	return nil, b.post(page, f, url.Values{"new_password": {m.NewPassword}, "new_password_again": {again}}, button{})
}

// choosePrincipal chooses whom to act for. With nobody to choose the walk ends.
func (b *Browser) choosePrincipal(page *Page, m Manners) (*Exit, *http.Request) {
	b.e.t.Helper()
	if m.Refuse {
		return nil, b.Press(page, "action", "cancel", nil)
	}
	for _, r := range page.Radios {
		if r.Name == "principal" && (m.For == "" || r.Label == m.For) {
			return nil, b.Press(page, "action", "choose", url.Values{"principal": {r.Value}})
		}
	}
	return &Exit{Page: page}, nil
}

// sign signs a document, with the password where the page asks for it.
func (b *Browser) sign(page *Page, m Manners) (*Exit, *http.Request) {
	b.e.t.Helper()
	if m.Refuse {
		return nil, b.Press(page, "action", "cancel", nil)
	}
	if page.Alert != "" {
		return &Exit{Page: page}, nil
	}
	fields := url.Values{}
	if f := page.form(func(f *form) bool { return f.has("action", "sign") }); slices.Contains(f.names, "password") {
		fields.Set("password", m.Person.Password)
	}
	return nil, b.Press(page, "action", "sign", fields)
}

// boxes gives the boxes to tick: all but the declined ones.
func (b *Browser) boxes(page *Page, declined []string) []string {
	var ticked []string
	for _, box := range page.Boxes {
		if !slices.Contains(declined, b.e.names.Back(box)) {
			ticked = append(ticked, box)
		}
	}
	return ticked
}

// Press gives the request of pressing a button of the page.
func (b *Browser) Press(page *Page, name, value string, fields url.Values) *http.Request {
	b.e.t.Helper()
	f := page.form(func(f *form) bool { return f.has(name, value) })
	if f == nil {
		b.e.t.Fatalf("page %s at %s: no button %s=%s", page.Kind, page.URL.Path, name, value)
	}
	return b.post(page, f, fields, button{name, value})
}

func (b *Browser) post(page *Page, f *form, fields url.Values, pressed button) *http.Request {
	b.e.t.Helper()
	values := url.Values{}
	for name, list := range f.fields {
		values[name] = slices.Clone(list)
	}
	for name, list := range fields {
		values[name] = list
	}
	if pressed.name != "" {
		values.Set(pressed.name, pressed.value)
	} else if i := slices.IndexFunc(f.buttons, goesOn); i >= 0 {
		values.Set(f.buttons[i].name, f.buttons[i].value)
	}
	target, err := page.URL.Parse(f.action)
	if err != nil {
		b.e.t.Fatalf("page %s: action %q: %v", page.Kind, f.action, err)
	}
	req := b.e.request(http.MethodPost, target.String(), strings.NewReader(values.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.origin())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// goesOn tells the button that sends a sign-in from those that leave it.
func goesOn(b button) bool {
	return b.name != "idp" && b.value != "cancel" && b.value != "other"
}

// On gives the same browser, whose failures another test hears of.
func (b *Browser) On(t TB) *Browser {
	e, other := *b.e, *b
	e.t = t
	other.e = &e
	return &other
}

// Again answers a page that the walk stopped at, and walks on.
func (b *Browser) Again(page *Page, m Manners) *Exit {
	b.e.t.Helper()
	m.Until = ""
	exit, next := b.answer(page, m)
	if exit != nil {
		return exit
	}
	return b.walk(next, m)
}

// Continue sends a request made by Press and walks on.
func (b *Browser) Continue(req *http.Request, m Manners) *Exit {
	b.e.t.Helper()
	return b.walk(req, m)
}

func (b *Browser) formPost(page *Page) *Exit {
	f := page.form(func(f *form) bool { return f.action != "" })
	target, err := page.URL.Parse(f.action)
	if err != nil {
		b.e.t.Fatalf("form_post: action %q: %v", f.action, err)
	}
	return &Exit{Params: f.fields, Mode: "form_post", URL: target, Page: page}
}

func (b *Browser) origin() string {
	base, err := url.Parse(b.e.provider.Base)
	if err != nil {
		b.e.t.Fatalf("base %q: %v", b.e.provider.Base, err)
	}
	return base.Scheme + "://" + base.Host
}

func (b *Browser) outside(target *url.URL) bool {
	return target.Scheme+"://"+target.Host != b.origin()
}

// leave reads what a redirect brings to the client.
func leave(target *url.URL) *Exit {
	exit := &Exit{URL: target, Mode: "query", Params: target.Query()}
	if target.Fragment != "" {
		if values, err := url.ParseQuery(target.EscapedFragment()); err == nil {
			exit.Mode, exit.Params = "fragment", values
		}
	}
	return exit
}

// Met counts the pages of a kind.
func (b *Browser) Met(kind string) int {
	count := 0
	for _, page := range b.Pages {
		if page.Kind == kind {
			count++
		}
	}
	return count
}

// Offered lists every consent box met, in the realm's own names.
func (b *Browser) Offered() []string {
	var boxes []string
	for _, page := range b.Pages {
		for _, box := range page.Boxes {
			boxes = append(boxes, b.e.names.Back(box))
		}
	}
	return boxes
}
