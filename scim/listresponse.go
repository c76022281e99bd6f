package scim

import (
	"bytes"
	"net/http"
	"strconv"

	"github.com/muster-scim/muster/schema"
)

// list writes a ListResponse. The resources are written first, since only then their
// number is known; the head goes before them at the end.
type list struct {
	q          *request
	head, body *bytes.Buffer
	n          int
	holes      []hole
}

func newList(q *request) *list {
	return &list{q: q, body: buffers.Get().(*bytes.Buffer)}
}

// add appends resources of one type.
func (l *list) add(c *collection, p *schema.Projection, resources []*schema.Resource) error {
	edges, err := c.edgesOf(l.q, p, resources...)
	if err != nil {
		putBuffer(l.body)
		return err
	}
	for i, r := range resources {
		if l.n > 0 {
			l.body.WriteByte(',')
		}
		begin := l.body.Len()
		c.encode(l.q, l.body, r, p, edges)
		l.n++
		if i == 0 {
			l.expect(len(resources)-1, l.body.Len()-begin)
		}
	}
	if edges != nil {
		l.holes = append(l.holes, edges.holes...)
	}
	return nil
}

// expect makes room for n resources more, given the size of one, so that long lists
// need few allocations.
func (l *list) expect(n, size int) {
	l.body.Grow(n*(size+size/8) + typicalSize)
}

// end finishes a page that was asked for by number.
func (l *list) end(total, startIndex int) *response {
	head := l.begin()
	head = append(head, `"totalResults":`...)
	head = strconv.AppendInt(head, int64(total), 10)
	head = append(head, `,"startIndex":`...)
	head = strconv.AppendInt(head, int64(startIndex), 10)
	head = append(head, ',')
	return l.finish(head)
}

// endByKey finishes a page that was asked for by cursor (RFC 9865, section 2).
func (l *list) endByKey(total int, next string) *response {
	head := l.begin()
	if total >= 0 {
		head = append(head, `"totalResults":`...)
		head = strconv.AppendInt(head, int64(total), 10)
		head = append(head, ',')
	}
	if next != "" {
		head = append(head, `"nextCursor":`...)
		head = schema.AppendQuote(head, next)
		head = append(head, ',')
	}
	return l.finish(head)
}

// begin begins the head, in space of its own.
func (l *list) begin() []byte {
	l.head = buffers.Get().(*bytes.Buffer)
	l.head.Grow(typicalSize)
	return append(l.head.AvailableBuffer(), `{"schemas":["`+listURN+`"],`...)
}

// smallList is up to which size the resources of a list are moved behind the head.
const smallList = 4 << 10

// finish makes an answer of the head, which ends with a comma, and the resources.
func (l *list) finish(head []byte) *response {
	head = append(head, `"itemsPerPage":`...)
	head = strconv.AppendInt(head, int64(l.n), 10)
	head = append(head, `,"Resources":[`...)
	l.head.Write(head)
	l.body.WriteString("]}")
	if l.body.Len() <= smallList && len(l.holes) == 0 { // then it goes out in one piece
		l.head.Write(l.body.Bytes())
		putBuffer(l.body)
		l.head, l.body = nil, l.head
	}
	l.q.answer = response{status: http.StatusOK, head: l.head, body: l.body, holes: l.holes}
	return &l.q.answer
}
