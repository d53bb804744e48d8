// The pages before a login: creating the first admin, and the login.
import { send } from '../api/http';
import { chooseLanguage, chooseTheme, language, t, theme, type Language, type Theme } from '../state/preferences';
import { ended, enter, login, phase, start } from '../state/session';
import { Logo } from '../ui/icon';
import { Field, Form } from '../ui/form';
import { Notice, Select } from '../ui/parts';

export function Entry() {
  return (
    <main class="entry">
      <div class="entry-box">
        <div class="brand">
          <Logo />
          wharf
        </div>
        {phase.value === 'setup' ? <Setup /> : <Login />}
        <Choices />
      </div>
    </main>
  );
}

function Choices() {
  const texts = t();
  return (
    <div class="entry-foot">
      <Select label={texts.language.label} value={language.value} options={[['en', texts.language.en], ['ko', texts.language.ko]]} onChange={(v) => chooseLanguage(v as Language)} />
      <Select label={texts.theme.label} value={theme.value} options={[['auto', texts.theme.auto], ['light', texts.theme.light], ['dark', texts.theme.dark]]} onChange={(v) => chooseTheme(v as Theme)} />
    </div>
  );
}

const text = (fields: FormData, name: string): string => String(fields.get(name) ?? '');

function Login() {
  const texts = t().login;
  return (
    <>
      {ended.value && <Notice icon="lock">{texts.ended}</Notice>}
      <Form class="card" title={texts.title} submit={texts.submit} send={(f) => login(text(f, 'username'), text(f, 'password'))}>
        <Field name="username" label={texts.username} complete="username" focus />
        <Field name="password" label={texts.password} type="password" complete="current-password" />
      </Form>
      {start.value.anonymous !== '' && (
        <button class="button quiet" onClick={() => void enter()}>
          {texts.anonymous}
        </button>
      )}
    </>
  );
}

function Setup() {
  const texts = t();
  const create = async (f: FormData): Promise<void> => {
    const token = text(f, 'token').trim();
    await send('POST', '/user', {
      headers: token === '' ? {} : { 'X-Setup-Token': token },
      body: { username: text(f, 'username'), password: text(f, 'password'), full_name: text(f, 'full_name'), email: text(f, 'email') },
    });
    start.value = { ...start.value, setup_needed: false };
    phase.value = 'login'; // if the login fails, the user exists nevertheless
    await login(text(f, 'username'), text(f, 'password'));
  };
  return (
    <Form class="card" title={texts.setup.title} submit={texts.setup.submit} send={create}>
      <p class="soft">{texts.setup.intro}</p>
      {start.value.setup_token && <Field name="token" label={texts.setup.token} hint={texts.setup.tokenHint} focus />}
      <Field name="username" label={texts.login.username} complete="username" focus={!start.value.setup_token} />
      <Field name="password" label={texts.login.password} type="password" hint={texts.setup.passwordHint} complete="new-password" />
      <Field name="full_name" label={texts.setup.fullName} complete="name" />
      <Field name="email" label={texts.setup.email} type="email" complete="email" />
    </Form>
  );
}
