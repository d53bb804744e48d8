// Sessions: the user's own, or for admins those of all users.
import { useSignal } from '@preact/signals';
import { call } from '../api/client';
import type { Session, SessionPage } from '../api';
import { t } from '../state/preferences';
import { Card, ListTable } from '../ui/card';
import { Confirm } from '../ui/confirm';
import { useListing } from '../ui/listing';
import { Ago } from '../ui/time';

export function Sessions({ all = false }: { all?: boolean }) {
  const texts = t().me;
  const listing = useListing<SessionPage, Session>('/v1/sessions', { all: all || undefined }, (page) => page.sessions);
  const ending = useSignal<Session | 'others' | undefined>(undefined);
  const end = async (): Promise<void> => {
    const which = ending.value;
    await call('DELETE', which === 'others' || !which ? '/v1/sessions' : `/v1/sessions/${which.id}`);
    await listing.reload();
  };
  const heads = [...(all ? [t().login.username] : []), texts.browser, texts.from, texts.begun, texts.used, ''];
  return (
    <Card
      title={texts.sessions} flush
      actions={
        !all && (
          <button class="button" onClick={() => (ending.value = 'others')}>
            {texts.endOthers}
          </button>
        )
      }
    >
      <ListTable
        listing={listing} heads={heads} none={t().common.none}
        row={(s) => (
          <tr key={s.id}>
            {all && <td>{s.username}</td>}
            <td>
              <bdi class="agent cut" title={s.user_agent}>{browserOf(s.user_agent)}</bdi> {s.current && <span class="badge accent">{texts.current}</span>}
            </td>
            <td class="tab">{s.address}</td>
            <td>
              <Ago at={Date.parse(s.created_at)} />
            </td>
            <td>
              <Ago at={Date.parse(s.last_used_at)} />
            </td>
            <td class="num">
              {!s.current && (
                <button class="button quiet" onClick={() => (ending.value = s)}>
                  {texts.end}
                </button>
              )}
            </td>
          </tr>
        )}
      />
      {ending.value && (
        <Confirm title={texts.endTitle} text={ending.value === 'others' ? texts.endOthersText : texts.endText} action={texts.end} onClose={() => (ending.value = undefined)} run={end} />
      )}
    </Card>
  );
}

// browserOf returns a short name of a user agent, as far as it is recognized.
function browserOf(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/(\d+)/.exec(agent.replace(/Chrome\/\d+.*(Edg|OPR)/, '$1'));
  const system = /(Windows|Mac OS X|Android|iPhone|Linux)/.exec(agent);
  return browser ? `${browser[1] === 'Edg' ? 'Edge' : browser[1]} ${browser[2]}${system ? ` · ${system[1]}` : ''}` : agent || '–';
}
