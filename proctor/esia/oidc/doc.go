// Package oidc signs people in through a plain OpenID Connect sign-on: a certified gateway in front of ESIA, or a university's own.
// [Client] is a driver of esia.Provider and gives the same identities as the direct one; which claim means what is configured ([Claims]).
//
// It knows no people of ours and no HTTP handlers, and never logs tokens, codes or a person's data. Whether a sign-on's word makes an
// account a confirmed one is the administrator's decision: without Claims.Level or Config.Level nobody is confirmed.
//
// Start reading at [Client.Start] and [Client.Finish]; discovery.go and keys.go hold what is fetched and kept, token.go what is checked,
// claims.go how claims become a person. oidcmock is a stand for tests.
package oidc
