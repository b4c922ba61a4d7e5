package cluster

import (
	"slices"
	"strings"
	"testing"

	"doorward/backend/access"
)

// An attacker who reaches the port sends any bytes as a request to join. They are refused with
// a sentence, or are a request in which nothing is longer, or of another form, than it may be.
func FuzzJoinRequest(f *testing.F) {
	a, err := NewAuthority(noon)
	must(f, err)
	d, err := newDraft(f.TempDir(), a.Cluster(), "door-1", "192.0.2.1:8443")
	must(f, err)
	csr, err := d.request()
	must(f, err)
	var good strings.Builder
	must(f, writeMessage(&good, JoinRequest{Secret: access.NewSecret(), CSR: csr, Name: "door-1",
		Address: "192.0.2.1:8443", Version: "1.0.0", Schema: 7, Clock: noon}))
	for _, s := range []string{"", "\x00\x00\x00\x02{}", "\xff\xff\xff\xff", "\x00\x00\x00\x04null", good.String(),
		good.String()[:200], "\x00\x00\x00\x0b{\"CSR\":\"AA\"}"} {
		f.Add([]byte(s))
	}
	joins := &Joins{Authority: having(a)}
	f.Fuzz(func(t *testing.T, sent []byte) {
		text, err := readMessage(strings.NewReader(string(sent)), maxRequest)
		if err != nil {
			return
		}
		r, req, err := parseJoin(text)
		if err != nil {
			if e := access.Explain(err); e.Kind != access.Invalid || len(e.Message) > 300 {
				t.Errorf("%q is refused with %v", text, err)
			}
			return
		}
		if len(r.Name) > maxName || len(r.Address) > maxAddress || len(r.Version) > maxVersion ||
			len(r.Setup) > MaxSetup || !access.IsID(string(req.node)) || req.hash.IsZero() ||
			strings.ContainsAny(r.Name+r.Address+r.Version, "\n\r\x1b") {
			t.Errorf("it is read as %+v, %+v", r, req)
		}
		err = joins.admit(r, req, &Admission{Schema: 7}, noon)
		if err == nil || err.Error() != tokenUnknown().Error() {
			t.Errorf("without a token it is answered with %v", err)
		}
		kept := Token{Secret: r.Secret}.Keep(noon)
		admission := Admission{Token: &kept, Schema: 7}
		if err := joins.admit(r, req, &admission, noon); err == nil && (admission.Joined.ID != req.node ||
			kept.UsedBy != req.hash || r.Schema < 7) {
			t.Errorf("%+v is admitted as %+v", r, admission.Joined)
		}
		if cert, err := a.Issue(req, noon); err != nil || cert.IsCA || len(cert.DNSNames) != 2 {
			t.Errorf("its certificate is %+v, %v", cert, err)
		}
	})
}

// Any text is given as a join token. It is refused with a sentence that does not repeat it, or
// is read as a token that is written as exactly that text.
func FuzzJoinToken(f *testing.F) {
	a, err := NewAuthority(noon)
	must(f, err)
	good := NewToken(a).Reveal()
	for _, s := range []string{"", TokenPrefix, good, " " + good + "\n", good[:100], strings.ToUpper(good), good + good,
		tokenOf([]byte{2}), tokenOf(nil), TokenPrefix + "\n", TokenPrefix + strings.Repeat("a", 136)} {
		f.Add(s)
	}
	var refusals []string
	for _, s := range []string{"", TokenPrefix, tokenOf([]byte{tokenVersion + 1})} {
		_, err := ParseToken(s)
		refusals = append(refusals, err.Error())
	}
	f.Fuzz(func(t *testing.T, s string) {
		token, err := ParseToken(s)
		if err == nil {
			if token.Reveal() != strings.TrimSpace(s) || !access.IsID(string(token.Cluster)) ||
				len(token.Secret.Reveal()) != access.SecretLength {
				t.Errorf("%q is read as %s", s, token.Reveal())
			}
			return
		}
		if token != (Token{}) || !slices.Contains(refusals, err.Error()) {
			t.Errorf("%q is refused with %v", s, err)
		}
	})
}
