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
	{
		ID: "bankid/64", Realm: "bankid", Seed: "docs",
		Text:  "A client with aml_person/monitor makes a monitor, whose secret it sees once, and has people watched; every fault of a body is told at once and nothing of it is stored.",
		Check: bankIDMonitorMade,
		Fault: Fault{Server: "every fault of a body is told"},
	},
	{
		ID: "bankid/65", Realm: "bankid", Seed: "docs",
		Text:  "Monitors are for tokens with the role: 403 without it, per kind; a template that compares with the list of aml_person/OFAC needs that scope too.",
		Check: bankIDMonitorScopes,
		Fault: Fault{Old: "guarded: OFAC", New: "guarded: none"},
	},
	{
		ID: "bankid/66", Realm: "bankid", Seed: "docs",
		Text:  "When an imported list changes, what is new or changed about those who are watched becomes alerts with version and digest of the list, and the client hears by one webhook; what it has received is told no more.",
		Check: bankIDMonitorAlerts,
		Fault: Fault{Server: "what is known of somebody is no news"},
	},
	{
		ID: "bankid/67", Realm: "bankid", Seed: "docs",
		Text:  "A webhook is signed with the monitor's secret over its id, its time and its body, holds nothing about anybody, follows no redirect, and is tried again under the same id until it arrives.",
		Check: bankIDMonitorWebhook,
		Fault: Fault{Server: "webhooks are signed"},
	},
	{
		ID: "bankid/68", Realm: "bankid", Seed: "docs",
		Text:  "Another client's monitor is as one that never was, whatever is asked of it.",
		Check: bankIDMonitorForeign,
		Fault: Fault{Server: "a monitor belongs to its client"},
	},
	{
		ID: "bankid/69", Realm: "bankid", Seed: "docs",
		Text:  "With aml_organization/monitor organizations are watched, by their number and their name.",
		Check: bankIDMonitorOrganizations,
		Fault: Fault{Old: "watch_organizations: aml_organization/monitor", New: "watch_organizations: aml_organization/basic"},
	},
	{
		ID: "bankid/70", Realm: "bankid", Seed: "docs",
		Text:  "Whom a client has watched is not compared for it any more once it has lost the scope, and what it missed it hears when it has it again and a list changes.",
		Check: bankIDMonitorTaken,
		Fault: Fault{Server: "watching ends with the scope"},
	},
}
