package facts

// digdirFacts are the facts of the realms idporten and maskinporten, from the
// public documents of Digdir.
var digdirFacts = []Fact{
	{
		ID: "digdir/1", Realm: "idporten", Seed: "003", Pending: "self-service of clients",
		Text: "A scope that names no integration type can be put on clients of every type that may hold an organization's scopes.",
	},
	{
		ID: "digdir/2", Realm: "maskinporten", Seed: "003", Pending: "self-service of clients",
		Text: "A scope for maskinporten clients alone cannot be put on an api_klient: 400, and no client is made.",
	},
	{
		ID: "digdir/3", Realm: "maskinporten", Seed: "003", Pending: "self-service of clients",
		Text: "A scope for api_klient alone cannot be put on a maskinporten client: 400.",
	},
	{
		ID: "digdir/4", Realm: "maskinporten", Seed: "003", Pending: "self-service of clients",
		Text: "A scope that allows both types can be put on clients of either.",
	},
	{
		ID: "digdir/5", Realm: "idporten", Seed: "003", Pending: "self-service of clients",
		Text: "Any customer's idporten client may have openid, profile, no_pid and eidas; nobody has to grant them.",
	},
	{
		ID: "digdir/6", Realm: "maskinporten", Seed: "003", Pending: "self-service of clients",
		Text: "openid on a maskinporten client is refused with 400.",
	},
	{
		ID: "digdir/7", Realm: "idporten", Seed: "003",
		Text:  "openid yields an ID Token, and without it there is none.",
		Check: idPortenIDToken,
		Fault: Fault{Old: "without_openid: oauth", New: "without_openid: refuse"},
	},
	{
		ID: "digdir/8", Realm: "idporten", Seed: "003",
		Text:  "UserInfo wants profile: with openid alone it answers 403 insufficient_scope.",
		Check: idPortenUserInfo,
		Fault: Fault{Old: "requires: profile", New: "requires: openid"},
	},
	{
		ID: "digdir/9", Realm: "idporten", Seed: "003",
		Text:  "With no_pid the national identity number is in no token and not at UserInfo.",
		Check: idPortenNoPID,
		Fault: Fault{Old: "standing: true\n    withholds: [pid]", New: "standing: true"},
	},
	{
		ID: "digdir/10", Realm: "idporten", Seed: "003", Pending: "sign-in at ID-porten",
		Text: "After a sign-in from another country, eidas puts what that country's eID says into the ID Token; in the legacy profile it is absent without the scope.",
	},
	{
		ID: "digdir/11", Realm: "maskinporten", Seed: "003", Pending: "self-service of clients",
		Text: "A member of krr:global can be put on any customer's maskinporten or krr client without a grant; on an api_klient it gets 400.",
	},
	{
		ID: "digdir/12", Realm: "idporten", Seed: "003", Pending: "self-service of clients",
		Text: "A member of krr:user can be put on an api_klient; on a maskinporten client it is refused with 400.",
	},
	{
		ID: "digdir/13", Realm: "maskinporten", Seed: "003", Pending: "self-service of clients",
		Text: "A customer cannot give its own client the scopes of client or scope administration: 403. The operator can.",
	},
	{
		ID: "digdir/14", Realm: "maskinporten", Seed: "003", Pending: "self-service of clients",
		Text: "A customer cannot give its own client the scopes of the authorizations, log and level services: 403.",
	},
	{
		ID: "digdir/15", Realm: "idporten", Seed: "003", Pending: "self-service of clients",
		Text: "Not even the operator puts the log scope on a maskinporten client: 400.",
	},
	{
		ID: "digdir/16", Realm: "maskinporten", Seed: "003", Pending: "access grants between organizations",
		Text: "Without a grant, and where the scope is not open to all, another organization's client cannot have it: 403.",
	},
	{
		ID: "digdir/17", Realm: "maskinporten", Seed: "003", Pending: "access grants between organizations",
		Text: "A scope that is open to all can be put on such a client without a grant.",
	},
	{
		ID: "digdir/18", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "Anybody may list the public scopes, and each entry tells its integration types.",
	},
	{
		ID: "digdir/19", Realm: "maskinporten", Seed: "003",
		Text:  "A supplier gets a token for a consumer only where the scope can be delegated and has been.",
		Check: machineDelegable,
		Fault: Fault{Demo: true, Old: `consumer: "310107549", supplier: "310111317"`, New: `consumer: "310107549", supplier: "310100005"`},
	},
	{
		ID: "digdir/20", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "The same name below two prefixes makes two scopes.",
	},
	{
		ID: "digdir/21", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "A prefix that is not the organization's own is refused with 403.",
	},
	{
		ID: "digdir/22", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "No operation of the self-service makes or moves a prefix.",
	},
	{
		ID: "digdir/23", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "An organization's scope without a colon is refused with 400.",
	},
	{
		ID: "digdir/24", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "A name is split at its first colon; slashes and further colons belong to what follows.",
	},
	{
		ID: "digdir/25", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "A scope that reads and writes is advised to end in .write; one that does gets no advice.",
	},
	{
		ID: "digdir/26", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "A name that speaks of an API and a version is advised to name the resource.",
	},
	{
		ID: "digdir/27", Realm: "maskinporten", Seed: "003", Pending: "self-service of scopes",
		Text: "An organization number as prefix gets no advice.",
	},
	{
		ID: "digdir/28", Realm: "idporten", Seed: "003",
		Text:  "A family such as krr:user/* is never a scope: invalid_scope.",
		Check: idPortenFamily,
		Fault: Fault{Old: "unknown_scope: refuse", New: "unknown_scope: drop"},
	},
	{
		ID: "digdir/29", Realm: "maskinporten", Seed: "docs", Pending: "self-service of scopes",
		Text: "The second part of a scope's name cannot be changed: 400, and nothing changes.",
	},
	{
		ID: "digdir/30", Realm: "maskinporten", Seed: "docs", Pending: "self-service of scopes",
		Text: "Registering the name of a switched-off scope gets 409, and it stays off.",
	},
	{
		ID: "digdir/31", Realm: "maskinporten", Seed: "docs", Pending: "self-service of scopes",
		Text: "A switched-off scope is listed only when asked for, and then says that it is not active.",
	},
	{
		ID: "digdir/32", Realm: "maskinporten", Seed: "docs", Pending: "self-service of scopes",
		Text: "Switching a scope off and on again leaves its grants in force.",
	},
	{
		ID: "digdir/33", Realm: "maskinporten", Seed: "docs", Pending: "self-service of scopes",
		Text: "For a switched-off scope no token is made, while clients keep it.",
	},
	{
		ID: "digdir/34", Realm: "maskinporten", Seed: "docs", Pending: "self-service of scopes",
		Text: "A private scope is not in the public list, but in its owner's.",
	},
	{
		ID: "digdir/35", Realm: "maskinporten", Seed: "docs", Pending: "access grants between organizations",
		Text: "Granting twice is the same record; withdrawing makes it DENIED and granting anew APPROVED.",
	},
	{
		ID: "digdir/36", Realm: "maskinporten", Seed: "docs", Pending: "access grants between organizations",
		Text: "A consumer can list everything it was granted, with the owners.",
	},
	{
		ID: "digdir/37", Realm: "maskinporten", Seed: "docs", Pending: "self-service of scopes",
		Text: "With the read scope alone nobody registers a scope: 403.",
	},
	{
		ID: "digdir/38", Realm: "idporten", Seed: "docs",
		Text:  "Of several scopes' bounds on the access token the lowest positive one counts.",
		Check: idPortenLowest,
		Fault: Fault{Old: "scope_lifetime: cap", New: "scope_lifetime: override"},
	},
	{
		ID: "digdir/39", Realm: "idporten", Seed: "docs",
		Text:  "Where no scope sets a bound, the client's access_token_lifetime counts.",
		Check: idPortenLifetime,
		Fault: Fault{Old: "  access_token:\n    lifetime: 120s", New: "  access_token:\n    lifetime: 119s"},
	},
	{
		ID: "digdir/40", Realm: "idporten", Seed: "docs",
		Text:  "A scope's bound on the authorization ends refreshing, however long the client's own is.",
		Check: idPortenGrantEnds,
		Fault: Fault{Server: "a grant ends"},
	},
	{
		ID: "digdir/41", Realm: "idporten", Seed: "docs",
		Text:  "A scope that wants consent and is declined is missing from scope; the sign-in succeeds.",
		Check: idPortenDeclined,
		Fault: Fault{Old: "consent: once", New: "consent: never"},
	},
	{
		ID: "digdir/42", Realm: "idporten", Seed: "docs",
		Text:  "A scope that wants a fresh sign-in gets one although a session lives.",
		Check: idPortenFresh,
		Fault: Fault{Old: "sign_in: {fresh: true, max_age: 24h}", New: "sign_in: {level: 0}"},
	},
	{
		ID: "digdir/43", Realm: "idporten", Seed: "docs",
		Text:  "A scope that makes tokens pseudonymous takes the number out of ID Token and access token; a permitted resource server still learns it by introspection.",
		Check: idPortenPseudonymous,
		Fault: Fault{Old: "format: opaque\n    withholds: [pid]", New: "format: opaque"},
	},
	{
		ID: "digdir/44", Realm: "idporten", Seed: "docs",
		Text:  "An opaque access token is no JWT, and only introspection reads it.",
		Check: idPortenOpaque,
		Fault: Fault{Old: "format: opaque", New: "format: jwt"},
	},
	{
		ID: "digdir/45", Realm: "idporten", Seed: "docs",
		Text:  "Two clients know one person by two subs; one client always by the same, in ID Token and access token alike.",
		Check: idPortenPairwise,
		Fault: Fault{Old: "subject: [pairwise]", New: "subject: [public]"},
	},
	{
		ID: "digdir/46", Realm: "idporten", Seed: "docs", Pending: "sign-in at ID-porten",
		Text: "A request without code_challenge is refused with invalid_request, unless the client opted out.",
	},
	{
		ID: "digdir/47", Realm: "idporten", Seed: "docs",
		Text:  "A code_challenge with padding is refused.",
		Check: idPortenPaddedChallenge,
		Fault: Fault{Server: "PKCE is present"},
	},
	{
		ID: "digdir/48", Realm: "idporten", Seed: "docs",
		Text:  "A request_uri without client_id is refused, and after 120 seconds altogether.",
		Check: idPortenRequestURI,
		Fault: Fault{Server: "a request_uri expires"},
	},
	{
		ID: "digdir/49", Realm: "idporten", Seed: "docs",
		Text:  "A successful answer of the authorization endpoint bears iss.",
		Check: idPortenIssuer,
		Fault: Fault{Server: "iss in responses"},
	},
	{
		ID: "digdir/50", Realm: "idporten", Seed: "docs",
		Text:  "A client assertion without sub gets invalid_client, and so does a secret where a signature is registered.",
		Check: idPortenAssertion,
		Fault: Fault{Server: "client assertions are verified"},
	},
	{
		ID: "digdir/51", Realm: "idporten", Seed: "docs",
		Text:  "Without profile the ID Token has no locale; with it and a sign-in by BankID the names may appear.",
		Check: idPortenLocale,
		Fault: Fault{Old: "claims: [pid, email, client_onbehalfof,", New: "claims: [pid, email, locale, client_onbehalfof,"},
	},
	{
		ID: "digdir/52", Realm: "idporten", Seed: "docs",
		Text:  "A client that wants no logout calls finds no sid in its ID Token.",
		Check: idPortenNoSession,
		Fault: Fault{Old: "sid: for_logout", New: "sid: always"},
	},
	{
		ID: "digdir/53", Realm: "idporten", Seed: "docs",
		Text:  "Signing out ends tokens with openid and profile alone; one with an organization's scope stays good.",
		Check: idPortenLogout,
		Fault: Fault{Old: "    outlives_session: true", New: "    outlives_session: false"},
	},
	{
		ID: "digdir/54", Realm: "idporten", Seed: "docs", Pending: "sign-out between clients",
		Text: "The client that started a sign-out gets the front-channel call too.",
	},
	{
		ID: "digdir/55", Realm: "idporten", Seed: "docs",
		Text:  "Revoking a refresh token ends its access tokens, while single sign-on goes on.",
		Check: idPortenRevoked,
		Fault: Fault{Old: "single_sign_on: {idle: 30m, max: 120m}", New: "single_sign_on: none"},
	},
	{
		ID: "digdir/56", Realm: "idporten", Seed: "docs",
		Text:  "resource becomes the access token's audience; the ID Token's stays the client.",
		Check: idPortenResource,
		Fault: Fault{Old: "resource: any_uri", New: "resource: ignored"},
	},
	{
		ID: "digdir/57", Realm: "maskinporten", Seed: "docs",
		Text:  "A grant that lives 121 seconds is refused; 120 are accepted.",
		Check: machineLongLife,
		Fault: Fault{Old: "max_age: 120s", New: "max_age: 121s"},
	},
	{
		ID: "digdir/58", Realm: "maskinporten", Seed: "docs",
		Text:  "The same grant sent twice gets MP-012 the second time.",
		Check: machineReplay,
		Fault: Fault{Server: "a grant is used once"},
	},
	{
		ID: "digdir/59", Realm: "maskinporten", Seed: "docs",
		Text:  "A grant issued 11 seconds in the future is refused.",
		Check: machineAhead,
		Fault: Fault{Old: "leeway: 10s", New: "leeway: 30s"},
	},
	{
		ID: "digdir/60", Realm: "maskinporten", Seed: "docs",
		Text:  "A grant with an undocumented claim is refused with 400 and Invalid assertion.",
		Check: machineUnknownClaim,
		Fault: Fault{Server: "a grant holds known claims alone"},
	},
	{
		ID: "digdir/61", Realm: "maskinporten", Seed: "docs", Pending: "machine-to-machine grant",
		Text: "x5c from a client with registered keys is refused, and so is an unknown kid.",
	},
	{
		ID: "digdir/62", Realm: "maskinporten", Seed: "docs",
		Text:  "A scope that is not on the client gets 400 invalid_scope and an error_uri for MP-200.",
		Check: machineNotOnClient,
		Fault: Fault{Rule: "not_provisioned"},
	},
	{
		ID: "digdir/63", Realm: "maskinporten", Seed: "docs",
		Text:  "A scope whose grant was withdrawn gets 403 and MP-250.",
		Check: machineWithdrawn,
		Fault: Fault{Rule: "access_not_granted"},
	},
	{
		ID: "digdir/64", Realm: "maskinporten", Seed: "docs",
		Text:  "Acting for a consumer that has not delegated gets 403 and MP-251 with all three names; once delegated, the token names consumer, supplier and source.",
		Check: machineDelegated,
		Fault: Fault{Rule: "not_delegated"},
	},
	{
		ID: "digdir/65", Realm: "maskinporten", Seed: "docs",
		Text:  "A client that acts for its own organization is refused with 400.",
		Check: machineForItself,
		Fault: Fault{Rule: "consumer_is_self"},
	},
	{
		ID: "digdir/66", Realm: "maskinporten", Seed: "docs",
		Text:  "A national identity number in the grant stands in the token; one with ten digits is refused.",
		Check: machinePerson,
		Fault: Fault{Old: "pid: {to: ask.pid, format: nnin}", New: "pid: {to: ask.pid}"},
	},
	{
		ID: "digdir/67", Realm: "maskinporten", Seed: "docs",
		Text:  "consumer names the organization with its register and identifier.",
		Check: machineConsumer,
		Fault: Fault{Old: `'"0192:" + acting.consumer'`, New: `'"9908:" + acting.consumer'`},
	},
	{
		ID: "digdir/68", Realm: "maskinporten", Seed: "docs",
		Text:  "An unknown type of authorization_details gets MP-301, an unknown field MP-302.",
		Check: machineDetails,
		Fault: Fault{Rule: "unknown_details_type"},
	},
	{
		ID: "digdir/69", Realm: "maskinporten", Seed: "docs", Pending: "self-service of clients",
		Text: "A client has five keys at most, and a key older than a year gets MP-121.",
	},
	{
		ID: "digdir/70", Realm: "maskinporten", Seed: "docs", Pending: "self-service of clients",
		Text: "A client's integration type cannot be changed.",
	},
	{
		ID: "digdir/71", Realm: "maskinporten", Seed: "docs", Pending: "self-service of clients",
		Text: "Making clients for another organization wants the supplier scope, and the caller then becomes the supplier by itself.",
	},
	{
		ID: "digdir/72", Realm: "maskinporten", Seed: "docs", Pending: "self-service of clients",
		Text: "A krr client can get no further scope: 400.",
	},
	{
		ID: "digdir/73", Realm: "idporten", Seed: "docs", Pending: "self-service of clients",
		Text: "When a client turns from a posted secret to signatures, the old secret is void.",
	},
	{
		ID: "digdir/74", Realm: "idporten", Seed: "docs", Pending: "the authorizations service",
		Text: "Ending an authorization through its service makes the refresh token and the access token void.",
	},
	{
		ID: "digdir/75", Realm: "maskinporten", Seed: "docs", Pending: "contact register",
		Text: "A token with the mailbox scope alone sees the reservation, but neither e-mail address nor mobile number.",
	},
}
