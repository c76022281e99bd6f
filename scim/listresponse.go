package scim

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/muster-scim/muster/schema"
)

// list gathers resources and makes a ListResponse of them, whose head tells how many there
// are.
type list struct {
	q *request // which has the parts
	n int      // resources in all parts
}

// listPart has resources of one type.
type listPart struct {
	c         *collection
	shown     *schema.Projection
	resources []*schema.Resource
}

func newList(q *request) *list { return &list{q: q} }

// add takes resources of one type.
func (l *list) add(c *collection, shown *schema.Projection, resources ...*schema.Resource) {
	l.q.parts = append(l.q.parts, listPart{c, shown, resources})
	l.n += len(resources)
}

// end makes the answer to who asked for a page by number.
func (l *list) end(total, startIndex int) (*response, error) {
	var space [listHead]byte
	head := append(space[:0], `"totalResults":`...)
	head = strconv.AppendInt(head, int64(total), 10)
	head = append(head, `,"startIndex":`...)
	head = strconv.AppendInt(head, int64(startIndex), 10)
	return l.answer(append(head, ','))
}

// endByKey makes the answer to who asked for a page by cursor (RFC 9865, section 2).
func (l *list) endByKey(total int, next string) (*response, error) {
	var space [listHead]byte
	head := space[:0]
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
	return l.answer(head)
}

// listHead is what most heads fit in.
const listHead = 128

// answer writes all, with a head that ends with a comma.
func (l *list) answer(head []byte) (*response, error) {
	body := newSpace()
	dst := append(body.bytes, `{"schemas":["`+listURN+`"],`...)
	dst = append(dst, head...)
	dst = append(dst, `"itemsPerPage":`...)
	dst = strconv.AppendInt(dst, int64(l.n), 10)
	dst = append(dst, `,"Resources":[`...)
	var holes []hole
	for i, part := range l.q.parts {
		if i > 0 && len(part.resources) > 0 && dst[len(dst)-1] != '[' {
			dst = append(dst, ',')
		}
		var h []hole
		var err error
		if dst, h, err = part.append(l.q, dst); err != nil {
			body.release()
			return nil, err
		}
		holes = append(holes, h...)
	}
	body.bytes = append(dst, "]}"...)
	l.q.answer = response{status: http.StatusOK, body: body, holes: holes}
	return &l.q.answer, nil
}

// append appends the resources with commas between them.
func (p *listPart) append(q *request, dst []byte) ([]byte, []hole, error) {
	edges, err := p.c.edgesOf(q, p.shown, p.resources...)
	if err != nil {
		return dst, nil, err
	}
	for i, r := range p.resources {
		if i > 0 {
			dst = append(dst, ',')
		}
		begin := len(dst)
		dst = p.c.encode(q, dst, r, p.shown, edges)
		if i == 0 { // then there is room for the others at once, if they are like the first
			size := len(dst) - begin
			dst = slices.Grow(dst, (len(p.resources)-1)*(size+size/8)+typicalSize)
		}
	}
	if edges == nil {
		return dst, nil, nil
	}
	return dst, edges.holes, nil
}
