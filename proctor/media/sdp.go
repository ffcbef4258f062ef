package media

// SDPError says why a session description was refused.
type SDPError struct {
	Code   SDPCode
	Detail string // English, without anything of the peer's text
}

func (e *SDPError) Error() string { return "media: sdp refused: " + string(e.Code) + ": " + e.Detail }

// SDPCode is a stable reason of a refusal.
type SDPCode string

// Reasons of refusals.
const (
	SDPTooBig        SDPCode = "sdp_too_big"
	SDPMalformed     SDPCode = "sdp_malformed"
	SDPNoFingerprint SDPCode = "sdp_no_fingerprint"
	SDPNoICE         SDPCode = "sdp_no_ice"
	SDPTooManyMedia  SDPCode = "sdp_too_many_media"
	SDPUnexpected    SDPCode = "sdp_unexpected_media"
	SDPNoVP8         SDPCode = "sdp_no_vp8"
	SDPNoOpus        SDPCode = "sdp_no_opus"
	SDPRejected      SDPCode = "sdp_rejected"
	SDPWrongState    SDPCode = "sdp_wrong_state"
)
