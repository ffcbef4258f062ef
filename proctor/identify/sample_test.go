package identify

import (
	"slices"
	"testing"
	"time"

	"gopkg.in/hraban/opus.v2"

	"ochno/proctor/media"
)

// TestDecodeKeepsTime: lost and broken packets leave the sound as long as it was.
func TestDecodeKeepsTime(t *testing.T) {
	const (
		n      = 100
		packet = 20 * time.Millisecond
		second = 48000
	)
	encoder, err := opus.NewEncoder(second, 1, opus.AppVoIP)
	if err != nil {
		t.Fatal(err)
	}
	var whole []media.AudioPacket
	for i := range n {
		pcm := make([]int16, second/50)
		for j := range pcm {
			pcm[j] = int16((j%96 - 48) * 200)
		}
		data := make([]byte, 1000)
		size, err := encoder.Encode(pcm, data)
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, media.AudioPacket{Data: data[:size], Offset: 3*time.Second + time.Duration(i)*packet})
	}
	broken := slices.Clone(whole)
	broken[50].Data = nil
	rounded := slices.Clone(whole)
	for i := range rounded { // offsets are whole milliseconds
		rounded[i].Offset += time.Duration(i%2) * time.Millisecond
	}
	for name, c := range map[string]struct {
		packets []media.AudioPacket
		samples int
	}{
		"whole":          {whole, n * second / 50},
		"rounded":        {rounded, n * second / 50},
		"20 lost":        {slices.Concat(whole[:40], whole[60:]), n * second / 50},
		"every 2nd lost": {slices.DeleteFunc(slices.Clone(whole), func(p media.AudioPacket) bool { return p.Offset/packet%2 == 1 }), (n - 1) * second / 50},
		"one broken":     {broken, n * second / 50},
		"nothing":        {nil, 0},
	} {
		pcm, err := decode(c.packets)
		if err != nil || len(pcm) != c.samples {
			t.Errorf("%s: %d samples, %v; want %d", name, len(pcm), err, c.samples)
		}
	}
	// A clock that jumps must not make an hour of silence.
	jump := slices.Clone(whole)
	jump[99].Offset += time.Hour
	if pcm, err := decode(jump); err != nil || len(pcm) > int(longestVoice/time.Second)*second {
		t.Errorf("a jump: %d samples, %v", len(pcm), err)
	}
}
