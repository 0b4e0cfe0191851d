package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Traces are spans of requests, sent to a collector. Attributes are names that
// realms or the code declare, never what a client sent: a span is no place for
// what a log may not hold. The zero of a *Traces, nil, traces nothing.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// NewTraces sends spans to the OTLP/HTTP address of a collector, such as
// http://127.0.0.1:4318/v1/traces, in the background; share of the requests, from
// 0 to 1, are traced.
func NewTraces(ctx context.Context, address, version string, share float64) (*Traces, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(address), otlptracehttp.WithTimeout(5*time.Second))
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter), sdk.WithSampler(sdk.TraceIDRatioBased(share)),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", "tillit"), attribute.String("service.version", version))),
	)
	return &Traces{provider, provider.Tracer("github.com/tillit/tillit")}, nil
}

// Span begins a part of a request; the function ends it, with the error that it
// came to. The error's text stays out: it may quote what a client sent.
func (t *Traces) Span(ctx context.Context, name string) (context.Context, func(error)) {
	if t == nil || !trace.SpanContextFromContext(ctx).IsValid() { // work of nobody's request
		return ctx, func(error) {}
	}
	return t.begin(ctx, name, trace.SpanKindInternal)
}

func (t *Traces) begin(ctx context.Context, name string, kind trace.SpanKind) (context.Context, func(error)) {
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind))
	return ctx, func(err error) {
		if err != nil && !errors.Is(err, context.Canceled) {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// request begins the span of a request. Who asks is not believed about the trace
// it belongs to: a stranger could fill somebody else's.
func (t *Traces) request(ctx context.Context) (context.Context, func(endpoint, realm string, status int)) {
	if t == nil {
		return ctx, func(string, string, int) {}
	}
	ctx, span := t.tracer.Start(ctx, "request", trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(endpoint, realm string, status int) {
		span.SetName(endpoint)
		span.SetAttributes(attribute.String("http.route", endpoint), attribute.String("tillit.realm", realm), attribute.Int("http.response.status_code", status))
		if status >= 500 {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Close sends what is left.
func (t *Traces) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}
