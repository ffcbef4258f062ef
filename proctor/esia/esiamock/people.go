package esiamock

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ochno/proctor/esia"
)

// OIDs of the test people that stories name.
const (
	StudentAnna     = "1000000001" // Смирнова Анна Сергеевна, confirmed: the right person
	StudentBoris    = "1000000002" // Кузнецов Борис Андреевич, confirmed
	StudentVera     = "1000000003" // Попова Вера Дмитриевна, confirmed
	StudentStandard = "1000000004" // Волков Глеб Игоревич, a standard account, not confirmed
	Stranger        = "1000000005" // Орлов Демьян Павлович, confirmed, in no roster
	Proctor         = "1000000006" // Соколова Елена Викторовна
	Proctor2        = "1000000007" // Морозов Иван Петрович
	Registrar       = "1000000008" // Лебедева Жанна Олеговна
	Administrator   = "1000000009" // Новиков Захар Артёмович
	StudentMinor    = "1000000010" // Фёдорова Кира Максимовна, confirmed; a minor until 20 December 2028
	Parent          = "1000000011" // Фёдоров Максим Юрьевич, her father
	StudentSimple   = "1000000012" // Зайцева Лидия Романовна, a simplified account
	StudentForeign  = "1000000013" // Ким Нур, confirmed, without a middle name
)

// Person is a test person of the stand. All of them are fictional.
type Person struct {
	OID        string
	LastName   string
	FirstName  string
	MiddleName string    // may be empty
	BirthDate  time.Time // midnight UTC
	Gender     string    // M or F
	SNILS      string    // eleven digits with valid check digits, or empty
	Trusted    bool      // a confirmed account
	Level      esia.Level
	Status     string // REGISTERED
	Note       string // who it is in the stories, in Russian, shown on the sign-in page
	NoteEN     string

	BirthPlace  string
	Citizenship string // RUS when empty
	INN         string // twelve digits, or empty
	Contacts    []esia.Contact
	Documents   []esia.Document
	Addresses   []esia.Address
	Roles       []Role
	Kids        []string // OIDs of the stand's people
}

// Role is a person's place in one of the stand's organisations.
type Role struct {
	Organisation string   `json:"organisation"` // its OID
	Chief        bool     `json:"chief"`
	Admin        bool     `json:"admin"`
	Groups       []string `json:"groups"` // access groups in the organisation
}

// DemoPeople are the test people of the demonstration, in the order of the sign-in page. The demonstration's roster is made from them,
// too. Their SNILS begin with 999-999, which is issued to nobody.
func DemoPeople() []Person {
	people := []Person{
		{OID: StudentAnna, LastName: "Смирнова", FirstName: "Анна", MiddleName: "Сергеевна", BirthDate: date(2004, 3, 12), Gender: "F", Level: esia.LevelConfirmed, Note: "студентка, в списке экзамена", NoteEN: "student, in the roster"},
		{OID: StudentBoris, LastName: "Кузнецов", FirstName: "Борис", MiddleName: "Андреевич", BirthDate: date(2003, 11, 2), Gender: "M", Level: esia.LevelConfirmed, Note: "студент, в списке экзамена", NoteEN: "student, in the roster"},
		{OID: StudentVera, LastName: "Попова", FirstName: "Вера", MiddleName: "Дмитриевна", BirthDate: date(2004, 7, 25), Gender: "F", Level: esia.LevelConfirmed, Note: "студентка, в списке экзамена", NoteEN: "student, in the roster"},
		{OID: StudentStandard, LastName: "Волков", FirstName: "Глеб", MiddleName: "Игоревич", BirthDate: date(2004, 1, 30), Gender: "M", Level: esia.LevelStandard, Note: "студент, учётная запись не подтверждена", NoteEN: "student, account not confirmed"},
		{OID: Stranger, LastName: "Орлов", FirstName: "Демьян", MiddleName: "Павлович", BirthDate: date(1999, 5, 17), Gender: "M", Level: esia.LevelConfirmed, Note: "посторонний, нет в списках", NoteEN: "stranger, in no roster"},
		{OID: Proctor, LastName: "Соколова", FirstName: "Елена", MiddleName: "Викторовна", BirthDate: date(1986, 9, 8), Gender: "F", Level: esia.LevelConfirmed, Note: "проктор", NoteEN: "proctor"},
		{OID: Proctor2, LastName: "Морозов", FirstName: "Иван", MiddleName: "Петрович", BirthDate: date(1979, 12, 19), Gender: "M", Level: esia.LevelConfirmed, Note: "второй проктор", NoteEN: "second proctor"},
		{OID: Registrar, LastName: "Лебедева", FirstName: "Жанна", MiddleName: "Олеговна", BirthDate: date(1990, 2, 21), Gender: "F", Level: esia.LevelConfirmed, Note: "сотрудник учебной части", NoteEN: "registrar"},
		{OID: Administrator, LastName: "Новиков", FirstName: "Захар", MiddleName: "Артёмович", BirthDate: date(1983, 6, 4), Gender: "M", Level: esia.LevelConfirmed, Note: "администратор", NoteEN: "administrator"},
		{OID: StudentMinor, LastName: "Фёдорова", FirstName: "Кира", MiddleName: "Максимовна", BirthDate: date(2010, 12, 20), Gender: "F", Level: esia.LevelConfirmed, Note: "несовершеннолетняя студентка", NoteEN: "student, a minor"},
		{OID: Parent, LastName: "Фёдоров", FirstName: "Максим", MiddleName: "Юрьевич", BirthDate: date(1981, 8, 3), Gender: "M", Level: esia.LevelConfirmed, Kids: []string{StudentMinor}, Note: "родитель Киры Фёдоровой", NoteEN: "parent of Kira Fyodorova"},
		{OID: StudentSimple, LastName: "Зайцева", FirstName: "Лидия", MiddleName: "Романовна", BirthDate: date(2005, 10, 9), Gender: "F", Level: esia.LevelSimplified, Note: "студентка, упрощённая учётная запись", NoteEN: "student, simplified account"},
		{OID: StudentForeign, LastName: "Ким", FirstName: "Нур", BirthDate: date(2002, 12, 5), Gender: "M", Level: esia.LevelConfirmed, Note: "студент без отчества", NoteEN: "student without a middle name"},
	}
	complete(people, 1)
	return people
}

