package identify

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"time"

	"github.com/google/uuid"

	"ochno/proctor/exam"
	"ochno/proctor/media"
	"ochno/proctor/vision"
	"ochno/proctor/voice"
)

// photo is the best picture so far.
type photo struct {
	picture    *image.YCbCr
	assessment vision.Assessment
	frame      media.Frame
}

// sound is what was heard, as it arrived.
type sound struct {
	packets   []media.AudioPacket
	recording uuid.UUID
	wav       []byte
	quality   voice.Quality
}

// maxPackets bounds the listening: Opus frames of 20 ms over half a minute.
const maxPackets = 1500

// consider decodes a key frame, shows it to our own examination, and keeps it when it is good and the best so far. It returns the first hint
// otherwise. The face is followed from frame to frame; only a picture that is to be kept is searched whole, for it may show a second person.
func (s *Service) consider(ctx context.Context, f *finding, frame media.Frame) (string, error) {
	picture, err := vision.DecodeKeyFrame(frame.Data)
	if err != nil { // rubbish from the network is no reason to stop
		return noPicture, nil
	}
	kept := false
	defer func() {
		if !kept {
			vision.Wipe(picture)
		}
	}()
	if f.tracker == nil {
		f.tracker = s.Finder.Track()
	}
	assessment, err := f.tracker.Assess(ctx, picture)
	if err != nil {
		return "", fmt.Errorf("assess a frame: %w", err)
	}
	defer func() {
		assessment.Patch.Wipe()
	}()
	if err := f.observe(frame, picture, assessment.Patch); err != nil {
		return "", fmt.Errorf("look at a frame: %w", err)
	}
	if assessment.Good() {
		if f.photo != nil && f.photo.assessment.Unified >= assessment.Unified {
			return "", nil
		}
		if assessment.Tracked { // which sees one face only
			f.tracker.Reset()
			whole, err := f.tracker.Assess(ctx, picture)
			if err != nil {
				return "", fmt.Errorf("assess a frame: %w", err)
			}
			assessment.Patch.Wipe()
			assessment = whole
		}
	}
	if !assessment.Good() {
		if f.photo == nil {
			f.quality = assessment.Components
		}
		return string(assessment.Hints[0]), nil
	}
	if f.photo != nil {
		if f.photo.assessment.Unified >= assessment.Unified {
			return "", nil
		}
		vision.Wipe(f.photo.picture)
	}
	kept = true
	f.photo = &photo{picture: picture, assessment: assessment, frame: frame}
	f.photo.assessment.Patch = nil // wiped on the way out
	f.quality = assessment.Components
	return "", nil
}

// noPicture is the hint while no picture comes.
const noPicture = "no_picture"

// collect keeps the packets since a moment, until it is enough or the stream ends.
func collect(audio <-chan media.AudioPacket, since time.Time, enough <-chan struct{}) (packets []media.AudioPacket) {
	for {
		select {
		case <-enough:
			return packets
		case p, open := <-audio:
			if !open {
				return packets
			}
			if !p.At.Before(since) && len(packets) < maxPackets {
				packets = append(packets, p)
			}
		}
	}
}

// prepare makes the samples: a JPEG of the best picture, a WAV of what was said.
func (f *finding) prepare() error {
	var err error
	if f.jpeg, err = vision.EncodeJPEG(f.photo.picture, 92); err != nil {
		return fmt.Errorf("encode the photo: %w", err)
	}
	f.photoSHA256 = sha256.Sum256(f.jpeg)
	if !f.asks(exam.Sound) {
		return nil
	}

	pcm, err := decode(f.sound.packets)
	if err != nil {
		return err
	}
	defer clear(pcm)
	stream := sha256.New()
	for _, p := range f.sound.packets {
		stream.Write(p.Data)
	}
	stream.Sum(f.packetsSHA256[:0])
	low := voice.Resample(pcm)
	defer clear(low)
	limits := voice.DefaultLimits()
	limits.Voiced = voice.VoicedFor(len(f.challenge.Digits))
	limits.Words = len(f.challenge.Digits) - 1 // one may be too quiet to stand out; whether each was said is the verifier's to find
	f.sound.quality = limits.Assess(low, voiceRate)
	if q := f.sound.quality; !q.Good() {
		return &stopped{Quality, "voice_" + string(q.Problems[0]), fmt.Errorf("%d packets, level %.0f dBFS, SNR %.0f dB, %s voiced", len(f.sound.packets), q.LevelDBFS, q.SNR, q.Voiced)}
	}
	f.sound.wav = voice.WAV(low, voiceRate)
	f.voiceSHA256 = sha256.Sum256(f.sound.wav)
	return nil
}

const voiceRate = 16000

const (
	// leastGap is what is missing for certain between two packets, beyond the rounding of their offsets.
	leastGap = 15 * time.Millisecond
	// longestVoice bounds the samples' memory; nobody is listened to for so long.
	longestVoice = time.Minute
)

// decode gives the packets' sound at 48 kHz, as long as it was: what was lost on the way, or is broken, is concealed or silent, so that pauses
// and digits stay where they were.
func decode(packets []media.AudioPacket) ([]int16, error) {
	if len(packets) == 0 {
		return nil, nil
	}
	decoder, err := voice.NewDecoder()
	if err != nil {
		return nil, fmt.Errorf("decode the voice: %w", err)
	}
	length := min(max(packets[len(packets)-1].Offset-packets[0].Offset, 0)+time.Second, longestVoice)
	pcm := make([]int16, 0, samplesIn(length)) // never outgrown: an array left behind would not be overwritten
	keep := func(samples []int16) {
		pcm = append(pcm, samples[:min(len(samples), cap(pcm)-len(pcm))]...)
		clear(samples)
	}
	due := packets[0].Offset
	for _, p := range packets {
		if gap := p.Offset - due; gap >= leastGap {
			lost, err := decoder.Lost(gap, p.Data)
			if err != nil {
				lost = make([]int16, samplesIn(min(gap, length)))
			}
			keep(lost)
			due = p.Offset
		}
		samples, err := decoder.Decode(p.Data)
		if err != nil {
			continue // the next one finds its time missing
		}
		due = p.Offset + time.Duration(len(samples))*time.Second/voice.OpusRate
		keep(samples)
	}
	return pcm, nil
}

func samplesIn(d time.Duration) int { return int(d * voice.OpusRate / time.Second) }
