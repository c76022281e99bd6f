package scimotel_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/muster-scim/muster/schema"
	"github.com/muster-scim/muster/scim"
	"github.com/muster-scim/muster/scim/memstore"
	scimotel "github.com/muster-scim/muster/scim/otel"
)

// watched is a handler with what OpenTelemetry has seen of it.
type watched struct {
	t       *testing.T
	handler http.Handler
	tracer  trace.Tracer
	spans   *tracetest.InMemoryExporter
	reader  *sdkmetric.ManualReader
}

func newWatched(t *testing.T, o scimotel.Options, change func(*scim.Config)) *watched {
	w := &watched{t: t, spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(w.spans))
	w.tracer = tracers.Tracer("test")
	o.TracerProvider = tracers
	o.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(w.reader))
	o.Propagator = propagation.TraceContext{}
	telemetry, err := scimotel.New(o)
	require.NoError(t, err)
	store := memstore.New()
	c := scim.Config{
		BaseURL: "https://example.com/scim/v2", Users: store, Groups: store, MaxBulkOperations: 10,
		Auth: scim.StaticToken("secret", scim.Scope{Tenant: "acme", Connection: "entra"}),
	}
	if change != nil {
		change(&c)
	}
	h, err := scim.New(c)
	require.NoError(t, err)
	w.handler = telemetry.Handler(h)
	return w
}

func (w *watched) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/scim/v2"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// span returns the span of the last request, with its attributes as a map.
func (w *watched) span() (tracetest.SpanStub, map[string]any) {
	spans := w.spans.GetSpans()
	require.NotEmpty(w.t, spans)
	last := spans[len(spans)-1]
	return last, valuesOf(last.Attributes)
}

func valuesOf(all []attribute.KeyValue) map[string]any {
	m := map[string]any{}
	for _, kv := range all {
		m[string(kv.Key)] = kv.Value.AsInterface()
	}
	return m
}

// counts returns the points of an instrument as "labels → count".
func (w *watched) counts(name string) map[string]int {
	var all metricdata.ResourceMetrics
	require.NoError(w.t, w.reader.Collect(context.Background(), &all))
	counts := map[string]int{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					counts[labels(p.Attributes)] = int(p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					counts[labels(p.Attributes)] = int(p.Count)
				}
			}
		}
	}
	return counts
}

func labels(set attribute.Set) string {
	var all []string
	for _, kv := range set.ToSlice() {
		all = append(all, fmt.Sprint(kv.Value.AsInterface()))
	}
	return strings.Join(all, " ")
}

func TestSpans(t *testing.T) {
	w := newWatched(t, scimotel.Options{}, nil)
	rec := w.do("POST", "/Users", `{"userName":"bjensen","password":"MARK","title":"MARK"}`)
	require.Equal(t, 201, rec.Code)
	id := rec.Header().Get("Location")[len("https://example.com/scim/v2/Users/"):]
	span, values := w.span()
	assert.Equal(t, "POST User", span.Name)
	assert.Equal(t, trace.SpanKindServer, span.SpanKind)
	assert.Equal(t, codes.Unset, span.Status.Code)
	assert.Equal(t, map[string]any{
		"http.request.method": "POST", "http.response.status_code": int64(201), "scim.tenant": "acme", "scim.connection": "entra",
		"scim.resource_type": "User", "scim.resource_id": id, "scim.changed": []string{"userName", "title"},
	}, values)

	for _, c := range []struct{ method, path, body, name string }{
		{"GET", "/Users/MARK", "", "GET User"},
		{"GET", `/Users?filter=password+eq+"MARK"`, "", "GET User"},
		{"PATCH", "/Users/MARK", `{"Operations":[{"op":"replace","path":"password","value":"MARK"}]}`, "PATCH User"},
		{"GET", "/MARK", "", "GET"},
		{"MARK", "/Users", "", "_OTHER"},
	} {
		w.do(c.method, c.path, c.body, "X-Request-Id", "MARK")
		span, _ := w.span()
		assert.Equal(t, c.name, span.Name)
	}
	for _, span := range w.spans.GetSpans() {
		assert.NotContains(t, fmt.Sprintf("%+v", span), "MARK", "nothing that a client could choose freely")
	}
}

