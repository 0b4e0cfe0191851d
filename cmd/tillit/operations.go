package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

	"github.com/tillit/tillit/internal/wiring"
)

// operate opens the operations listener, if the configuration wants one, and
// gives what closes it again. It tells the address, for a port that the system
// chose.
func (c *config) operate(to *console, house *wiring.House) (stop func(), err error) {
	if c.Operations == nil {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", c.Operations.Listen)
	if err != nil {
		return nil, fmt.Errorf("operations.listen: %w", err)
	}
	log := slog.New(slog.NewTextHandler(to.log, &slog.HandlerOptions{Level: c.LogLevel}))
	server := &http.Server{
		Handler: house.Operations(), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	if host, _, _ := net.SplitHostPort(c.Operations.Listen); !loopback(host) {
		log.Warn("the operations listener is open to the network, in plain HTTP", "listen", c.Operations.Listen)
	}
	log.Info("operations", "listen", listener.Addr().String())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("operations listener", "cause", err.Error())
		}
	}()
	return func() { server.Close(); <-ended }, nil
}
