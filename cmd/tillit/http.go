package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tillit/tillit/internal/wiring"
)

// Limits of the HTTP server. A connection whose header is incomplete is closed
// early; when told to stop, the process ends within the grace, half-open
// connections or not.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 90 * time.Second
	stopGrace     = 10 * time.Second
	maxHeader     = 64 << 10
)

// serve answers on the listeners, which speak TLS by the config if there is one,
// until the console's context ends. SIGHUP reads
// the realms again.
func serve(c *console, house *wiring.House, listeners []net.Listener, config *tls.Config, handler http.Handler, ready func()) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, TLSConfig: config,
		ErrorLog: slog.NewLogLogger(slog.NewTextHandler(c.log, nil), slog.LevelWarn),
	}
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	failed := make(chan error, len(listeners))
	for _, listener := range listeners {
		go func() { failed <- server.Serve(listener) }()
	}
	ready()
	for {
		select {
		case err := <-failed:
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		case <-reload:
			house.ReloadAndTell(c.ctx)
		case <-c.ctx.Done():
			return stop(server)
		}
	}
}

func stop(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
