package schema

// Links tells where resources are: what "meta.location" and "$ref" are made of (RFC 7643,
// sections 2.4 and 3.1). It is immutable and made once for many answers.
type Links struct {
	base string
	of   []link
}

// link is where the resources of one type are.
type link struct {
	name, endpoint string

	// quoted is a quote and the URI of a resource as far as it is the same for all; empty
	// if it has characters that JSON escapes.
	quoted string
}

// NewLinks makes links below a base URL, which has no slash at its end. endpoints has those
// of the resource types that references may point to, by name, as "User": "/Users". Without
// a base URL there are no links: nil is returned.
func NewLinks(baseURL string, endpoints map[string]string) *Links {
	if baseURL == "" {
		return nil
	}
	l := &Links{base: baseURL, of: make([]link, 0, len(endpoints))}
	for name, endpoint := range endpoints {
		to := link{name: name, endpoint: endpoint}
		if prefix := l.base + endpoint + "/"; plain(prefix) != 0 {
			to.quoted = `"` + prefix
		}
		l.of = append(l.of, to)
	}
	return l
}

// at returns the link with that endpoint.
func (l *Links) at(endpoint string) link {
	for i := range l.of {
		if l.of[i].endpoint == endpoint {
			return l.of[i]
		}
	}
	return link{endpoint: endpoint}
}

// to returns the link for the type of that name, and whether there is one.
func (l *Links) to(name string) (link, bool) {
	for i := range l.of {
		if l.of[i].name == name {
			return l.of[i], true
		}
	}
	return link{}, false
}

// AppendMember appends a comma, a name and the URI of the resource of a type, as JSON. If
// there is no link for a type of that name it returns dst as it is, and false.
func (l *Links) AppendMember(dst []byte, name, typeName, id string) (with []byte, ok bool) {
	if l == nil {
		return dst, false
	}
	to, ok := l.to(typeName)
	if !ok {
		return dst, false
	}
	dst = AppendQuote(append(dst, ','), name)
	return l.append(append(dst, ':'), to, escapeID(id)), true
}

// append appends the URI of a resource as JSON. The id is escaped as in a URI, after which
// nothing in it is special in JSON.
func (l *Links) append(dst []byte, to link, escapedID string) []byte {
	if to.quoted == "" {
		return AppendQuote(dst, l.base+to.endpoint+"/"+escapedID)
	}
	dst = append(dst, to.quoted...)
	dst = append(dst, escapedID...)
	return append(dst, '"')
}
