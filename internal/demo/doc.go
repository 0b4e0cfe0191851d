// Package demo reads the demo data of realms and puts it into a store that dev
// made: people, clients, credentials of resource servers, organizations.
//
//	realms/demo/*.yaml ──Read──▶ Data ──Load──▶ store
//	                                    └─────▶ Loaded ──Fixtures──▶ /dev/fixtures.json
//
// What a client may ask for follows the catalog: the files say "every scope of
// the authorization endpoint", and the loader works out which those are. So a
// scope added to a realm reaches demo-web by itself.
//
// Secrets are derived from a seed that belongs to the data directory, so that a
// kept directory keeps its secrets and no two directories share them. Nothing
// of this package runs in serve.
package demo
