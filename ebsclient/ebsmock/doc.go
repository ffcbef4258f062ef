// Package ebsmock is a stand of EBS: a verifier that speaks the push protocol, enrols faces, compares samples and signs
// verdicts, for development, tests and demonstrations. It is a test tool that knows nothing of the program under test, and may
// not be used to identify anybody: its measures are a stand's measures, not biometrics.
//
// [New] makes a [Stand], which is an http.Handler; command ebsmock serves one. Start reading at push.go.
//
// # Protocol
//
// Everything refused is an application/problem+json document (RFC 9457) with a code and a message in Russian and English.
//
//	POST   /api/v1/push/verifications   one verification
//	GET    /keys                        public keys, JWKS; POST /keys/rotate puts a new one into use, three older ones stay
//	GET    /enrolments                  {"enrolments": [{"oid", "name", "enrolledAt"}]}: no pictures
//	PUT    /enrolments/{oid}            a JPEG or PNG as the body, up to 8 MiB, exactly one face; the name may come percent-encoded
//	                                    in X-Person-Name; 204, or 422 low_quality
//	DELETE /enrolments/{oid}            204, or 404 not_enrolled
//	GET    /scenarios                   names, and those in force
//	PUT    /scenarios/{oid}             {"scenario", "times", "delayMs", "retryAfterSeconds"}: for the subject's next requests;
//	                                    times 0 is for all of them; DELETE takes it away
//	GET    /people, /healthz, /         people to choose from, {"status": "ok"}, the enrolment page
//
// A verification is multipart/form-data with the parts metadata (application/json: user_id, the ESIA oid; idp, "ESIA";
// info_system, the mnemonic; session_id; challenge, the digits), photo (image/jpeg or image/png) and voice (audio/wav, 16-bit mono
// PCM), with the headers Authorization: Bearer and X-Request-Id. The answer is {"extended_result": "<JWS>"}. The same request
// with the same X-Request-Id gets the same verdict; another request with it gets 409 id_reused. Refusals: 400 bad_body,
// 401 not_authenticated, 403 forbidden, 404 not_enrolled, 410 expired, 413 too_large, 422 low_quality or liveness_failed,
// 429 busy with Retry-After, 500 internal.
//
// The verdict is a JWS, RS256 with a kid. Its claims are this project's own: iss, aud (the mnemonic), sub (the oid), iat, exp, jti,
// session_id, challenge, result (overall at least [Threshold], and alive), match {overall, photo, sound}, liveness {passed, score},
// engine {photo, sound}.
//
// # Scenarios
//
// Set for a subject by PUT /scenarios/{oid}, or for one request by the header X-Stand-Scenario ("429;retry-after=2",
// "slow;delay=5s"). Without one the stand compares. With one of the first two groups it looks at no sample and needs no enrolment.
//
//   - verdicts: match (0.99995), near_miss (0.9998), no_match, photo_missing, sound_missing, spoof (not alive)
//   - verdicts not to be believed: wrong_issuer, wrong_subject, wrong_audience, wrong_session, wrong_challenge, bad_signature,
//     unknown_key, alg_none, score_out_of_range (1.2), replayed (the jti of the last verdict about the subject), expired, future
//   - refusals: low_quality, liveness_failed, not_enrolled, expired_session, 401, 403, 422, 429, 500, 503
//   - transport: half (breaks off in the middle of the answer), slow (3 s, then compares), never
//
// # Face measure
//
// OpenCV's Haar cascade finds the one face. It is brought to 72 pixels; the light is taken out by a logarithm, a difference of two
// blurs, and evening out the contrast; what is left is the print, and only that is kept of an enrolled picture. Two prints are laid
// over each other by shift, scale and rotation, compared by correlation as a whole and piece by piece, each over the other, and the
// mean of the four figures is their similarity. A logistic curve makes the score of it: a half at 0.71, 0.9999 at 0.79.
//
// Measured by TestFaceMeasure on the two photographs of one man that come with the gocv module, taken on different days, one of
// them small and with a green square drawn over the face:
//
//	enrolled each of the two, presented the man in 18 other conditions (VP8 at 500 and 150 kbit/s, half as bright, gamma 0.6
//	and 1.7, light from one side and from above, noise, 0.7 to 1.3 times the size, shifted, tilted by 6°, the other day):
//	    false non-matches 0 of 36; similarity 0.85 and more
//	presented ten persons drawn from him (mirrored, then stretched by a quarter, or eyes, nose and mouth moved and resized; VP8):
//	    false matches 0 of 20; similarity 0.68 and less
//
// By hand, on portraits of two other men: false matches 0 of 3 pairs of different men (similarity 0.46 to 0.60); one of these men,
// once smiling into the camera and once speaking and turned aside by some 20°, is NOT matched with himself (0.52): 1 of 1. So the
// stand knows somebody again who sits before the camera much as when enrolled, in other light, at another distance, on another
// day; it does not know him with another expression or turned away. Nobody should read an FMR or FNMR out of so few people: with
// 0 of 20 errors the upper bound at 95 % is 14 %, and drawn persons are no sample of people. Twins, photographs of the person and
// videos all pass.
//
// # Sound measure
//
// It does not recognise speakers, nor digits. Stretches of speech are found by their level over that of the pauses; their number,
// how often the voice rises within them (about once a syllable) and their length are compared with the number of digits: full marks
// for a rise a digit at least, three stretches a digit at most, and 0.2 to 2 s a digit. Anybody's voice saying anything of that
// length passes; silence, hiss, a hum, one digit of four do not.
//
// # Overall and liveness
//
// Overall is the lesser of photo and sound. Liveness passes when somebody spoke about as much as was asked (half of full marks or
// more); its score is 0.99 of those marks. That is no presentation attack detection.
package ebsmock
