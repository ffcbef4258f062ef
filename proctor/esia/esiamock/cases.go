package esiamock

import "ochno/proctor/esia"

// OIDs of the people for particular cases of sign-in, beside those of the demonstration.
const (
	Parent2          = "1000000014" // Фёдорова Ольга Игоревна, Kira's mother
	ChildUnder14     = "1000000015" // Беляев Тимур Денисович, a child account
	ParentOfChild    = "1000000016" // Беляева Нина Львовна, his mother
	WithoutSNILS     = "1000000017" // Алиев Рашид, confirmed, a foreign citizen without a SNILS
	NamesakeOne      = "1000000018" // Иванов Сергей Николаевич, born 5 May 2003
	NamesakeTwo      = "1000000019" // Иванов Сергей Николаевич, born 5 May 2003: another one
	HyphenAndYo      = "1000000020" // Ёжикова-Соловьёва Алёна Семёновна
	DoubleName       = "1000000021" // Мамедова Анна-Мария Октай кызы
	SeveralRoles     = "1000000022" // Тихонов Роман Ильич, staff of two organisations
	StaffByGroup     = "1000000023" // Громова Полина Васильевна, a proctor by her access group
	StaffWithout     = "1000000024" // Чернов Егор Кириллович, staff of the university without an access group
	Deleted          = "1000000025" // Гусева Яна Павловна, a confirmed account that was deleted
	ChangedName      = "1000000026" // Королёва Мария Антоновна, whom papers know under another last name
	JustOfAge        = "1000000027" // Савин Олег Вадимович, of age since 1 November 2026
	ParentOfStranger = "1000000028" // Назарова Ирина Глебовна, mother, but of nobody who studies
	MinorForeign     = "1000000029" // Ли Мина, 16, without a middle name, no parent at ESIA
	NotVerifiedYet   = "1000000030" // Осипов Фёдор Маркович, a standard account
)

// OIDs of the stand's organisations.
const (
	University = "2000000001"
	College    = "2000000002"
)

// Access groups of the stand's organisations.
const (
	GroupProctors   = "OCHNO_PROCTORS"
	GroupRegistrars = "OCHNO_REGISTRARS"
)

// Organisations are the stand's. All of them are fictional.
func Organisations() []esia.Organisation {
	return []esia.Organisation{
		{OID: University, FullName: "Демонстрационный университет", ShortName: "ДемоУ", OGRN: "1000000000001", INN: "0000000001", Type: "AGENCY"},
		{OID: College, FullName: "Демонстрационный колледж", ShortName: "ДемоК", OGRN: "1000000000002", INN: "0000000002", Type: "LEGAL"},
	}
}

