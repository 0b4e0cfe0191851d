// Package tillittest is a whole provider inside a Go test: the same house that
// the command runs, in memory, behind a real HTTP address, with people and
// clients to play with.
//
//	p := tillittest.Start(t, "my-realm", tillittest.Realms(os.DirFS("realms")))
//	tokens := p.Tokens(tillittest.Request{Client: "shop", Person: "kari", Scope: "openid email"})
//	req.Header.Set("Authorization", "Bearer "+tokens.Access)
//
// Tokens come of real authorization requests: the person signs in and answers
// the consent page, which costs a test nothing to write and a millisecond or two
// to run. Claims, clients, consents and the clock can be changed while it runs,
// and [Provider.Decision] says what a request would come to without issuing
// anything. A helper that cannot do what it is asked fails the test.
//
// The first start of a realm in a process reads its files and makes its keys, and
// takes a tenth of a second or two; every further one takes some milliseconds, for
// the realm and the keys are kept. No provider has a key twice.
//
// Nothing of this package is for production: passwords are hashed cheaply and
// keys are shared by all providers of a process.
package tillittest
