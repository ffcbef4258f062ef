package api

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress is who asks: the peer, or behind trusted proxies the last address in X-Forwarded-For that is none of them. An IPv6 host is
// counted by its /64, which is one subscriber's.
func (s *Server) clientAddress(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := peer.Addr().Unmap()
	if s.trusted(address) {
		chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(chain) {
			at, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				break
			}
			if address = at.Unmap(); !s.trusted(address) {
				break
			}
		}
	}
	if address.Is6() {
		if net, err := address.Prefix(64); err == nil {
			return net.String()
		}
	}
	return address.String()
}

type addressKey struct{}

// addressed tells every handler who asks. Of a request that another node sent that is known already.
func (s *Server) addressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if addressOf(r.Context()) != "" {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), addressKey{}, s.clientAddress(r))))
	})
}

// addressOf is the address of who asks.
func addressOf(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}

func (s *Server) trusted(address netip.Addr) bool {
	return slices.ContainsFunc(s.Sessions.Proxies, func(p netip.Prefix) bool { return p.Contains(address) })
}
