package scim

import (
	"cmp"
	"io"
	"slices"

	"github.com/muster-scim/muster/schema"
)

const (
	// maxEdges is how many members of one group are in memory for one answer: what is
	// more is read while it is written.
	maxEdges = 10_000

	// maxListEdges is the same for a list of groups, which one call reads as far as that.
	maxListEdges = 100_000
)

// edgeWriter writes the memberships that an answer shows, which no resource holds:
// members of groups, groups of users.
type edgeWriter struct {
	c    *collection
	q    *request
	name []byte // ,"members":[
	show edgeSubs

	// edges are in the order of the ids of the resources they are shown at, as far as
	// they were read.
	edges []Membership
	next  string // where they go on, if not all were read
	holes []hole

	id string // of the resource that is being written
}

// hole is a place in an answer where memberships are put in when it is written.
type hole struct {
	at    int // in the body
	of    *edgeWriter
	id    string
	first MembershipPage // those that were read already
}

// edgesOf reads the memberships that an answer with these resources shows, all in one
// call; nil if the projection shows none.
func (c *collection) edgesOf(q *request, p *schema.Projection, resources ...*schema.Resource) (*edgeWriter, error) {
	a := c.edges()
	if a == nil || len(resources) == 0 || !p.Shows(a) {
		return nil, nil
	}
	ids := q.out.id1[:0]
	if len(resources) > 1 {
		ids = make([]string, 0, len(resources))
	}
	for _, r := range resources {
		ids = append(ids, r.ID())
	}
	limit := maxListEdges
	switch {
	case c.members == nil:
		limit = 0 // nobody is in so many groups
	case len(ids) == 1:
		limit = maxEdges
	}
	page, err := c.listEdges(q, ids, "", limit)
	if err != nil || len(page.Edges) == 0 {
		return nil, err
	}
	w := &edgeWriter{c: c, q: q, edges: page.Edges, next: page.Next}
	w.name = append(schema.AppendQuote([]byte(","), a.Name), ":["...)
	for i, name := range edgeSubNames {
		if s := a.SubAttr(name); s != nil {
			w.show[i] = p.Shows(s)
		}
	}
	if byPlace := func(e, f Membership) int { return cmp.Compare(c.placeOf(&e), c.placeOf(&f)) }; !slices.IsSortedFunc(w.edges, byPlace) {
		w.edges = slices.Clone(w.edges)
		slices.SortStableFunc(w.edges, byPlace)
	}
	return w, nil
}

func (c *collection) listEdges(q *request, ids []string, after string, limit int) (MembershipPage, error) {
	query := MembershipQuery{Members: ids, After: after, Limit: limit}
	if c.members != nil {
		query.Groups, query.Members = ids, nil
	}
	return q.edges(query)
}

// placeOf returns the id of the resource that a membership is shown at.
func (c *collection) placeOf(e *Membership) string {
	if c.members != nil {
		return e.GroupID
	}
	return e.Member.ID
}

// own returns the memberships of one resource.
func (w *edgeWriter) own(id string) []Membership {
	compare := func(e Membership, id string) int { return cmp.Compare(w.c.placeOf(&e), id) }
	from, _ := slices.BinarySearchFunc(w.edges, id, compare)
	to := from
	for to < len(w.edges) && w.c.placeOf(&w.edges[to]) == id {
		to++
	}
	return w.edges[from:to]
}

// tail is [schema.Encoding].Tail for the resource w.id: it appends ,"members":[…] or
// ,"groups":[…], or leaves a hole for that.
func (w *edgeWriter) tail(dst []byte) []byte {
	own := w.own(w.id)
	if w.next != "" && !w.isComplete(own) {
		h := hole{at: len(dst), of: w, id: w.id}
		if len(own) == len(w.edges) { // the only resource
			h.first = MembershipPage{Edges: own, Next: w.next}
		}
		w.holes = append(w.holes, h)
		return dst
	}
	if len(own) == 0 {
		return dst
	}
	return append(w.append(append(dst, w.name...), own), ']')
}

// isComplete reports whether these are all memberships of one resource although not all
// were read that the answer shows: those groups are complete behind which others follow.
func (w *edgeWriter) isComplete(own []Membership) bool {
	return len(own) > 0 && own[0].GroupID != w.edges[len(w.edges)-1].GroupID
}

// append appends memberships with commas between them.
func (w *edgeWriter) append(dst []byte, edges []Membership) []byte {
	for i := range edges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = w.c.appendEdge(w.q, dst, &edges[i], w.show)
	}
	return dst
}

// fill writes all memberships of a resource, page by page.
func (h hole) fill(to io.Writer) error {
	w := h.of
	b := newSpace()
	defer b.release()
	page, begun := h.first, false
	for {
		if len(page.Edges) == 0 && (page.Next != "" || !begun) {
			var err error
			if page, err = w.c.listEdges(w.q, []string{h.id}, page.Next, maxEdges); err != nil {
				return err
			}
		}
		if len(page.Edges) > 0 {
			dst := b.bytes[:0]
			if begun {
				dst = append(dst, ',')
			} else {
				dst = append(dst, w.name...)
			}
			begun = true
			b.bytes = w.append(dst, page.Edges)
			if _, err := to.Write(b.bytes); err != nil {
				return err
			}
		}
		if page.Edges = nil; page.Next == "" {
			break
		}
	}
	if !begun {
		return nil
	}
	_, err := to.Write([]byte{']'})
	return err
}
