package mailtest

import "strings"

// A Moment is a point of the conversation at which something can go wrong.
type Moment string

const (
	Banner    Moment = "banner"    // when a client has connected
	EHLO      Moment = "EHLO"      //
	HELO      Moment = "HELO"      //
	StartTLS  Moment = "STARTTLS"  // when it is asked for
	Handshake Moment = "handshake" // when the encryption is set up
	Auth      Moment = "AUTH"      //
	Mail      Moment = "MAIL"      //
	Rcpt      Moment = "RCPT"      //
	Data      Moment = "DATA"      // when leave is asked to send the words
	Content   Moment = "content"   // while the words are sent
	EndOfData Moment = "."         // when all of them were sent
	Rset      Moment = "RSET"      //
	Quit      Moment = "QUIT"      //
)

// A Fault is what a Server does in place of its duty.
type Fault struct {
	At     Moment
	For    string // only when the recipient contains this; only from RCPT on
	Times  int    // how often; 0: until the script changes
	Accept bool   // at EndOfData: take the email in first

	Reply string // answer this; after a 421 the connection is closed
	Drop  bool   // close the connection
	Hang  bool   // answer nothing until the client gives up

	Until <-chan struct{} // wait until this is closed, and then do one's duty
}

// Script replaces what goes wrong, from the next command on. The first fault
// that fits is used. Script() ends all faults.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append([]Fault(nil), faults...)
	s.spent = make([]int, len(faults))
}

// Hide leaves extensions, such as STARTTLS or AUTH, out of what the Server
// offers from the next EHLO on. Hide() shows all.
func (s *Server) Hide(extensions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = append([]string(nil), extensions...)
}

func (s *Server) hides(extension string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hidden {
		if strings.EqualFold(h, extension) {
			return true
		}
	}
	return false
}

// fault is what goes wrong now, if anything does. It returns when what has to
// be waited for is over.
func (s *Server) fault(at Moment, recipient string) (Fault, bool) {
	f, ok := s.next(at, recipient)
	if !ok || f.Until == nil {
		return f, ok
	}
	select {
	case <-f.Until:
	case <-s.closed:
	}
	return Fault{}, false
}

func (s *Server) next(at Moment, recipient string) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.At == at && strings.Contains(recipient, f.For) && (f.Times == 0 || s.spent[i] < f.Times) {
			s.spent[i]++
			return f, true
		}
	}
	return Fault{}, false
}
