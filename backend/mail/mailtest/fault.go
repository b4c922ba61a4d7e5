package mailtest

import "strings"

// A Moment is a point in the conversation at which a fault can happen.
type Moment string

const (
	Banner    Moment = "banner"    // when a client has connected
	EHLO      Moment = "EHLO"      //
	HELO      Moment = "HELO"      //
	StartTLS  Moment = "STARTTLS"  // at the command STARTTLS
	Handshake Moment = "handshake" // during the TLS handshake
	Auth      Moment = "AUTH"      //
	Mail      Moment = "MAIL"      //
	Rcpt      Moment = "RCPT"      //
	Data      Moment = "DATA"      // when the client asks to send the message
	Content   Moment = "content"   // while the message is sent
	EndOfData Moment = "."         // when all of it was sent
	Rset      Moment = "RSET"      //
	Quit      Moment = "QUIT"      //
)

// A Fault is what a Server does instead of the correct thing.
type Fault struct {
	At     Moment
	For    string // only if the recipient contains this; only from RCPT on
	Times  int    // how often; 0: until the script is replaced
	Accept bool   // at EndOfData: accept the email first

	Reply string // send this answer; after a 421 the connection is closed
	Drop  bool   // close the connection
	Hang  bool   // send nothing until the client gives up

	Until <-chan struct{} // wait until this is closed, then continue correctly
}

// Script replaces the faults from the next command on. The first fault that matches is
// used. Script() ends all faults.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append([]Fault(nil), faults...)
	s.spent = make([]int, len(faults))
}

// Hide removes extensions, such as STARTTLS or AUTH, from what the Server offers from the
// next EHLO on. Hide() shows all.
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

// fault returns the fault that applies now, if any. It returns when the fault's wait is
// over.
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
