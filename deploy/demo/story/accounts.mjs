// The story of ways in: an account linked by itself at the first sign-in, one that nobody knows and that staff link on the spot, a person with
// several roles, and accounts that are not confirmed. Beside what every story is told (stage.mjs): mail (the mail stand's page).
import { config, expect, id, person, phone, play, signIn, step } from './stage.mjs';

const session = async (page) => (await page.request.get(`${config.url}/api/session`)).json();

/** The letters to an address, the newest first. */
async function letters(page, to) {
  const all = await (await page.request.get(`${config.mail}/letters.json`)).json();
  return (all.letters ?? []).filter((letter) => JSON.stringify(letter).includes(to));
}

/** Waits until a letter with these words came to an address. */
async function letter(page, to, words) {
  const until = Date.now() + 20_000;
  for (;;) {
    const found = (await letters(page, to)).find((one) => JSON.stringify(one).includes(words));
    if (found) return found;
    expect(Date.now() < until, `a letter to ${to} with «${words}»`);
    await page.waitForTimeout(200);
  }
}

const role = (page, name, organisation) => page.locator(`[data-testid="role"][data-role="${name}"][data-organisation="${organisation}"]`);

async function story(facts) {
  const anna = await person('anna');
  await step('The first sign-in links the account by itself', async () => {
    await anna.page.goto(`${config.url}/e/demo`);
    await signIn(anna.page, 'Смирнова Анна');
    await id(anna.page, 'join').waitFor();
    expect(anna.page.url() === `${config.url}/e/demo`, 'she is where she was going');
    facts.anna = (await session(anna.page)).person.id;
    return anna.page;
  });
  const rashid = await person('rashid');
  await step('Without a SNILS the identity document links', async () => {
    await rashid.page.goto(`${config.url}/`);
    await signIn(rashid.page, 'Алиев Рашид');
    await id(rashid.page, 'person-home').waitFor();
    facts.rashid = (await session(rashid.page)).person.id;
    return rashid.page;
  });

  const gleb = await person('gleb');
  await step('A standard account is told how to be confirmed, and where it was going is kept', async () => {
    await gleb.page.goto(`${config.url}/e/demo`);
    await signIn(gleb.page, 'Волков Глеб');
    await id(gleb.page, 'not-confirmed').waitFor();
    expect((await id(gleb.page, 'not-confirmed').getAttribute('data-level')) === 'standard', 'it says which account it is');
    const again = await id(gleb.page, 'sign-in').getAttribute('href');
    expect(new URL(again, config.url).searchParams.get('return') === '/e/demo', 'the way back is kept');
    expect(!(await session(gleb.page)).signedIn, 'nobody is signed in');
    await phone(gleb.page, 'not-confirmed');
    return gleb.page;
  });
  await step('A simplified account is told what comes first', async () => {
    const lidia = await person('lidia');
    await lidia.page.goto(`${config.url}/e/demo`);
    await signIn(lidia.page, 'Зайцева Лидия');
    await id(lidia.page, 'not-confirmed').waitFor();
    expect((await id(lidia.page, 'not-confirmed').getAttribute('data-level')) === 'simplified', 'it says which account it is');
    const filed = await lidia.page.request.post(`${config.url}/api/requests`, { data: { organisationId: '00000000-0000-0000-0000-000000000000', kind: 'link', name: 'x', email: 'a@b.example', language: 'ru' } });
    expect(filed.status() === 401, `it may not file a request (${filed.status()})`);
    return lidia.page;
  });

  const maria = await person('maria');
  await step('A changed last name is not guessed: the page leads to the organisation', async () => {
    await maria.page.goto(`${config.url}/e/demo`);
    await signIn(maria.page, 'Королёва Мария');
    await id(maria.page, 'contact-organisation').waitFor();
    expect((await id(maria.page, 'sign-in-problem').getAttribute('data-code')) === 'person_unknown', 'the page explains');
    expect(!/%D0|Корол/i.test(maria.page.url()), 'the address holds nothing of her');
    await phone(maria.page, 'unknown');
    return maria.page;
  });
  await step('She files a request; her name is there already', async () => {
    await id(maria.page, 'contact-organisation').click();
    await id(maria.page, 'request-send').waitFor();
    expect((await id(maria.page, 'request-name').inputValue()) === 'Королёва Мария Антоновна', 'the name is the one of Gosuslugi');
    await id(maria.page, 'request-faculty').fill('Механико-математический');
    await id(maria.page, 'request-group').fill('МА-21');
    await id(maria.page, 'request-message').fill('Весной сменила фамилию, в списках я ещё Белкина.');
    await id(maria.page, 'request-email').fill('maria@demo.example');
    await phone(maria.page, 'request-form');
    return maria.page;
  });
  await step('The request has a number, on the screen and by e-mail', async () => {
    await id(maria.page, 'request-send').click();
    await id(maria.page, 'request-filed').waitFor();
    facts.number = await id(maria.page, 'request-filed').getAttribute('data-number');
    await letter(maria.page, 'maria@demo.example', facts.number);
    await phone(maria.page, 'request-filed');
    return maria.page;
  });

  const registrar = await person('registrar');
  await step('The registrar sees the request in the queue', async () => {
    await registrar.page.goto(`${config.url}/requests`);
    await signIn(registrar.page, 'Лебедева Жанна');
    await registrar.page.locator(`[data-number="${facts.number}"]`).waitFor();
    await phone(registrar.page, 'queue');
    return registrar.page;
  });
  await step('She sees side by side what differs', async () => {
    await registrar.page.locator(`[data-number="${facts.number}"]`).click();
    const candidate = registrar.page.locator('[data-testid^="candidate-"]').first();
    await candidate.waitFor();
    expect((await candidate.locator('[data-field="name"] [data-agreement]').getAttribute('data-agreement')) === 'differs', 'the name differs');
    expect((await candidate.locator('[data-field="snils"] [data-agreement]').getAttribute('data-agreement')) === 'same', 'the SNILS is the same');
    expect(!/\d{3}-\d{3}-\d{3}/.test(await registrar.page.innerText('body')), 'no SNILS is shown whole');
    await phone(registrar.page, 'compare');
    return registrar.page;
  });
  await step('She links the account on the spot', async () => {
    await registrar.page.locator('[data-testid^="link-"]').first().click();
    await id(registrar.page, 'link-confirm').click();
    await id(registrar.page, 'request-decided').waitFor();
    await letter(registrar.page, 'maria@demo.example', 'привязала');
    return registrar.page;
  });
  await step('The student signs in and is where she was going', async () => {
    await maria.page.goto(`${config.url}/sign-in?problem=person_unknown&return=%2Fe%2Fdemo`);
    await signIn(maria.page, 'Королёва Мария');
    await id(maria.page, 'join').waitFor();
    facts.maria = (await session(maria.page)).person.id;
    return maria.page;
  });

  const roman = await person('roman');
  await step('A person with several roles and organisations chooses one', async () => {
    await roman.page.goto(`${config.url}/`);
    await signIn(roman.page, 'Тихонов Роман');
    await id(roman.page, 'choose').waitFor();
    expect((await id(roman.page, 'role').count()) === 3, 'three ways to act');
    expect(!(await session(roman.page)).signedIn, 'nothing is permitted before the choice');
    await phone(roman.page, 'choose');
    return roman.page;
  });
  await step('As a proctor he has the exams and not the log', async () => {
    const before = (await roman.context.cookies()).find((one) => one.name === 'ochno_session').value;
    await role(roman.page, 'proctor', 'ДемоУ').click();
    await id(roman.page, 'person-home').waitFor();
    expect((await roman.context.cookies()).find((one) => one.name === 'ochno_session').value !== before, 'the session has another token');
    expect((await roman.page.request.get(`${config.url}/api/exams`)).status() === 200, 'the exams are his');
    expect((await roman.page.request.get(`${config.url}/api/log`)).status() === 403, 'the log is not');
    return roman.page;
  });
  await step('He signs out, at Gosuslugi too, and the choice is remembered', async () => {
    await id(roman.page, 'account').click();
    await Promise.all([roman.page.waitForRequest((request) => request.url().includes('/idp/ext/Logout')), id(roman.page, 'sign-out').click()]);
    await id(roman.page, 'exam-code').waitFor();
    await signIn(roman.page, 'Тихонов Роман');
    await id(roman.page, 'person-home').waitFor();
    expect((await session(roman.page)).person.roles.join() === 'proctor', 'he is a proctor again, unasked');
    await id(roman.page, 'account').click();
    await id(roman.page, 'change-role').waitFor();
    await roman.page.waitForTimeout(300); // the menu unfolds
    return roman.page;
  });
  await step('He changes to the registrar’s role from the menu', async () => {
    await id(roman.page, 'change-role').click();
    await role(roman.page, 'registrar', 'ДемоУ').click();
    await id(roman.page, 'person-home').waitFor();
    expect((await session(roman.page)).person.roles.join() === 'registrar', 'he is a registrar');
    expect((await roman.page.request.get(`${config.url}/api/log`)).status() === 200, 'the log is his now');
    return roman.page;
  });
  await step('In the other organisation he sees none of the first one’s exams', async () => {
    await id(roman.page, 'account').click();
    await id(roman.page, 'change-role').click();
    await role(roman.page, 'proctor', 'ДемоК').click();
    await id(roman.page, 'person-home').waitFor();
    const seen = await (await roman.page.request.get(`${config.url}/api/exams`)).json();
    expect(seen.exams.length === 0, 'no exam of the university');
    expect((await session(roman.page)).organisation.shortName === 'ДемоК', 'he acts for the college');
    return roman.page;
  });
  await step('The organisation he needs is missing: that is a request, too', async () => {
    await id(roman.page, 'account').click();
    await id(roman.page, 'change-role').click();
    await id(roman.page, 'no-organisation').click();
    await id(roman.page, 'request-message').fill('Работаю также в институте повышения квалификации.');
    await id(roman.page, 'request-email').fill('roman@demo.example');
    await phone(roman.page, 'missing-organisation');
    await id(roman.page, 'request-send').click();
    await id(roman.page, 'request-filed').waitFor();
    return roman.page;
  });
  await step('The registrar refuses it with a reason, which goes out by e-mail', async () => {
    await registrar.page.goto(`${config.url}/requests`);
    await registrar.page.locator('[data-testid^="request-"][data-state="open"]').first().click();
    await id(registrar.page, 'refuse').click();
    await id(registrar.page, 'refuse-reason').fill('Этот институт не подключён: обратитесь в его учебную часть.');
    await id(registrar.page, 'refuse-confirm').click();
    await id(registrar.page, 'request-decided').waitFor();
    await letter(registrar.page, 'roman@demo.example', 'не подключён');
    return registrar.page;
  });
}

await play(story);
