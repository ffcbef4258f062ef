package proctor_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"ochno/deploy/stack/stacktest"
	"ochno/proctor"
	"ochno/proctor/esia"
	"ochno/proctor/esia/esiamock"
	"ochno/proctor/ledger"
)

// TestCheckpointAfterTheExam: ending an exam brings a signed checkpoint over all of it, with a GOST signature, into the bucket that the
// university named; OpenSSL verifies what lies there.
func TestCheckpointAfterTheExam(t *testing.T) {
	bucket := stacktest.Bucket()
	var keys esia.StandKeys
	h := newHouseWith(t, func(h *house) {
		var err error
		keys, err = esia.NewOpenSSL(esia.OpenSSLConfig{}).GenerateStandKeys(t.Context(), t.TempDir(), "REGISTRAR")
		must(t, err)
		maps.Copy(h.env, map[string]string{
			"OCHNO_LOG_WITNESSES": "bucket:" + bucket, "OCHNO_LOG_CMS_CERTIFICATE_FILE": keys.CertificateFile, "OCHNO_LOG_CMS_KEY_FILE": keys.KeyFile,
		})
	})
	h.signedIn(t, esiamock.StudentAnna).join(t, true)
	staff := h.signedIn(t, esiamock.Proctor)
	if status, text := staff.call(t, http.MethodPost, "/api/exams/"+h.exam.ID.String()+"/finish", map[string]any{}); status != http.StatusOK && status != http.StatusNoContent {
		t.Fatalf("finish: %d %s", status, text)
	}
	client, err := minio.New(h.env["OCHNO_MINIO_ENDPOINT"], &minio.Options{Creds: credentials.NewStaticV4(h.env["OCHNO_MINIO_ACCESS_KEY"], stacktest.Minio(t).SecretKey, "")})
	must(t, err)
	objects := map[string][]byte{}
	deadline := time.Now().Add(time.Minute)
	var size int64
	for {
		// The newest object may be of the hour; that of the exam covers its last record.
		must(t, h.store.Pool.QueryRow(t.Context(), `select coalesce(max(o.size), 0) from ledger_occasion o join ledger_delivery d on d.occasion_id = o.id
			where o.reason = $1 and o.subject = $2 and d.delivered_at is not null`, ledger.AfterExam, h.exam.ID.String()).Scan(&size))
		if size > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the exam's checkpoint did not leave the house within a minute")
		}
		<-time.After(50 * time.Millisecond)
	}
	for o := range client.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		must(t, o.Err)
		object, err := client.GetObject(t.Context(), bucket, o.Key, minio.GetObjectOptions{})
		must(t, err)
		objects[o.Key], err = io.ReadAll(object)
		must(t, err)
	}
	names := slices.Sorted(maps.Keys(objects))
	if len(names) < 2 {
		t.Fatalf("the bucket holds %q", names)
	}
	note, cms := names[len(names)-2], names[len(names)-1]
	checkpoint, err := ledger.OpenCheckpoint(objects[note], h.store.Key.Verifier)
	must(t, err)
	if checkpoint.Size < size || cms != note+".p7s" {
		t.Errorf("%s signs %d records, %s; want at least %d", note, checkpoint.Size, cms, size)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"note": objects[note], "cms": objects[cms], "other": bytes.ToUpper(objects[note])} {
		must(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	for name, want := range map[string]bool{"note": true, "other": false} {
		out, err := exec.Command("openssl", "cms", "-engine", "gost", "-verify", "-inform", "DER", "-in", filepath.Join(dir, "cms"), "-content", filepath.Join(dir, name), "-binary",
			"-CAfile", keys.CertificateFile, "-purpose", "any", "-no_check_time", "-out", os.DevNull).CombinedOutput()
		if (err == nil) != want {
			t.Errorf("OpenSSL on %s: %v %s", name, err, out)
		}
	}
}

func TestWitnessSettingsThatAreWrong(t *testing.T) {
	h := newHouse(t)
	for want, env := range map[string]map[string]string{
		"want mailto:":              {"OCHNO_LOG_WITNESSES": "rector@university.test"},
		"OCHNO_LOG_WITNESSES":       {"OCHNO_LOG_WITNESSES": "mailto:nobody"},
		"a witness":                 {"OCHNO_LOG_WITNESSES": "https://user:secret@witness.test/"},
		"another bucket":            {"OCHNO_LOG_WITNESSES": "bucket:" + h.env["OCHNO_MINIO_BUCKET"]},
		"OCHNO_LOG_WITNESS_KEYS":    {"OCHNO_LOG_WITNESS_KEYS": "rubbish"},
		"OCHNO_LOG_CMS_KEY_FILE go": {"OCHNO_LOG_CMS_CERTIFICATE_FILE": "x"},
	} {
		all := maps.Clone(h.env)
		maps.Copy(all, env)
		config, err := proctor.ConfigFromEnv(func(name string) string { return all[name] })
		must(t, err)
		s, err := proctor.Open(t.Context(), config, nil)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v; want %s", env, err, want)
		}
		if s != nil {
			must(t, s.Close(t.Context()))
		}
	}
}
