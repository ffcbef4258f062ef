package proctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"

	"ochno/proctor/archive"
	"ochno/proctor/esia"
	"ochno/proctor/ledger/witness"
	"ochno/proctor/mail"
)

// openWitness makes what takes the log's checkpoints out of the house, to the places that the configuration names.
func openWitness(cfg Config, store Store, objects *archive.Archive, logger *slog.Logger) (*witness.Service, error) {
	c := witness.Config{Pool: store.Pool, Log: store.Log, Now: time.Now, Logger: logger, Also: func(ctx context.Context) error {
		audited, err := objects.Audit(ctx, false)
		if err == nil && len(audited.Findings) > 0 {
			err = fmt.Errorf("%d faults of recordings, the first: %s", len(audited.Findings), audited.Findings[0])
		}
		return err
	}}
	if (cfg.LogCMSCertificate == "") != (cfg.LogCMSKeyFile == "") {
		return nil, errors.New("OCHNO_LOG_CMS_CERTIFICATE_FILE and OCHNO_LOG_CMS_KEY_FILE go together")
	}
	if cfg.LogCMSCertificate != "" {
		c.Signer = esia.NewOpenSSL(esia.OpenSSLConfig{Path: cfg.OpenSSL}).CMSSigner(cfg.LogCMSCertificate, cfg.LogCMSKeyFile)
	}
	var keys []note.Verifier
	for _, text := range cfg.LogWitnessKeys {
		key, err := witness.NewVerifier(text)
		if err != nil {
			return nil, fmt.Errorf("OCHNO_LOG_WITNESS_KEYS: %w", err)
		}
		keys = append(keys, key)
	}
	for _, text := range cfg.LogWitnesses {
		scheme, rest, _ := strings.Cut(text, ":")
		switch scheme {
		case "mailto":
			address, err := mail.CheckAddress(rest)
			if err != nil {
				return nil, fmt.Errorf("OCHNO_LOG_WITNESSES: %w", err)
			}
			c.Places = append(c.Places, &witness.Mail{Address: address, Organisation: store.organisation, Pool: store.Pool, Queue: store.Mail, Key: store.Key.Public})
		case "http", "https":
			place, err := witness.NewHTTP(text, keys, store.Log)
			if err != nil {
				return nil, fmt.Errorf("OCHNO_LOG_WITNESSES: %w", err)
			}
			c.Places = append(c.Places, place)
		case "bucket":
			if rest == "" || rest == cfg.MinioBucket {
				return nil, errors.New("OCHNO_LOG_WITNESSES: bucket: wants another bucket than the recordings'")
			}
			c.Places = append(c.Places, &witness.Bucket{BucketName: rest, Put: objects.Keep})
		default:
			return nil, fmt.Errorf("OCHNO_LOG_WITNESSES: %q: want mailto:ADDRESS, https://… or bucket:NAME", text)
		}
	}
	return witness.New(c), nil
}

// organisation is the one whose log it is.
func (s Store) organisation(ctx context.Context) (uuid.UUID, string, error) {
	o, err := s.Accounts.Organisation(ctx)
	return o.ID, o.Name, err
}
