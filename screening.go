package tillit

// A ScreeningList is a list of names that people and organizations are compared
// with, as far as it is stored.
type ScreeningList struct {
	Realm   string
	Name    string
	Version string // as its publisher has it
	Digest  string // of what was imported, hexadecimal
	Entries int64  // in all
	Stored  int64  // so far
	Current bool   // is compared with
	Changed int64  // when it became current
}

// A ListEntry is who or what stands on a list.
type ListEntry struct {
	Number   string   `json:"number"`
	Kind     string   `json:"kind"` // person, organization, vessel, aircraft
	Name     string   `json:"name"`
	Aliases  []string `json:"aliases,omitempty"`
	Programs []string `json:"programs,omitempty"`
	Births   []string `json:"births,omitempty"`    // dates, or years alone
	Places   []string `json:"countries,omitempty"` // of addresses
}