// complete fills in what people of a kind have in common; number is the first one's fictional number.
func complete(people []Person, number int) {
	for i := range people {
		p := &people[i]
		if p.Status == "" {
			p.Status = "REGISTERED"
		}
		p.Trusted = p.Level == esia.LevelConfirmed
		if p.Level != esia.LevelSimplified && p.SNILS != noSNILS {
			p.SNILS = fictionalSNILS(number + i)
		}
		if p.SNILS == noSNILS {
			p.SNILS = ""
		}
		p.Contacts = append(p.Contacts, esia.Contact{Type: esia.ContactEmail, Value: "person" + p.OID[len(p.OID)-2:] + "@example.org", Verified: p.Trusted})
		if p.Documents == nil && p.Trusted {
			p.Documents = []esia.Document{{
				Type: esia.DocumentPassport, Series: "0000", Number: fmt.Sprintf("%06d", number+i), IssuedBy: "Стенд ЕСИА", IssueID: "000000",
				IssuedOn: p.BirthDate.AddDate(14, 1, 0), Verified: true,
			}}
		}
	}
}

// noSNILS marks a person who has none, before complete.
const noSNILS = "none"

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// fictionalSNILS is number 999-999-0NN with its check digits.
func fictionalSNILS(number int) string {
	nine := fmt.Sprintf("9999990%02d", number)
	return nine + esia.SNILSCheckDigits(nine)
}

// ReadPeople reads test people from JSON, to add them to DemoPeople:
//
//	[{"oid": "1000000101", "lastName": "…", "firstName": "…", "middleName": "…", "birthDate": "2004-03-12", "gender": "F",
//	  "snils": "99999900115", "level": "confirmed", "note": "…", "email": "…", "kids": ["1000000102"],
//	  "roles": [{"organisation": "2000000001", "chief": false, "admin": false, "groups": ["PROCTORS"]}]}]
//
// level is simplified, standard, confirmed (the default) or child.
func ReadPeople(from io.Reader) ([]Person, error) {
	var entries []struct {
		OID        string     `json:"oid"`
		LastName   string     `json:"lastName"`
		FirstName  string     `json:"firstName"`
		MiddleName string     `json:"middleName"`
		BirthDate  string     `json:"birthDate"`
		Gender     string     `json:"gender"`
		SNILS      string     `json:"snils"`
		Level      esia.Level `json:"level"`
		Note       string     `json:"note"`
		NoteEN     string     `json:"noteEn"`
		Email      string     `json:"email"`
		Kids       []string   `json:"kids"`
		Roles      []Role     `json:"roles"`
	}
	decoder := json.NewDecoder(io.LimitReader(from, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&entries); err != nil {
		return nil, fmt.Errorf("not the JSON of test people: %w", err)
	}
	people := make([]Person, 0, len(entries))
	for i, e := range entries {
		born, err := time.Parse(time.DateOnly, e.BirthDate)
		if err != nil {
			return nil, fmt.Errorf("person %d: birthDate is not YYYY-MM-DD", i+1)
		}
		if e.Level == "" {
			e.Level = esia.LevelConfirmed
		}
		var contacts []esia.Contact
		if e.Email != "" {
			contacts = []esia.Contact{{Type: esia.ContactEmail, Value: e.Email, Verified: true}}
		}
		people = append(people, Person{
			Contacts: contacts, Kids: e.Kids, Roles: e.Roles, OID: e.OID, LastName: e.LastName, FirstName: e.FirstName, MiddleName: e.MiddleName, BirthDate: born, Gender: e.Gender,
			SNILS: e.SNILS, Level: e.Level, Trusted: e.Level == esia.LevelConfirmed, Status: "REGISTERED", Note: e.Note, NoteEN: e.NoteEN,
		})
	}
	return people, checkPeople(people)
}

func checkPeople(people []Person) error {
	if len(people) > 500 {
		return errors.New("over 500")
	}
	seen := make(map[string]bool)
	for i, p := range people {
		var fault string
		switch {
		case len(p.OID) == 0 || len(p.OID) > 18 || p.OID[0] == '0' || strings.Trim(p.OID, "0123456789") != "":
			fault = "the OID is not a number"
		case seen[p.OID]:
			fault = "the OID is given twice"
		case p.LastName == "" || p.FirstName == "" || p.BirthDate.IsZero():
			fault = "a name or the birth date is missing"
		case p.Level != esia.LevelSimplified && p.Level != esia.LevelStandard && p.Level != esia.LevelConfirmed && p.Level != esia.LevelChild:
			fault = "the level is none of simplified, standard, confirmed, child"
		}
		if digits, ok := esia.ParseSNILS(p.SNILS); fault == "" && p.SNILS != "" && (!ok || digits != p.SNILS) {
			fault = "the SNILS is not eleven digits with valid check digits"
		}
		if fault != "" {
			return fmt.Errorf("person %d: %s", i+1, fault)
		}
		seen[p.OID] = true
	}
	return nil
}
