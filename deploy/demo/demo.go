// Package demo starts the whole of Ochno on one machine for a newcomer or a test: the local stack, the stands, the service, and an exam that
// one can take.
//
// Everything is the real thing but for the stands. It is not for production. Start reading at Start.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/deploy/stack"
	"ochno/migrations"
	"ochno/proctor"
	"ochno/proctor/esia"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
)

// Options of a demonstration.
type Options struct {
	Dir       string // everything is kept here; made when absent
	Programs  string // where the programs esiamock and ebsmock are
	Minio     string // MinIO's server program
	Ephemeral bool   // speed instead of durability, for tests
	AnyPort   bool   // do not try the usual ports first
	Path      string // under which browsers find the service, such as /exams/ochno; empty: the root
	Frames    string // origins whose pages an exam may show within ours, as OCHNO_FRAMES takes them
	Cases     bool   // the ESIA stand has a test person for every case of signing in
	Progress  io.Writer
	Logger    *slog.Logger
}

// Demo is a running demonstration. Stop ends it.
type Demo struct {
	URL      string // of the service
	ESIA     string // of the ESIA stand
	EBS      string // of the EBS stand; its enrolment page is at its root
	EBSToken string
	Mail     string // the page of the mail stand
	Exam     string // the code of an exam that is open: its link is URL/e/Exam
	Config   proctor.Config
	Stack    *stack.Stack

	environment map[string]string // the service's
	smtp        string            // the mail stand's address for letters

	options Options
	served  chan struct{}
	err     error
	stop    context.CancelFunc
}

// The mnemonic of the demonstration's system at both stands, and the EBS stand's name.
const (
	system    = "OCHNO"
	ebsIssuer = "ebs-stand"
)

// Start starts everything and returns when the service answers. An error leaves nothing running.
func Start(ctx context.Context, o Options) (_ *Demo, err error) {
	d := &Demo{options: o, served: make(chan struct{})}
	d.Stack, err = stack.Start(ctx, stack.Config{Dir: o.Dir, Minio: o.Minio, Ephemeral: o.Ephemeral, Progress: o.Progress})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.Stack.Stop()
		}
	}()
	listener, err := d.listen(8080)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			listener.Close()
		}
	}()
	d.URL = "http://" + listener.Addr().String() + o.Path
	if err := d.startStands(ctx); err != nil {
		return nil, err
	}
	if err := d.configure(listener); err != nil {
		return nil, err
	}
	if err := d.prepare(ctx); err != nil {
		return nil, err
	}
	if err := d.Serve(ctx, listener); err != nil {
		return nil, err
	}
	return d, nil
}

// Serve opens the service and serves it in the background; Start does it once, a test may again after StopService.
func (d *Demo) Serve(ctx context.Context, listener net.Listener) error {
	began := time.Now()
	service, err := proctor.Open(ctx, d.Config, d.options.Logger)
	if err != nil {
		return err
	}
	d.say("%-22s ready in %.1f s", "Ochno", time.Since(began).Seconds())
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop, d.served = stop, make(chan struct{})
	go func() {
		defer close(d.served)
		d.err = service.Serve(life, listener)
	}()
	return nil
}

// Wait returns when ctx ends, or with an error when the service or a part of the stack ended by itself.
func (d *Demo) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-d.served:
		return fmt.Errorf("the service ended: %w", d.err)
	case <-d.Stack.Failed():
		return d.Stack.Err()
	}
}

// StopService ends the service and leaves the stack and the stands running.
func (d *Demo) StopService() error {
	d.stop()
	<-d.served
	return d.err
}

// Stop ends everything, in the reverse order of the start.
func (d *Demo) Stop() error {
	err := d.StopService()
	d.Stack.Stop()
	return err
}

func (d *Demo) listen(preferred int) (net.Listener, error) {
	if d.options.AnyPort {
		preferred = 0
	}
	return stack.Listen(preferred)
}

// startStands starts ESIA's, EBS's and the mail server's.
func (d *Demo) startStands(ctx context.Context) error {
	secrets := filepath.Join(d.Stack.Dir(), "secrets")
	keys, err := esia.NewOpenSSL(esia.OpenSSLConfig{}).GenerateStandKeys(ctx, secrets, system)
	if err != nil {
		return err
	}
	esiaSocket, err := d.listen(8081)
	if err != nil {
		return err
	}
	defer esiaSocket.Close()
	ebsSocket, err := d.listen(8082)
	if err != nil {
		return err
	}
	defer ebsSocket.Close()
	mailSocket, err := d.listen(8083)
	if err != nil {
		return err
	}
	defer mailSocket.Close()
	smtpSocket, err := d.listen(2525)
	if err != nil {
		return err
	}
	defer smtpSocket.Close()
	d.Mail, d.smtp = "http://"+mailSocket.Addr().String(), smtpSocket.Addr().String()
	d.ESIA, d.EBS = "http://"+esiaSocket.Addr().String(), "http://"+ebsSocket.Addr().String()
	if d.EBSToken, err = d.Stack.Secret("ebs-token"); err != nil {
		return err
	}
	args := []string{"--data", filepath.Join(d.Stack.Dir(), "esia"), "--public-url", d.ESIA, "--client", system + "=" + keys.CertificateFile + "," + d.URL + "/"}
	if d.options.Cases {
		args = append(args, "--cases")
	}
	if err := d.Stack.Stand(ctx, "ESIA stand", filepath.Join(d.options.Programs, "esiamock"), esiaSocket, nil, args...); err != nil {
		return err
	}
	if err := d.Stack.StandWith(ctx, "mail stand", filepath.Join(d.options.Programs, "mailmock"), mailSocket, []net.Listener{smtpSocket}, nil, "--smtp", "fd:4"); err != nil {
		return err
	}
	args = []string{"--data", filepath.Join(d.Stack.Dir(), "ebs"), "--public-url", d.EBS, "--system", system, "--issuer", ebsIssuer}
	for _, p := range students() {
		args = append(args, "--person", p.OID+"="+p.LastName+" "+p.FirstName)
	}
	return d.Stack.Stand(ctx, "EBS stand", filepath.Join(d.options.Programs, "ebsmock"), ebsSocket, []string{"EBSMOCK_TOKEN=" + d.EBSToken}, args...)
}

