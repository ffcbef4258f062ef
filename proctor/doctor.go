package proctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/migrations"
	"ochno/proctor/archive"
	"ochno/proctor/esia"
	"ochno/proctor/keyring"
	"ochno/proctor/ledger"
	"ochno/proctor/vision"
	"ochno/web"
)

// Finding is what one check of the doctor found.
type Finding struct {
	Check string
	OK    bool
	Said  string // what was found, or what is wrong
	Mend  string // how to mend it; empty when OK
}

// Doctor checks everything the service needs, one thing after the other, the sign-in last, and says how to mend what fails. It changes nothing.
func Doctor(ctx context.Context, cfg Config) []Finding {
	d := &doctor{ctx: ctx, cfg: cfg}
	for _, c := range []struct {
		name, mend string
		check      func() (string, error)
	}{
		{"master key", "run `ochno keys`, or restore the file from its backup; what was stored cannot be read without it", d.masterKey},
		{"log key", "run `ochno keys`, or restore the file from its backup", d.logKey},
		{"application", "run `make build`: the program was compiled before the application", d.application},
		{"PostgreSQL", "check OCHNO_DATABASE, that the server runs, and that the user may connect", d.postgres},
		{"migrations", "run `ochno migrate`", d.migrations},
		{"MinIO", "check OCHNO_MINIO_ENDPOINT, OCHNO_MINIO_TLS and the keys; the user needs read and write on the bucket", d.minio},
		{"spool", "make the folder, give it to the service's user, and free some space", d.spool},
		{"GOST", "apt-get install libengine-gost-openssl, or point OCHNO_OPENSSL at a certified program", d.gost},
		{"verifier", "check the OCHNO_EBS_… settings and the firewall", d.verifier},
		{"mail", "check the OCHNO_SMTP_… settings and the firewall; a server without STARTTLS needs OCHNO_SMTP_SECURITY", d.mail},
		{"face cascade", "apt-get install opencv-data, or set OCHNO_FACE_CASCADE and OCHNO_EYE_CASCADE", d.cascade},
		{"face models", "point OCHNO_FACE_MODEL and OCHNO_QUALITY_MODEL at ONNX files of the layouts the README names, or leave them away", d.models},
		{"HTTP port", "stop what holds the port, or change OCHNO_LISTEN", d.httpPort},
		{"media port", "stop what holds the port, or change OCHNO_MEDIA_UDP and OCHNO_MEDIA_TCP", d.mediaPort},
		{"TURN", "check the OCHNO_TURN_… settings, the firewall, and that coturn's static-auth-secret is the same", d.turn},
	} {
		said, err := c.check()
		f := Finding{Check: c.name, OK: err == nil, Said: said}
		if err != nil {
			f.Said, f.Mend = err.Error(), c.mend
		}
		d.found = append(d.found, f)
	}
	return append(d.found, CheckSignIn(ctx, cfg)...)
}

type doctor struct {
	ctx   context.Context // of one call of Doctor
	cfg   Config
	found []Finding
}

func (d *doctor) masterKey() (string, error) {
	ring, err := keyring.Load(d.ctx, d.cfg.masterKey())
	if err != nil {
		return "", err
	}
	said := "key " + ring.ID()
	if others := ring.IDs()[1:]; len(others) > 0 {
		said += ", others to open with: " + strings.Join(others, ", ")
	}
	return said, nil
}

func (d *doctor) logKey() (string, error) {
	key, err := ledger.OpenKey(d.cfg.LogKeyFile)
	return key.Public, err
}

func (d *doctor) application() (string, error) {
	if !web.Built() {
		return "", errors.New("the web application is not in this program")
	}
	return "built in", nil
}

func (d *doctor) postgres() (string, error) {
	return d.database(func(ctx context.Context, pool *pgxpool.Pool) (string, error) {
		var version string
		err := pool.QueryRow(ctx, `show server_version`).Scan(&version)
		return "PostgreSQL " + version, err
	})
}

func (d *doctor) migrations() (string, error) {
	return d.database(func(ctx context.Context, pool *pgxpool.Pool) (string, error) {
		s, err := migrations.Check(ctx, pool)
		if err == nil && s.Current != s.Latest {
			err = fmt.Errorf("at %d of %d", s.Current, s.Latest)
		}
		return fmt.Sprintf("at %d", s.Current), err
	})
}

