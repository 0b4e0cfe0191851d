// Package realms holds the shipped realms: one YAML file each, in the language
// that package catalog reads.
//
//	bankid        people prove who they are with BankID; consent for each release
//	buypass       the plain OpenID realm: every standard scope, APIs with audiences
//	idporten      people sign in to public services, pseudonymously where it suits
//	maskinporten  organizations call each other's APIs; shares the registry of idporten
//
// It never has code that knows what is in them: behaviour is data.
package realms

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml stories
var files embed.FS

// Files gives the shipped realms, one file each, and what is told of them in
// stories.
func Files() fs.FS { return files }
