// The browser story of people: an issued login with a forced change, linking a Gosuslugi account by hand and unlinking it, a roster uploaded
// with a broken row and then whole, readiness of a student and of the roster, a role through an access group.
//
// STORY besides what every story gets: media: {right, voice} (files), files (a folder to write rosters into).
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { config, expect, id, person, play, signIn, step } from './stage.mjs';

const password = 'шесть синих котов';
let phones = 0;

/** The same page as a phone shows it, kept as a picture of its own. */
async function onPhone(page, name) {
  await page.setViewportSize({ width: 390, height: 844 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  phones += 1;
  await page.screenshot({ path: path.join(config.pictures, `phone-${String(phones).padStart(2, '0')}-${name}.png`), fullPage: true });
  await page.setViewportSize({ width: 1440, height: 900 });
  expect(wide <= 0, `${name} fits a phone (${wide} px too wide)`);
}

async function atTheStand(page, fullName) {
  await page.getByRole('button', { name: new RegExp(fullName) }).click();
}

await play(async (facts) => {
  const admin = await person('admin');
  await step('The administrator finds a student among the people', async () => {
    await admin.page.goto(`${config.url}/people`);
    await signIn(admin.page, 'Новиков Захар');
    await id(admin.page, 'people-table').waitFor();
    await id(admin.page, 'people-search').fill('смирнова');
    await admin.page.getByText('Найден 1 человек').waitFor();
    await onPhone(admin.page, 'people');
    return admin.page;
  });
  await step('She issues a login: the one-time password is shown once', async () => {
    await admin.page.locator('[data-testid^="member-open-"]').first().click();
    await id(admin.page, 'issue-login').click();
    const issued = id(admin.page, 'issued-login');
    await issued.waitFor();
    facts.login = await issued.getAttribute('data-login');
    facts.issued = await issued.getAttribute('data-password');
    await onPhone(admin.page, 'login-issued');
    return admin.page;
  });

  await step('She makes an exam with the rules of the last one, and changes one of them', async () => {
    const { page } = admin;
    await page.keyboard.press('Escape');
    await page.goto(`${config.url}/rosters`);
    await id(page, 'exam-new').click();
    await id(page, 'policy-form').waitFor();
    await id(page, 'exam-save').click();
    await page.getByText('Хотя бы три знака').waitFor(); // nothing is sent without a title
    await id(page, 'exam-title').fill('Физика, пересдача');
    await id(page, 'policy-tries').fill('5');
    await id(page, 'policy-random').check();
    await onPhone(page, 'exam-form');
    await page.screenshot({ path: path.join(config.pictures, 'exam-form.png'), fullPage: true });
    await id(page, 'exam-save').click();
    await page.waitForURL('**/rosters/*/upload');
    await page.goto(`${config.url}/rosters`);
    await page.locator('[data-testid^="exam-edit-"]').first().click();
    await id(page, 'policy-form').waitFor();
    expect((await id(page, 'policy-tries').inputValue()) === '5', 'the rule was stored');
    expect(await id(page, 'policy-random').isChecked(), 'the other one, too');
    return page;
  });

  await step('She appoints a proctor to it', async () => {
    const { page } = admin;
    const choice = id(page, 'exam-proctors').getByRole('combobox');
    await choice.click();
    await page.getByRole('option').first().click();
    await page.locator('[data-testid="exam-proctors"][data-appointed="1"]').waitFor();
    await page.reload();
    await page.locator('[data-testid="exam-proctors"][data-appointed="1"]').waitFor();
    await onPhone(page, 'exam-proctors');
    return page;
  });
  await step('She makes a second organisation with its first administrator', async () => {
    const { page } = admin;
    await page.goto(`${config.url}/organisations`);
    await id(page, 'organisation-new').click();
    await id(page, 'organisation-save').click();
    await page.getByText('Заполните это поле').first().waitFor(); // nothing is sent half empty
    await id(page, 'organisation-name').fill('Колледж при Институте математики');
    await id(page, 'organisation-short').fill('КИМ');
    await id(page, 'organisation-act').fill('41-о');
    await id(page, 'organisation-act-date').fill('2026-09-01');
    await id(page, 'organisation-contact').fill('Учебная часть колледжа: +7 495 000-00-01');
    for (const [field, value] of [['lastName', 'Тарасова'], ['firstName', 'Инга'], ['birthDate', '1979-05-14'], ['snils', '112-233-445 95']]) {
      await id(page, `first-${field}`).fill(value);
    }
    await onPhone(page, 'organisation-new');
    await page.screenshot({ path: path.join(config.pictures, 'organisation-new.png') });
    await id(page, 'organisation-save').click();
    await page.locator('[data-short="КИМ"]').waitFor();
    await onPhone(page, 'organisations');
    return page;
  });

  const anna = await person('anna', { camera: config.media.right });
  await step('The student signs in with it and must choose a password', async () => {
    await anna.page.goto(`${config.url}/sign-in`);
    await id(anna.page, 'by-login').click();
    await id(anna.page, 'login-name').fill(facts.login);
    await id(anna.page, 'login-password').fill(facts.issued);
    await onPhone(anna.page, 'login');
    await id(anna.page, 'login-submit').click();
    await id(anna.page, 'new-password').waitFor();
    await id(anna.page, 'new-password').fill('qwerty12345');
    await id(anna.page, 'new-password-again').fill('qwerty12345');
    await id(anna.page, 'login-submit').click();
    await anna.page.locator('[data-code="password_common"]').waitFor();
    return anna.page;
  });
  await step('A better one lets her in; no Gosuslugi account is linked yet', async () => {
    await id(anna.page, 'new-password').fill(password);
    await id(anna.page, 'new-password-again').fill(password);
    await id(anna.page, 'login-submit').click();
    await id(anna.page, 'person-home').waitFor();
    await anna.page.goto(`${config.url}/account`);
    await anna.page.locator('[data-testid="link-card"][data-linked="false"]').waitFor();
    await onPhone(anna.page, 'account');
    return anna.page;
  });
  await step('Without one there is no exam with biometrics', async () => {
    await anna.page.goto(`${config.url}/e/demo`);
    await id(anna.page, 'join').click();
    await anna.page.locator('[data-code="esia_account_needed"]').waitFor();
    return anna.page;
  });
  await step('Somebody else’s account is shown, and cannot be linked', async () => {
    await anna.page.goto(`${config.url}/account`);
    await id(anna.page, 'link').click();
    await atTheStand(anna.page, 'Кузнецов Борис');
    await anna.page.locator('[data-testid="pending-link"][data-problem="account_not_hers"]').waitFor();
    expect((await id(anna.page, 'link-confirm').count()) === 0, 'there is nothing to confirm');
    return anna.page;
  });
  await step('Her own is shown, masked; nothing is linked before she says so', async () => {
    await id(anna.page, 'link-cancel').click();
    await id(anna.page, 'link').click();
    await atTheStand(anna.page, 'Смирнова Анна');
    await id(anna.page, 'link-confirm').waitFor();
    await onPhone(anna.page, 'confirm');
    return anna.page;
  });
  await step('She confirms it', async () => {
    await id(anna.page, 'link-confirm').click();
    await anna.page.locator('[data-testid="link-card"][data-linked="true"]').waitFor();
    return anna.page;
  });
  await step('Now the exam’s card lets her in', async () => {
    await anna.page.goto(`${config.url}/e/demo`);
    await id(anna.page, 'join').click();
    await id(anna.page, 'consent-text').waitFor();
    return anna.page;
  });
  await step('Readiness says what is left; camera and microphone are tried there', async () => {
    await anna.page.goto(`${config.url}/ready/demo`);
    await id(anna.page, 'ready-page').waitFor();
    for (const [name, state] of [['account', 'done'], ['roster', 'done'], ['consent', 'missing'], ['enrolment', 'unknown'], ['devices', 'missing']]) {
      const is = await id(anna.page, `ready-${name}`).getAttribute('data-state');
      expect(is === state, `${name} is ${state} (${is})`);
    }
    await onPhone(anna.page, 'ready');
    await id(anna.page, 'trial-start').click();
    await anna.page.locator('[data-testid="ready-devices"][data-state="done"]').waitFor();
    return anna.page;
  });
  await step('She consents; everything is ready', async () => {
    await id(anna.page, 'ready-to-consent').click();
    await id(anna.page, 'consent-check').check();
    await id(anna.page, 'consent-grant').click();
    await id(anna.page, 'device-continue').waitFor();
    await anna.page.goto(`${config.url}/ready/demo`);
    await anna.page.locator('[data-testid="ready-page"][data-ready="true"]').waitFor();
    return anna.page;
  });
  await step('She unlinks the account', async () => {
    await anna.page.goto(`${config.url}/account`);
    await id(anna.page, 'unlink').click();
    await id(anna.page, 'unlink-confirm').click();
    await anna.page.locator('[data-testid="link-card"][data-linked="false"]').waitFor();
    await id(anna.page, 'unlink-confirm').waitFor({ state: 'detached' });
    return anna.page;
  });

  const boris = await person('boris');
  await step('Another student chooses another form ahead', async () => {
    await boris.page.goto(`${config.url}/ready/demo`);
    await signIn(boris.page, 'Кузнецов Борис');
    await id(boris.page, 'ready-decline').click();
    await id(boris.page, 'ready-decline-confirm').click();
    await id(boris.page, 'ready-declined').waitFor();
    await id(boris.page, 'ready-decline-confirm').waitFor({ state: 'detached' });
    await onPhone(boris.page, 'declined');
    return boris.page;
  });

  const registrar = await person('registrar');
  const header = 'ФИО;Дата рождения;СНИЛС;Группа;Почта\r\n';
  const good = 'Васильева Инна Олеговна;01.02.2005;112-233-445 95;МА-22;inna@example.org\r\n';
  const broken = 'Сидоров;31.02.2005;123;МА-22;нет\r\n';
  await step('The registrar uploads a roster with a broken row: every problem is told by row', async () => {
    const file = path.join(config.files, 'roster-broken.csv');
    writeFileSync(file, header + good + broken);
    await registrar.page.goto(`${config.url}/rosters`);
    await signIn(registrar.page, 'Лебедева Жанна');
    await registrar.page.locator('[data-code="demo"]').waitFor();
    await onPhone(registrar.page, 'rosters');
    await registrar.page.locator('[data-code="demo"] [data-testid^="roster-upload-"]').click();
    await id(registrar.page, 'roster-drop').waitFor();
    await onPhone(registrar.page, 'upload');
    await id(registrar.page, 'roster-file').setInputFiles(file);
    await id(registrar.page, 'roster-problems').waitFor();
    facts.problems = Number(await id(registrar.page, 'roster-bad').getAttribute('data-total'));
    const [download] = await Promise.all([registrar.page.waitForEvent('download'), id(registrar.page, 'roster-problems-download').click()]);
    await download.saveAs(path.join(config.files, 'problems.csv'));
    await onPhone(registrar.page, 'problems');
    return registrar.page;
  });
  await step('Mended, the file shows what it would do', async () => {
    const file = path.join(config.files, 'roster.csv');
    writeFileSync(file, header + good);
    await id(registrar.page, 'roster-file').setInputFiles(file);
    await id(registrar.page, 'roster-good').waitFor();
    expect((await id(registrar.page, 'roster-count-new').getAttribute('data-count')) === '1', 'one is new');
    await onPhone(registrar.page, 'preview');
    return registrar.page;
  });
  await step('It is imported, all of it', async () => {
    await id(registrar.page, 'roster-confirm').click();
    await id(registrar.page, 'roster-done').waitFor();
    return registrar.page;
  });
  await step('The registrar sees who is ready, who not and who declined', async () => {
    await registrar.page.goto(`${config.url}/rosters`);
    await registrar.page.locator('[data-code="demo"] [data-testid^="roster-open-"]').click();
    await id(registrar.page, 'roster-table').waitFor();
    expect((await id(registrar.page, 'roster-show-declined').getAttribute('data-count')) === '1', 'one declined');
    await onPhone(registrar.page, 'roster');
    return registrar.page;
  });
  await step('She reminds those who are not ready, once', async () => {
    for (const sent of ['1', '0']) {
      await id(registrar.page, 'remind').click();
      await id(registrar.page, 'remind-confirm').click();
      await registrar.page.locator(`[data-testid="reminded"][data-sent="${sent}"]`).waitFor();
      await id(registrar.page, 'remind-confirm').waitFor({ state: 'detached' });
    }
    return registrar.page;
  });

  await step('The administrator lets an access group give a role', async () => {
    await admin.page.goto(`${config.url}/people`);
    await id(admin.page, 'tab-groups').click();
    await id(admin.page, 'group-org').fill('2000000001');
    await id(admin.page, 'group-name').fill('OCHNO_PROCTORS');
    await id(admin.page, 'group-add').click();
    await id(admin.page, 'group-OCHNO_PROCTORS').waitFor();
    await onPhone(admin.page, 'groups');
    return admin.page;
  });
  const staff = await person('staff');
  await step('Whoever belongs to the group is a proctor at once', async () => {
    await staff.page.goto(`${config.url}/proctor`);
    await signIn(staff.page, 'Громова Полина');
    await staff.page.locator('[data-testid^="exam-"]').first().waitFor();
    return staff.page;
  });
  await step('Her role stands among the people with where it comes from', async () => {
    await admin.page.goto(`${config.url}/people`);
    await id(admin.page, 'people-search').fill('громова');
    await admin.page.locator('[data-role="proctor"][data-source="esia"]').waitFor();
    await admin.page.getByText('Найден 1 человек').waitFor();
    return admin.page;
  });
  await step('The group is removed, and the role with it', async () => {
    await id(admin.page, 'tab-groups').click();
    await id(admin.page, 'group-remove-OCHNO_PROCTORS').click();
    await id(admin.page, 'group-remove-confirm').click();
    await id(admin.page, 'group-OCHNO_PROCTORS').waitFor({ state: 'detached' });
    await id(admin.page, 'group-remove-confirm').waitFor({ state: 'detached' });
    expect((await staff.page.request.get(`${config.url}/api/exams`)).status() === 403, 'she is no proctor any more');
    return admin.page;
  });
});
