package esia

// Codes of a plain OIDC sign-on, beside those that it shares with ESIA.
const (
	CodeDenied           = "denied"            // the person refused, or may not use this system
	CodeClientRefused    = "client_refused"    // the sign-on does not know us, or our secret is wrong
	CodeScopeRefused     = "scope_refused"     // we may not ask for this data
	CodeGrantInvalid     = "grant_invalid"     // the code was used, has expired or was given to somebody else
	CodeRefused          = "refused"           // any other refusal
	CodeDiscoveryInvalid = "discovery_invalid" // the sign-on's description of itself is malformed or another's
	CodeTokenNonce       = "token_nonce"       // the token belongs to another sign-in
)

// explainOIDC finds the words for a code of a plain OIDC sign-on.
func explainOIDC(code string) explanation {
	if x, ok := oidcExplanations[code]; ok {
		return x
	}
	return oidcExplanations[CodeRefused]
}

var oidcExplanations = map[string]explanation{
	CodeDenied: {
		KindDenied,
		"Вход отменён: вы отказались от него, или служба входа не пускает вас в эту систему. Войдите ещё раз и разрешите передачу данных.",
		"The sign-in was cancelled: you declined it, or the sign-on does not let you into this system. Sign in again and allow the data to be handed over.",
	},
	CodeClientRefused: {
		KindRejected,
		"Служба входа не признала эту систему. Администратору: проверьте client_id, секрет и адрес возврата в настройках.",
		"The sign-on did not recognise this system. Administrator: check the client_id, the secret and the return address in the settings.",
	},
	CodeScopeRefused: {
		KindRejected,
		"Служба входа не разрешает системе запрашивать эти данные. Администратору: сверьте список scope в настройках с разрешённым.",
		"The sign-on does not allow the system to ask for this data. Administrator: compare the scopes in the settings with those granted.",
	},
	CodeGrantInvalid: {
		KindRejected,
		"Код входа уже использован, просрочен или выдан другой системе. Начните вход заново.",
		"The sign-in code was already used, has expired or belongs to another system. Start the sign-in anew.",
	},
	CodeRefused: {
		KindRejected,
		"Служба входа отклонила вход. Повторите попытку; если ошибка останется, сообщите администратору её код.",
		"The sign-on refused the sign-in. Try again; if the error stays, tell the administrator its code.",
	},
	CodeDiscoveryInvalid: {
		KindUnavailable,
		"Описание службы входа неверно. Администратору: проверьте адрес (issuer) в настройках; по нему должен открываться /.well-known/openid-configuration с тем же issuer.",
		"The sign-on's description of itself is wrong. Administrator: check the issuer in the settings; /.well-known/openid-configuration under it must name the same issuer.",
	},
	CodeTokenNonce: {
		KindRejected,
		"Ответ службы входа относится к другому входу. Начните вход заново в одном окне браузера.",
		"The sign-on's answer belongs to another sign-in. Start it anew in one browser window.",
	},
	CodeRequestInvalid: {
		KindRejected,
		"Служба входа вернула неполный ответ, или адрес страницы был изменён. Начните вход заново.",
		"The sign-on came back with an incomplete answer, or the page's address was altered. Start the sign-in anew.",
	},
	CodeStateInvalid: explanations[CodeStateInvalid],
	CodeStateExpired: explanations[CodeStateExpired],
	CodeUnavailable: {
		KindUnavailable,
		"Служба входа не отвечает. Повторите вход через несколько минут; администратору: проверьте сеть и адрес службы командой «ochno doctor».",
		"The sign-on does not answer. Sign in again in a few minutes; administrator: check the network and its address with “ochno doctor”.",
	},
	CodeTimeout: {
		KindUnavailable,
		"Служба входа не ответила вовремя. Повторите вход через несколько минут.",
		"The sign-on did not answer in time. Sign in again in a few minutes.",
	},
	CodeAnswerHTML: {
		KindUnavailable,
		"Вместо данных пришла веб-страница: в службе входа идут работы, или запрос перехватил прокси-сервер. Повторите вход позже; администратору: проверьте адрес службы и прокси.",
		"A web page came instead of data: the sign-on is under maintenance, or a proxy took the request. Sign in later; administrator: check its address and the proxy.",
	},
	CodeAnswerInvalid: {
		KindUnavailable,
		"Ответ службы входа не удалось разобрать. Повторите вход; если ошибка останется, сообщите администратору её код.",
		"The sign-on's answer could not be read. Sign in again; if the error stays, tell the administrator its code.",
	},
	CodeAnswerTooBig: {
		KindUnavailable,
		"Ответ службы входа слишком велик. Повторите вход; администратору: проверьте адрес службы и прокси.",
		"The sign-on's answer is too big. Sign in again; administrator: check its address and the proxy.",
	},
	CodeKeysMissing: {
		KindUnavailable,
		"Нет ключей службы входа для проверки ответа. Администратору: проверьте её адрес jwks_uri.",
		"There are no keys of the sign-on to verify its answer with. Administrator: check its jwks_uri.",
	},
	CodeTokenInvalid: {
		KindRejected,
		"Служба входа прислала неверный маркер. Начните вход заново; если ошибка останется, сообщите администратору её код.",
		"The sign-on sent a malformed token. Start the sign-in anew; if the error stays, tell the administrator its code.",
	},
	CodeTokenAlgorithm: {
		KindRejected,
		"Маркер подписан алгоритмом, который не разрешён. Администратору: сверьте алгоритм подписи службы входа с настройками.",
		"The token is signed by an algorithm that is not allowed. Administrator: compare the sign-on's algorithm with the settings.",
	},
	CodeTokenSignature: {
		KindRejected,
		"Подпись службы входа не проверяется ни одним её ключом. Начните вход заново; администратору: проверьте её jwks_uri.",
		"No key of the sign-on verifies its signature. Start the sign-in anew; administrator: check its jwks_uri.",
	},
	CodeTokenIssuer: {
		KindRejected,
		"Маркер выдан не той службой входа, что указана в настройках. Администратору: проверьте issuer.",
		"The token was not issued by the sign-on of the settings. Administrator: check the issuer.",
	},
	CodeTokenAudience: {
		KindRejected,
		"Маркер выдан другой системе. Начните вход заново; администратору: проверьте client_id в настройках.",
		"The token was issued to another system. Start the sign-in anew; administrator: check the client_id in the settings.",
	},
	CodeTokenTime: {
		KindRejected,
		"Маркер службы входа просрочен или ещё не действует. Начните вход заново; администратору: синхронизируйте часы сервера (NTP).",
		"The sign-on's token has expired or is not valid yet. Start the sign-in anew; administrator: synchronise the server's clock (NTP).",
	},
	CodeTokenSubject: {
		KindRejected,
		"Ответы службы входа относятся к разным людям. Выйдите из неё и начните вход заново.",
		"The sign-on's answers name different people. Sign out of it and start the sign-in anew.",
	},
	CodePersonInvalid: {
		KindRejected,
		"Служба входа не передала обязательные данные (фамилию, имя, дату рождения), или они записаны с ошибкой. Администратору: сверьте имена полей (claims) в настройках.",
		"The sign-on did not hand over required data (last name, first name, birth date), or it is malformed. Administrator: compare the names of the claims with the settings.",
	},
}
