package esia

import "strings"

type explanation struct {
	kind   Kind
	ru, en string
}

// explain finds the words for a code; an unknown one gets general words of the right kind.
func explain(code string) explanation {
	if x, ok := explanations[code]; ok {
		return x
	}
	if strings.HasPrefix(code, "ESIA-0367") {
		return explanation{
			KindRejected,
			"Госуслуги не приняли согласие на передачу данных. Повторите вход и предоставьте согласие; если не получится, сообщите администратору код ошибки.",
			"Gosuslugi did not accept the consent to hand data over. Sign in again and grant it; if that does not help, tell the administrator the error code.",
		}
	}
	if strings.HasPrefix(code, "ESIA-005") {
		return explanation{
			KindRejected,
			"Госуслуги не отдали данные учётной записи. Повторите вход; если ошибка останется, сообщите администратору её код.",
			"Gosuslugi did not hand the account's data over. Sign in again; if the error stays, tell the administrator its code.",
		}
	}
	return explanation{
		KindRejected,
		"Госуслуги отклонили вход. Повторите попытку; если ошибка останется, сообщите администратору её код.",
		"Gosuslugi refused the sign-in. Try again; if the error stays, tell the administrator its code.",
	}
}

// explanations cover every code that facts of the protocol and this package name. Each sentence says who can do what.
var explanations = map[string]explanation{
	"ESIA-007003": {
		KindRejected,
		"Госуслуги не приняли параметр запроса. Администратору: сверьте адрес Госуслуг, мнемонику и адрес возврата в настройках с заявкой на подключение.",
		"Gosuslugi did not accept a parameter of the request. Administrator: compare the Gosuslugi address, the mnemonic and the return address in the settings with the registration.",
	},
	"ESIA-007004": {
		KindDenied,
		"Вы отказались от входа через Госуслуги. Чтобы продолжить, войдите ещё раз и разрешите передачу данных.",
		"You declined to sign in through Gosuslugi. To go on, sign in again and allow the data to be handed over.",
	},
	"ESIA-007005": {
		KindRejected,
		"Госуслуги не разрешают вход в эту систему. Администратору: проверьте мнемонику, среду (тестовая или промышленная), что система активна и её сертификат загружен на технологический портал.",
		"Gosuslugi do not allow sign-in to this system. Administrator: check the mnemonic, the environment (test or production), that the system is active and its certificate is uploaded to the technical portal.",
	},
	"ESIA-007006": {
		KindRejected,
		"Госуслуги не разрешают системе запрашивать эти данные. Администратору: сверьте список scope в настройках с разрешённым в заявке.",
		"Gosuslugi do not allow the system to ask for this data. Administrator: compare the scopes in the settings with those granted in the registration.",
	},
	"ESIA-007007": {
		KindUnavailable,
		"На Госуслугах внутренняя ошибка. Повторите вход через несколько минут.",
		"Gosuslugi have an internal error. Sign in again in a few minutes.",
	},
	"ESIA-007008": {
		KindUnavailable,
		"Госуслуги сейчас перегружены. Повторите вход через несколько минут.",
		"Gosuslugi are overloaded at the moment. Sign in again in a few minutes.",
	},
	"ESIA-007009": {
		KindRejected,
		"Госуслуги не поддерживают такой способ входа (response_type). Администратору: проверьте поколение протокола в настройках.",
		"Gosuslugi do not support this kind of sign-in (response_type). Administrator: check the protocol generation in the settings.",
	},
	"ESIA-007011": {
		KindRejected,
		"Код входа уже использован, просрочен или выдан другой системе. Начните вход заново.",
		"The sign-in code was already used, has expired or belongs to another system. Start the sign-in anew.",
	},
	"ESIA-007012": {
		KindRejected,
		"Госуслуги не поддерживают такой обмен кода (grant_type). Администратору: проверьте поколение протокола в настройках.",
		"Gosuslugi do not support this kind of code exchange (grant_type). Administrator: check the protocol generation in the settings.",
	},
	"ESIA-007013": {
		KindRejected,
		"В запросе нет scope. Администратору: задайте список scope в настройках.",
		"The request has no scope. Administrator: set the list of scopes in the settings.",
	},
	"ESIA-007014": {
		KindRejected,
		"В запросе не хватает обязательного параметра. Администратору: проверьте поколение протокола, хеш сертификата и адрес возврата в настройках.",
		"A required parameter is missing from the request. Administrator: check the protocol generation, the certificate hash and the return address in the settings.",
	},
	"ESIA-007015": {
		KindRejected,
		"Время запроса неверно. Администратору: синхронизируйте часы сервера (NTP), затем повторите вход.",
		"The time of the request is wrong. Administrator: synchronise the server's clock (NTP), then sign in again.",
	},
	"ESIA-007019": {
		KindRejected,
		"Нет разрешения на эти данные. Повторите вход и дайте разрешение; администратору: проверьте, что система имеет доступ к запрашиваемым scope.",
		"There is no permission for this data. Sign in again and grant it; administrator: check that the system has access to the scopes it asks for.",
	},
	"ESIA-007023": {
		KindRejected,
		"Адрес возврата не зарегистрирован. Администратору: внесите домен системы на технологический портал Госуслуг или исправьте публичный адрес в настройках.",
		"The return address is not registered. Administrator: register the system's domain on the technical portal of Gosuslugi or correct the public address in the settings.",
	},
	"ESIA-007039": {
		KindRejected,
		"Проверка входа (PKCE) не принята. Начните вход заново; администратору: если ошибка повторяется, выключите PKCE в настройках.",
		"The sign-in proof (PKCE) was not accepted. Start the sign-in anew; administrator: if this repeats, turn PKCE off in the settings.",
	},
	"ESIA-007040": {
		KindRejected,
		"Проверка входа (PKCE) не совпала: вход начат и закончен в разных местах. Начните вход заново в одном окне браузера.",
		"The sign-in proof (PKCE) does not match: the sign-in was begun and ended in different places. Start it anew in one browser window.",
	},
	"ESIA-007053": {
		KindRejected,
		"Госуслуги не приняли подпись системы. Администратору: проверьте, что ключ соответствует сертификату на технологическом портале, сертификат не просрочен, его хеш верен, а порядок байтов подписи не перевёрнут.",
		"Gosuslugi did not accept the system's signature. Administrator: check that the key belongs to the certificate on the technical portal, that the certificate has not expired, that its hash is right and that the signature's bytes are not reversed.",
	},
	"ESIA-007055": {
		KindNotConfirmed,
		"Учётная запись Госуслуг не подтверждена. Подтвердите её в приложении банка, в центре обслуживания или на Почте (gosuslugi.ru/help), затем войдите снова.",
		"The Gosuslugi account is not confirmed. Confirm it in your bank's application, at a service centre or at a post office (gosuslugi.ru/help), then sign in again.",
	},
	"ESIA-005013": {
		KindRejected,
		"Время доступа к данным Госуслуг истекло. Войдите ещё раз.",
		"The access to the Gosuslugi data has expired. Sign in again.",
	},

	"ESIA-005003": {
		KindRejected,
		"Госуслуги не приняли запрос данных. Повторите вход; администратору: если ошибка повторяется, сверьте адрес Госуслуг в настройках.",
		"Gosuslugi did not accept the request for data. Sign in again; administrator: if this repeats, check the Gosuslugi address in the settings.",
	},
	"ESIA-005008": {
		KindRejected,
		"На Госуслугах нет таких данных: учётная запись или запись о ребёнке удалена либо принадлежит другому человеку. Проверьте профиль на Госуслугах и войдите снова.",
		"Gosuslugi have no such data: the account or the child's record was removed or belongs to somebody else. Check the profile at Gosuslugi and sign in again.",
	},
	"ESIA-005011": {
		KindRejected,
		"Госуслуги не приняли маркер доступа. Войдите ещё раз; если ошибка останется, сообщите администратору её код.",
		"Gosuslugi did not accept the access token. Sign in again; if the error stays, tell the administrator its code.",
	},
	"ESIA-005014": {
		KindRejected,
		"Госуслуги не разрешают читать эти данные. Войдите ещё раз и разрешите передачу данных; администратору: добавьте нужные scope (например usr_org, kid_fullname) в заявку и в настройки.",
		"Gosuslugi do not allow this data to be read. Sign in again and allow it to be handed over; administrator: add the scopes (such as usr_org, kid_fullname) to the registration and to the settings.",
	},

	CodeRequestInvalid: {
		KindRejected,
		"Госуслуги вернули неполный ответ, или адрес страницы был изменён. Начните вход заново.",
		"Gosuslugi came back with an incomplete answer, or the page's address was altered. Start the sign-in anew.",
	},
	CodeStateInvalid: {
		KindStateInvalid,
		"Этот вход начат в другом окне или уже использован. Начните вход заново в этом браузере и не закрывайте окно до конца.",
		"This sign-in was begun in another window or was already used. Start it anew in this browser and keep the window open until the end.",
	},
	CodeStateExpired: {
		KindStateInvalid,
		"Вход занял слишком много времени. Начните его заново.",
		"The sign-in took too long. Start it anew.",
	},
	CodeUnavailable: {
		KindUnavailable,
		"Госуслуги не отвечают. Повторите вход через несколько минут; администратору: проверьте сеть и адрес Госуслуг командой «ochno doctor».",
		"Gosuslugi do not answer. Sign in again in a few minutes; administrator: check the network and the Gosuslugi address with “ochno doctor”.",
	},
	CodeTimeout: {
		KindUnavailable,
		"Госуслуги не ответили вовремя. Повторите вход через несколько минут.",
		"Gosuslugi did not answer in time. Sign in again in a few minutes.",
	},
	CodeAnswerHTML: {
		KindUnavailable,
		"Вместо данных пришла веб-страница: на Госуслугах идут работы, или запрос перехватил прокси-сервер. Повторите вход позже; администратору: проверьте адрес Госуслуг и прокси.",
		"A web page came instead of data: Gosuslugi are under maintenance, or a proxy took the request. Sign in later; administrator: check the Gosuslugi address and the proxy.",
	},
	CodeAnswerInvalid: {
		KindUnavailable,
		"Ответ Госуслуг не удалось разобрать. Повторите вход; администратору: если ошибка повторяется, проверьте поколение протокола в настройках.",
		"The answer of Gosuslugi could not be read. Sign in again; administrator: if this repeats, check the protocol generation in the settings.",
	},
	CodeAnswerTooBig: {
		KindUnavailable,
		"Ответ Госуслуг слишком велик. Повторите вход; администратору: проверьте адрес Госуслуг и прокси.",
		"The answer of Gosuslugi is too big. Sign in again; administrator: check the Gosuslugi address and the proxy.",
	},
	CodeSignerFailed: {
		KindUnavailable,
		"Не удалось подписать запрос к Госуслугам. Администратору: проверьте программу подписи, файл ключа и модуль ГОСТ (libengine-gost-openssl) командой «ochno doctor».",
		"The request to Gosuslugi could not be signed. Administrator: check the signing program, the key file and the GOST engine (libengine-gost-openssl) with “ochno doctor”.",
	},
	CodeVerifierFailed: {
		KindUnavailable,
		"Не удалось проверить подпись Госуслуг: программа проверки не сработала. Администратору: проверьте модуль ГОСТ (libengine-gost-openssl) командой «ochno doctor».",
		"The signature of Gosuslugi could not be checked: the verifying program failed. Administrator: check the GOST engine (libengine-gost-openssl) with “ochno doctor”.",
	},
	CodeKeysMissing: {
		KindUnavailable,
		"Нет ни одного сертификата Госуслуг для проверки ответа. Администратору: положите действующий сертификат ЕСИА в файл, указанный в настройках.",
		"There is no certificate of Gosuslugi to verify its answer with. Administrator: put ESIA's current certificate into the file named in the settings.",
	},
	CodeTokenInvalid: {
		KindRejected,
		"Госуслуги прислали неверный маркер доступа. Начните вход заново; если ошибка останется, сообщите администратору её код.",
		"Gosuslugi sent a malformed token. Start the sign-in anew; if the error stays, tell the administrator its code.",
	},
	CodeTokenAlgorithm: {
		KindRejected,
		"Маркер подписан алгоритмом, который не разрешён. Администратору: сверьте алгоритм подписи на технологическом портале (RS256 или GOST3410_2012_256) с настройками.",
		"The token is signed by an algorithm that is not allowed. Administrator: compare the algorithm on the technical portal (RS256 or GOST3410_2012_256) with the settings.",
	},
	CodeTokenSignature: {
		KindRejected,
		"Подпись Госуслуг не проверяется ни одним известным сертификатом. Администратору: ЕСИА меняет сертификаты ежегодно, добавьте новый в файл сертификатов; перезапуск не нужен.",
		"No known certificate verifies the signature of Gosuslugi. Administrator: ESIA changes its certificates every year, add the new one to the certificate file; no restart is needed.",
	},
	CodeCertificateExpired: {
		KindRejected,
		"Сертификат Госуслуг, которым проверяется ответ, просрочен. Администратору: замените файл сертификата ЕСИА действующим; перезапуск не нужен.",
		"The certificate of Gosuslugi that verifies the answer has expired. Administrator: replace ESIA's certificate file with the current one; no restart is needed.",
	},
	CodeTokenIssuer: {
		KindRejected,
		"Маркер выдан не теми Госуслугами, что указаны в настройках. Администратору: проверьте среду (тестовая или промышленная) и значение issuer.",
		"The token was not issued by the Gosuslugi of the settings. Administrator: check the environment (test or production) and the issuer.",
	},
	CodeTokenAudience: {
		KindRejected,
		"Маркер выдан другой системе. Начните вход заново; администратору: проверьте мнемонику в настройках.",
		"The token was issued to another system. Start the sign-in anew; administrator: check the mnemonic in the settings.",
	},
	CodeTokenTime: {
		KindRejected,
		"Маркер Госуслуг просрочен или ещё не действует. Начните вход заново; администратору: синхронизируйте часы сервера (NTP).",
		"The token of Gosuslugi has expired or is not valid yet. Start the sign-in anew; administrator: synchronise the server's clock (NTP).",
	},
	CodeTokenSubject: {
		KindRejected,
		"Ответы Госуслуг относятся к разным людям. Выйдите из Госуслуг и начните вход заново.",
		"The answers of Gosuslugi name different people. Sign out of Gosuslugi and start the sign-in anew.",
	},
	CodeOwnCertificate: {
		KindUnavailable,
		"Сертификат системы просрочен или ещё не действует. Администратору: выпустите новый, загрузите его на технологический портал Госуслуг и укажите в настройках.",
		"The system's certificate has expired or is not valid yet. Administrator: have a new one issued, upload it to the technical portal of Gosuslugi and name it in the settings.",
	},
	CodeKeyMismatch: {
		KindUnavailable,
		"Ключ системы не подходит к её сертификату. Администратору: укажите в настройках ключ и сертификат одной пары; если подписывает внешняя программа, проверьте порядок байтов подписи.",
		"The system's key does not belong to its certificate. Administrator: name the key and the certificate of one pair in the settings; if another program signs, check the order of the signature's bytes.",
	},
	CodeHashMismatch: {
		KindUnavailable,
		"Хеш сертификата в настройках не от этого сертификата. Администратору: вычислите его заново (Стрибог-256 от сертификата в DER, заглавными шестнадцатеричными цифрами).",
		"The certificate hash in the settings is not that of this certificate. Administrator: compute it anew (Streebog-256 of the certificate's DER in upper-case hex).",
	},
	CodePersonInvalid: {
		KindRejected,
		"В учётной записи Госуслуг не заполнены обязательные данные (фамилия, имя, дата рождения) или они записаны с ошибкой. Проверьте профиль на Госуслугах и войдите снова.",
		"The Gosuslugi account lacks required data (last name, first name, birth date), or it is malformed. Check the profile at Gosuslugi and sign in again.",
	},
}