// configure says to the service what an operator would say in its environment.
func (d *Demo) configure(listener net.Listener) error {
	secrets := filepath.Join(d.Stack.Dir(), "secrets")
	media := "127.0.0.1:7000"
	if d.options.AnyPort || !portFree(media) {
		media = "127.0.0.1:0"
	}
	turn := "127.0.0.1:3478"
	if d.options.AnyPort || !portFree(turn) {
		turn = "127.0.0.1:0"
	}
	d.environment = map[string]string{
		"OCHNO_FRAMES": d.options.Frames,
		"OCHNO_LISTEN": listener.Addr().String(), "OCHNO_PUBLIC_URL": d.URL, "OCHNO_DATABASE": d.Stack.Postgres.URL("ochno"),
		"OCHNO_MINIO_ENDPOINT": d.Stack.Minio.Endpoint, "OCHNO_MINIO_ACCESS_KEY": d.Stack.Minio.AccessKey,
		"OCHNO_MINIO_SECRET_KEY_FILE": filepath.Join(secrets, "minio"), "OCHNO_MINIO_TLS": "false",
		"OCHNO_MASTER_KEY_FILE": filepath.Join(secrets, "master.key"), "OCHNO_LOG_KEY_FILE": filepath.Join(secrets, "log.key"),
		"OCHNO_SPOOL": filepath.Join(d.Stack.Dir(), "spool"), "OCHNO_SPOOL_RESERVE_GIB": "1", "OCHNO_MEDIA_UDP": media, "OCHNO_TURN_LISTEN": turn,
		"OCHNO_ESIA_URL": d.ESIA, "OCHNO_ESIA_CLIENT_ID": system, "OCHNO_ESIA_KEY_FILE": filepath.Join(secrets, "esia-client.key"),
		"OCHNO_ESIA_CERTIFICATE_FILE": filepath.Join(secrets, "esia-client.crt"), "OCHNO_ESIA_TOKEN_CERTIFICATES": filepath.Join(d.Stack.Dir(), "esia", "esia.crt"),
		"OCHNO_ESIA_SCOPES": "openid,fullname,birthdate,snils,id_doc,usr_org",
		"OCHNO_EBS_URL":     d.EBS, "OCHNO_EBS_SYSTEM": system, "OCHNO_EBS_TOKEN_FILE": filepath.Join(secrets, "ebs-token"), "OCHNO_EBS_ISSUER": ebsIssuer,
		"OCHNO_EBS_KEYS_URL": d.EBS + "/keys", "OCHNO_EBS_STAND": "true", "OCHNO_EBS_PAGE": "web",
		"OCHNO_SMTP_ADDRESS": d.smtp, "OCHNO_SMTP_FROM": "Очно <noreply@demo.example>", "OCHNO_SMTP_SECURITY": "none",
	}
	var err error
	d.Config, err = proctor.ConfigFromEnv(func(name string) string { return d.environment[name] })
	return err
}

// Environment is the service's environment as a shell file, for the command line beside a running demonstration.
func (d *Demo) Environment() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(d.environment)) {
		fmt.Fprintf(&b, "%s='%s'\n", name, d.environment[name])
	}
	return b.String()
}

// prepare makes keys, migrates and seeds.
func (d *Demo) prepare(ctx context.Context) error {
	if err := errors.Join(keyring.Generate(d.Config.MasterKeyFile), ledger.GenerateKey(d.Config.LogKeyFile, "ochno-demo.local/log")); err != nil {
		return err
	}
	began := time.Now()
	pool, err := pgxpool.New(ctx, d.Config.Database)
	if err != nil {
		return err
	}
	applied, err := migrations.Up(ctx, pool)
	pool.Close()
	if err != nil {
		return err
	}
	d.say("%-22s %d applied in %.1f s", "migrations", applied, time.Since(began).Seconds())
	store, err := proctor.OpenStore(ctx, d.Config)
	if err != nil {
		return err
	}
	defer store.Pool.Close()
	d.Exam, err = seed(ctx, store, time.Now())
	return err
}

func (d *Demo) say(format string, args ...any) {
	if d.options.Progress != nil {
		fmt.Fprintf(d.options.Progress, "  "+format+"\n", args...)
	}
}

// portFree tells whether nobody listens there, neither by UDP nor by TCP.
func portFree(address string) bool {
	c, err := net.ListenPacket("udp", address)
	if err != nil {
		return false
	}
	defer c.Close()
	l, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// Programs finds the folder of the running program, where its companions are built.
func Programs() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the programs: %w", err)
	}
	return filepath.Dir(self), nil
}
