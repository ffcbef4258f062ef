package media

import (
	"net/netip"
	"testing"
)

func TestReach(t *testing.T) {
	local := func() []netip.Addr {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("fd00::5")}
	}
	for _, c := range []struct {
		what, bound string
		public      []string
		offered     string
		want        string // empty: refused
	}{
		{"the one address", "10.0.0.5:7000", nil, "10.0.0.5", "10.0.0.5:7000"},
		{"another address of the machine", "10.0.0.5:7000", nil, "127.0.0.1", ""},
		{"any local address", "0.0.0.0:7000", nil, "127.0.0.1", "127.0.0.1:7000"},
		{"IPv6", "[::]:7000", nil, "fd00::5", "[fd00::5]:7000"},
		{"an address of the network", "0.0.0.0:7000", nil, "10.0.0.6", ""},
		{"the unspecified one", "0.0.0.0:7000", nil, "0.0.0.0", ""},
		{"public", "0.0.0.0:7000", []string{"203.0.113.9"}, "203.0.113.9", "127.0.0.1:7000"},
		{"public, bound", "10.0.0.5:7000", []string{"203.0.113.9"}, "203.0.113.9", "10.0.0.5:7000"},
		{"public, paired", "0.0.0.0:7000", []string{"203.0.113.9/10.0.0.5"}, "203.0.113.9", "10.0.0.5:7000"},
		{"local, but the public one is offered", "0.0.0.0:7000", []string{"203.0.113.9"}, "10.0.0.5", ""},
		{"public of the other family", "10.0.0.5:7000", []string{"2001:db8::9"}, "2001:db8::9", ""},
	} {
		got, ok := reach(netip.MustParseAddr(c.offered), netip.MustParseAddrPort(c.bound), c.public, local)
		if ok != (c.want != "") || ok && got.String() != c.want {
			t.Errorf("%s: %v, %v; want %q", c.what, got, ok, c.want)
		}
	}
}
