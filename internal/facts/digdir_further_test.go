package facts

// digdirFurtherFacts are facts of the realms idporten and maskinporten too: what
// the documents say of tokens, and no numbered fact tries from outside.
var digdirFurtherFacts = []Fact{
	{
		ID: "digdir/85", Realm: "idporten", Seed: "docs",
		Text:  "A client with ONETIME gets another refresh token at each use, and using a former one ends the authorization; with REUSE the same stays good.",
		Check: idPortenRefreshUsage,
		Fault: Fault{Server: "reuse revokes the grant"},
	},
	{
		ID: "digdir/86", Realm: "idporten", Seed: "docs",
		Text:  "A DPoP proof binds the access token to its key, without the client being registered for it; as a bearer token or with another key's proof it is refused, and a public client's refresh token is bound too.",
		Check: idPortenProof,
		Fault: Fault{Server: "bound token is no Bearer"},
	},
	{
		ID: "digdir/87", Realm: "idporten", Seed: "docs",
		Text:  "client_amr says how the client authenticated: by a secret in the header or in the body, by a signature, or not at all.",
		Check: idPortenClientMethod,
		Fault: Fault{Old: "value: client.authentication", New: "value: client.on_behalf_of"},
	},
	{
		ID: "digdir/88", Realm: "idporten", Seed: "docs",
		Text:  "Who may introspect a token stands in its scope: the clients that the scope lists and the owner's resource servers; whoever else asks learns that it is not active.",
		Check: idPortenIntrospectors,
		Fault: Fault{Old: "introspected_by: [demo-helse]", New: "introspected_by: [demo-helse, demo-basic]"},
	},
	{
		ID: "digdir/89", Realm: "idporten", Seed: "docs",
		Text:  "A client with a backchannel_logout_uri finds sid in its ID Token, and is told of the sign-out by a signed logout token with that sid and its own sub.",
		Check: idPortenBackLogout,
		Fault: Fault{Server: "clients hear of logouts"},
	},
	{
		ID: "digdir/90", Realm: "maskinporten", Seed: "docs",
		Text:  "For machines a scope's bound replaces the client's own lifetime, be it longer or shorter; of several the lowest counts, and without any the client's.",
		Check: machineLifetimes,
		Fault: Fault{Old: "scope_lifetime: override", New: "scope_lifetime: cap"},
	},
	{
		ID: "digdir/91", Realm: "maskinporten", Seed: "docs",
		Text:  "A system user's token names the system user, its system and the organization it is of; for one that the supplier does not have there is no token: 403.",
		Check: machineSystemUser,
		Fault: Fault{Demo: true, Old: `systemuser_org: {authority: iso6523-actorid-upis, ID: "0192:310107549"}`, New: `systemuser_org: {authority: iso6523-actorid-upis, ID: "0192:310100005"}`},
	},
	{
		ID: "digdir/92", Realm: "maskinporten", Seed: "docs",
		Text:  "A consent's token says to whom it was given, when, until when and for what; one that was given to somebody else is no use: 403.",
		Check: machineConsent,
		Fault: Fault{Old: "adds: [to, consented, validTo, consentRights]", New: "adds: [to, consented, validTo]"},
	},
	{
		ID: "digdir/93", Realm: "maskinporten", Seed: "docs",
		Text:  "A value of authorization_details that cannot be right, a missing one, and two kinds at once get MP-303.",
		Check: machineDetailValues,
		Fault: Fault{Rule: "bad_details_value"},
	},
	{
		ID: "digdir/94", Realm: "idporten", Seed: "docs",
		Text:  "In the legacy profile a client of the organization that owns a scope of the token may introspect it; one of another organization may not, nor one of the owner's that speaks the current profile.",
		Check: idPortenOwnersIntrospect,
		Fault: Fault{Old: "introspection: owner", New: "introspection: listed"},
	},
	{
		ID: "digdir/95", Realm: "maskinporten", Seed: "docs",
		Text:  "A consumer delegates a scope to a supplier at the source, which both see, and takes it back: the supplier's very next token request is refused.",
		Check: delegationGiven,
		Fault: Fault{Old: `write: "altinn:maskinporten/delegations.write"`, New: `write: "altinn:maskinporten/delegations.read"`},
	},
	{
		ID: "digdir/96", Realm: "maskinporten", Seed: "docs",
		Text:  "Who delegates is whom the token is for: a body cannot say another, nobody sees what is between others, and a client that a supplier runs delegates nothing.",
		Check: delegationOwn,
		Fault: Fault{Server: "suppliers delegate nothing to themselves"},
	},
}
