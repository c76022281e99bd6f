package schema

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/muster-scim/muster/internal/jsonscan"
)

// A tape is the form of every value: its nodes in preorder, and the text of all
// of them in one string, in the same order and without gaps. There is no
// pointer inside, so that a million resources are nothing to the garbage
// collector, and a stretch of nodes is copied with its stretch of text.
//
// Order is canonical: the members of an object stand in the order of their
// attributes' numbers. Two tapes hold the same if and only if their nodes and
// texts are the same.
type tape struct {
	t     *Type
	nodes []node
	text  string
}

// node is one value. An object or array is followed by its members or elements.
type node struct {
	attr  uint16 // number in the Type
	kind  kind
	flags uint8

	// off is where the text begins; containers have it too, so that a range
	// of nodes tells its range of text.
	off uint32

	// size is the length of the text of a scalar, the number of descendants of
	// a container.
	size uint32
}

type kind uint8

const (
	kindString kind = iota // also dateTime, binary, reference
	kindTrue
	kindFalse
	kindNumber // the text as it was sent
	kindObject
	kindArray
)

func kindOf(v bool) kind {
	if v {
		return kindTrue
	}
	return kindFalse
}

const (
	// flagPlain: the text needs no escaping in JSON.
	flagPlain uint8 = 1 << iota
	// flagNamed: the node is a key of an open extension. Its text is
	// preceded by the key, which is nameSize bytes long.
	flagNamed
)

// A named node's text is: key, two bytes with the key's length, value.
const nameTail = 2

// maxName bounds the keys of open extensions to what two bytes can count.
const maxName = 1 << 10

// maxKeys bounds the keys that a resource has of open extensions: one is found by
// going through them, and a client could send as many as fit into a request.
const maxKeys = 1000

// countKeys refuses top-level nodes among which there are too many keys.
func countKeys(t *Type, nodes []node) error {
	keys := 0
	for i := 0; i < len(nodes); i += nodes[i].span() {
		if nodes[i].flags&flagNamed == 0 {
			continue
		}
		if keys++; keys > maxKeys {
			return tooManyKeys(t.attrs[nodes[i].attr])
		}
	}
	return nil
}

func tooManyKeys(a *Attr) *Error {
	return invalid(a.URN(), fmt.Sprintf("makes more than %d keys that no schema lists", maxKeys))
}

// span returns how many nodes n takes, itself included.
func (n node) span() int {
	if n.kind >= kindObject {
		return 1 + int(n.size)
	}
	return 1
}

// end returns where the text of a scalar ends. The last of a container's descendants is
// always one.
func (n node) end() uint32 { return n.off + n.size }

func (t *tape) textOf(i int) string {
	n := t.nodes[i]
	if n.kind >= kindObject {
		return ""
	}
	return t.text[n.off : n.off+n.size]
}

// nameOf returns the key of a node of an open extension.
func (t *tape) nameOf(i int) string { return nameBefore(t.text, t.nodes[i]) }

func nameBefore[T string | []byte](text T, n node) T {
	if n.flags&flagNamed == 0 {
		return text[:0]
	}
	end := n.off - nameTail
	size := uint32(text[end]) | uint32(text[end+1])<<8
	return text[end-size : end]
}

func appendName[T string | []byte](text []byte, name T) []byte {
	text = append(text, name...)
	return append(text, byte(len(name)), byte(len(name)>>8))
}

// start returns where the text of node n begins, its key included.
func start[T string | []byte](text T, n node) uint32 {
	if n.flags&flagNamed == 0 {
		return n.off
	}
	return n.off - nameTail - uint32(len(nameBefore(text, n)))
}

// end returns where the text of the range of nodes ends that stops before j.
func (t *tape) end(j int) uint32 {
	if j < len(t.nodes) {
		return start(t.text, t.nodes[j])
	}
	return uint32(len(t.text))
}

// find returns the index of attribute a among the siblings from i up to end,
// or -1.
func (t *tape) find(a *Attr, i, end int) int {
	if a.t != t.t {
		return -1
	}
	for i < end {
		n := t.nodes[i]
		if n.attr == a.number && (!a.open || equalFold(t.nameOf(i), a.Name)) {
			return i
		}
		if n.attr > a.number {
			return -1
		}
		i += n.span()
	}
	return -1
}

// writer makes a tape out of ranges of others and of new values.
type writer struct {
	t     *Type
	nodes []node
	text  strings.Builder // which makes the text without a copy
}

// copyRange appends the nodes [i, j) of src with their text.
func (w *writer) copyRange(src *tape, i, j int) {
	if i == j {
		return
	}
	from, to := start(src.text, src.nodes[i]), src.end(j)
	shift := uint32(w.text.Len()) - from
	w.text.WriteString(src.text[from:to])
	base := len(w.nodes)
	w.nodes = append(w.nodes, src.nodes[i:j]...)
	for k := base; k < len(w.nodes); k++ {
		w.nodes[k].off += shift
	}
}

// value appends a whole value of a. If a stands for a key of an open extension,
// the key goes with it.
func (w *writer) value(v Value, a *Attr) {
	if a.open {
		var name [maxName + nameTail]byte
		w.text.Write(appendName(name[:0], a.Name))
	}
	i := len(w.nodes)
	w.unnamed(v, a)
	if a.open {
		w.nodes[i].flags |= flagNamed
	}
}

// unnamed is value for elements of lists, and for values that stand alone.
func (w *writer) unnamed(v Value, a *Attr) {
	src, first := v.t, v.t.nodes[v.i]
	j := v.i + first.span()
	i, shift := len(w.nodes), uint32(w.text.Len())-first.off
	w.text.WriteString(src.text[first.off:src.end(j)])
	w.nodes = append(w.nodes, src.nodes[v.i:j]...)
	for k := i; k < len(w.nodes); k++ {
		w.nodes[k].off += shift
	}
	w.nodes[i].attr = a.number
	w.nodes[i].flags &^= flagNamed
}

// open begins an object or array; close ends it.
func (w *writer) open(a *Attr, k kind) int {
	w.nodes = append(w.nodes, node{attr: a.number, kind: k, off: uint32(w.text.Len())})
	return len(w.nodes) - 1
}

func (w *writer) close(i int) { w.nodes[i].size = uint32(len(w.nodes) - i - 1) }

// scalar appends a value with its text.
func (w *writer) scalar(a *Attr, k kind, text string) {
	w.nodes = append(w.nodes, node{attr: a.number, kind: k, off: uint32(w.text.Len()), size: uint32(len(text)), flags: plain(text)})
	w.text.WriteString(text)
}

func (w *writer) tape() tape {
	return tape{t: w.t, nodes: w.nodes, text: w.text.String()}
}

// plain returns flagPlain if text can stand in a JSON string as it is.
func plain[T string | []byte](text T) uint8 {
	i := jsonscan.PlainPrefix(text)
	if i == len(text) {
		return flagPlain
	}
	for ; i < len(text); i++ {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' {
			return 0
		}
	}
	if !utf8.ValidString(string(text)) {
		return 0
	}
	return flagPlain
}
