package proctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/media/relay"
)

// mediaTCP is the address for media over TCP; empty: none.
func (c Config) mediaTCP() string {
	switch c.MediaTCP {
	case "off":
		return ""
	case "":
		return c.MediaUDP
	}
	return c.MediaTCP
}

// openRelay opens the TURN server that is configured, and says where browsers find that one and others.
func (s *Service) openRelay(cfg Config) (relay.Door, error) {
	secret, err := turnSecret(cfg)
	if err != nil {
		return relay.Door{}, err
	}
	door := relay.Door{Secret: secret}
	if cfg.TURNListen != "" {
		public, err := turnPublic(cfg)
		if err != nil {
			return door, err
		}
		if s.relay, err = relay.Open(relay.Config{
			Logger: s.logger, Listen: cfg.TURNListen, Public: public, Realm: cfg.TURNRealm, Secret: secret, Node: s.media.Reach,
		}); err != nil {
			return door, err
		}
		door.URLs = s.relay.URLs()
	}
	door.URLs = append(door.URLs, cfg.TURNURLs...)
	return door, nil
}

func (s *Service) closeRelay() {
	if s.relay == nil {
		return
	}
	if err := s.relay.Close(); err != nil {
		s.logger.Error("the TURN server did not close", "error", err)
	}
	s.relay = nil
}

// leastTURNSecret is what keeps credentials from being guessed.
const leastTURNSecret = 16

func turnSecret(cfg Config) (relay.Secret, error) {
	if cfg.TURNSecretFile == "" {
		if len(cfg.TURNURLs) > 0 {
			return nil, errors.New("OCHNO_TURN_URLS needs OCHNO_TURN_SECRET_FILE")
		}
		return relay.NewSecret(), nil
	}
	value, err := secret(cfg.TURNSecretFile)
	if err == nil && len(value) < leastTURNSecret {
		err = fmt.Errorf("want %d characters at least", leastTURNSecret)
	}
	if err != nil {
		return nil, fmt.Errorf("the secret of TURN: %w", err)
	}
	return relay.Secret(value), nil
}

// turnPublic is the address by which browsers reach our TURN server.
func turnPublic(cfg Config) (netip.Addr, error) {
	host, _, err := net.SplitHostPort(cfg.TURNListen)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("OCHNO_TURN_LISTEN: %w", err)
	}
	candidates := []string{cfg.TURNPublicIP, host}
	if len(cfg.MediaPublicIPs) > 0 {
		public, _, _ := strings.Cut(cfg.MediaPublicIPs[0], "/")
		candidates = append(candidates, public)
	}
	for _, text := range append(candidates, cfg.PublicURL.Hostname()) {
		ip, err := netip.ParseAddr(text)
		if err == nil && !ip.IsUnspecified() {
			return ip, nil
		}
		if text == cfg.TURNPublicIP && text != "" {
			return netip.Addr{}, errors.New("OCHNO_TURN_PUBLIC_IP: want an address")
		}
	}
	return netip.Addr{}, errors.New("OCHNO_TURN_PUBLIC_IP is not set: the address by which browsers reach the TURN server")
}

// turnPatience is for one TURN server to answer.
const turnPatience = 5 * time.Second

// turn checks the port of our own TURN server, and others as a browser uses them: it takes an allocation of each and gives it back.
func (d *doctor) turn() (string, error) {
	if d.cfg.TURNListen == "" && len(d.cfg.TURNURLs) == 0 {
		return "none: students whose networks let neither UDP nor the TCP port out cannot take part", nil
	}
	secret, err := turnSecret(d.cfg)
	if err != nil {
		return "", err
	}
	var said []string
	if d.cfg.TURNListen != "" {
		public, err := turnPublic(d.cfg)
		if err != nil {
			return "", err
		}
		port, err := turnPort(d.cfg.TURNListen)
		if err != nil {
			if port, err = d.unlessServing(d.cfg.TURNListen, err); err != nil {
				return "", err
			}
		}
		said = append(said, port+", browsers are told "+public.String())
	}
	for _, server := range (relay.Door{URLs: d.cfg.TURNURLs, Secret: secret}).Servers(uuid.New()) {
		for _, url := range server.URLs {
			ctx, cancel := context.WithTimeout(d.ctx, turnPatience)
			err := relay.Check(ctx, url, server.Username, server.Credential)
			cancel()
			if err != nil {
				return "", fmt.Errorf("%s: %w", url, err)
			}
			said = append(said, url+" relays")
		}
	}
	return strings.Join(said, "; "), nil
}

func turnPort(address string) (string, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	defer l.Close()
	u, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		return "", err
	}
	return address + " is free", u.Close()
}
