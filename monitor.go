package tillit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// A Monitor is what a client has watched: people and organizations that are
// compared with lists anew when these change. What could name anybody is sealed
// before it is stored.
type Monitor struct {
	Realm    string
	Server   string // the resource server that it was made at
	ID       string
	Client   ClientID // whose it is
	Template string   // word for the lists that are compared with
	Document []byte   // sealed: what the client calls it, and where it is told
	Watched  int64    // how many there are
	Revision int64    // grows when somebody is added
	Created  int64
}

// A Watched is one of those whom a monitor watches.
type Watched struct {
	ID       string
	Kind     string // person or organization
	Document []byte // sealed: who
	Hits     []byte // sealed: what was found the last time; nil: nothing
	State    string // of the lists then, as ListState has it; "": never compared
}

// A Compared is what came of comparing one of those who are watched.
type Compared struct {
	Watched
	Before string // the state that it was found in
	Alerts []Alert
}

// An Alert says that something is new about somebody who is watched.
type Alert struct {
	ID       string
	Watched  string
	Document []byte // sealed: who, and what was found
	Created  int64
	Expires  int64
}

// A Notice is what a client is to be told: that a monitor has open alerts.
type Notice struct {
	Realm, Server, Monitor string
	ID                     string // the same at every try
	Tries                  int64  // with this one
}

// ListState gives the state of those current lists that bear one of the names: it
// is another one as soon as what stands on any of them is.
func ListState(lists []ScreeningList, names []string) string {
	var all []string
	for i := range lists {
		if lists[i].Current && slices.Contains(names, lists[i].Name) {
			all = append(all, fmt.Sprintf("%q %q", lists[i].Name, lists[i].Digest))
		}
	}
	slices.Sort(all)
	sum := sha256.Sum256(fmt.Append(nil, all))
	return hex.EncodeToString(sum[:16])
}
