package memstore

import "container/heap"

// pile is a heap of state records: the least is on top, and any of them can be
// taken out.
type pile struct {
	records []*stateRecord
	less    func(a, b *stateRecord) bool
	slot    func(r *stateRecord) *int // where r is in this pile, from 1; 0 is not in it
}

func (p *pile) push(r *stateRecord) { heap.Push((*piled)(p), r) }

// remove takes r out, if it is in.
func (p *pile) remove(r *stateRecord) {
	if i := *p.slot(r); i > 0 {
		heap.Remove((*piled)(p), i-1)
	}
}

// top returns the least record, nil if there is none.
func (p *pile) top() *stateRecord {
	if len(p.records) == 0 {
		return nil
	}
	return p.records[0]
}

// piled has the methods for package heap, so that pile has only its own.
type piled pile

func (p *piled) Len() int           { return len(p.records) }
func (p *piled) Less(i, j int) bool { return p.less(p.records[i], p.records[j]) }

func (p *piled) Swap(i, j int) {
	p.records[i], p.records[j] = p.records[j], p.records[i]
	*p.slot(p.records[i]), *p.slot(p.records[j]) = i+1, j+1
}

func (p *piled) Push(x any) {
	r := x.(*stateRecord)
	p.records = append(p.records, r)
	*p.slot(r) = len(p.records)
}

func (p *piled) Pop() any {
	last := len(p.records) - 1
	r := p.records[last]
	p.records[last] = nil
	p.records = p.records[:last]
	*p.slot(r) = 0
	return r
}
