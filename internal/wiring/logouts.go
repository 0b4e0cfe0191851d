package wiring

import (
	"context"
	"net/url"
	"time"

	"github.com/tillit/tillit/fetch"
)

// messenger sends what clients are told through the guarded fetcher.
type messenger struct{ to *fetch.Guarded }

func (m messenger) SendForm(ctx context.Context, address string, form url.Values) error {
	_, err := m.to.PostForm(ctx, address, form)
	return err
}

// nudge says that a session has ended. It never waits.
func (h *House) nudge() {
	select {
	case h.ended <- struct{}{}:
	default: // somebody said so already
	}
}

// tellLogouts tells clients of ended sessions: at once where this process ended
// one, else within a second, which is also how retries and what other processes
// left come round.
func (h *House) tellLogouts(ctx context.Context) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.ended:
		case <-look.C:
		}
		if err := h.Provider.TellLogouts(ctx); err != nil && ctx.Err() == nil {
			h.config.Log.Error("telling clients of logouts", "cause", err.Error())
		}
	}
}
