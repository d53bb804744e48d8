// The dialog of an action: a confirmation if something is ended, then the result for each container.
import { t } from '../state/preferences';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { close, confirm, operations, outcomes, request, type Action, type Outcome } from './operations';

export function Actions() {
  const asked = request.value;
  if (!asked) return null;
  if (!asked.confirmed) return <Question action={asked.action} names={asked.targets.map((c) => `${c.name} (${c.host})`)} />;
  if (asked.targets.length === 1 && outcomes.value[0]?.state !== 'failed') return null; // the container's row shows it
  return <Results action={asked.action} />;
}

function Question({ action, names }: { action: Action; names: readonly string[] }) {
  const texts = t().containers;
  const ending = action === 'restart' || action === 'kill' || action === 'recreate' ? action : 'stop';
  const hint = texts.confirm[`${ending}Hint`];
  return (
    <Dialog
      title={texts.confirm[ending](names.length)} onClose={close}
      footer={
        <>
          <button class="button" onClick={close}>
            {t().common.cancel}
          </button>
          <button class="button danger" autofocus onClick={() => void confirm()}>
            <Icon name={operations[action].icon} />
            {texts[action]}
          </button>
        </>
      }
    >
      <div class="inside">
        <ul class="results" tabIndex={names.length > 8 ? 0 : -1}>
          {names.map((name) => (
            <li key={name}>
              <span class="cut" title={name}>
                <bdi>{name}</bdi>
              </span>
            </li>
          ))}
        </ul>
        <p class="soft">{hint}</p>
      </div>
    </Dialog>
  );
}

function Results({ action }: { action: Action }) {
  const texts = t().containers;
  const all = outcomes.value;
  const over = all.filter((o) => o.state === 'done' || o.state === 'failed').length;
  return (
    <Dialog
      title={texts.results(texts[action])} onClose={close}
      footer={
        <button class="button" autofocus onClick={close}>
          {t().common.close}
        </button>
      }
    >
      <div class="inside">
        <p class="soft tab" role="status">
          {texts.doneCount(String(over), String(all.length))}
        </p>
        <ul class="results" tabIndex={0}>
          {all.map((o) => (
            <Result key={o.container.key} outcome={o} />
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

function Result({ outcome: { container, state, text, changed } }: { outcome: Outcome }) {
  const texts = t().containers;
  const word = { waiting: texts.waiting, working: texts.working, failed: t().common.failed, done: changed ? text : texts.already }[state];
  return (
    <li>
      <span class="cut">
        <bdi>{container.name}</bdi> <span class="soft">{container.host}</span>
      </span>
      <span class={`mark ${state === 'failed' ? 'bad' : state === 'done' ? 'good' : 'soft'}`}>
        {state === 'done' && <Icon name="check" />}
        {state === 'failed' && <Icon name="alert" />}
        {word}
      </span>
      {state === 'failed' && <span class="wrap bad">{text}</span>}
    </li>
  );
}
