// Package storetest is the conformance suite of package store: what every engine
// must do, told as the protocol needs it. It runs on real databases only.
package storetest

import (
	"errors"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

// Open gives an empty store that is closed when the test ends.
type Open func(t *testing.T) *store.Store

// Run runs the suite, each case on a store of its own.
func Run(t *testing.T, open Open) {
	for _, c := range [...]struct {
		name string
		run  func(*testing.T, *store.Store)
	}{
		{"clients", clients},
		{"clients of another process", clientsElsewhere},
		{"clients that register themselves", registrations},
		{"16 use one initial token", initialRace},
		{"organizations and access", organizations},
		{"prefixes", prefixes},
		{"registered scopes", scopes},
		{"access is given and taken", accessRecords},
		{"clients of organizations", clientsOfOrganizations},
		{"people", people},
		{"a subject is never given again", subjects},
		{"changing a password", changingPassword},
		{"erasing a person", erasing},
		{"interactions", interactions},
		{"an interaction is finished once", finishing},
		{"browsers", browsers},
		{"sessions", sessions},
		{"ending a session", endingSession},
		{"somebody else in a browser", somebodyElse},
		{"telling clients of an end", tellingLogouts},
		{"telling clients of a former person", tellingFormer},
		{"32 take what is to be told", takeRace},
		{"a person's sessions", sessionsOfPerson},
		{"codes", codes},
		{"64 redeem one code", redeemRace},
		{"a revoked grant does not come back", revivingGrant},
		{"refresh tokens", refreshTokens},
		{"64 rotate one refresh token", rotateRace},
		{"a lost answer", replacing},
		{"64 lost answers leave one line", replaceRace},
		{"using a refresh token again", reusing},
		{"opaque tokens", opaqueTokens},
		{"revoked tokens", revokedTokens},
		{"withdrawing an item", withdrawingItem},
		{"withdrawing a grant", withdrawingGrant},
		{"withdrawing a client", withdrawingClient},
		{"keys", keys},
		{"several starters make one key", keyRace},
		{"secrets", secrets},
		{"certificates", certificates},
		{"delegations", delegations},
		{"completions of details", completions},
		{"several issue one certificate", certificateRace},
		{"passkeys", passkeys},
		{"16 use one signature of a passkey", passkeyRace},
		{"attempts", attempts},
		{"orders", orders},
		{"64 sign one order", orderRace},
		{"contents and acts", contents},
		{"transactions", transactions},
		{"lists of names", lists},
		{"monitors", monitors},
		{"comparing those who are watched", comparing},
		{"16 compare and tell", noticeRace},
		{"catalogs", catalogs},
		{"meta", meta},
		{"sweeping", sweeping},
		{"sweeping races a refresh", sweepRace},
		{"audit", audit},
		{"sign-ins", signIns},
		{"pseudonyms", pseudonyms},
		{"checkpoints", checkpoints},
		{"a failing write fails alone", failingAlone},
		{"a withdrawal races a redemption", withdrawRace},
		{"an end races a redemption", endingRace},
		{"erasing races a redemption", erasingRace},
		{"rivals all come through", rivals},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// must stops the test at an error that was not to be.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wants checks that the error is the one.
func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func record(event string, at int64) *tillit.AuditRecord {
	return &tillit.AuditRecord{Realm: realm, Time: at, Event: event}
}
