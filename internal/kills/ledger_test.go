package kills

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// An entry is one line of the ledger: what was acknowledged to the loader, or
// what it was about to ask for.
type entry struct {
	Flow    string `json:"flow"`
	Op      string `json:"op"` // try, redeemed, rotated, revoked, machine, machine_revoked
	Person  string `json:"person,omitempty"`
	Code    string `json:"code,omitempty"`
	URI     string `json:"uri,omitempty"`
	Refresh string `json:"refresh,omitempty"`
	Access  string `json:"access,omitempty"`
}

// A ledger is a file to which every line is synced before the next is asked for.
type ledger struct {
	mu   sync.Mutex
	file *os.File
}

func openLedger(path string) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return &ledger{file: file}, err
}

// note writes one entry down for good.
func (l *ledger) note(e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, err := json.Marshal(e)
	if err == nil {
		_, err = l.file.Write(append(text, '\n'))
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		panic(fmt.Sprintf("ledger: %v", err))
	}
}

// A flow is what the ledger says of one person's sign-in and what followed.
type flow struct {
	entries []entry // acknowledged
	ended   bool    // nothing was under way at the end
	doubt   entry   // what was under way
}

// readLedger gives the flows, in order, and how many acknowledgements they hold.
func readLedger(path string) (flows []*flow, acknowledged int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	byName := map[string]*flow{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, 0, err
		}
		f := byName[e.Flow]
		if f == nil {
			f = &flow{}
			byName[e.Flow] = f
			flows = append(flows, f)
		}
		if f.ended = e.Op != "try"; f.ended {
			acknowledged++
		}
		if f.doubt = e; f.ended {
			f.entries = append(f.entries, e)
		}
	}
	return flows, acknowledged, lines.Err()
}
