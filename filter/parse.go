package filter

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Leniency says which forms outside the grammar of RFC 7644 are refused. The
// zero value accepts all of them: they are what identity providers send, and
// none has a second meaning. It is a plain value.
type Leniency struct {
	// RefuseBareWords refuses text without quotes: externalId eq jyoung,
	// meta.lastModified ge 2011-05-13T04:42:34Z, id eq 2819c223-7f76-453a. The
	// documentation of Entra ID prints such filters, its check of references
	// is reported to send them, and RFC 7644, section 3.4.2.1 has one
	// (meta.resourceType eq User). A bare word ends at a blank, ")" or "]", has
	// neither quotes, backslashes nor opening brackets in it, and is none of
	// and, or, not. What reads as a JSON number, true, false or null is that.
	RefuseBareWords bool

	// RefuseSubAfterFilter refuses a comparison of one sub-attribute of the
	// selected element: emails[type eq "work"].value eq "x". Entra ID sends it
	// when such an attribute is its matching attribute. It is read as
	// emails[type eq "work" and value eq "x"]. Paths of PATCH operations are
	// not concerned: RFC 7644, figure 7 has a sub-attribute there.
	RefuseSubAfterFilter bool

	// RefuseKeywordCase refuses True, FALSE, Null and the like. The rules of
	// JSON, to which RFC 7644 points, have them in lower case; clients that
	// print a Boolean of C# or Python write True, and strings in the ABNF of
	// an RFC ignore case. Operators ignore case always.
	RefuseKeywordCase bool
}

