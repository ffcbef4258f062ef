package esiamock

import "ochno/proctor/esia"

// words are the texts of the stand's pages in one language.
type words struct {
	Brand, Stand, Title, Lead, Wants, Receives, SignInAs, Refuse, Born, NoPassword, OtherLanguage string
	ProblemTitle, Stale, Maintenance, SignedOut, AboutTitle, AboutLead, AboutHow, AboutPeople     string
	Find, FindButton, NobodyFound                                                                 string
	Scopes                                                                                        map[string]string
	Levels                                                                                        map[esia.Level]string
}

var dictionary = map[string]words{
	"ru": {
		Brand:         "ЕСИА",
		Stand:         "испытательный стенд",
		Title:         "Вход в систему",
		Lead:          "Выберите, от чьего имени войти",
		Wants:         "Вход запрашивает система",
		Receives:      "Система получит:",
		SignInAs:      "Войти как",
		Find:          "Найти учётную запись",
		FindButton:    "Найти",
		NobodyFound:   "Никто не найден.",
		Refuse:        "Отказаться от входа",
		Born:          "дата рождения",
		NoPassword:    "Это стенд, а не Госуслуги: люди вымышлены, пароль не нужен. Не вводите здесь настоящих данных.",
		OtherLanguage: "English",
		ProblemTitle:  "Вход не выполнен",
		Stale:         "Эта страница входа устарела или уже использована. Вернитесь в систему и начните вход заново.",
		Maintenance:   "Ведутся технические работы. Повторите вход позже.",
		SignedOut:     "Вы вышли. Окно можно закрыть.",
		AboutTitle:    "Стенд ЕСИА работает",
		AboutLead:     "Он заменяет Госуслуги при разработке и показе: проверяет подписи ГОСТ и параметры запросов, отвечает кодами ошибок ЕСИА и выдаёт маркеры той же формы.",
		AboutHow:      "Сюда приходят из системы, которая просит войти. Откройте её и нажмите «Войти через Госуслуги».",
		AboutPeople:   "Вымышленных людей",
		Scopes: map[string]string{
			"fullname": "фамилию, имя, отчество", "birthdate": "дату рождения", "snils": "СНИЛС", "gender": "пол", "birthplace": "место рождения",
			"inn": "ИНН", "id_doc": "данные документа, удостоверяющего личность", "email": "адрес электронной почты", "mobile": "номер телефона",
			"contacts": "контактные данные", "addresses": "адреса", "usr_org": "список организаций", "birth_cert_doc": "данные свидетельства о рождении",
			"kid_fullname": "имена детей", "kid_birthdate": "даты рождения детей", "kid_snils": "СНИЛС детей", "kid_birth_cert_doc": "свидетельства о рождении детей",
		},
		Levels: map[esia.Level]string{
			esia.LevelConfirmed: "подтверждённая", esia.LevelStandard: "стандартная", esia.LevelSimplified: "упрощённая", esia.LevelChild: "детская",
		},
	},
	"en": {
		Brand:         "ESIA",
		Stand:         "test stand",
		Title:         "Sign in",
		Lead:          "Choose whom to sign in as",
		Wants:         "The sign-in was asked for by",
		Receives:      "The system will receive:",
		SignInAs:      "Sign in as",
		Find:          "Find an account",
		FindButton:    "Find",
		NobodyFound:   "Nobody was found.",
		Refuse:        "Decline to sign in",
		Born:          "date of birth",
		NoPassword:    "This is a stand, not Gosuslugi: the people are fictional and need no password. Do not enter real data here.",
		OtherLanguage: "Русский",
		ProblemTitle:  "Not signed in",
		Stale:         "This sign-in page has expired or was already used. Go back to the system and start the sign-in anew.",
		Maintenance:   "Maintenance is under way. Sign in later.",
		SignedOut:     "You are signed out. You may close this window.",
		AboutTitle:    "The ESIA stand is running",
		AboutLead:     "It stands in for Gosuslugi in development and demonstrations: it verifies GOST signatures and parameters, answers with ESIA's error codes and issues tokens of the same shape.",
		AboutHow:      "People come here from a system that asks them to sign in. Open that system and press “Sign in through Gosuslugi”.",
		AboutPeople:   "Fictional people",
		Scopes: map[string]string{
			"fullname": "your full name", "birthdate": "your date of birth", "snils": "your SNILS", "gender": "your gender", "birthplace": "your place of birth",
			"inn": "your INN", "id_doc": "your identity document", "email": "your e-mail address", "mobile": "your telephone number",
			"contacts": "your contacts", "addresses": "your addresses", "usr_org": "your organisations", "birth_cert_doc": "your birth certificate",
			"kid_fullname": "your children's names", "kid_birthdate": "your children's dates of birth", "kid_snils": "your children's SNILS", "kid_birth_cert_doc": "your children's birth certificates",
		},
		Levels: map[esia.Level]string{
			esia.LevelConfirmed: "confirmed", esia.LevelStandard: "standard", esia.LevelSimplified: "simplified", esia.LevelChild: "child",
		},
	},
}
