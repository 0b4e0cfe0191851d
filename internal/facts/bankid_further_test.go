package facts

// bankIDFurtherFacts are facts of the realm bankid beyond those that its
// specification numbers: what its services do over HTTP.
var bankIDFurtherFacts = []Fact{
	{
		ID: "bankid/63", Realm: "bankid", Seed: "docs",
		Text:  "Who asks about fraud data of one transaction more often than once a second gets 429 and Retry-After, and goes on afterwards where it was.",
		Check: bankIDSecurityDataPause,
		Fault: Fault{Old: "pause: 1s", New: "pause: 0s"},
	},
}
