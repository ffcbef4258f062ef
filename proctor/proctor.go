// Package proctor wires a configuration into a running service. It holds no logic of its own: read it to see what depends on what.
//
// The rooms are the packages below: bytes come in at media, become evidence in identify, are sealed in ledger; api speaks to the browsers.
package proctor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"ochno/migrations"
	"ochno/proctor/account"
	"ochno/proctor/api"
	"ochno/proctor/appeal"
	"ochno/proctor/archive"
	"ochno/proctor/exam"
	"ochno/proctor/identify"
	"ochno/proctor/invigilate"
	"ochno/proctor/keyring"
	"ochno/proctor/keyring/rotation"
	"ochno/proctor/ledger"
	"ochno/proctor/ledger/witness"
	"ochno/proctor/mail"
	"ochno/proctor/media"
	"ochno/proctor/media/relay"
	"ochno/proctor/metrics"
	"ochno/proctor/registrar"
	"ochno/proctor/registrar/export"
	"ochno/proctor/retention"
	"ochno/proctor/room"
	"ochno/proctor/vision"
	"ochno/proctor/watch"
	"ochno/web"
)

// Service is everything of one node, opened and not yet serving.
type Service struct {
	Store
	Archive   *archive.Archive
	finder    *vision.Finder
	media     *media.Node
	spool     *media.Claim
	rooms     *room.Rooms
	waiting   string        // the spool, while it holds what an earlier run left
	relay     *relay.Server // nil: none is configured
	identify  *identify.Service
	watch     *watch.Service
	api       *api.Server
	sequencer *ledger.Sequencer
	witness   *witness.Service
	Retention *retention.Service
	exports   *export.Service
	appeals   *appeal.Desk
	metrics   *metrics.Server
	numbers   net.Listener // of metrics; nil: none is configured
	postman   *mail.Worker // nil: no mail server is configured
	logger    *slog.Logger
}

// Store is the database and what lives in it alone: enough for the command line.
type Store struct {
	Pool     *pgxpool.Pool
	Ring     *keyring.Ring
	Key      ledger.Key
	Log      *ledger.Log
	Accounts *account.Accounts
	Exams    *exam.Exams
	Mail     *mail.Queue
}

// Papers are what the registrar takes away from the log.
func (s Store) Papers() registrar.Papers {
	return registrar.Papers{
		Log: s.Log, Key: s.Key, Accounts: s.Accounts, Exams: s.Exams, Index: archive.OpenIndex(s.Pool), Version: Version(), Now: time.Now, Zone: time.Local,
	}
}

// OpenStore opens the database, which must be migrated.
func OpenStore(ctx context.Context, cfg Config) (Store, error) {
	var s Store
	var err error
	if s.Ring, err = keyring.Load(ctx, cfg.masterKey()); err != nil {
		return s, err
	}
	if s.Key, err = ledger.OpenKey(cfg.LogKeyFile); err != nil {
		return s, err
	}
	if s.Pool, err = pgxpool.New(ctx, cfg.Database); err != nil {
		return s, fmt.Errorf("PostgreSQL: %w", err)
	}
	status, err := migrations.Check(ctx, s.Pool)
	if err == nil && status.Current != status.Latest {
		err = fmt.Errorf("the database is at migration %d of %d: run ochno migrate", status.Current, status.Latest)
	}
	if err != nil {
		s.Pool.Close()
		return s, err
	}
	if err := rotation.Adopt(ctx, s.Pool, s.Ring); err != nil {
		s.Pool.Close()
		return s, err
	}
	s.Log = ledger.Open(s.Pool, s.Ring, s.Key.Public)
	s.Accounts = account.New(s.Pool, s.Ring, s.Log, time.Now)
	s.Exams = exam.New(s.Pool, s.Accounts, s.Log, time.Now)
	s.Mail = mail.New(s.Pool, s.Ring, time.Now)
	return s, nil
}

