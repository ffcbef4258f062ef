package voice

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	wavHeader = 44
	// maxWAV bounds a WAV file in bytes: ten minutes at 48 kHz.
	maxWAV = 60 << 20
)

// ErrBadWAV says that the bytes are not a WAV file of 16-bit mono PCM.
var ErrBadWAV = errors.New("voice: bad WAV file")

// WAV makes a file of 16-bit mono PCM with the given sample rate in Hz.
func WAV(pcm []int16, rate int) []byte {
	size := 2 * len(pcm)
	out := make([]byte, 0, wavHeader+size)
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(wavHeader-8+size))
	out = append(out, "WAVEfmt "...)
	out = binary.LittleEndian.AppendUint32(out, 16)
	out = binary.LittleEndian.AppendUint16(out, 1) // PCM
	out = binary.LittleEndian.AppendUint16(out, 1) // mono
	out = binary.LittleEndian.AppendUint32(out, uint32(rate))
	out = binary.LittleEndian.AppendUint32(out, uint32(2*rate))
	out = binary.LittleEndian.AppendUint16(out, 2)
	out = binary.LittleEndian.AppendUint16(out, 16)
	out = append(out, "data"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(size))
	for _, v := range pcm {
		out = binary.LittleEndian.AppendUint16(out, uint16(v))
	}
	return out
}

// ParseWAV reads a WAV file of 16-bit mono PCM and returns its samples and their rate in Hz. Unknown chunks are skipped. The
// error wraps [ErrBadWAV].
func ParseWAV(data []byte) (pcm []int16, rate int, err error) {
	if len(data) > maxWAV {
		return nil, 0, fmt.Errorf("%w: %d bytes", ErrBadWAV, len(data))
	}
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, 0, fmt.Errorf("%w: no RIFF WAVE header", ErrBadWAV)
	}
	for rest := data[12:]; len(rest) >= 8; {
		id := string(rest[:4])
		size := int64(binary.LittleEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if size > int64(len(rest)) {
			return nil, 0, fmt.Errorf("%w: chunk %q is longer than the file", ErrBadWAV, id)
		}
		body := rest[:size]
		switch id {
		case "fmt ":
			if rate, err = parseFormat(body); err != nil {
				return nil, 0, err
			}
		case "data":
			if rate == 0 {
				return nil, 0, fmt.Errorf("%w: data before the format", ErrBadWAV)
			}
			pcm = make([]int16, len(body)/2)
			for i := range pcm {
				pcm[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			return pcm, rate, nil
		}
		rest = rest[min(size+size&1, int64(len(rest))):]
	}
	return nil, 0, fmt.Errorf("%w: no data", ErrBadWAV)
}

func parseFormat(body []byte) (rate int, err error) {
	if len(body) < 16 {
		return 0, fmt.Errorf("%w: short format", ErrBadWAV)
	}
	format, channels := binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[2:])
	r, bits := binary.LittleEndian.Uint32(body[4:]), binary.LittleEndian.Uint16(body[14:])
	if format != 1 || channels != 1 || bits != 16 {
		return 0, fmt.Errorf("%w: format %d, %d channels, %d bits; PCM, 1 and 16 wanted", ErrBadWAV, format, channels, bits)
	}
	if r < 8000 || r > 192000 {
		return 0, fmt.Errorf("%w: %d Hz", ErrBadWAV, r)
	}
	return int(r), nil
}
