package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store"
)

type auditCommand struct {
	List   auditListCommand   `cmd:"" help:"List what was decided and done, newest first."`
	Verify auditVerifyCommand `cmd:"" help:"Say whether the record is whole; exit status 1 when it is not."`
}

type auditListCommand struct {
	place
	Realm  string `help:"Realm (default: every one)." env:"TILLIT_REALM"`
	Client string `help:"Only of this client." env:"TILLIT_CLIENT" placeholder:"ID"`
	Event  string `help:"Only events of this kind." env:"TILLIT_EVENT"`
	Limit  int    `help:"How many at most." default:"20" env:"TILLIT_LIMIT"`
}

// Run lists audit records. They hold names and reasons, never values.
func (l *auditListCommand) Run(c *console) error {
	if l.Limit < 1 {
		return misused("audit list: --limit %d: right would be 1 or more", l.Limit)
	}
	p, err := l.rooms(c.ctx)
	if err != nil {
		return err
	}
	defer p.close()
	realms := p.catalogs.Realms()
	if l.Realm != "" {
		if p.catalogs.Catalog(l.Realm, "") == nil {
			return p.noRealm(l.Realm)
		}
		realms = []string{l.Realm}
	}
	records := []tillit.AuditRecord{}
	for _, realm := range realms {
		some, err := p.store.AuditRecords(c.ctx, store.AuditFilter{Realm: realm, Client: tillit.ClientID(l.Client), Event: l.Event, Limit: l.Limit})
		if err != nil {
			return err
		}
		records = append(records, some...)
	}
	slices.SortStableFunc(records, func(a, b tillit.AuditRecord) int { return cmp.Compare(b.Time, a.Time) })
	records = records[:min(len(records), l.Limit)]
	return c.print(records, func(w io.Writer) {
		rows := [][]string{{"TIME", "EVENT", "REALM", "CLIENT", "WHAT"}}
		for i := range records {
			r := &records[i]
			rows = append(rows, []string{instant(r.Time), r.Event, r.Realm, string(r.Client), summary(r)})
		}
		table(w, rows)
	})
}

// summary says in a few words what a record's view holds.
func summary(r *tillit.AuditRecord) string {
	var view tillit.View
	if len(r.View) == 0 || json.Unmarshal(r.View, &view) != nil {
		return ""
	}
	var given, not []string
	for _, v := range view.Scopes {
		if v.Reason == tillit.Given {
			given = append(given, string(v.Scope))
		} else {
			not = append(not, fmt.Sprintf("%s (%s)", v.Scope, v.Reason))
		}
	}
	var words []string
	if view.Refused != nil {
		words = append(words, "refused: "+strings.TrimSpace(string(view.Refused.Reason)+" "+view.Refused.What))
	}
	if len(given) > 0 {
		words = append(words, "given: "+strings.Join(given, " "))
	}
	if len(not) > 0 {
		words = append(words, "not: "+strings.Join(not, " "))
	}
	return strings.Join(words, "; ")
}

type auditVerifyCommand struct{ place }

// A verified record, as far as it is.
type verified struct {
	store.AuditReport
	Forged string `json:"forged,omitempty"` // the first checkpoint that we did not sign
}

// Run computes the chains anew and checks the signatures of their checkpoints.
func (v *auditVerifyCommand) Run(c *console) error {
	if !v.kept() {
		_, err := v.settings()
		return err
	}
	p, err := v.whole(c, "")
	if err != nil {
		return err
	}
	defer p.close()
	report, forged, err := p.house.VerifyAudit(c.ctx)
	if err != nil {
		return err
	}
	result := verified{report, forged}
	if err := c.print(result, result.write); err != nil {
		return err
	}
	if report.Broken != nil || forged != "" {
		return &quietError{1}
	}
	return nil
}

func (v *verified) write(w io.Writer) {
	fmt.Fprintf(w, "%d records in %d chains, %d checkpoints\n", v.Records, v.Chains, v.Checkpoints)
	switch {
	case v.Broken != nil:
		fmt.Fprintf(w, "broken: chain %s, record %d: %s\n", v.Broken.Chain, v.Broken.Seq, v.Broken.What)
	case v.Forged != "":
		fmt.Fprintf(w, "forged: %s\n", v.Forged)
	default:
		fmt.Fprintln(w, "whole")
	}
}
