package media

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Reach says where this node hears what is sent to an address that it offers in its candidates; false for every other address.
func (n *Node) Reach(offered netip.Addr) (netip.AddrPort, bool) {
	bound := n.Addr().(*net.UDPAddr).AddrPort()
	return reach(offered.Unmap(), netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port()), n.cfg.PublicIPs, localAddresses)
}

func reach(offered netip.Addr, bound netip.AddrPort, publicIPs []string, local func() []netip.Addr) (netip.AddrPort, bool) {
	own := func() []netip.Addr {
		if !bound.Addr().IsUnspecified() {
			return []netip.Addr{bound.Addr()}
		}
		return local()
	}
	for _, entry := range publicIPs {
		public, inside, pair := strings.Cut(entry, "/")
		p, err := netip.ParseAddr(public)
		if err != nil || p != offered {
			continue
		}
		if pair {
			l, err := netip.ParseAddr(inside)
			return netip.AddrPortFrom(l, bound.Port()), err == nil
		}
		for _, a := range own() {
			if a.Is4() == offered.Is4() {
				return netip.AddrPortFrom(a, bound.Port()), true
			}
		}
		return netip.AddrPort{}, false
	}
	if len(publicIPs) > 0 || !slices.Contains(own(), offered) {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(offered, bound.Port()), true
}

// localAddresses are those of this machine's interfaces.
func localAddresses() []netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var list []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			list = append(list, p.Addr().Unmap())
		}
	}
	return list
}
