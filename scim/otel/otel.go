package scimotel

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/muster-scim/muster/scim"
)

const scope = "github.com/muster-scim/muster/scim/otel"

// The names of what is measured.
const (
	RequestDuration = "scim.server.request.duration" // histogram, seconds
	Requests        = "scim.server.requests"         // counter; operations of bulk requests count, too
	Decisions       = "scim.server.decisions"        // counter
)

// Options may all be left zero.
type Options struct {
	// TracerProvider, MeterProvider and Propagator are those of package otel if nil.
	TracerProvider trace.TracerProvider
	MeterProvider  metric.MeterProvider
	Propagator     propagation.TextMapPropagator

	// TenantMetrics puts the tenant and the connection on what is measured. It makes
	// as many series as there are connections.
	TenantMetrics bool
}

// Telemetry watches handlers. It may watch several.
type Telemetry struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	tenants    bool

	duration  metric.Float64Histogram
	requests  metric.Int64Counter
	decisions metric.Int64Counter
}

// New makes the instruments. The error is that of the MeterProvider.
func New(o Options) (*Telemetry, error) {
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	if o.Propagator == nil {
		o.Propagator = otel.GetTextMapPropagator()
	}
	meter := o.MeterProvider.Meter(scope)
	duration, err := meter.Float64Histogram(RequestDuration, metric.WithUnit("s"),
		metric.WithDescription("How long requests of identity providers took."))
	requests, err2 := meter.Int64Counter(Requests, metric.WithUnit("{request}"),
		metric.WithDescription("Requests of identity providers, and operations of bulk requests."))
	decisions, err3 := meter.Int64Counter(Decisions, metric.WithUnit("{decision}"),
		metric.WithDescription("What policies decided."))
	return &Telemetry{
		tracer: o.TracerProvider.Tracer(scope), propagator: o.Propagator, tenants: o.TenantMetrics,
		duration: duration, requests: requests, decisions: decisions,
	}, errors.Join(err, err2, err3)
}

// Handler returns next, a [scim.Handler] or what leads to one, watched.
func (t *Telemetry) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := t.propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		method := knownMethod(r.Method)
		ctx, span := t.tracer.Start(ctx, method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attribute.String("http.request.method", method)))
		defer span.End()
		ctx = scim.WithRecord(ctx, func(e scim.Entry) { t.record(ctx, span, e) })
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// record tells of one entry. Those of the operations of a bulk request come before its
// own.
func (t *Telemetry) record(ctx context.Context, span trace.Span, e scim.Entry) {
	t.measure(ctx, e)
	if !span.IsRecording() {
		return
	}
	for _, d := range e.Decisions {
		span.AddEvent("scim.decision", trace.WithAttributes(
			attribute.String("scim.policy", d.Policy), attribute.String("scim.outcome", d.Outcome)))
	}
	if e.Operation {
		span.AddEvent("scim.operation", trace.WithAttributes(append(about(e), attribute.String("http.request.method", knownMethod(e.Method)))...))
		return
	}
	if e.Resource != "" {
		span.SetName(knownMethod(e.Method) + " " + e.Resource)
	}
	span.SetAttributes(about(e)...)
	span.SetAttributes(attribute.String("scim.tenant", string(e.Scope.Tenant)), attribute.String("scim.connection", e.Scope.Connection))
	if e.Status >= http.StatusInternalServerError {
		span.SetAttributes(attribute.String("error.type", strconv.Itoa(e.Status)), attribute.String("scim.request_id", e.RequestID))
		span.SetStatus(codes.Error, "")
	}
}

// about returns what a span or an event of one says of an entry.
func about(e scim.Entry) []attribute.KeyValue {
	all := []attribute.KeyValue{attribute.Int("http.response.status_code", e.Status)}
	if e.Resource != "" {
		all = append(all, attribute.String("scim.resource_type", e.Resource))
	}
	if e.ResourceID != "" && e.Status < http.StatusBadRequest { // otherwise it is anything that a client made up
		all = append(all, attribute.String("scim.resource_id", e.ResourceID))
	}
	if len(e.Changed) > 0 {
		all = append(all, attribute.StringSlice("scim.changed", e.Changed))
	}
	return all
}

// measure counts an entry.
func (t *Telemetry) measure(ctx context.Context, e scim.Entry) {
	var labels []attribute.KeyValue
	if t.tenants {
		labels = append(labels, attribute.String("scim.tenant", string(e.Scope.Tenant)), attribute.String("scim.connection", e.Scope.Connection))
	}
	for _, d := range e.Decisions {
		t.decisions.Add(ctx, 1, metric.WithAttributes(append(labels[:len(labels):len(labels)],
			attribute.String("scim.policy", d.Policy), attribute.String("scim.outcome", d.Outcome))...))
	}
	labels = append(labels, attribute.String("http.request.method", knownMethod(e.Method)),
		attribute.Int("http.response.status_code", e.Status), attribute.String("scim.resource_type", e.Resource))
	set := metric.WithAttributeSet(attribute.NewSet(labels...))
	t.requests.Add(ctx, 1, set)
	if !e.Operation {
		t.duration.Record(ctx, e.Duration.Seconds(), set)
	}
}

// knownMethod bounds what a client can write into the name of a span or a series.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "_OTHER"
}
