// Package notice tells other systems of changes by the events of RFC 9967: Security
// Event Tokens (RFC 8417) that say which resource was created, changed, activated,
// deactivated or deleted. It makes the claims of such tokens out of Muster's events;
// signing and sending them is the application's.
//
//	feed := notice.Feed{Issuer: "https://app.example.com", Audience: []string{"https://hr.example.com"}}
//	config.Events = func(ctx context.Context, e scim.Event) error {
//		claims, ok := feed.Claims(e)
//		if !ok {
//			return nil // nothing that RFC 9967 has an event for
//		}
//		return send(ctx, claims) // signed, by RFC 8935 for example
//	}
//
// By default a token is a notice: it names the attributes that changed, and a receiver
// that wants the values asks for the resource. With Feed.Full it has the data: the
// resource as it was created, or a PATCH that repeats the change. Neither ever holds a
// password, nor another attribute that is never returned to clients.
//
// A PUT is told as the PATCH that it amounts to: events tell of what really changed.
// What Muster does beyond SCIM, as handing over what somebody owned, is told to the
// application only.
//
// # Security considerations
//
// Full tokens hold personal data. They must be sent over TLS, and signed if they pass
// through others on their way (RFC 9967, section 5). A receiver gets a token again if
// the sender could not be sure that it arrived: it knows it by its "jti".
package notice
