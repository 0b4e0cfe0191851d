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

// nudge says that there is something to do now. It never waits.
func nudge(soon chan<- struct{}) {
	select {
	case soon <- struct{}{}:
	default: // somebody said so already
	}
}

// attend works at once where this process was nudged, else within a second, which
// is also how retries and what other processes left come round.
func attend(ctx context.Context, soon <-chan struct{}, work func(context.Context)) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-soon:
		case <-look.C:
		}
		work(ctx)
	}
}

// tellLogouts tells clients of ended sessions.
func (h *House) tellLogouts(ctx context.Context) {
	if err := h.Provider.TellLogouts(ctx); err != nil && ctx.Err() == nil {
		h.config.Log.Error("telling clients of logouts", "cause", err.Error())
	}
}
