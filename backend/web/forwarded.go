package web

import (
	"net"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"doorward/backend/access"
)

// maxHops is how many trusted proxies a request may have passed through.
const maxHops = 32

var errForwarded = access.Errorf(access.Invalid,
	"The proxy in front of this server sent an X-Forwarded-For header that cannot be read. Its "+
		"entries must be IP addresses, with or without a port.").
	WithCode("bad_forwarded")

// clientAddr returns the address that a request comes from: the peer's or, where
// the peer is a trusted proxy, the nearest entry of X-Forwarded-For that is not
// one. A proxy may append to the existing line or add its own below it, so all
// lines count, in order, and are read from the right; whatever is left of the
// client's entry was written by the client, and is ignored. An entry that cannot
// be parsed is an error: to fall back to the proxy's address would give everybody
// behind it one shared limit.
//
// Forwarded (RFC 7239), X-Real-IP and all others are never read: a header that
// the proxy does not set can be set by a stranger.
func clientAddr(peer netip.Addr, lines []string, trusted func(netip.Addr) bool) (netip.Addr, error) {
	if peer = peer.Unmap(); !trusted(peer) {
		return peer, nil
	}
	chain, hops := strings.Join(lines, ","), 0
	for at := peer; ; hops++ {
		if strings.TrimSpace(chain) == "" {
			return at, nil
		}
		if hops == maxHops {
			return netip.Addr{}, errForwarded
		}
		cut := strings.LastIndexByte(chain, ',')
		hop, err := readHop(chain[cut+1:])
		if err != nil {
			return netip.Addr{}, err
		}
		if at = hop; !trusted(at) {
			return at, nil
		}
		chain = chain[:max(cut, 0)]
	}
}

// readHop parses one entry: 192.0.2.1, 192.0.2.1:55, 2001:db8::1, [2001:db8::1]
// or [2001:db8::1]:55. An address with a zone is refused: it means something on
// one machine only.
func readHop(s string) (netip.Addr, error) {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(s)
	if inner, ok := strings.CutPrefix(s, "["); ok && err != nil {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			a, err = netip.ParseAddr(inner)
			ok = err == nil && a.Is6()
		}
		if !ok {
			a, err = portless(s)
		}
	} else if err != nil {
		a, err = portless(s)
	}
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, errForwarded
	}
	return a.Unmap(), nil
}

func portless(s string) (netip.Addr, error) {
	ap, err := netip.ParseAddrPort(s)
	return ap.Addr(), err
}

// forwarded returns the lines of X-Forwarded-For.
func forwarded(h *fasthttp.RequestHeader) (lines []string) {
	for _, l := range h.PeekAll(fiber.HeaderXForwardedFor) {
		lines = append(lines, string(l))
	}
	return lines
}

// sources determine where requests come from: the peer, or the address that a
// trusted proxy reports.
type sources struct{ proxies []netip.Prefix }

// check refuses a request whose proxy does not report a readable address.
func (s *sources) check(c *fiber.Ctx) error {
	if len(s.proxies) == 0 || c.Locals(visitorKey) != nil {
		return nil
	}
	_, err := clientAddr(peerOf(c), forwarded(&c.Request().Header), s.trusts)
	return err
}

// from is the address the request comes from, for limits, sessions and the audit
// log alike. outer has refused requests without a readable one. Where another machine of the
// cluster has forwarded the request, it is what that one says.
func (s *sources) from(c *fiber.Ctx) netip.Addr {
	if visitor, ok := c.Locals(visitorKey).(netip.Addr); ok {
		return visitor
	}
	peer := peerOf(c)
	if !s.trusts(peer) {
		return peer
	}
	a, err := clientAddr(peer, forwarded(&c.Request().Header), s.trusts)
	if err != nil {
		return peer
	}
	return a
}

// ofConn is from for a request whose head alone has arrived.
func (s *sources) ofConn(c net.Conn, h *fasthttp.RequestHeader) (netip.Addr, error) {
	tcp, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, errForwarded
	}
	return clientAddr(tcp.AddrPort().Addr(), forwarded(h), s.trusts)
}

func peerOf(c *fiber.Ctx) netip.Addr {
	peer, _ := netip.AddrFromSlice(c.Context().RemoteIP())
	return peer.Unmap()
}

func (s *sources) trusts(a netip.Addr) bool {
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
