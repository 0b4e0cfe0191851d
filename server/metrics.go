package server

// Metrics counts what happens. Every argument is a name that a realm or this
// package declares, never what a client sent.
type Metrics interface {
	// Issued counts a token response, by the grant type it answers.
	Issued(realm, grantType string)
	// Refused counts a request that a decision refused.
	Refused(realm, reason string)
	// Told counts an error by the code that was told.
	Told(realm, code string)
	// SignInRefused counts a failed sign-in by why: a key of tillit.SignInRefused.
	SignInRefused(realm, why string)
	// Throttled counts what was refused because it was got wrong too often.
	Throttled(realm, what string)
	// LogoutTold counts tries to tell a client of a logout: told, failed, given_up.
	LogoutTold(realm, outcome string)
}

// metrics gives what counts, or what does not.
func (p *Provider) metrics() Metrics {
	if p.Metrics == nil {
		return uncounted{}
	}
	return p.Metrics
}

type uncounted struct{}

func (uncounted) Issued(string, string)        {}
func (uncounted) Refused(string, string)       {}
func (uncounted) Told(string, string)          {}
func (uncounted) SignInRefused(string, string) {}
func (uncounted) Throttled(string, string)     {}
func (uncounted) LogoutTold(string, string)    {}