func (d *doctor) database(ask func(context.Context, *pgxpool.Pool) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(d.ctx, 5*time.Second)
	defer cancel()
	pool, err := pgxpool.New(ctx, d.cfg.Database)
	if err != nil {
		return "", err
	}
	defer pool.Close()
	return ask(ctx, pool)
}

func (d *doctor) minio() (string, error) {
	ctx, cancel := context.WithTimeout(d.ctx, 10*time.Second)
	defer cancel()
	where, err := archiveConfig(d.cfg)
	if err != nil {
		return "", err
	}
	there, locked, err := archive.Probe(ctx, where)
	switch {
	case !there:
		return "it answers; the bucket " + where.Bucket + " is made at the first start, without object locking", err
	case locked:
		return "bucket " + where.Bucket + " with object locking: recordings cannot be deleted before their term by mistake", err
	}
	return "bucket " + where.Bucket + " without object locking", err
}

func (d *doctor) mail() (string, error) {
	ctx, cancel := context.WithTimeout(d.ctx, 15*time.Second)
	defer cancel()
	server, err := openSMTP(d.cfg)
	if err != nil {
		return "", err
	}
	if server == nil {
		return "", errors.New("no mail server is configured: letters wait in the queue")
	}
	return d.cfg.SMTPAddress, server.Check(ctx)
}

// leastSpool is what a room of 100 students records in about an hour without MinIO.
const leastSpool = 20 << 30

func (d *doctor) spool() (string, error) {
	probe, err := os.CreateTemp(d.cfg.Spool, ".doctor-*")
	if err != nil {
		return "", err
	}
	probe.Close()
	if err := os.Remove(probe.Name()); err != nil {
		return "", err
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(d.cfg.Spool, &fs); err != nil {
		return "", err
	}
	free := fs.Bavail * uint64(fs.Bsize)
	if free < leastSpool {
		return "", fmt.Errorf("%d GiB free, want %d", free>>30, leastSpool>>30)
	}
	return fmt.Sprintf("%d GiB free in %s", free>>30, filepath.Clean(d.cfg.Spool)), nil
}

func (d *doctor) gost() (string, error) {
	return d.cfg.OpenSSL + " knows GOST", esia.NewOpenSSL(esia.OpenSSLConfig{Path: d.cfg.OpenSSL}).Check(d.ctx)
}

func (d *doctor) verifier() (string, error) {
	v, err := openVerifier(d.cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	return d.cfg.EBSURL, v.health(d.ctx)
}

func (d *doctor) cascade() (string, error) {
	f, err := vision.NewFinder(vision.Config{FaceCascade: d.cfg.FaceCascade, EyeCascade: d.cfg.EyeCascade, Workers: 1})
	if err != nil {
		return "", err
	}
	return "OpenCV loads it", f.Close()
}

// models loads what the operator supplied and runs it once.
func (d *doctor) models() (string, error) {
	if d.cfg.FaceModel == "" && d.cfg.QualityModel == "" {
		return "none: the cascades and formulas do", nil
	}
	f, err := vision.NewFinder(vision.Config{
		FaceCascade: d.cfg.FaceCascade, EyeCascade: d.cfg.EyeCascade, FaceModel: d.cfg.FaceModel, QualityModel: d.cfg.QualityModel, Workers: 1,
	})
	if err != nil {
		return "", err
	}
	return "OpenCV loads and runs what is set", f.Close()
}

func (d *doctor) httpPort() (string, error) {
	l, err := net.Listen("tcp", d.cfg.Listen)
	if err != nil {
		return d.unlessServing(d.cfg.Listen, err)
	}
	return d.cfg.Listen + " is free", l.Close()
}

func (d *doctor) mediaPort() (string, error) {
	c, err := net.ListenPacket("udp", d.cfg.MediaUDP)
	if err != nil {
		return d.unlessServing(d.cfg.MediaUDP, err)
	}
	if err := c.Close(); err != nil || d.cfg.mediaTCP() == "" {
		return d.cfg.MediaUDP + " is free for UDP; no media over TCP", err
	}
	l, err := net.Listen("tcp", d.cfg.mediaTCP())
	if err != nil {
		return d.unlessServing(d.cfg.mediaTCP(), err)
	}
	return d.cfg.MediaUDP + " is free for UDP, " + d.cfg.mediaTCP() + " for TCP", l.Close()
}

// unlessServing forgives a port that our own running service holds.
func (d *doctor) unlessServing(address string, err error) (string, error) {
	if reachable(d.ctx, d.cfg.PublicURL.JoinPath("healthz").String()) == nil {
		return address + " is held by the running service", nil
	}
	return "", err
}
