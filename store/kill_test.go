package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store/pgtest"
)

// victimPath is set in the process that is killed: the store it writes to.
const victimPath = "TILLIT_STORE_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimPath); path != "" {
		fmt.Fprintln(os.Stderr, victim(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// victim makes and redeems codes until it is killed, and says so on standard
// output after each was acknowledged.
func victim(path string) error {
	s, err := Open(context.Background(), path, Options{Create: true})
	if err != nil {
		return err
	}
	errs := make(chan error)
	var out sync.Mutex
	for worker := range 8 {
		go func() {
			for n := 0; ; n++ {
				name := fmt.Sprintf("%s-%d-%d", s.Chain(), worker, n)
				if err := redeemOne(s, name); err != nil {
					errs <- err
					return
				}
				out.Lock()
				fmt.Println(name)
				out.Unlock()
			}
		}()
	}
	return <-errs
}

// redeemOne takes a code of the name from an interaction to its tokens.
func redeemOne(s *Store, name string) error {
	ctx := context.Background()
	i := &tillit.Interaction{Realm: "here", ID: name, Expires: 100}
	if err := s.SaveInteraction(ctx, i); err != nil {
		return err
	}
	code := namedCode(name)
	if err := s.FinishInteraction(ctx, i, code, nil, nil, nil); err != nil {
		return err
	}
	refresh := &tillit.Refresh{Realm: "here", Hash: []byte(name), Grant: name, Expires: 100}
	return s.RedeemCode(ctx, code, &code.Grant, refresh, nil, &tillit.AuditRecord{Realm: "here", Time: 1, Event: "issued", JTI: []string{name}})
}

func namedCode(name string) *tillit.Code {
	return &tillit.Code{Realm: "here", Hash: []byte(name), Expires: 100, Grant: tillit.Grant{Realm: "here", ID: name}}
}

// TestKilled kills a writing process again and again. What it had acknowledged,
// by the ledger kept here, is there; no code works twice; the audit is whole.
func TestKilled(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killed(t, filepath.Join(t.TempDir(), "t.db")) })
	t.Run("postgres", func(t *testing.T) { killed(t, pgtest.URL(t)) })
}

func killed(t *testing.T, url string) {
	kills, each := 5, 60
	if testing.Short() {
		kills = 2
	}
	var ledger []string
	for range kills {
		ledger = append(ledger, killAfter(t, url, each)...)
	}
	if len(ledger) < kills*each {
		t.Fatalf("only %d were acknowledged", len(ledger))
	}
	s := opened(t, url, Options{})
	acknowledged(t, s, ledger)
	report, err := s.VerifyAudit(t.Context())
	if err != nil || report.Broken != nil || report.Chains < kills || report.Records < int64(len(ledger)) {
		t.Fatalf("audit is %+v, %+v, %v", report, report.Broken, err)
	}
}

// acknowledged checks that everything in a ledger is there, once.
func acknowledged(t *testing.T, s *Store, ledger []string) {
	t.Helper()
	for _, name := range ledger {
		if _, err := s.Grant(t.Context(), "here", name); err != nil {
			t.Fatalf("%s was acknowledged and is gone: %v", name, err)
		}
		if _, err := s.Refresh(t.Context(), "here", []byte(name)); err != nil {
			t.Fatalf("%s was acknowledged and its refresh token is gone: %v", name, err)
		}
		if _, err := s.AuditByJTI(t.Context(), "here", name); err != nil {
			t.Fatalf("%s was acknowledged and its record is gone: %v", name, err)
		}
		code := namedCode(name)
		if err := s.RedeemCode(t.Context(), code, &code.Grant, nil, nil, nil); !errors.Is(err, tillit.ErrSpent) {
			t.Fatalf("%s was redeemed twice: %v", name, err)
		}
	}
}

// killAfter starts a victim, kills it once it has acknowledged some, and gives
// all that it acknowledged.
func killAfter(t *testing.T, path string, some int) (acknowledged []string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), victimPath+"="+path)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		acknowledged = append(acknowledged, lines.Text())
		if len(acknowledged) == some {
			if err := command.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := command.Wait(); err == nil || complaint.Len() > 0 {
		t.Fatalf("the victim ended by itself: %v\n%s", err, complaint.String())
	}
	return acknowledged
}
