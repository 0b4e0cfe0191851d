package main

import (
	"context"

	"github.com/tillit/tillit/ops"
)

// traces say where spans of requests go.
type traces struct {
	Endpoint string   `yaml:"endpoint"`
	Share    *float64 `yaml:"share"`
}

// open begins to send; nil traces nothing.
func (t *traces) open(ctx context.Context) (*ops.Traces, error) {
	if t == nil {
		return nil, nil
	}
	share := 1.0
	if t.Share != nil {
		share = *t.Share
	}
	return ops.NewTraces(ctx, t.Endpoint, version, share)
}
