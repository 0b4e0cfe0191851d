package house

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Walk is a person at a browser without scripts: they sign in, agree, and
// follow where they are sent until an address is outside the house.
type Walk struct {
	Person  *Person
	Way     string   // the button pressed where several ways are offered
	Decline []string // boxes left empty

	base   string
	client *http.Client
}

// Walk gives a browser in which nobody is signed in.
func (h *House) Walk(person *Person) (*Walk, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &Walk{Person: person, base: h.Base, client: &http.Client{
		Jar: jar, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

const longestWalk = 20 // pages and redirects; more is a circle

// To opens an address and gives the address outside where the walk ended.
func (w *Walk) To(address string) (*url.URL, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	for range longestWalk {
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(request.URL.String(), w.base+"/") {
			return request.URL, nil
		}
		request, err = w.step(request)
	}
	return nil, errors.New("the pages lead in a circle")
}

// step sends one request and gives the next one.
func (w *Walk) step(request *http.Request) (*http.Request, error) {
	response, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if location, err := response.Location(); err == nil {
		return http.NewRequest(http.MethodGet, location.String(), nil)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	page, err := readPage(body)
	if err != nil {
		return nil, err
	}
	fields, err := w.fill(page)
	if err != nil {
		return nil, fmt.Errorf("%s (%d): %w", request.URL.Path, response.StatusCode, err)
	}
	action, err := request.URL.Parse(page.action)
	if err != nil {
		return nil, err
	}
	next, err := http.NewRequest(http.MethodPost, action.String(), strings.NewReader(fields.Encode()))
	if err != nil {
		return nil, err
	}
	next.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	next.Header.Set("Origin", w.base)
	return next, nil
}

// fill does on a page what the person would.
func (w *Walk) fill(p *page) (url.Values, error) {
	if p.alert != "" {
		return nil, errors.New(p.alert)
	}
	fields := p.hidden
	switch {
	case slices.Contains(p.inputs, "username"):
		for name, value := range map[string]string{
			"username": w.Person.Username, "password": w.Person.Password, "otp": w.Person.OTP, "pin": w.Person.PIN,
		} {
			if slices.Contains(p.inputs, name) {
				fields.Set(name, value)
			}
		}
	case len(p.buttons["idp"]) > 0:
		way := w.Way
		if way == "" {
			way = p.buttons["idp"][0]
		}
		fields.Set("idp", way)
	case slices.Contains(p.buttons["action"], "allow"):
		fields.Set("action", "allow")
		for _, box := range p.boxes {
			if !slices.Contains(w.Decline, box) {
				fields.Add("consent", box)
			}
		}
	case slices.Contains(p.buttons["action"], "logout"):
		fields.Set("action", "logout")
	default:
		return nil, errors.New("a page without a form that a person would fill in")
	}
	return fields, nil
}
