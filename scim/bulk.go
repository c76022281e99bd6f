package scim

import (
	"bytes"
	"container/heap"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-scim/muster/schema"
)

const (
	bulkRequestURN  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	bulkResponseURN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

	// bulkPrefix is what stands before a bulkId where an id is meant.
	bulkPrefix = "bulkId:"
)

// serveBulk does many operations in one request (RFC 7644, section 3.7). Each is
// done as if it had come alone: it is atomic, the job as a whole is not.
//
// An operation that refers to a resource which another one creates waits for it. If
// operations wait for each other, one of them is done without its references, which
// are added when all are there.
func (h *Handler) serveBulk(q *request) (*response, error) {
	job, err := readBulk(q)
	if err != nil {
		return nil, err
	}
	job.run()
	return job.response(), nil
}

// bulkOp is one operation and, once it has been tried, its result.
type bulkOp struct {
	method, bulkID, path, version string

	data    jsontext.Value // nil when it is no longer needed
	refs    []string       // the bulkIds that path and data name
	missing int            // how many of them may still be created
	invalid *Error         // why it can't be tried

	done     bool
	status   int
	location string
	etag     string
	failure  []byte // the SCIM error of a status that is none of success
}

// bulkJob is one bulk request.
type bulkJob struct {
	q            *request
	ops          []*bulkOp
	failOnErrors int // 0 is never
	failed       int

	ids map[string]string // of created resources, by bulkId

	// creates has the operations that will create something, or have, by bulkId;
	// waiters the indexes of those that refer to it, as long as it is open whether
	// they will; ready those that can be done.
	creates map[string]*bulkOp
	waiters map[string][]int
	ready   indexes

	next  int   // where to look for a circle
	amend []int // operations that were done without their references
}

// indexes is a heap: the first in the request comes first.
type indexes []int

func (x indexes) Len() int           { return len(x) }
func (x indexes) Less(i, j int) bool { return x[i] < x[j] }
func (x indexes) Swap(i, j int)      { x[i], x[j] = x[j], x[i] }
func (x *indexes) Push(v any)        { *x = append(*x, v.(int)) }
func (x *indexes) Pop() any {
	last := len(*x) - 1
	v := (*x)[last]
	*x = (*x)[:last]
	return v
}

// check refuses what RFC 7644, section 3.7, does not allow.
func (op *bulkOp) check() *Error {
	fail := func(detail string) *Error { return badRequest(schema.ScimTypeInvalidSyntax, detail) }
	needsData := true
	switch op.method {
	case http.MethodPost:
		if op.bulkID == "" {
			return fail("A POST needs a bulkId.")
		}
	case http.MethodPut, http.MethodPatch:
	case http.MethodDelete:
		needsData = false
	default:
		return fail("method must be POST, PUT, PATCH or DELETE.")
	}
	switch {
	case !strings.HasPrefix(op.path, "/"):
		return fail("path must be an endpoint such as \"/Users\", or that of a resource below one.")
	case strings.ContainsAny(op.path, "?#"):
		return fail("path must have no query.")
	case needsData && len(op.data) == 0:
		return fail(op.method + " needs data.")
	}
	return nil
}

// references returns the bulkIds that the operation names.
func (op *bulkOp) references() []string {
	var refs []string
	if i := strings.LastIndexByte(op.path, '/'); i >= 0 && strings.HasPrefix(op.path[i+1:], bulkPrefix) {
		refs = append(refs, op.path[i+1+len(bulkPrefix):])
	}
	if bytes.Contains(op.data, []byte(bulkPrefix)) {
		_, found := substitute(op.data, func(string) (string, bool) { return "", false })
		refs = append(refs, found...)
	}
	return refs
}

// run tries the operations, in the order of the request as far as references allow.
func (job *bulkJob) run() {
	for !job.stopped() {
		if job.ready.Len() > 0 {
			job.try(heap.Pop(&job.ready).(int))
		} else if !job.breakCircle() {
			break
		}
	}
	for _, i := range job.amend {
		if !job.stopped() {
			job.complete(i)
		}
	}
}

func (job *bulkJob) stopped() bool {
	return job.failOnErrors > 0 && job.failed >= job.failOnErrors || job.q.ctx.Err() != nil
}

// settled tells those that wait for a resource that it is there, or will never be.
func (job *bulkJob) settled(bulkID string) {
	for _, i := range job.waiters[bulkID] {
		op := job.ops[i]
		if op.missing--; op.missing == 0 && !op.done {
			heap.Push(&job.ready, i)
		}
	}
	delete(job.waiters, bulkID)
}

// try does one operation.
func (job *bulkJob) try(i int) {
	op := job.ops[i]
	op.done = true
	if op.invalid == nil {
		for _, ref := range op.refs {
			if _, there := job.ids[ref]; !there {
				op.invalid = badRequest(schema.ScimTypeInvalidValue, "No operation of this request has created the resource of a bulkId that is referred to.")
			}
		}
	}
	data, _ := substitute(op.data, job.lookup)
	op.data = nil
	job.perform(op, op.method, job.pathOf(op), data)
}

func (job *bulkJob) lookup(bulkID string) (string, bool) {
	id, ok := job.ids[bulkID]
	return id, ok
}

func (job *bulkJob) pathOf(op *bulkOp) string {
	i := strings.LastIndexByte(op.path, '/')
	if id, ok := job.ids[strings.TrimPrefix(op.path[i+1:], bulkPrefix)]; ok && strings.HasPrefix(op.path[i+1:], bulkPrefix) {
		return op.path[:i+1] + url.PathEscape(id)
	}
	return op.path
}

