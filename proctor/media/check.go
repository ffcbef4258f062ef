package media

// CheckOffer refuses, with an *SDPError, an offer that Publisher.Offer would refuse for what stands in it, before anything was begun for it. A phone's
// has a camera alone.
func CheckOffer(sdp string, phone bool) error {
	_, err := parseOffer(sdp, phone)
	return err
}
