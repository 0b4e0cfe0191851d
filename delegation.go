package tillit

import "encoding/json"

// A Delegation says that one organization, the consumer, lets another, the
// supplier, use a scope for it. A delegation source keeps it; nobody else is
// believed. Keyed by registry.
type Delegation struct {
	Registry string
	Source   string // issuer of the delegation source
	Scope    ScopeName
	Consumer string // organization number
	Supplier string // organization number
	Created  int64
}

// Record is what the audit keeps of a delegation that was given at its time, or
// taken back.
func (d *Delegation) Record(given bool) (*AuditRecord, error) {
	event := "delegation_given"
	if !given {
		event = "delegation_withdrawn"
	}
	view, err := json.Marshal(map[string]any{"scope": d.Scope, "consumer": d.Consumer, "supplier": d.Supplier, "source": d.Source})
	return &AuditRecord{Realm: d.Registry, Time: d.Created, Event: event, View: view}, err
}

// A Completion is what a source adds to an authorization detail: that somebody
// agreed to it, made a system user of it, and under which name. Keyed by
// registry.
type Completion struct {
	Registry     string
	Source       string          // of the type of detail
	Organization string          // that may use it: the one the client acts as
	Key          string          // what of the detail names it; see [DetailType.Key]
	Adds         json.RawMessage // an object; only the members that the type adds are told
	Created      int64
	Expires      int64 // 0: until it is taken back
}
