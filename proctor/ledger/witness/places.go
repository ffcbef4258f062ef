package witness

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"

	"ochno/proctor/ledger"
	"ochno/proctor/mail"
)

// maxAnswer bounds what a witness answers.
const maxAnswer = 64 << 10

// HTTP is a witness that speaks C2SP's tlog-witness: it sees the proof that the log only grew, and answers with its cosignature.
// https://c2sp.org/tlog-witness
type HTTP struct {
	url    string
	name   string
	keys   []note.Verifier
	client *http.Client
	log    *ledger.Log
}

// NewHTTP makes a witness by its address, under which it has add-checkpoint. With keys its cosignature must be by one of them.
func NewHTTP(address string, keys []note.Verifier, log *ledger.Log) (*HTTP, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("a witness: want its address, http(s)://host/path, without a password")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &HTTP{url: strings.TrimRight(u.String(), "/") + "/add-checkpoint", name: u.Host + u.Path, keys: keys, client: client, log: log}, nil
}

// Name is the witness's host and path.
func (h *HTTP) Name() string { return h.name }

// Deliver sends the checkpoint with the proof that it continues what the witness saw last.
func (h *HTTP) Deliver(ctx context.Context, p Publication) (string, error) {
	status, answer, err := h.send(ctx, p, p.Previous)
	if err == nil && status == http.StatusConflict {
		// It has seen another size, which it tells: a delivery whose answer was lost, or a database restored from a backup.
		var seen int64
		if seen, err = strconv.ParseInt(strings.TrimSpace(answer), 10, 64); err != nil || seen < 0 {
			return "", errors.New("the witness saw another checkpoint and does not say which")
		}
		if seen > p.Checkpoint.Size {
			return "", fmt.Errorf("the witness has seen %d records, the log has %d: records were cut off, or the database is an old one", seen, p.Checkpoint.Size)
		}
		status, answer, err = h.send(ctx, p, seen)
	}
	if err != nil {
		return "", err
	}
	switch status {
	case http.StatusOK:
	case http.StatusUnprocessableEntity:
		return "", errors.New("the witness refuses the proof: the log is not the one that it saw before")
	default:
		return "", fmt.Errorf("the witness answers with HTTP %d", status)
	}
	if len(h.keys) > 0 {
		if _, err := note.Open([]byte(p.Checkpoint.Note+answer), note.VerifierList(h.keys...)); err != nil {
			return "", fmt.Errorf("the witness's cosignature: %w", err)
		}
	}
	return answer, nil
}

func (h *HTTP) send(ctx context.Context, p Publication, old int64) (int, string, error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	if old > 0 && old < p.Checkpoint.Size {
		proof, err := h.log.Consistency(ctx, old, p.Checkpoint.Size)
		if err != nil {
			return 0, "", err
		}
		for _, hash := range proof {
			fmt.Fprintln(&body, base64.StdEncoding.EncodeToString(hash[:]))
		}
	}
	body.WriteString("\n" + p.Checkpoint.Note)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, &body)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := h.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, string(answer), err
}

// Mail sends checkpoints as letters.
type Mail struct {
	Address      string
	Organisation func(ctx context.Context) (uuid.UUID, string, error) // its id and name
	Pool         *pgxpool.Pool
	Queue        *mail.Queue
	Key          string // the log's public key
}

// Name is the address.
func (m *Mail) Name() string { return "mailto:" + m.Address }

// Deliver queues the letter.
func (m *Mail) Deliver(ctx context.Context, p Publication) (string, error) {
	id, name, err := m.Organisation(ctx)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s: контрольная точка журнала идентификации, записей: %d.\n\nСохраните это письмо там, где его не изменит тот, кто ведёт журнал. "+
		"Текст между чертами, сохранённый в файл, проверяет команда\nochno log verify --since ФАЙЛ\n(и страница проверки): журнал по-прежнему начинается с этих записей.\n\n", name, p.Checkpoint.Size)
	fmt.Fprintf(&text, "A checkpoint of the identification log over %d records. Keep it where nobody who runs the log can change it.\n\n----\n%s----\n\nОткрытый ключ журнала / the log's public key:\n%s\n",
		p.Checkpoint.Size, p.Checkpoint.Note, m.Key)
	if p.CMS != nil {
		fmt.Fprintf(&text, "\nОткреплённая подпись CMS (ГОСТ), base64 / detached CMS signature (GOST), base64:\n%s\n", base64.StdEncoding.EncodeToString(p.CMS))
	}
	return "", pgx.BeginFunc(ctx, m.Pool, func(tx pgx.Tx) error {
		return m.Queue.Enqueue(ctx, tx, mail.Message{
			Organisation: id, To: m.Address, Kind: "checkpoint", Text: text.String(),
			Subject: fmt.Sprintf("Контрольная точка журнала идентификации: %d", p.Checkpoint.Size),
		})
	})
}

// Bucket keeps checkpoints as objects, best in a store that others run and where objects are locked.
type Bucket struct {
	BucketName string
	// Put stores an object unless it is there.
	Put func(ctx context.Context, bucket, key, contentType string, content []byte) error
}

// Name is the bucket's.
func (b *Bucket) Name() string { return "bucket:" + b.BucketName }

// Deliver stores the signed note, and the CMS signature beside it.
func (b *Bucket) Deliver(ctx context.Context, p Publication) (string, error) {
	key := fmt.Sprintf("checkpoints/%020d.txt", p.Checkpoint.Size)
	if p.CMS != nil {
		if err := b.Put(ctx, b.BucketName, key+".p7s", "application/pkcs7-signature", p.CMS); err != nil {
			return "", err
		}
	}
	return key, b.Put(ctx, b.BucketName, key, "text/plain; charset=utf-8", []byte(p.Checkpoint.Note))
}
