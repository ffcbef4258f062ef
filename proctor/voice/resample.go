package voice

import "math"

// SampleRate is the rate of a voice sample in Hz: what verifiers ask for at least.
const SampleRate = 16000

const (
	decimation = OpusRate / SampleRate
	// halfTaps on either side of the middle: the filter is 2·48+1 samples at 48 kHz, 2 ms.
	halfTaps = 48
	// cutoff in Hz: flat to 6.6 kHz, below −60 dB from 8 kHz on, where folding would begin.
	cutoff = 7300
)

// lowPass is a sinc under a Kaiser window, never changed.
var lowPass = newLowPass()

func newLowPass() (taps [2*halfTaps + 1]float64) {
	const beta = 6
	sum := 0.0
	for i := range taps {
		x := float64(i - halfTaps)
		sinc := 1.0
		if x != 0 {
			a := 2 * math.Pi * cutoff / OpusRate * x
			sinc = math.Sin(a) / a
		}
		r := x / halfTaps
		taps[i] = sinc * bessel0(beta*math.Sqrt(1-r*r))
		sum += taps[i]
	}
	for i := range taps {
		taps[i] /= sum
	}
	return taps
}

// bessel0 is the modified Bessel function of the first kind and order 0, by its series.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1; k < 40; k++ {
		term *= (x / 2) / float64(k)
		sum += term * term
	}
	return sum
}

// Resample brings 48 kHz PCM to 16 kHz, with a linear-phase low pass and without delay: sample i of the result is at the time
// of sample 3i of the input. Beyond its ends the input is silence. The result is a third as long, rounded up.
func Resample(pcm48 []int16) []int16 {
	out := make([]int16, (len(pcm48)+decimation-1)/decimation)
	for i := range out {
		out[i] = int16(min(max(math.Round(filtered(pcm48, i*decimation)), math.MinInt16), math.MaxInt16))
	}
	return out
}

// filtered is the low pass at a sample. The filter is symmetric: away from the ends two samples share a tap.
func filtered(pcm []int16, middle int) (sum float64) {
	if from := middle - halfTaps; from >= 0 && middle+halfTaps < len(pcm) {
		part := (*[2*halfTaps + 1]int16)(pcm[from:])
		sum = float64(part[halfTaps]) * lowPass[halfTaps]
		for k := range halfTaps {
			sum += float64(int32(part[k])+int32(part[2*halfTaps-k])) * lowPass[k]
		}
		return sum
	}
	for j := max(0, middle-halfTaps); j <= min(len(pcm)-1, middle+halfTaps); j++ {
		sum += float64(pcm[j]) * lowPass[j-middle+halfTaps]
	}
	return sum
}