// TestPeople are DemoPeople and somebody for every other case of signing in: second parents, a child's account, people without a SNILS,
// namesakes, names that are hard to compare, staff through organisations.
func TestPeople() []Person {
	first := len(DemoPeople()) + 1
	people := []Person{
		{OID: Parent2, LastName: "Фёдорова", FirstName: "Ольга", MiddleName: "Игоревна", BirthDate: date(1984, 4, 14), Gender: "F", Level: esia.LevelConfirmed, Kids: []string{StudentMinor}, Note: "второй родитель Киры Фёдоровой", NoteEN: "second parent of Kira Fyodorova"},
		{OID: ChildUnder14, LastName: "Беляев", FirstName: "Тимур", MiddleName: "Денисович", BirthDate: date(2014, 6, 30), Gender: "M", Level: esia.LevelChild, Documents: birthCertificate(), Note: "ученик младше 14 лет, детская учётная запись", NoteEN: "under 14, a child account"},
		{OID: ParentOfChild, LastName: "Беляева", FirstName: "Нина", MiddleName: "Львовна", BirthDate: date(1988, 1, 22), Gender: "F", Level: esia.LevelConfirmed, Kids: []string{ChildUnder14}, Note: "родитель Тимура Беляева", NoteEN: "parent of Timur Belyaev"},
		{OID: WithoutSNILS, LastName: "Алиев", FirstName: "Рашид", BirthDate: date(2001, 9, 9), Gender: "M", Level: esia.LevelConfirmed, SNILS: noSNILS, Citizenship: "AZE", Documents: []esia.Document{{Type: esia.DocumentForeignCitizen, Series: "AZE", Number: "00000017", IssuedBy: "Стенд ЕСИА", IssuedOn: date(2020, 2, 3), Expires: date(2030, 2, 3), Verified: true}}, Note: "студент без СНИЛС, иностранный гражданин", NoteEN: "student without a SNILS, a foreign citizen"},
		{OID: NamesakeOne, LastName: "Иванов", FirstName: "Сергей", MiddleName: "Николаевич", BirthDate: date(2003, 5, 5), Gender: "M", Level: esia.LevelConfirmed, Note: "студент, есть полный тёзка", NoteEN: "student with a full namesake"},
		{OID: NamesakeTwo, LastName: "Иванов", FirstName: "Сергей", MiddleName: "Николаевич", BirthDate: date(2003, 5, 5), Gender: "M", Level: esia.LevelConfirmed, Note: "его тёзка с той же датой рождения", NoteEN: "his namesake, born on the same day"},
		{OID: HyphenAndYo, LastName: "Ёжикова-Соловьёва", FirstName: "Алёна", MiddleName: "Семёновна", BirthDate: date(2004, 12, 1), Gender: "F", Level: esia.LevelConfirmed, Note: "фамилия через дефис, буквы ё", NoteEN: "a hyphenated name with ё"},
		{OID: DoubleName, LastName: "Мамедова", FirstName: "Анна-Мария", MiddleName: "Октай кызы", BirthDate: date(2005, 3, 3), Gender: "F", Level: esia.LevelConfirmed, Note: "двойное имя, отчество из двух слов", NoteEN: "a double first name"},
		{OID: SeveralRoles, LastName: "Тихонов", FirstName: "Роман", MiddleName: "Ильич", BirthDate: date(1975, 7, 7), Gender: "M", Level: esia.LevelConfirmed, Roles: []Role{{Organisation: University, Groups: []string{GroupProctors, GroupRegistrars}}, {Organisation: College, Chief: true, Admin: true}}, Note: "сотрудник двух организаций, несколько ролей", NoteEN: "staff of two organisations, several roles"},
		{OID: StaffByGroup, LastName: "Громова", FirstName: "Полина", MiddleName: "Васильевна", BirthDate: date(1992, 11, 11), Gender: "F", Level: esia.LevelConfirmed, Roles: []Role{{Organisation: University, Groups: []string{GroupProctors}}}, Note: "проктор по группе доступа организации", NoteEN: "proctor by an access group"},
		{OID: StaffWithout, LastName: "Чернов", FirstName: "Егор", MiddleName: "Кириллович", BirthDate: date(1995, 2, 8), Gender: "M", Level: esia.LevelConfirmed, Roles: []Role{{Organisation: University}}, Note: "сотрудник университета без группы доступа", NoteEN: "university staff without an access group"},
		{OID: Deleted, LastName: "Гусева", FirstName: "Яна", MiddleName: "Павловна", BirthDate: date(2002, 8, 18), Gender: "F", Level: esia.LevelConfirmed, Status: "DELETED", Note: "удалённая учётная запись", NoteEN: "a deleted account"},
		{OID: ChangedName, LastName: "Королёва", FirstName: "Мария", MiddleName: "Антоновна", BirthDate: date(2003, 1, 15), Gender: "F", Level: esia.LevelConfirmed, Note: "сменила фамилию: в списках под прежней", NoteEN: "changed her last name: rosters hold the former one"},
		{OID: JustOfAge, LastName: "Савин", FirstName: "Олег", MiddleName: "Вадимович", BirthDate: date(2008, 11, 1), Gender: "M", Level: esia.LevelConfirmed, Note: "студент, недавно исполнилось 18", NoteEN: "student who came of age lately"},
		{OID: ParentOfStranger, LastName: "Назарова", FirstName: "Ирина", MiddleName: "Глебовна", BirthDate: date(1980, 10, 2), Gender: "F", Level: esia.LevelConfirmed, Kids: []string{}, Note: "взрослый без детей в ЕСИА", NoteEN: "an adult without children at ESIA"},
		{OID: MinorForeign, LastName: "Ли", FirstName: "Мина", BirthDate: date(2010, 2, 25), Gender: "F", Level: esia.LevelConfirmed, Citizenship: "KOR", Note: "несовершеннолетняя без отчества, родителей в ЕСИА нет", NoteEN: "a minor whose parents are not at ESIA"},
		{OID: NotVerifiedYet, LastName: "Осипов", FirstName: "Фёдор", MiddleName: "Маркович", BirthDate: date(2006, 6, 6), Gender: "M", Level: esia.LevelStandard, Note: "студент, стандартная учётная запись", NoteEN: "student, standard account"},
	}
	complete(people, first)
	return append(DemoPeople(), people...)
}

func birthCertificate() []esia.Document {
	return []esia.Document{{Type: esia.DocumentBirthCertificate, Series: "I-ОО", Number: "000015", IssuedBy: "Стенд ЕСИА", IssuedOn: date(2014, 7, 10), Verified: true}}
}
