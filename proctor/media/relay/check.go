package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/pion/stun"
	"github.com/pion/turn/v2"

	"ochno/proctor/media"
)

// Check takes an allocation of a TURN server, as a browser does, and gives it back.
func Check(ctx context.Context, url, username, password string) error {
	uri, err := stun.ParseURI(url)
	if err != nil {
		return err
	}
	if uri.Scheme != stun.SchemeTypeTURN && uri.Scheme != stun.SchemeTypeTURNS {
		return errors.New("not a turn: or turns: address")
	}
	address := net.JoinHostPort(uri.Host, fmt.Sprint(uri.Port))
	conn, err := dial(ctx, uri, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: address, TURNServerAddr: address, Conn: conn, Username: username, Password: password, LoggerFactory: media.PionLogs(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Listen(); err != nil {
		return err
	}
	relayed, err := client.Allocate()
	if err != nil {
		return errors.Join(err, ctx.Err())
	}
	return relayed.Close()
}

func dial(ctx context.Context, uri *stun.URI, address string) (net.PacketConn, error) {
	if uri.Proto == stun.ProtoTypeUDP && uri.Scheme == stun.SchemeTypeTURN {
		return net.ListenPacket("udp", ":0")
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if uri.Scheme == stun.SchemeTypeTURNS {
		secured := tls.Client(conn, &tls.Config{ServerName: uri.Host, MinVersion: tls.VersionTLS12})
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = secured
	}
	return turn.NewSTUNConn(conn), nil
}
