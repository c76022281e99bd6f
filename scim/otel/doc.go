// Package scimotel tells OpenTelemetry of the requests that a SCIM handler serves: a
// span for each, a counter, a histogram of durations, and a counter of what policies
// decided.
//
//	telemetry, err := scimotel.New(scimotel.Options{})
//	mux.Handle("/scim/v2/", telemetry.Handler(handler))
//
// A span has the method, the resource type and id, the tenant, the connection, the
// status, and the names of the attributes that changed; no values, and nothing that a
// client could choose freely, such as a path that there is not. What the application's
// stores do with the context of a request becomes part of the same trace.
//
// Only the API of OpenTelemetry is used: without an SDK nothing is recorded.
package scimotel