// breakCircle creates the first resource that waits for others without what waits.
func (job *bulkJob) breakCircle() bool {
	for ; job.next < len(job.ops); job.next++ { // of those before it no POST waits
		i, op := job.next, job.ops[job.next]
		if op.done || op.method != http.MethodPost {
			continue
		}
		op.done = true
		pruned, ok := prune(op.data, func(ref string) bool {
			_, there := job.ids[ref]
			return !there && job.creates[ref] != nil
		})
		if !ok {
			op.invalid = &Error{Status: http.StatusConflict, Detail: "The references between the operations can't be resolved."}
		}
		data, _ := substitute(pruned, job.lookup)
		job.perform(op, op.method, op.path, data)
		if op.failure != nil {
			op.data = nil
			return true
		}
		job.amend = append(job.amend, i)
		return true
	}
	return false
}

// complete gives a resource the references that it was created without.
func (job *bulkJob) complete(i int) {
	op := job.ops[i]
	data, _ := substitute(op.data, job.lookup)
	op.data = nil
	id := job.ids[op.bulkID]
	for _, ref := range op.refs {
		if _, there := job.ids[ref]; !there {
			op.fail(job, &Error{Status: http.StatusConflict, Detail: "A resource that this one refers to could not be created."})
			return
		}
	}
	created := op.status
	if job.perform(op, http.MethodPut, strings.TrimRight(op.path, "/")+"/"+url.PathEscape(id), data); op.failure == nil {
		op.status = created
	}
}

// perform sends one operation through the handlers that would serve it alone.
func (job *bulkJob) perform(op *bulkOp, method, path string, data []byte) {
	sub := job.q.sub(method, path, op.version, data)
	defer func() { job.q.h.record(sub, op.status) }()
	if op.invalid != nil {
		op.fail(job, job.q.h.explain(sub, op.invalid))
		return
	}
	resp, err := job.q.h.serveOne(sub)
	op.location = job.q.base.url + path
	if err != nil {
		op.fail(job, job.q.h.explain(sub, err))
		return
	}
	if resp.body != nil {
		resp.body.release()
	}
	op.status, op.etag = resp.status, resp.etag
	if resp.location != "" {
		op.location = resp.location
	}
	if op.method == http.MethodPost && method == http.MethodPost {
		job.ids[op.bulkID] = sub.entry.ResourceID
		job.settled(op.bulkID)
	}
}

func (op *bulkOp) fail(job *bulkJob, e *Error) {
	job.failed++
	op.status, op.failure = e.Status, errorDocument(e, "")
	if op.method == http.MethodPost {
		op.location = ""
		if job.creates[op.bulkID] == op {
			delete(job.creates, op.bulkID)
			job.settled(op.bulkID)
		}
	}
}

// sub is a request of its own within q.
func (q *request) sub(method, path, version string, data []byte) *request {
	header := http.Header{"Content-Type": scimJSON}
	if version != "" {
		header.Set("If-Match", version)
	}
	r := &http.Request{
		Method: method,
		URL:    &url.URL{RawQuery: "attributes=id"}, // the answer is not shown
		Header: header,
		Body:   io.NopCloser(bytes.NewReader(data)),
	}
	entry := &Entry{At: q.h.config.Now(), Method: method, Operation: true}
	entry.Path, _, _ = strings.Cut(path, "?")
	return &request{
		Request: r.WithContext(q.ctx), h: q.h, ctx: q.ctx, scope: q.scope, known: q.known, settings: q.settings, base: q.base,
		rest: strings.TrimRight(path, "/"), entry: entry, out: q.out,
	}
}

// serveOne finds and runs the handler of an operation: one of a resource type, never
// bulk again.
func (h *Handler) serveOne(q *request) (resp *response, err error) {
	defer h.recovered(&resp, &err)
	if _, e := h.find(q); e == nil || !e.bulk {
		return nil, &Error{Status: http.StatusNotFound, Detail: "There is no such endpoint for operations."}
	}
	handle, err := h.route(q)
	if err != nil {
		return nil, err
	}
	return handle.do(q)
}

// response writes the results, in the order of the request.
func (job *bulkJob) response() *response {
	b := newSpace()
	dst := append(b.bytes, `{"schemas":["`+bulkResponseURN+`"],"Operations":[`...)
	first := true
	for i := range job.ops {
		op := job.ops[i]
		if !op.done || op.status == 0 {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = op.result(dst)
	}
	b.bytes = append(dst, "]}"...)
	return &response{status: http.StatusOK, body: b}
}

func (op *bulkOp) result(dst []byte) []byte {
	dst = append(dst, `{"method":`...)
	dst = schema.AppendQuote(dst, op.method)
	for name, text := range pairs("bulkId", op.bulkID, "location", op.location, "version", op.etag) {
		if text != "" {
			dst = append(dst, ',')
			dst = schema.AppendQuote(dst, name)
			dst = append(dst, ':')
			dst = schema.AppendQuote(dst, text)
		}
	}
	dst = append(dst, `,"status":"`...)
	dst = strconv.AppendInt(dst, int64(op.status), 10)
	dst = append(dst, '"')
	if op.failure != nil {
		dst = append(dst, `,"response":`...)
		dst = append(dst, op.failure...)
	}
	return append(dst, '}')
}
