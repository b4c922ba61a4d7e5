package cluster

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"doorward/backend/access"
)

// An answer is what a machine that asked to join is told: that it is a member, or why not.
type answer struct {
	Refusal *refusal `json:"refusal,omitempty"`

	Certificate []byte   `json:"certificate,omitempty"`
	Node        NodeID   `json:"node,omitempty"`
	Members     []Member `json:"members,omitempty"`
	Bundle      []byte   `json:"bundle,omitempty"`
}

// A refusal is an access.Error on its way.
type refusal struct {
	Kind    access.Kind `json:"kind"`
	Code    string      `json:"code"`
	Field   string      `json:"field,omitempty"`
	Message string      `json:"message"`
	Leader  string      `json:"leader,omitempty"` // another machine must be asked, at this address
}

func refusalOf(err error) *refusal {
	e := access.Explain(err)
	leader, _ := leaderIn(err)
	return &refusal{Kind: e.Kind, Code: e.Code, Field: e.Field, Message: e.Message, Leader: leader}
}

// kinds are those of refusals by another machine. Its own faults are internal to it, and
// mean here that it cannot answer.
var kinds = []access.Kind{access.Invalid, access.Forbidden, access.NotFound, access.Conflict, access.Expired,
	access.TooMany, access.Unavailable}

// err is the refusal as an error of this machine. The other one has shown that it is of the
// cluster, but what it says is shown in a terminal all the same.
func (r *refusal) err() error {
	if r.Leader != "" {
		return Elsewhere(r.Leader)
	}
	if !slices.Contains(kinds, r.Kind) || r.Message == "" {
		return access.Errorf(access.Unavailable,
			"The cluster could not answer. Check the log of the machine that was asked, then try again.").
			WithCode("join_failed")
	}
	return access.Errorf(r.Kind, "%s", access.Shorten(r.Message, maxTold)).On(access.Shorten(r.Field, 60)).
		WithCode(access.Shorten(r.Code, 60))
}

// A message is its length, in four bytes, and then JSON.
const headSize = 4

func writeMessage(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b := binary.BigEndian.AppendUint32(make([]byte, 0, headSize+len(text)), uint32(len(text)))
	_, err = w.Write(append(b, text...))
	return err
}

// errTooLong is that a message is longer than it may be. Nothing of it was read.
var errTooLong = errors.New("the message is too long")

// readMessage reads the text of a message. What is announced is not reserved: memory grows
// with what arrives.
func readMessage(r io.Reader, limit int) ([]byte, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.BigEndian.Uint32(head[:]))
	if n > int64(limit) {
		return nil, fmt.Errorf("%w: %d bytes", errTooLong, n)
	}
	text, err := io.ReadAll(io.LimitReader(r, n))
	if err == nil && int64(len(text)) < n {
		err = io.ErrUnexpectedEOF
	}
	return text, err
}

// decodeStrictly reads one JSON value that has no other fields than v and nothing behind it.
func decodeStrictly(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}
