package scim

import (
	"strings"
)

// ifMatch reports whether the client allows a write to a resource of this version
// (RFC 7644, section 3.14). Weak tags count as equal if their text is: SCIM's own
// examples send them in If-Match.
func (q *request) ifMatch(version string) error {
	tags := q.Header["If-Match"]
	if len(tags) == 0 || matchesAny(tags, version) {
		return nil
	}
	return ErrVersionMismatch
}

// conditional reports whether the client sent If-Match with a version. Then a lost
// race is its to know of.
func (q *request) conditional() bool {
	tags := q.Header["If-Match"]
	return len(tags) > 0 && strings.TrimSpace(tags[0]) != "*"
}

// notModified reports whether the client has this version already.
func (q *request) notModified(version string) bool {
	tags := q.Header["If-None-Match"]
	return len(tags) > 0 && version != "" && matchesAny(tags, version)
}

func matchesAny(headers []string, version string) bool {
	for _, h := range headers {
		for tag := range strings.SplitSeq(h, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" {
				return true
			}
			tag = strings.TrimPrefix(strings.TrimPrefix(tag, "W/"), "w/")
			if strings.Trim(tag, `"`) == version {
				return true
			}
		}
	}
	return false
}
