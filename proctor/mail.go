package proctor

import (
	"fmt"
	"log/slog"

	"ochno/proctor/mail"
)

// openMail makes the worker that sends letters; nil without a mail server, when they wait.
func openMail(cfg Config, queue *mail.Queue, logger *slog.Logger) (*mail.Worker, error) {
	sender, err := openSMTP(cfg)
	if sender == nil || err != nil {
		return nil, err
	}
	return mail.NewWorker(queue, sender, logger), nil
}

func openSMTP(cfg Config) (*mail.SMTP, error) {
	if cfg.SMTPAddress == "" {
		return nil, nil
	}
	c := mail.SMTPConfig{Address: cfg.SMTPAddress, From: cfg.SMTPFrom, Security: mail.Security(cfg.SMTPSecurity), Username: cfg.SMTPUsername}
	if cfg.SMTPPasswordFile != "" {
		var err error
		if c.Password, err = secret(cfg.SMTPPasswordFile); err != nil {
			return nil, fmt.Errorf("the mail server's password: %w", err)
		}
	}
	return mail.NewSMTP(c)
}
