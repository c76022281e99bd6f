package mapping

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/muster-scim/muster/scim"
)

// refusal makes what a function of the application says of a value into an answer
// that names the attribute.
func refusal(path string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := errors.AsType[*scim.Error](err); ok {
		return err
	}
	e := scim.Invalid(path, "%s", sentence(err.Error()))
	e.Err = err
	return e
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

// together makes one answer of several.
func together(all []*scim.Error) error {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	one := *all[0]
	var causes []error
	for i, e := range all {
		if i > 0 {
			one.Detail += " " + e.Detail
		}
		causes = append(causes, e.Err)
	}
	one.Err = errors.Join(causes...)
	return &one
}

// oneOf lists texts for people.
func oneOf(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = strconv.Quote(text)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "one of " + strings.Join(quoted, ", ")
}

// successor returns the number after the one that text is.
func successor(text string) string {
	n, _ := strconv.ParseUint(text, 10, 64)
	return strconv.FormatUint(n+1, 10)
}
