// The user's own account: the page's appearance, the password, sessions and keys.
import { useSignal } from '@preact/signals';
import { call } from '../api/client';
import { chooseLanguage, chooseTheme, language, t, theme, type Language, type Theme } from '../state/preferences';
import { me } from '../state/session';
import { Card } from '../ui/card';
import { Field, Form } from '../ui/form';
import { Notice, Select, Top } from '../ui/parts';
import { Keys } from './keys';
import { Sessions } from './sessions';

export default function MePage() {
  const texts = t();
  const { username, role, anonymous } = me.value;
  return (
    <>
      <Top title={texts.nav.me} note={anonymous ? texts.user.anonymous : `${username} · ${texts.user.role(role)}`} />
      <div class="content">
        <Card title={texts.me.appearance}>
          <div class="form-row">
            <label class="field">
              <span>{texts.language.label}</span>
              <Select label={texts.language.label} value={language.value} options={[['en', texts.language.en], ['ko', texts.language.ko]]} onChange={(v) => chooseLanguage(v as Language)} />
            </label>
            <label class="field">
              <span>{texts.theme.label}</span>
              <Select label={texts.theme.label} value={theme.value} options={[['auto', texts.theme.auto], ['light', texts.theme.light], ['dark', texts.theme.dark]]} onChange={(v) => chooseTheme(v as Theme)} />
            </label>
          </div>
        </Card>
        {!anonymous && (
          <>
            <Password username={username} />
            <Sessions />
            <Keys />
          </>
        )}
      </div>
    </>
  );
}

function Password({ username }: { username: string }) {
  const texts = t();
  const done = useSignal(false);
  const change = async (fields: FormData): Promise<void> => {
    done.value = false;
    const body = { old_password: String(fields.get('old')), password: String(fields.get('new')) };
    await call('POST', `/v1/users/${encodeURIComponent(username)}/password`, { body });
    done.value = true;
  };
  return (
    <Card title={texts.login.password}>
      <Form class="form-row" submit={texts.me.changePassword} send={change}>
        <Field name="old" type="password" label={texts.me.oldPassword} complete="current-password" />
        <Field name="new" type="password" label={texts.me.newPassword} complete="new-password" hint={texts.me.passwordHint} />
      </Form>
      {done.value && <Notice icon="check">{texts.me.passwordChanged}</Notice>}
    </Card>
  );
}
