package media

// CheckOffer refuses, with an *SDPError, an offer that Publisher.Offer would refuse for what stands in it, before anything was begun for it.
func CheckOffer(sdp string) error {
	_, err := parseOffer(sdp)
	return err
}
