package filter

// The bounds below hold for [Parse] and [ParsePath] alike. They can't be
// changed, so that whoever walks an expression can rely on them.
const (
	// MaxLength bounds the text, in bytes. A filter in a URL rarely passes the
	// 8 KiB that proxies allow, but one in the body of a POST to /.search may
	// (RFC 7644, section 3.4.3). 64 KiB holds MaxTerms look-ups by id with room
	// to spare, and is read in well under a millisecond.
	MaxLength = 64 << 10

	// MaxDepth bounds how deep parentheses and brackets nest, so that a
	// hostile filter can't exhaust the stack of the parser, nor that of
	// anything that walks its result. Real filters stay below five.
	MaxDepth = 50

	// MaxTerms bounds how many attribute paths are named. Every resource is
	// matched against all of them, so they multiply the cost of a query. They
	// also bound how far a chain of "and" or "or" leans to the left: 500, with
	// MaxDepth added, stays below the 1,000 levels at which SQLite refuses an
	// expression. Clients that look up many ids at once send 100 to 200.
	MaxTerms = 500
)
