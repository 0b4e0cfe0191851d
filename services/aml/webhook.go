package aml

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/tillit/tillit"
)

// Webhooks are signed as Standard Webhooks 1.0 has it, so that receivers need
// nothing of ours: HMAC-SHA-256 over id, timestamp and body, joined by dots. A
// receiver refuses a timestamp that is more than five minutes away, and an id that
// it had before, which is also that of the same webhook tried again.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp" // unix seconds
	headerSignature = "Webhook-Signature" // v1,BASE64
	secretPrefix    = "whsec_"            // of a secret in base64
)

const (
	// noticeLease is how long a notice is left to the process that took it
	// (seconds): longer than any request takes.
	noticeLease = 60
	noticeBatch = 16
)

// noticePauses are waited between one try and the next (seconds). After the last
// the client is given up; its alerts stay, and the next ones are told again.
var noticePauses = [...]int64{5, 30, 120, 600, 3600, 6 * 3600}

// secret gives what the webhooks of a monitor are signed with. It is derived, not
// stored: who reads the store cannot sign.
func (m *Monitors) secret(ctx context.Context, monitor string) ([]byte, error) {
	return m.Vault.Derive(ctx, m.purpose("webhook", monitor, ""))
}

// shown is how a client is shown a secret.
func shown(secret []byte) string { return secretPrefix + base64.StdEncoding.EncodeToString(secret) }

// signature gives the value of the header.
func signature(secret []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// tellAll sends all webhooks that are due.
func (a *API) tellAll(ctx context.Context) error {
	m := a.Monitors
	for ctx.Err() == nil {
		at := m.Now().Unix()
		due, err := m.Store.TakeNotices(ctx, m.Realm, m.Server, at, at+noticeLease, noticeBatch)
		if err != nil || len(due) == 0 {
			return err
		}
		faults := make([]error, len(due))
		var all sync.WaitGroup
		for i := range due {
			all.Go(func() { faults[i] = a.tell(ctx, due[i], at) })
		}
		all.Wait()
		if err := errors.Join(faults...); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// tell tries once what was taken at the instant, and notes what came of it.
func (a *API) tell(ctx context.Context, n tillit.Notice, at int64) error {
	m := a.Monitors
	err := a.send(ctx, n)
	switch {
	case err == nil:
		return m.Store.NoticeDone(ctx, n)
	case ctx.Err() != nil:
		return nil // we are ending; the next takes it when the lease is over
	}
	given := n.Tries > int64(len(noticePauses))
	a.Log.Warn("a client was not told of alerts", "realm", n.Realm, "monitor", n.Monitor, "tries", n.Tries, "given_up", given, "cause", err.Error())
	if given {
		return m.Store.NoticeDone(ctx, n)
	}
	return m.Store.DelayNotice(ctx, n, at+noticePauses[n.Tries-1])
}

// send sends one webhook. It says which monitor and how many alerts, and nothing
// of anybody.
func (a *API) send(ctx context.Context, n tillit.Notice) error {
	m := a.Monitors
	monitor, err := m.Store.Monitor(ctx, n.Realm, n.Server, n.Monitor)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	active, err := m.Permitted(ctx, monitor.Client, "")
	if errors.Is(err, tillit.ErrNotFound) || err == nil && !active {
		return nil
	}
	var d document
	if err == nil {
		err = m.open(ctx, monitor.Document, m.purpose("monitor", monitor.ID, ""), &d)
	}
	if err != nil {
		return err
	}
	open, err := m.Store.OpenAlerts(ctx, n.Realm, n.Server, n.Monitor)
	if err != nil || open == 0 {
		return err
	}
	secret, err := m.secret(ctx, monitor.ID)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"monitorId": monitor.ID, "openAlerts": open})
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	timestamp := strconv.FormatInt(m.Now().Unix(), 10)
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set(headerID, n.ID)
	header.Set(headerTimestamp, timestamp)
	if !a.Off["webhooks are signed"] {
		header.Set(headerSignature, signature(secret, n.ID, timestamp, body))
	}
	return m.Post(ctx, d.Webhook, header, body)
}