func TestSpanOfBulk(t *testing.T) {
	w := newWatched(t, scimotel.Options{}, nil)
	w.do("POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[
		{"method":"POST","path":"/Users","bulkId":"a","data":{"userName":"a"}},{"method":"DELETE","path":"/Users/nobody"}]}`)
	span, values := w.span()
	assert.Equal(t, "POST", span.Name)
	assert.EqualValues(t, 200, values["http.response.status_code"])
	require.Len(t, span.Events, 2)
	event := valuesOf(span.Events[1].Attributes)
	assert.Equal(t, map[string]any{"http.request.method": "DELETE", "http.response.status_code": int64(404), "scim.resource_type": "User"}, event)
	assert.Len(t, w.counts(scimotel.Requests), 3)
	assert.Equal(t, map[string]int{"POST 200 ": 1}, w.counts(scimotel.RequestDuration), "of the request, not of its operations")
}

// broken is a store that fails.
type broken struct{ scim.UserStore }

func (broken) GetUser(context.Context, scim.Tenant, string) (*schema.Resource, error) {
	return nil, errors.New("down: MARK")
}

func TestSpanOfFailure(t *testing.T) {
	w := newWatched(t, scimotel.Options{}, func(c *scim.Config) { c.Users = broken{c.Users} })
	w.do("GET", "/Users/1", "", "X-Request-Id", "req-7")
	span, values := w.span()
	assert.Equal(t, codes.Error, span.Status.Code)
	assert.Equal(t, "500", values["error.type"])
	assert.Equal(t, "req-7", values["scim.request_id"])
	assert.NotContains(t, fmt.Sprintf("%+v", span), "MARK")
}

// tracing makes a span of its own in the store.
type tracing struct {
	scim.UserStore
	w **watched
}

func (s tracing) GetUser(ctx context.Context, t scim.Tenant, id string) (*schema.Resource, error) {
	_, span := (*s.w).tracer.Start(ctx, "store")
	defer span.End()
	return s.UserStore.GetUser(ctx, t, id)
}

func TestTraceGoesThrough(t *testing.T) {
	var w *watched
	w = newWatched(t, scimotel.Options{}, func(c *scim.Config) { c.Users = tracing{c.Users, &w} })
	w.do("GET", "/Users/1", "", "Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	spans := w.spans.GetSpans()
	require.Len(t, spans, 2)
	store, request := spans[0], spans[1]
	assert.Equal(t, request.SpanContext.SpanID(), store.Parent.SpanID())
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", store.SpanContext.TraceID().String())
	assert.Equal(t, "b7ad6b7169203331", request.Parent.SpanID().String())
}

func TestMetrics(t *testing.T) {
	for _, tt := range []struct {
		name  string
		o     scimotel.Options
		label func(method, status, resource string) string
	}{
		{"without tenants", scimotel.Options{}, func(m, s, r string) string { return m + " " + s + " " + r }},
		{"with tenants", scimotel.Options{TenantMetrics: true}, func(m, s, r string) string { return m + " " + s + " entra " + r + " acme" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWatched(t, tt.o, func(c *scim.Config) { c.Settings = scim.Fixed(scim.Settings{NoGroupCreate: true}) })
			for _, name := range []string{"a", "b", "a"} {
				w.do("POST", "/Users", `{"userName":"`+name+`"}`)
			}
			w.do("POST", "/Groups", `{"displayName":"G"}`)
			w.do("MARK", "/MARK", "")
			want := map[string]int{
				tt.label("POST", "201", "User"): 2, tt.label("POST", "409", "User"): 1, tt.label("POST", "403", "Group"): 1, tt.label("_OTHER", "404", ""): 1,
			}
			assert.Equal(t, want, w.counts(scimotel.Requests))
			assert.Equal(t, want, w.counts(scimotel.RequestDuration))
			decisions := w.counts(scimotel.Decisions)
			assert.Len(t, decisions, 1)
			for label, n := range decisions {
				assert.Contains(t, label, "refused groups")
				assert.Equal(t, 1, n)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	telemetry, err := scimotel.New(scimotel.Options{})
	require.NoError(t, err)
	rec := httptest.NewRecorder()
	telemetry.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })).
		ServeHTTP(rec, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, http.StatusTeapot, rec.Code, "without an SDK nothing is in the way")
}