// Parse reads a filter by the grammar of RFC 7644, figure 1, and by what l adds
// to it. It knows no schema: whether attributes exist and values have the right
// type is for [Check] to say. Every error is a [*SyntaxError]; an empty filter
// is one. The strings of the result share the memory of s. Parse may be called
// from many goroutines at once.
func Parse(s string, l Leniency) (Expression, error) {
	p := parser{in: s, leniency: l}
	if err := p.checkLength(); err != nil {
		return nil, err
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.atEnd() {
		return nil, p.expectedConnective("the end")
	}
	return e, nil
}

// ParsePath reads the path of a PATCH operation by the grammar of RFC 7644,
// figure 7: attributes, as name.familyName, with a filter that selects
// elements, as emails[type eq "work"], and a sub-attribute of those. The filter
// may have the forms that l leaves allowed. Every error is a [*SyntaxError]; an
// empty path is one. The strings of the result share the memory of s. ParsePath
// may be called from many goroutines at once.
func ParsePath(s string, l Leniency) (Path, error) {
	p := parser{in: s, leniency: l}
	if err := p.checkLength(); err != nil {
		return Path{}, err
	}
	var path Path
	if err := p.path(&path); err != nil {
		return Path{}, err
	}
	if !p.atEnd() {
		return Path{}, p.expected("the end of the path")
	}
	return path, nil
}

// parser reads its input once, from left to right. Each method starts at pos
// and leaves it behind what it has read.
type parser struct {
	in       string
	pos      int
	leniency Leniency

	terms    int  // attribute paths so far
	depth    int  // parentheses and brackets that are open
	deepest  int  // the greatest depth since the last "["
	brackets bool // one of those open is "["
}

func (p *parser) checkLength() error {
	if len(p.in) > MaxLength {
		return p.fail(MaxLength, "text longer than %d bytes", MaxLength)
	}
	return nil
}

// or reads expressions joined by "or", which binds weakest (RFC 7644, section
// 3.4.2.2).
func (p *parser) or() (Expression, error) {
	left, err := p.and()
	if err != nil {
		return nil, err
	}
	for p.connective("or") {
		right, err := p.and()
		if err != nil {
			return nil, err
		}
		left = &LogicalExpression{Left: left, Right: right, Operator: OR}
	}
	return left, nil
}

// and reads terms joined by "and".
func (p *parser) and() (Expression, error) {
	left, err := p.term()
	if err != nil {
		return nil, err
	}
	for p.connective("and") {
		right, err := p.term()
		if err != nil {
			return nil, err
		}
		left = &LogicalExpression{Left: left, Right: right, Operator: AND}
	}
	return left, nil
}

// connective reports whether the keyword is next, between blanks, and if so
// reads it. What is no keyword stays unread.
func (p *parser) connective(keyword string) bool {
	if !p.at(' ') {
		return false
	}
	p.blanks()
	n := len(keyword)
	rest := p.in[p.pos:]
	if len(rest) < n || !isKeyword(rest[:n], keyword) || len(rest) > n && rest[n] != ' ' {
		p.pos-- // leaves one for the other keyword
		return false
	}
	p.pos += n
	return true
}

// expectedConnective reports what is in the way between two terms. Closing is
// what else could stand there.
func (p *parser) expectedConnective(closing string) error {
	word := untilDelimiter(p.in[p.pos:])
	switch end := p.pos + len(word); {
	case p.pos > 0 && p.in[p.pos-1] != ' ' && word != "":
		return p.expected("a blank")
	case isKeyword(word, "and") || isKeyword(word, "or"):
		return p.fail(end, "expected a blank after %s", quote(word))
	case p.at(')') || p.at(']'):
		return p.expected(closing)
	}
	return p.expected(`"and", "or" or ` + closing)
}

// term reads what "and" and "or" join: a group, a negation of one, or something
// that starts with an attribute.
func (p *parser) term() (Expression, error) {
	p.blanks()
	if p.at('(') {
		return p.enclosed(')')
	}
	if !p.atNegation() {
		return p.attribute()
	}
	p.pos += len("not")
	p.blanks()
	e, err := p.enclosed(')')
	if err != nil {
		return nil, err
	}
	return &NotExpression{Expression: e}, nil
}

// atNegation reports whether "not" is next, and is the keyword: it is also a
// fine name for an attribute, unless "(" follows. The grammar has no blank
// between the two, the examples of the RFC have one.
func (p *parser) atNegation() bool {
	const n = len("not")
	rest := p.in[p.pos:]
	return len(rest) > n && isKeyword(rest[:n], "not") &&
		strings.HasPrefix(strings.TrimLeft(rest[n:], " "), "(")
}

// enclosed reads the parenthesis or bracket that is next, what it holds, and
// the one that closes it.
func (p *parser) enclosed(closing byte) (Expression, error) {
	if p.depth == MaxDepth {
		return nil, p.failDepth()
	}
	p.depth++
	p.deepest = max(p.deepest, p.depth)
	p.pos++
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	p.blanks()
	if !p.at(closing) {
		return nil, p.expectedConnective(strconv.Quote(string(closing)))
	}
	p.pos++
	p.depth--
	return e, nil
}

func (p *parser) failDepth() error {
	return p.fail(p.pos, "nested deeper than %d", MaxDepth)
}

// attribute reads a comparison, or a filter on the elements of an attribute.
func (p *parser) attribute() (Expression, error) {
	var path AttributePath
	if err := p.attributePath(&path); err != nil {
		return nil, err
	}
	if p.atBracket() {
		return p.valuePath(&path)
	}
	return p.comparison(&path)
}

// valuePath reads the filter on elements of path, and the comparison of a
// sub-attribute that may follow.
func (p *parser) valuePath(path *AttributePath) (Expression, error) {
	f, err := p.valueFilter()
	if err != nil {
		return nil, err
	}
	if p.at('.') {
		if f, err = p.subAfterFilter(f); err != nil {
			return nil, err
		}
	}
	return &ValuePath{AttributePath: *path, ValueFilter: f}, nil
}

// subAfterFilter reads the rest of attr[f].sub op value and returns what has to
// stand in the brackets instead: both must hold for the same element.
func (p *parser) subAfterFilter(f Expression) (Expression, error) {
	if p.leniency.RefuseSubAfterFilter {
		return nil, p.fail(p.pos, "a sub-attribute can't follow a value filter")
	}
	if l, ok := f.(*LogicalExpression); ok && l.Operator == OR && p.deepest == MaxDepth {
		return nil, p.failDepth() // it takes parentheses in the brackets
	}
	if err := p.countTerm(); err != nil {
		return nil, err
	}
	sub, err := p.subAttribute()
	if err != nil {
		return nil, err
	}
	e, err := p.comparison(&AttributePath{AttributeName: sub})
	if err != nil {
		return nil, err
	}
	return &LogicalExpression{Left: f, Right: e, Operator: AND}, nil
}

// valueFilter reads what is in brackets, and those (RFC 7644, table 5).
func (p *parser) valueFilter() (Expression, error) {
	if p.brackets {
		return nil, p.fail(p.pos, "a value filter can't hold another")
	}
	p.brackets, p.deepest = true, 0
	f, err := p.enclosed(']')
	p.brackets = false
	return f, err
}

// path reads the target of a PATCH operation.
func (p *parser) path(path *Path) error {
	p.blanks()
	err := p.attributePath(&path.AttributePath)
	if err != nil || !p.atBracket() {
		return err
	}
	path.ValueExpression, err = p.valueFilter()
	if err != nil || !p.at('.') {
		return err
	}
	sub, err := p.subAttribute()
	path.SubAttribute = &sub
	return err
}

// attributePath reads an attribute and its sub-attribute. It fills in path
// rather than return one, which would be copied at every return.
func (p *parser) attributePath(path *AttributePath) error {
	if err := p.countTerm(); err != nil {
		return err
	}
	rest := p.in[p.pos:]
	n := nameLength(rest)
	if n < len(rest) && isURIChar(rest[n]) {
		text := uriText(rest)
		if colon := strings.LastIndexByte(text, ':'); colon >= 0 {
			return p.qualifiedPath(path, text, colon)
		}
	}
	var err error
	path.AttributeName, err = p.nameOf(n)
	if err != nil || !p.at('.') {
		return err
	}
	sub, err := p.subAttribute()
	path.SubAttribute = &sub
	return err
}

func (p *parser) countTerm() error {
	if p.terms == MaxTerms {
		return p.fail(p.pos, "more than %d terms", MaxTerms)
	}
	p.terms++
	return nil
}

// qualifiedPath splits text, a path that starts with the URI of a schema, at
// its last colon. What follows that may be an attribute, or the end of the URI:
// only the schemas can tell. So it may hold what a URI may.
func (p *parser) qualifiedPath(path *AttributePath, text string, colon int) error {
	uri, last := text[:colon], text[colon+1:]
	if !hasScheme(uri) {
		return p.fail(p.pos, "%s is not the URI of a schema", quote(uri))
	}
	p.pos += colon + 1
	name, sub, dotted := strings.Cut(last, ".")
	if name == "" {
		return p.expected("an attribute name")
	}
	p.pos += len(name)
	both := &[2]string{uri, sub} // one allocation instead of two
	path.URIPrefix, path.AttributeName = &both[0], name
	if !dotted {
		return nil
	}
	p.pos++
	if sub == "" || sub[0] == '.' {
		return p.expected("a sub-attribute name")
	}
	if dot := strings.IndexByte(sub, '.'); dot >= 0 {
		p.pos += dot
		return p.failSubOfSub()
	}
	p.pos += len(sub)
	path.SubAttribute = &both[1]
	return nil
}

// subAttribute reads a dot and the name behind it.
func (p *parser) subAttribute() (string, error) {
	p.pos++
	name, err := p.name()
	if err == nil && p.at('.') {
		err = p.failSubOfSub()
	}
	return name, err
}

func (p *parser) failSubOfSub() error {
	return p.fail(p.pos, "a sub-attribute can't have sub-attributes")
}

// name reads a name by RFC 7643, figure 1, or one that starts with "$" as the
// "$ref" of RFC 7643, section 2.4 does.
func (p *parser) name() (string, error) {
	return p.nameOf(nameLength(p.in[p.pos:]))
}

// nameOf is name for one of which the length is known.
func (p *parser) nameOf(length int) (string, error) {
	name := p.in[p.pos : p.pos+length]
	if first := strings.TrimPrefix(name, "$"); first == "" || !isAlpha(first[0]) {
		return "", p.expected("an attribute name")
	}
	p.pos += length
	return name, nil
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && isNameChar(s[n]) {
		n++
	}
	return n
}

// comparison reads the operator, and the value if the operator takes one.
func (p *parser) comparison(path *AttributePath) (Expression, error) {
	op, err := p.operator(path.AttributeName)
	if err != nil {
		return nil, err
	}
	var v any
	if op != PR {
		if v, err = p.value(op); err != nil {
			return nil, err
		}
	}
	return &AttributeExpression{AttributePath: *path, Operator: op, CompareValue: v}, nil
}

// operator reads the operator behind a name.
func (p *parser) operator(name string) (CompareOperator, error) {
	p.blanks()
	word := untilDelimiter(p.in[p.pos:])
	if word == "" || p.in[p.pos-1] != ' ' {
		return "", p.expected("an operator")
	}
	op, ok := compareOperator(word)
	switch {
	case ok:
		p.pos += len(word)
		return op, nil
	case isKeyword(name, "not"):
		return "", p.expected(`"(" or an operator after "not"`)
	}
	if text := told(word); text != otherText {
		return "", p.fail(p.pos, "unknown operator %s", text)
	}
	return "", p.fail(p.pos, "unknown operator")
}

// compareOperator returns the operator of RFC 7644, table 3 that word is, in
// whatever case.
func compareOperator(word string) (CompareOperator, bool) {
	if len(word) != 2 {
		return "", false
	}
	// Both letters in one number are faster to tell apart than strings.
	switch int(word[0]|toLower)<<8 | int(word[1]|toLower) {
	case 'e'<<8 | 'q':
		return EQ, true
	case 'p'<<8 | 'r':
		return PR, true
	case 'n'<<8 | 'e':
		return NE, true
	case 'c'<<8 | 'o':
		return CO, true
	case 's'<<8 | 'w':
		return SW, true
	case 'e'<<8 | 'w':
		return EW, true
	case 'g'<<8 | 't':
		return GT, true
	case 'g'<<8 | 'e':
		return GE, true
	case 'l'<<8 | 't':
		return LT, true
	case 'l'<<8 | 'e':
		return LE, true
	}
	return "", false
}

// value reads what op compares with ("compValue" of RFC 7644, figure 1).
func (p *parser) value(op CompareOperator) (any, error) {
	start := p.pos
	p.blanks()
	switch {
	case p.pos == len(p.in):
		return nil, p.expected("a value after " + strconv.Quote(string(op)))
	case p.pos == start:
		return nil, p.expected("a blank after " + strconv.Quote(string(op)))
	case p.at('"'):
		return p.quoted()
	case p.at('\''):
		return nil, p.fail(p.pos, "text takes double quotes, not single ones")
	}
	return p.unquoted()
}

// unquoted reads a value that is not in quotes.
func (p *parser) unquoted() (any, error) {
	word := valueText(p.in[p.pos:])
	if word == "" {
		return nil, p.expected("a value")
	}
	v, ok, err := p.constant(word)
	if !ok && err == nil {
		if integral, isNumber := jsonNumber(word); isNumber {
			v, err = p.number(word, integral)
		} else {
			v, err = p.bareWord(word)
		}
	}
	if err != nil {
		return nil, err
	}
	p.pos += len(word)
	return v, nil
}

// constant returns the value of true, false or null, if word is one of them.
func (p *parser) constant(word string) (v any, ok bool, err error) {
	var keyword string
	switch {
	case isKeyword(word, "true"):
		v, keyword = true, "true"
	case isKeyword(word, "false"):
		v, keyword = false, "false"
	case isKeyword(word, "null"):
		v, keyword = nil, "null"
	default:
		return nil, false, nil
	}
	if word != keyword && p.leniency.RefuseKeywordCase {
		return nil, false, p.fail(p.pos, "%s must be written as %s", quote(word), keyword)
	}
	return v, true, nil
}

// number returns an int for what has neither fraction nor exponent (RFC 7643,
// section 2.3.4) and is small enough, and else a float64.
func (p *parser) number(word string, integral bool) (any, error) {
	if integral {
		if n, err := strconv.Atoi(word); err == nil {
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return nil, p.fail(p.pos, "number out of range")
	}
	return f, nil
}

// bareWord returns word as the text it stands for, if that is allowed and plain.
func (p *parser) bareWord(word string) (any, error) {
	if p.leniency.RefuseBareWords {
		return nil, p.fail(p.pos, "text takes double quotes")
	}
	if isKeyword(word, "and") || isKeyword(word, "or") || isKeyword(word, "not") {
		return nil, p.expected("a value")
	}
	for i, r := range word {
		if strings.ContainsRune(`"\([`, r) || !unicode.IsPrint(r) || r == utf8.RuneError {
			return nil, p.fail(p.pos+i, "text with this character takes double quotes")
		}
	}
	return word, nil
}

// jsonNumber reports whether word is a number by RFC 8259, section 6, and
// whether that has neither fraction nor exponent.
func jsonNumber(word string) (integral, ok bool) {
	rest := strings.TrimPrefix(word, "-")
	n := countDigits(rest)
	if n == 0 || n > 1 && rest[0] == '0' {
		return false, false
	}
	rest = rest[n:]
	if rest == "" {
		return true, true
	}
	if rest[0] == '.' {
		n = countDigits(rest[1:])
		rest = rest[1+n:]
		if n == 0 || rest == "" {
			return false, n > 0
		}
	}
	return false, isExponent(rest)
}

func isExponent(s string) bool {
	if s[0]|toLower != 'e' {
		return false
	}
	digits := s[1:]
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	return digits != "" && countDigits(digits) == len(digits)
}

func countDigits(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return n
}

// quoted reads a string by RFC 8259, section 7.
func (p *parser) quoted() (string, error) {
	start := p.pos + 1
	end, escapes, err := p.endOfString(start)
	if err != nil {
		return "", err
	}
	text := p.in[start:end]
	if !utf8.ValidString(text) {
		return "", p.fail(start+validPrefix(text), "invalid UTF-8")
	}
	if escapes {
		if text, err = p.unescape(start, end); err != nil {
			return "", err
		}
	}
	p.pos = end + 1
	return text, nil
}

// endOfString returns the offset of the quote that ends the string whose text
// begins at start, and whether there are escapes before it.
func (p *parser) endOfString(start int) (end int, escapes bool, err error) {
	in := p.in
	for i := start; i < len(in); i++ {
		switch c := in[i]; {
		case c == '"':
			return i, escapes, nil
		case c == '\\':
			escapes = true
			i++
		case c < ' ':
			return 0, false, p.fail(i, "control character %U must be escaped", c)
		}
	}
	return 0, false, p.fail(start-1, "unterminated string")
}

// validPrefix returns how many bytes of s are valid UTF-8.
func validPrefix(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return len(s)
}

// unescape returns the text between two offsets without its escapes.
func (p *parser) unescape(start, end int) (string, error) {
	var b strings.Builder
	b.Grow(end - start)
	for i := start; i < end; {
		if p.in[i] != '\\' {
			b.WriteByte(p.in[i])
			i++
			continue
		}
		r, n, msg := unescapeRune(p.in[i:end])
		if msg != "" {
			return "", p.fail(i, "%s", msg)
		}
		b.WriteRune(r)
		i += n
	}
	return b.String(), nil
}

// unescapeRune returns the character that the escape at the start of s stands
// for and the length of the escape, or else what is wrong with it.
func unescapeRune(s string) (r rune, n int, msg string) {
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2, ""
	case 'b':
		return '\b', 2, ""
	case 'f':
		return '\f', 2, ""
	case 'n':
		return '\n', 2, ""
	case 'r':
		return '\r', 2, ""
	case 't':
		return '\t', 2, ""
	case 'u':
		return unescapeHex(s)
	}
	return 0, 0, "unknown escape in a string"
}

// unescapeHex is unescapeRune for \u. Characters beyond U+FFFF take two such
// escapes, of which neither means anything alone.
func unescapeHex(s string) (r rune, n int, msg string) {
	const length = len(`\uXXXX`)
	high, ok := hexEscape(s)
	if !ok {
		return 0, 0, `\u needs four hexadecimal digits`
	}
	if !utf16.IsSurrogate(high) {
		return high, length, ""
	}
	low, ok := hexEscape(s[length:])
	if r = utf16.DecodeRune(high, low); !ok || r == utf8.RuneError {
		return 0, 0, "half of a surrogate pair in a string"
	}
	return r, 2 * length, ""
}

// hexEscape returns the number in a \u escape at the start of s.
func hexEscape(s string) (rune, bool) {
	if len(s) < 6 || s[:2] != `\u` {
		return 0, false
	}
	var n rune
	for _, c := range []byte(s[2:6]) {
		switch lower := c | toLower; {
		case isDigit(c):
			n = n<<4 | rune(c-'0')
		case 'a' <= lower && lower <= 'f':
			n = n<<4 | rune(lower-'a'+10)
		default:
			return 0, false
		}
	}
	return n, true
}

func (p *parser) at(c byte) bool { return p.pos < len(p.in) && p.in[p.pos] == c }

// atEnd skips blanks and reports whether nothing follows them.
func (p *parser) atEnd() bool {
	p.blanks()
	return p.pos == len(p.in)
}

// atBracket skips blanks and reports whether "[" follows.
func (p *parser) atBracket() bool {
	p.blanks()
	return p.at('[')
}

// blanks skips blanks: the grammar has just one, and only in places, but more
// of them mean nothing else.
func (p *parser) blanks() {
	in, i := p.in, p.pos
	for i < len(in) && in[i] == ' ' {
		i++
	}
	p.pos = i
}

// untilDelimiter returns what s has before a blank, parenthesis, bracket or
// double quote: a name, an operator or a keyword, if all is well.
func untilDelimiter(s string) string {
	for i := range len(s) {
		switch s[i] {
		case ' ', '(', ')', '[', ']', '"':
			return s[:i]
		}
	}
	return s
}

// valueText returns what s has before a blank or something that closes.
func valueText(s string) string {
	for i := range len(s) {
		switch s[i] {
		case ' ', ')', ']':
			return s[:i]
		}
	}
	return s
}

// uriText returns the characters at the start of s that a URI may hold.
func uriText(s string) string {
	for i := range len(s) {
		if !isURIChar(s[i]) {
			return s[:i]
		}
	}
	return s
}

// isURIChar reports whether a URI may hold c (RFC 3986, appendix A). Brackets,
// parentheses and quotes are left out because they delimit here, and the comma
// because it separates paths in "attributes" (RFC 7644, section 3.9).
func isURIChar(c byte) bool {
	if isNameChar(c) {
		return true
	}
	switch c {
	case ':', '.', '/', '~', '?', '#', '@', '!', '&', '*', '+', ';', '=', '%':
		return true
	}
	return false
}

// hasScheme reports whether uri starts as RFC 3986, section 3.1 demands. It
// tells urn:example:attr from a name with a stray colon.
func hasScheme(uri string) bool {
	scheme, _, ok := strings.Cut(uri, ":")
	if !ok || scheme == "" || !isAlpha(scheme[0]) {
		return false
	}
	for _, c := range []byte(scheme) {
		if !isAlpha(c) && !isDigit(c) && c != '+' && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

// isNameChar reports whether a name may hold c (RFC 7643, figure 1).
func isNameChar(c byte) bool {
	return isAlpha(c) || isDigit(c) || c == '-' || c == '_' || c == '$'
}

// toLower is the bit that makes an ASCII letter a small one. It makes no letter
// of anything else.
const toLower = 'a' - 'A'

func isAlpha(c byte) bool { return 'a' <= c|toLower && c|toLower <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isKeyword reports whether word is the keyword, which is in lower case. It
// ignores the case of ASCII only: strings.EqualFold would take "ſ" for "s".
func isKeyword(word, keyword string) bool {
	if len(word) != len(keyword) {
		return false
	}
	for i := range len(keyword) {
		if word[i]|toLower != keyword[i] {
			return false
		}
	}
	return true
}
