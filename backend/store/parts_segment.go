package store

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"
	"time"

	"doorward/backend/access"
)

// A segment holds the texts of up to segmentSize members, packed, in the order of the list
// of members: the newest invitation first. It never changes.
//
// A scan of all texts would take too long at a million members, so each segment has a Bloom
// filter of the threes of bytes in each of its blocks. The filters stand side by side: a row
// has one bit of each block. A scan looks only into the blocks that have all threes of the
// query. The beginning of a word counts as a space and its first two bytes.
type segment struct {
	text    []byte   // entries, see appendText
	starts  []uint32 // of the blocks, and the end of the last
	at      []int64  // microseconds: when each was invited
	ids     []byte   // idSize bytes each
	filters []uint32 // numbers of the index's filters of lists
	rows    []uint64 // filterRows times rowWords; nil if there are too few members
}

const (
	segmentSize = 1 << 14
	blockSize   = 8
	rowWords    = segmentSize / blockSize / 64
	filterRows  = 1 << 12 // of about 380 threes in a block: one in a hundred is a false one
	unfiltered  = 1 << 10 // members of a segment without filters
)

// A part is what the index of parts has of one member.
type part struct {
	place
	text   []byte
	filter uint32
}

// A place is where a member stands in the list.
type place struct {
	at int64
	id access.MemberID
}

func placeOf(m *access.Member) place { return place{m.Invitation.At.UnixMicro(), m.ID} }

// key is the place as the end of a key of the list.
func (p place) key() string { return down(time.UnixMicro(p.at)) + string(p.id) }

func (p place) compare(o place) int {
	switch {
	case p.at > o.at:
		return -1
	case p.at < o.at:
		return 1
	}
	return strings.Compare(string(p.id), string(o.id))
}

// packed makes segments of parts that are in the order of the list.
func packed(parts []part) (all []*segment) {
	for some := range slices.Chunk(parts, segmentSize) {
		all = append(all, pack(some))
	}
	return all
}

func pack(parts []part) *segment {
	size := 0
	for i := range parts {
		size += len(parts[i].text)
	}
	s := &segment{
		text:    make([]byte, 0, size),
		starts:  make([]uint32, 0, len(parts)/blockSize+2),
		at:      make([]int64, 0, len(parts)),
		ids:     make([]byte, 0, len(parts)*idSize),
		filters: make([]uint32, 0, len(parts)),
	}
	for i := range parts {
		if i%blockSize == 0 {
			s.starts = append(s.starts, uint32(len(s.text)))
		}
		s.text = append(s.text, parts[i].text...)
		s.at = append(s.at, parts[i].at)
		s.ids = appendID(s.ids, parts[i].id)
		s.filters = append(s.filters, parts[i].filter)
	}
	s.starts = append(s.starts, uint32(len(s.text)))
	if len(parts) > unfiltered {
		s.filter()
	}
	return s
}

func (s *segment) filter() {
	s.rows = make([]uint64, filterRows*rowWords)
	for b := range len(s.starts) - 1 {
		block := s.text[s.starts[b]:s.starts[b+1]]
		for i := range len(block) - 1 {
			if i == 0 || !isPlain(block[i-1]) {
				s.note(b, ' ', block[i], block[i+1])
			}
			if i+2 < len(block) {
				s.note(b, block[i], block[i+1], block[i+2])
			}
		}
	}
}

// note adds three bytes to the filter of a block.
func (s *segment) note(block int, a, b, c byte) {
	for _, row := range rowsOf(a, b, c) {
		s.rows[row*rowWords+block/64] |= 1 << (block % 64)
	}
}

// rowsOf returns the rows of three bytes.
func rowsOf(a, b, c byte) [3]int {
	h := (uint64(a)<<16 | uint64(b)<<8 | uint64(c)) * 0x9E3779B97F4A7C15
	return [...]int{int(h >> 52), int(h >> 40 % filterRows), int(h >> 28 % filterRows)}
}

// rows returns the rows of all threes of bytes of what is sought.
func (s *sought) rows() (all []int) {
	note := func(a, b, c byte) {
		rows := rowsOf(a, b, c)
		all = append(all, rows[:]...)
	}
	for _, h := range s.heads {
		if len(h) > 1 {
			note(' ', h[0], h[1])
		}
	}
	for _, w := range s.words {
		for i := range max(0, len(w)-2) {
			note(w[i], w[i+1], w[i+2])
		}
	}
	return all
}

