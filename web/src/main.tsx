// The entry point: preferences, session, then the shell around the pages.
import { useSignal } from '@preact/signals';
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { Later } from './shell/later';
import { find } from './shell/pages';
import { Shell } from './shell/shell';
import { follow } from './state/live';
import { applyPreferences, t } from './state/preferences';
import { path } from './state/route';
import { begin, phase } from './state/session';

const loadEntry = () => import('./entry/entry').then((module) => module.Entry);

function Page() {
  const waiting = useSignal(false);
  useEffect(() => {
    void starting(() => (waiting.value = true));
  }, []);
  switch (phase.value) {
    case 'starting':
      return waiting.value ? <p class="empty">{t().login.unreachable}</p> : null;
    case 'ready':
      return <Shell />;
    default:
      return <Later load={loadEntry} />;
  }
}

// starting retries until wharf answers: the page may have come from a cache.
async function starting(late: () => void): Promise<void> {
  for (;;) {
    try {
      await begin();
      follow();
      return;
    } catch {
      late();
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

const root = document.getElementById('page');
void find(path.peek())?.page.load(); // in parallel with the session
void applyPreferences().then(() => {
  if (!root) return;
  root.replaceChildren(); // remove what was shown before the script ran
  render(<Page />, root);
});