// Open opens all of a node: nothing listens for browsers yet, but what an earlier run left unfinished is finished.
func Open(ctx context.Context, cfg Config, logger *slog.Logger) (_ *Service, err error) {
	s := &Service{logger: logger}
	if s.Store, err = OpenStore(ctx, cfg); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close(context.WithoutCancel(ctx))
		}
	}()
	if s.Archive, err = OpenArchive(ctx, cfg, s.Store); err != nil {
		return nil, err
	}
	if s.finder, err = vision.NewFinder(vision.Config{FaceCascade: cfg.FaceCascade, EyeCascade: cfg.EyeCascade, FaceModel: cfg.FaceModel, QualityModel: cfg.QualityModel}); err != nil {
		return nil, err
	}
	verifier, err := openVerifier(cfg, logger)
	if err != nil {
		return nil, err
	}
	page, err := openVerifierPage(cfg, logger)
	if err != nil {
		return nil, err
	}
	signIn, err := openSignIn(ctx, cfg, logger)
	if err != nil {
		return nil, err
	}
	parents, err := openParents(ctx, cfg, logger)
	if err != nil {
		return nil, err
	}
	if s.postman, err = openMail(cfg, s.Mail, logger); err != nil {
		return nil, err
	}
	if s.witness, err = openWitness(cfg, s.Store, s.Archive, logger); err != nil {
		return nil, err
	}
	if err := s.openNode(ctx, cfg); err != nil {
		return nil, err
	}
	if err := s.recover(ctx, cfg.Spool); err != nil {
		return nil, err
	}
	if s.media, err = media.New(media.Config{
		Logger: logger, UDPAddr: cfg.MediaUDP, TCPAddr: cfg.mediaTCP(), PublicIPs: cfg.MediaPublicIPs, SpoolDir: cfg.Spool, SpoolReserve: int64(cfg.SpoolReserveGiB) << 30, Sink: s.Archive,
	}); err != nil {
		return nil, err
	}
	door, err := s.openRelay(cfg)
	if err != nil {
		return nil, err
	}
	s.identify = identify.New(identify.Config{
		Pool: s.Pool, Exams: s.Exams, Archive: s.Archive, Log: s.Log, Finder: s.finder, Verifier: verifier.Push, Verdicts: verifier.checker, Sessions: page, Rooms: s.rooms,
		Timing: identify.DefaultTiming(), Software: Version(), Now: time.Now, Logger: logger,
	})
	s.watch = watch.New(watch.Config{
		Exams: s.Exams, Finder: s.finder, Back: s.identify.SeenAgain, Logger: logger,
		Live:     func(attempt uuid.UUID) (watch.Stream, bool) { return s.media.Publisher(attempt) },
		SpokenTo: func(attempt uuid.UUID) bool { return s.api.SpokenTo(attempt) }, // it is there before anybody looks
	})
	if s.rooms.Alone() { // else each exam is recovered by the node that takes it
		if err := s.identify.Recover(ctx); err != nil {
			return nil, err
		}
	}
	s.sequencer = ledger.NewSequencer(s.Pool, s.Key.Signer, time.Now, logger)
	s.Retention = OpenRetention(s.Store, s.Archive, logger)
	s.appeals = appeal.New(appeal.Config{
		Pool: s.Pool, Ring: s.Ring, Log: s.Log, Exams: s.Exams, Accounts: s.Accounts, Holds: s.Retention, Post: s.Mail, Now: time.Now,
	})
	papers := s.Papers()
	papers.Recorded = s.Archive
	s.exports = export.New(export.Config{Pool: s.Pool, Ring: s.Ring, Objects: s.Archive, Maker: papers, Now: time.Now, Logger: logger})
	if err := s.listenMetrics(cfg, verifier); err != nil {
		return nil, err
	}
	s.api, err = api.New(api.Config{
		PublicURL: cfg.PublicURL, Pool: s.Pool, Mail: s.Mail, ESIA: signIn, SignIn: cfg.SignIn, KeepToken: cfg.EBSPage == pageWeb, Ring: s.Ring, Accounts: s.Accounts, Desk: account.NewDesk(s.Accounts, s.Mail),
		Guardians: account.NewGuardians(s.Accounts, s.Mail, guardianLink(cfg)), Parents: parents,
		Sessions: api.SessionRules{Idle: cfg.SessionIdle, Lifetime: cfg.SessionLifetime, Proxies: cfg.Proxies}, Exams: s.Exams, Identify: s.identify, Archive: s.Archive,
		Log: s.Log, LogKey: s.Key.Public, Papers: papers, Exports: s.exports, Retention: s.Retention, Appeals: s.appeals,
		Invigilate: invigilate.New(invigilate.Config{Pool: s.Pool, Ring: s.Ring, Log: s.Log, Exams: s.Exams, Now: time.Now}), Media: s.media, Rooms: s.rooms, Relays: door, Web: web.Files(), Frames: cfg.Frames, Checks: s.checks(signIn, verifier), Version: Version(), Now: time.Now, Logger: logger,
	})
	return s, err
}