func (s *segment) len() int { return len(s.at) }

func (s *segment) place(i int) place {
	return place{s.at[i], idAt(s.ids[i*idSize:])}
}

func (s *segment) bytes() int {
	return cap(s.text) + 4*cap(s.starts) + 8*cap(s.at) + cap(s.ids) + 4*cap(s.filters) + 8*cap(s.rows)
}

// parts returns everything in the segment.
func (s *segment) parts() []part {
	all := make([]part, 0, s.len())
	rest := s.text
	for i := range s.len() {
		end := bytes.IndexByte(rest, entryEnd) + 1
		all = append(all, part{place: s.place(i), text: rest[:end:end], filter: s.filters[i]})
		rest = rest[end:]
	}
	return all
}

// find calls hit with each entry that has the first part that is sought, until hit returns
// false.
func (s *segment) find(first string, rows []int, hit func(i int, entry []byte) bool) bool {
	var mask [rowWords]uint64
	for i := range mask {
		mask[i] = ^uint64(0)
	}
	if s.rows != nil {
		for _, r := range rows {
			for i := range mask {
				mask[i] &= s.rows[r*rowWords+i]
			}
		}
	}
	blocks, lead := len(s.starts)-1, needleOf(first)
	for w, m := range mask {
		for ; m != 0; m &= m - 1 {
			b := w*64 + bits.TrailingZeros64(m)
			if b >= blocks {
				return true
			}
			if !s.findIn(b, lead, hit) {
				return false
			}
		}
	}
	return true
}

func (s *segment) findIn(b int, lead needle, hit func(i int, entry []byte) bool) bool {
	block, n := s.text[s.starts[b]:s.starts[b+1]], b*blockSize
	for {
		i := lead.in(block)
		if i < 0 {
			return true
		}
		begin := bytes.LastIndexByte(block[:i], entryEnd) + 1
		end := i + bytes.IndexByte(block[i:], entryEnd) + 1
		n += bytes.Count(block[:begin], []byte{entryEnd})
		if !hit(n, block[begin:end]) {
			return false
		}
		n++
		block = block[end:]
	}
}

// A needle is looked for by its rarest byte: bytes.Index looks for the first, which in a name
// is often a vowel, and then takes several times as long.
type needle struct {
	part []byte
	rare int // where that byte is
}

// mostCommon has the bytes of names and addresses, the most common first.
const mostCommon = "eaoinr.lstmcdu1023456789hgpbfkvyw zjxq"

func needleOf(part string) needle {
	n, rarest := needle{part: []byte(part)}, -1
	for i := range len(part) {
		at := strings.IndexByte(mostCommon, part[i])
		if at < 0 {
			at = len(mostCommon)
		}
		if at > rarest {
			n.rare, rarest = i, at
		}
	}
	return n
}

// in returns where the part first is, or -1.
func (n needle) in(text []byte) int {
	for from := n.rare; from < len(text); from++ {
		i := bytes.IndexByte(text[from:], n.part[n.rare])
		if i < 0 {
			return -1
		}
		if from += i; bytes.HasPrefix(text[from-n.rare:], n.part) {
			return from - n.rare
		}
	}
	return -1
}

// idSize is the size of an id whose 26 characters are packed, five bits each. An id of other
// characters does not belong to a member that this program made.
const idSize = (access.IDLength*5 + 7) / 8

var idValues = func() (v [256]byte) {
	for i := range v {
		v[i] = 0xff
	}
	for i := range access.IDAlphabet {
		v[access.IDAlphabet[i]] = byte(i)
	}
	return v
}()

// packs reports whether an id can be packed.
func packs(id access.MemberID) bool { return access.IsID(string(id)) }

func appendID(b []byte, id access.MemberID) []byte {
	acc, n := uint32(0), 0
	for i := range len(id) {
		acc, n = acc<<5|uint32(idValues[id[i]]), n+5
		for ; n >= 8; n -= 8 {
			b = append(b, byte(acc>>(n-8)))
		}
	}
	return append(b, byte(acc<<(8-n)))
}

func idAt(b []byte) access.MemberID {
	var id [access.IDLength]byte
	acc, n, next := uint32(0), 0, 0
	for i := range id {
		if n < 5 {
			acc, n = acc<<8|uint32(b[next]), n+8
			next++
		}
		id[i] = access.IDAlphabet[acc>>(n-5)&31]
		n -= 5
	}
	return access.MemberID(id[:])
}
