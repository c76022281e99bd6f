package scim

import (
	"bytes"
	"net/http"
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
	body := buffers.Get().(*bytes.Buffer)
	body.WriteString(`{"schemas":["` + listURN + `"],`)
	body.Write(head)
	body.WriteString(`"itemsPerPage":`)
	body.Write(strconv.AppendInt(body.AvailableBuffer(), int64(l.n), 10))
	body.WriteString(`,"Resources":[`)
	var holes []hole
	for i, part := range l.q.parts {
		if i > 0 && len(part.resources) > 0 && body.Bytes()[body.Len()-1] != '[' {
			body.WriteByte(',')
		}
		h, err := part.write(l.q, body)
		if err != nil {
			putBuffer(body)
			return nil, err
		}
		holes = append(holes, h...)
	}
	body.WriteString("]}")
	l.q.answer = response{status: http.StatusOK, body: body, holes: holes}
	return &l.q.answer, nil
}

// write writes the resources with commas between them.
func (p *listPart) write(q *request, body *bytes.Buffer) ([]hole, error) {
	edges, err := p.c.edgesOf(q, p.shown, p.resources...)
	if err != nil {
		return nil, err
	}
	for i, r := range p.resources {
		if i > 0 {
			body.WriteByte(',')
		}
		begin := body.Len()
		p.c.encode(q, body, r, p.shown, edges)
		if i == 0 { // then there is room for the others at once, if they are like the first
			size := body.Len() - begin
			body.Grow((len(p.resources)-1)*(size+size/8) + typicalSize)
		}
	}
	if edges == nil {
		return nil, nil
	}
	return edges.holes, nil
}
