package ebsmock_test

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"ochno/ebsclient/ebsmock"
)

// FuzzWAV: whatever claims to be a voice is listened to, or refused. A short period makes a long sound.
func FuzzWAV(f *testing.F) {
	head := wav(make([]byte, 1<<15), 8000)[:44]
	f.Add(head, []byte{0, 20, 0, 60, 0, 20, 0, 0xe0, 0, 0xc0, 0, 0xe0, 0, 0}, []byte{1, 0, 1, 1, 0, 0}, 4, 100)
	f.Add(head, []byte{1, 2, 3}, []byte{1}, 1, 0)
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff"), []byte{}, []byte{}, 16, -1)
	f.Fuzz(func(t *testing.T, head, period, rhythm []byte, digits, shown int) {
		var sound []byte
		for _, loud := range rhythm {
			for n := 0; n < 4000 && len(period) > 0 && len(sound) < 1<<16; n += len(period) {
				for _, v := range period {
					sound = append(sound, v*min(loud, 1))
				}
			}
		}
		digits = min(max(digits, 1), 16)
		_, score, err := ebsmock.SoundScore(append(bytes.Clone(head), append(sound, make([]byte, 1<<15)...)...), digits, time.Duration(shown)*time.Millisecond)
		if math.IsNaN(score) || score < 0 || score > 1 || (err != nil && score != 0) {
			t.Fatalf("score %v, error %v", score, err)
		}
	})
}

// FuzzRequests sends whatever bodies to each address of the stand: an answer in JSON, and never a failure of its own.
func FuzzRequests(f *testing.F) {
	paths := []string{
		"/api/v1/push/verifications", "/api/v2/verifications?redirect=https%3A%2F%2Fochno.example%2F", "/bio/remote-identification/result", "/sessions",
		"/sessions/12345678/samples", "/sessions/12345678/scenario",
	}
	f.Add(0, "multipart/form-data; boundary=x", "match", []byte("--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{}\r\n--x--\r\n"))
	f.Add(1, "application/json", "", []byte(`{"metadata":{"date":"1","user_id":"1","info_system":"OCHNO","idp":"ESIA"}}`))
	f.Add(2, "application/json", "429;retry-after=1", []byte(`{"resSecret":"12345"}`))
	f.Add(3, "application/json", "slow;delay=1ms", []byte(`{"sid":"12345679","infoSystem":"OCHNO","returnTo":"https://ochno.example/"}`))
	f.Add(5, "", "", []byte(`{"scenario":"match","user_id":"1"}`))
	s := newStand(f, func(cfg *ebsmock.Config) { cfg.Key = standKey() })
	f.Fuzz(func(t *testing.T, path int, contentType, scenario string, body []byte) {
		launch := httptest.NewRequest("POST", "/sessions", bytes.NewReader([]byte(`{"sid":"12345678","infoSystem":"OCHNO","returnTo":"https://ochno.example/"}`)))
		s.ServeHTTP(httptest.NewRecorder(), launch)
		r := httptest.NewRequest("POST", paths[uint(path)%uint(len(paths))], bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("X-Request-Id", "id")
		r.Header.Set("Content-Type", contentType)
		if len(scenario) < 5 { // no waiting
			r.Header.Set(ebsmock.ScenarioHeader, scenario)
		}
		w := httptest.NewRecorder()
		defer func() {
			if p := recover(); p != nil && scenario != "half" {
				t.Fatal(p)
			}
		}()
		s.ServeHTTP(w, r)
		if !json.Valid(w.Body.Bytes()) || (w.Code >= 500 && w.Code != 503 && scenario != "500") { // 503: asked for, or full
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	})
}
