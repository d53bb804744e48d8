// The parts around every page: navigation, state of the connection, palette.
import { useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { request } from '../containers/operations';
import { isAdmin } from '../logic/rights';
import { link } from '../state/live';
import { locale, t } from '../state/preferences';
import { path } from '../state/route';
import { logout, me, phase } from '../state/session';
import { now } from '../state/clock';
import { ago } from '../logic/format';
import { Icon, Logo } from '../ui/icon';
import { Empty } from '../ui/parts';
import { useKeys } from './keys';
import { Outlet } from './outlet';
import { navigation, offered } from './pages';
import { Later } from './later';
import { paletteOpen } from './keys';

export function Shell() {
  const menu = useSignal(false);
  const at = path.value;
  useKeys();
  useEffect(() => {
    menu.value = false;
  }, [at]);
  return (
    <div class="shell">
      <a class="skip button" href="#content" onClick={skip}>
        {t().nav.skip}
      </a>
      <div class="phone-bar">
        <Brand />
        <span class="spring" />
        <button class="button quiet only" aria-label={t().palette.open} onClick={() => (paletteOpen.value = true)}>
          <Icon name="search" />
        </button>
        <button class="button quiet only" aria-label={menu.value ? t().nav.close : t().nav.open} aria-expanded={menu.value} aria-controls="side" onClick={() => (menu.value = !menu.value)}>
          <Icon name={menu.value ? 'close' : 'menu'} />
        </button>
      </div>
      <Side open={menu.value} />
      <div class="main">
        <LostBar />
        <main id="content" tabIndex={-1}>
          {link.value.state === 'denied' && at !== '/ui/me' ? <Empty title={t().link.denied} hint={t().link.deniedHint} /> : <Outlet path={at} />}
        </main>
      </div>
      {paletteOpen.value && <Later load={loadPalette} />}
      {request.value && <Later load={loadActions} />}
    </div>
  );
}

// Parts that most visits don't need are loaded on demand.
const loadPalette = () => import('./palette').then((module) => module.Palette);
const loadActions = () => import('../containers/actions').then((module) => module.Actions);

function skip(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

const Brand = () => (
  <a class="brand" href="/">
    <Logo />
    wharf
  </a>
);

function Side({ open }: { open: boolean }) {
  const texts = t();
  return (
    <nav id="side" class={`side ${open ? 'open' : ''}`} aria-label={texts.nav.label}>
      <Brand />
      <button class="side-button side-find" onClick={() => (paletteOpen.value = true)}>
        <Icon name="search" />
        {texts.common.search}
        <kbd>Ctrl K</kbd>
      </button>
      <div class="nav">
        {navigation.filter((item) => offered(item, me.value)).map((item) => (
          <a key={item.path} href={item.path} aria-current={current(item.path) ? 'page' : undefined}>
            <Icon name={item.icon} />
            {item.name(texts)}
          </a>
        ))}
      </div>
      <div class="side-foot">
        <LinkState />
        <Account />
      </div>
    </nav>
  );
}

const current = (item: string): boolean => (item === '/' ? path.value === '/' : path.value === item || path.value.startsWith(`${item}/`));

// Account shows the user's name, and logs out.
function Account() {
  const texts = t();
  if (me.value.anonymous) {
    return (
      <button class="side-button" onClick={() => (phase.value = 'login')}>
        <Icon name="lock" />
        {texts.user.login}
      </button>
    );
  }
  return (
    <>
      <span class="link-state" title={texts.user.role(me.value.role)}>
        <Icon name={isAdmin(me.value) ? 'users' : 'me'} />
        <span class="cut">{me.value.username}</span>
        <span class="badge">{me.value.role}</span>
      </span>
      <button class="side-button" onClick={() => void logout()}>
        <Icon name="logout" />
        {texts.user.logout}
      </button>
    </>
  );
}

function LinkState() {
  const state = link.value.state;
  const texts = t().link;
  const word = state === 'live' ? texts.live : state === 'resting' ? texts.resting : texts.connecting;
  return (
    <span class="link-state" role="status">
      <svg width="8" height="8" viewBox="0 0 8 8" class={state === 'live' ? 'good' : 'warn pulse'} aria-hidden="true">
        <circle cx="4" cy="4" r={state === 'live' ? 4 : 3} fill={state === 'live' ? 'currentColor' : 'none'} stroke="currentColor" />
      </svg>
      {word}
    </span>
  );
}

// LostBar shows that wharf is unreachable, and how old the data is.
function LostBar() {
  const age = useComputed(() => ago(Math.max(0, now.value - link.value.since), locale.value));
  if (link.value.state !== 'lost') return null;
  return (
    <div class="bar-lost" role="alert">
      <Icon name="offline" />
      {link.value.reason === '' ? t().link.lost(age.value) : t().link.refused(link.value.reason, age.value)}
    </div>
  );
}
