package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Security is how the connection to the mail server is protected.
type Security string

// The kinds of protection.
const (
	StartTLS Security = "starttls" // plain at first, then TLS; a server without it gets nothing
	TLS      Security = "tls"      // TLS from the first byte
	Plain    Security = "none"     // for a server on this machine only
)

// SMTPConfig says where letters are handed over.
type SMTPConfig struct {
	Address  string   // host:port
	From     string   // «Name <address>»
	Security Security // empty: StartTLS
	Username string   // empty: without signing in
	Password string
	Roots    *x509.CertPool   // who may have issued the server's certificate; nil: the system's
	Now      func() time.Time // nil: time.Now
}

// smtpTimeout bounds a connection and each step of the talk.
const smtpTimeout = 20 * time.Second

// SMTP is a Sender over SMTP.
type SMTP struct {
	config SMTPConfig
	host   string
	port   int
	from   *netmail.Address
}

// NewSMTP checks the configuration; it connects to nobody yet.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	s := &SMTP{config: c}
	host, port, err := net.SplitHostPort(c.Address)
	if err != nil || host == "" {
		return nil, errors.New("the mail server's address: want host:port")
	}
	s.host = host
	if s.port, err = strconv.Atoi(port); err != nil || s.port < 1 || s.port > 65535 {
		return nil, errors.New("the mail server's address: want a port of 1…65535")
	}
	if s.from, err = netmail.ParseAddress(c.From); err != nil {
		return nil, errors.New("the sender: want «Name <address>»")
	}
	switch c.Security {
	case "":
		s.config.Security = StartTLS
	case StartTLS, TLS, Plain:
	default:
		return nil, fmt.Errorf("the mail server's security: want %s, %s or %s", StartTLS, TLS, Plain)
	}
	if s.config.Security == Plain && c.Username != "" && !loopback(host) {
		return nil, errors.New("a password is not sent to another machine without TLS")
	}
	if s.config.Now == nil {
		s.config.Now = time.Now
	}
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip.IsLoopback()
}

// Check talks to the server as far as signing in, and sends nothing.
func (s *SMTP) Check(ctx context.Context) error {
	return s.connect(ctx, func(*gomail.Client) error { return nil })
}

// Send hands one letter over.
func (s *SMTP) Send(ctx context.Context, l Letter) error {
	m, err := s.message(l)
	if err != nil {
		return &Refused{Permanent: true}
	}
	return s.connect(ctx, func(c *gomail.Client) error {
		err := c.Send(m)
		var sending *gomail.SendError
		// The error's own text names the recipient.
		if errors.As(err, &sending) && sending.ErrorCode() >= 400 {
			return &Refused{Code: sending.ErrorCode(), Permanent: sending.ErrorCode() >= 500}
		}
		if err != nil {
			return &Refused{} // this letter's fault or not: others are not to wait behind it
		}
		return nil
	})
}

func (s *SMTP) message(l Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	m.FromMailAddress(s.from)
	if err := m.To(l.To); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(l.ID.String() + "@" + domain)
	m.SetDateWithValue(s.config.Now())
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	return m, nil
}

// connect opens a connection for one use; it ends with ctx, whatever the server does.
func (s *SMTP) connect(ctx context.Context, use func(*gomail.Client) error) error {
	var conn net.Conn
	stop := func() bool { return true }
	defer func() { stop() }()
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(smtpTimeout),
		gomail.WithDialContextFunc(func(dialling context.Context, network, address string) (net.Conn, error) {
			c, err := s.dial(dialling, network, address)
			if err == nil {
				conn, stop = c, context.AfterFunc(ctx, func() { c.Close() })
			}
			return c, err
		}),
	}
	policy := gomail.NoTLS
	if s.config.Security == StartTLS {
		policy = gomail.TLSMandatory
	}
	options = append(options, gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tls()))
	if s.config.Username != "" {
		options = append(options, gomail.WithUsername(s.config.Username), gomail.WithPassword(s.config.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return fmt.Errorf("the mail server: %w", err)
	}
	defer func() {
		if conn != nil {
			conn.Close() // also where the library gave up half-way
		}
	}()
	if err := client.DialWithContext(ctx); err != nil {
		return fmt.Errorf("the mail server: %w", err)
	}
	if err := use(client); err != nil {
		return err
	}
	_ = client.Close() // the letter is handed over; how the server takes its leave is its own affair
	return nil
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.config.Roots, MinVersion: tls.VersionTLS12}
}

func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.config.Security == TLS {
		return (&tls.Dialer{Config: s.tls()}).DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}
