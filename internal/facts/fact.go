package facts

import (
	"context"
	"io/fs"
	"net/http"
	"time"
)

// A Fact is one sentence about the provider that holds or does not.
type Fact struct {
	ID      string // table and number: "realm/7"
	Realm   string // the realm it is tried at
	Text    string // our own words, one or two sentences
	Seed    string // where it comes from: "000" to "004", "docs", "standard"
	Pending string // "" or what brings it, in plain words: "special flows"
	Check   func(t TB, e *Env)
	Fault   Fault
}

// Waits says what the fact waits for, or "" when it can be tried. A fact
// without a check or without a fault waits for it.
func (f *Fact) Waits() string {
	switch {
	case f.Pending != "":
		return f.Pending
	case f.Check == nil:
		return "a check"
	case f.Fault.None():
		return "a fault"
	}
	return ""
}

// A Fault is what must turn a fact red: one changed line of a realm, one row of
// the rule table switched off, or one check of the server switched off.
type Fault struct {
	Realm    string // realm whose text is changed; "" with Old set: the fact's own
	Old, New string // Old is replaced by New
	All      bool   // everywhere, else Old must stand there exactly once
	Demo     bool   // the text is the realm's demo data: which clients and people there are
	Rule     string // reason of the row that is switched off
	Server   string // name of the check that is switched off
}

// None reports whether there is no fault at all.
func (f Fault) None() bool { return f.Old == "" && f.Rule == "" && f.Server == "" }

// TB is what a check may do with its test. *testing.T is one; the fault run has
// another, because there a failure is what is wanted.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(func())
	Context() context.Context
}

// Options say how a provider is to be started.
type Options struct {
	Realms        fs.FS    // the realms' texts
	Demo          fs.FS    // the demo data's texts
	WithoutRules  []string // reasons whose rows are switched off
	WithoutChecks []string // checks of the server that are switched off
	Certificates  string   // header in which a proxy on this machine tells clients' certificates; "": there is none
}

// A Provider is a running provider with demo data, as the command dev runs it.
type Provider struct {
	Base    string              // base URL, without a slash at the end
	Client  *http.Client        // reaches Base; nil: http.DefaultTransport
	Advance func(time.Duration) // moves its clock; nil: by POST /dev/clock

	// Succeed takes a person out and lets a stranger in who wants all that was
	// theirs: user name, password and, if it can be had, the subject.
	Succeed func(realm, username string) error

	// Change changes members of a client's registration, as its operator would.
	Change func(realm, client string, members map[string]any) error

	// Invite gives an initial token for clients that register themselves.
	Invite func(realm string) (string, error)

	// Import makes a version of a list of names the one that is compared with, as
	// another process of the operator's would.
	Import func(realm, list, version string, files map[string][]byte) error

	moved time.Duration // how far its clock is ahead of ours
}

// A Starter starts providers. The wiring has the only one.
type Starter interface {
	// Start gives a provider that accepts requests, and stops it at Cleanup. An
	// error says that the realms do not load.
	Start(t TB, options Options) (*Provider, error)
	// Shipped gives the shipped realms' and their demo data's texts.
	Shipped() (realms, demo fs.FS)
}