// Serve answers on the listener until ctx ends, then stops in order: rooms left to other nodes, no new requests, sockets closed, identifications given
// back, recordings stored, the log sealed. It closes the service.
func (s *Service) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.api.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { s.sequencer.Run(background) })
	running.Go(func() { s.witness.Run(background) })
	running.Go(func() { s.api.Run(background) })
	running.Go(func() { s.rooms.Run(background, s.api) })
	running.Go(func() { s.recoverLater(background) })
	running.Go(func() { s.Retention.Run(background) })
	running.Go(func() { s.exports.Run(background) })
	running.Go(func() { s.identify.Run(background, s.api) })
	running.Go(func() { s.watch.Run(background) })
	running.Go(func() {
		s.appeals.Run(background, func(err error) {
			s.logger.Error("HOLDS OF DECIDED APPEALS ARE NOT LIFTED; it is tried again within the hour", "error", err)
		})
	})
	if s.postman != nil {
		running.Go(func() { s.postman.Run(background) })
	}

	if s.numbers != nil {
		running.Go(func() { s.metrics.Serve(background, s.numbers) })
	}

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	s.logger.Info("serving", "address", l.Addr().String(), "media", s.media.Addr().String(), "version", Version())
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if leaving := s.rooms.Drain(limit); leaving != nil { // first of all: another node takes over while this one still stores
		s.logger.Error("this node's rooms are free when their leases end", "error", leaving)
	}
	s.api.Close() // then the sockets: a shutdown of HTTP does not touch them
	if closing := server.Shutdown(limit); closing != nil {
		err = errors.Join(err, fmt.Errorf("stop HTTP: %w", closing))
	}
	s.identify.Close()
	if closing := s.media.Close(limit); closing != nil {
		s.logger.Error("recordings stay in the spool until the next start", "error", closing)
	}
	s.media = nil
	s.closeRelay()
	stop()
	running.Wait()
	if _, sealing := s.sequencer.Sequence(limit); sealing != nil {
		s.logger.Error("the last records will be sealed at the next start", "error", sealing)
	}
	s.close(limit)
	return err
}

// Close ends a service that never served.
func (s *Service) Close(ctx context.Context) error {
	s.close(ctx)
	return nil
}

// close ends what Open opened. Serve has ended most of it in its own order.
func (s *Service) close(ctx context.Context) {
	if s.api != nil {
		s.api.Close()
	}
	if s.identify != nil {
		s.identify.Close()
	}
	if s.media != nil {
		if err := s.media.Close(ctx); err != nil {
			s.logger.Error("recordings stay in the spool until the next start", "error", err)
		}
	}
	s.closeRelay()
	s.closeNode(ctx)
	if s.numbers != nil {
		_ = s.numbers.Close() // a server that ran has closed it
	}
	if s.finder != nil {
		if err := s.finder.Close(); err != nil {
			s.logger.Error("the face finder did not close", "error", err)
		}
	}
	s.Pool.Close()
}

// OpenArchive opens the objects of a store.
func OpenArchive(ctx context.Context, cfg Config, store Store) (*archive.Archive, error) {
	where, err := archiveConfig(cfg)
	if err != nil {
		return nil, err
	}
	objects, err := archive.Open(ctx, where, store.Pool, store.Ring, store.Log, time.Now)
	if err == nil {
		objects.LockUntil(retention.New(retention.Config{Pool: store.Pool, Now: time.Now}).Until)
	}
	return objects, err
}

// OpenRotation makes what moves all that a store keeps sealed to its current master key.
func OpenRotation(store Store) *rotation.Rotation {
	return &rotation.Rotation{Pool: store.Pool, Ring: store.Ring, Columns: slices.Concat(account.Sealed(), appeal.Sealed(), mail.Sealed(), ledger.Sealed(), archive.Sealed(), retention.Sealed(), export.Sealed(), invigilate.Sealed())}
}

// OpenRetention makes what decides when the things of a store end.
func OpenRetention(store Store, objects *archive.Archive, logger *slog.Logger) *retention.Service {
	return retention.New(retention.Config{Pool: store.Pool, Ring: store.Ring, Log: store.Log, Archive: objects, Now: time.Now, Logger: logger})
}

func archiveConfig(cfg Config) (archive.Config, error) {
	key, err := secret(cfg.MinioSecretKeyFile)
	if err != nil {
		return archive.Config{}, fmt.Errorf("MinIO's secret key: %w", err)
	}
	return archive.Config{Endpoint: cfg.MinioEndpoint, AccessKey: cfg.MinioAccessKey, SecretKey: key, TLS: cfg.MinioTLS, Bucket: cfg.MinioBucket}, nil
}

// Version is the commit the program was built from, or "dev".
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	version, dirty := "dev", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			version = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+"
			}
		}
	}
	return version + dirty
}
