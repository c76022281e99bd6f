package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-scim/muster/schema"
)

// bulkReader reads a bulk request while it arrives. It keeps of each operation what is
// needed to do it, and nothing of the message around that: a request takes up about as
// much memory as its text. All of it is read before anything is done, since an
// operation may refer to a later one, and since what is beyond a limit must do nothing
// (RFC 7644, sections 3.7.1 and 3.7.4).
type bulkReader struct {
	dec *jsontext.Decoder
	job *bulkJob

	schemas []string
	listed  bool // there were "Operations"
}

// readBulk reads the request. Too many operations are refused before any is done.
func readBulk(q *request) (*bulkJob, error) {
	if err := q.checkContentType(); err != nil {
		return nil, err
	}
	job := &bulkJob{q: q, ids: map[string]string{}, creates: map[string]*bulkOp{}, waiters: map[string][]int{}}
	r := bulkReader{dec: jsontext.NewDecoder(q.limited()), job: job}
	if err := r.document(); err != nil {
		return nil, q.unparsed(err)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	job.connect()
	return job, nil
}

// unparsed turns an error of the decoder into an answer.
func (q *request) unparsed(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if _, ok := errors.AsType[*jsontext.SyntacticError](err); ok || err == io.EOF {
		return notBulk()
	}
	return q.unread(err)
}

func notBulk() *Error {
	return badRequest(schema.ScimTypeInvalidSyntax, "A JSON object with \"schemas\" and \"Operations\" is expected.")
}

// document reads the message.
func (r *bulkReader) document() error {
	if k := r.dec.PeekKind(); k != '{' && k != jsontext.KindInvalid {
		return notBulk()
	}
	if err := r.object(r.member); err != nil {
		return err
	}
	switch _, err := r.dec.ReadToken(); err {
	case io.EOF:
		return nil
	case nil:
		return notBulk()
	default:
		return err
	}
}

// object reads an object; member reads the value of each of its members, whose name it
// gets in lower case.
func (r *bulkReader) object(member func(name string) error) error {
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	for r.dec.PeekKind() == '"' {
		name, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := member(strings.ToLower(name.String())); err != nil {
			return err
		}
	}
	_, err := r.dec.ReadToken()
	return err
}

func (r *bulkReader) member(name string) error {
	switch name {
	case "schemas":
		v, err := r.dec.ReadValue()
		if err == nil && json.Unmarshal(v, &r.schemas) != nil {
			return notBulk()
		}
		return err
	case "failonerrors":
		v, err := r.dec.ReadValue()
		if err != nil || v.Kind() == 'n' {
			return err
		}
		n, err := strconv.Atoi(string(v))
		if err != nil || n < 1 {
			return badRequest(schema.ScimTypeInvalidSyntax, "failOnErrors must be an integer of at least 1.")
		}
		r.job.failOnErrors = n
		return nil
	case "operations":
		return r.operations()
	}
	return r.dec.SkipValue()
}

// operations reads the list.
func (r *bulkReader) operations() error {
	switch k := r.dec.PeekKind(); {
	case k != '[' && k != jsontext.KindInvalid:
		return badRequest(schema.ScimTypeInvalidSyntax, "\"Operations\" must be a list.")
	case r.listed:
		return badRequest(schema.ScimTypeInvalidSyntax, "\"Operations\" is there twice; names ignore case.")
	}
	r.listed = true
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	most := r.job.q.h.config.MaxBulkOperations
	for k := r.dec.PeekKind(); k != ']' && k != jsontext.KindInvalid; k = r.dec.PeekKind() {
		if len(r.job.ops) == most {
			return &Error{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("The request has more operations than maxOperations (%d).", most)}
		}
		op, err := r.operation()
		if err != nil {
			return err
		}
		r.job.ops = append(r.job.ops, op)
	}
	_, err := r.dec.ReadToken()
	return err
}

// operation reads one operation. What is wrong with it is its result, as long as it is
// JSON.
func (r *bulkReader) operation() (*bulkOp, error) {
	if r.dec.PeekKind() != '{' {
		return malformedOp(), r.dec.SkipValue()
	}
	op, ok := new(bulkOp), true
	err := r.object(func(name string) error {
		read, err := r.part(op, name)
		ok = ok && read
		return err
	})
	if err != nil || !ok {
		return malformedOp(), err
	}
	op.method = strings.ToUpper(op.method)
	op.invalid = op.check()
	op.refs = op.references()
	return op, nil
}

func malformedOp() *bulkOp {
	return &bulkOp{invalid: badRequest(schema.ScimTypeInvalidSyntax, "An operation must be an object of method, path, bulkId, version and data.")}
}

// part reads one member of an operation; ok is false if its type is wrong.
func (r *bulkReader) part(op *bulkOp, name string) (ok bool, err error) {
	switch name {
	case "method":
		return r.text(&op.method)
	case "bulkid":
		return r.text(&op.bulkID)
	case "path":
		return r.text(&op.path)
	case "version":
		return r.text(&op.version)
	case "data":
		v, err := r.dec.ReadValue()
		if err == nil && v.Kind() != 'n' {
			op.data = v.Clone()
		}
		return true, err
	}
	return true, r.dec.SkipValue()
}

// text reads a string; null is none.
func (r *bulkReader) text(into *string) (ok bool, err error) {
	switch r.dec.PeekKind() {
	case '"':
		t, err := r.dec.ReadToken()
		if err == nil {
			*into = t.String()
		}
		return true, err
	case 'n':
		return true, r.dec.SkipValue()
	}
	return false, r.dec.SkipValue()
}

// check looks at the message when all of it has been read.
func (r *bulkReader) check() error {
	named := len(r.schemas) == 1 && strings.EqualFold(r.schemas[0], bulkRequestURN)
	switch {
	case !named && (len(r.schemas) > 0 || r.job.q.settings.Dialect.RefuseMissingSchemas):
		return badRequest(schema.ScimTypeInvalidSyntax, "\"schemas\" must be [\""+bulkRequestURN+"\"].")
	case !r.listed:
		return badRequest(schema.ScimTypeInvalidSyntax, "\"Operations\" must be a list.")
	}
	return nil
}

// connect notes which operation creates what, and which wait for it.
func (job *bulkJob) connect() {
	for _, op := range job.ops {
		switch {
		case op.method != http.MethodPost || op.bulkID == "":
		case job.creates[op.bulkID] != nil:
			op.invalid = badRequest(schema.ScimTypeInvalidSyntax, "The bulkId is there twice.")
		default:
			job.creates[op.bulkID] = op
		}
	}
	for i, op := range job.ops {
		for _, ref := range op.refs {
			if op.invalid == nil && job.creates[ref] != nil {
				op.missing++
				job.waiters[ref] = append(job.waiters[ref], i)
			}
		}
		if op.missing == 0 {
			job.ready = append(job.ready, i) // in order, so it is a heap
		}
	}
}
