// A terminal in a container: with a command, or with the first shell that the container has.
import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Container } from '../logic/container';
import { t } from '../state/preferences';
import { Notice, reasonOf, SearchBox } from '../ui/parts';
import { findUp } from './find';
import { Screen } from './screen';
import { commandOf, notThere, shells } from './shells';
import { Socket, type End } from './socket';

type Phase = { name: 'connecting' | 'open' } | { name: 'ended'; end: End };

export function TerminalTab({ container }: { container: Container }) {
  const texts = t().terminal;
  const phase = useSignal<Phase>({ name: 'connecting' });
  const command = useSignal('');
  const round = useSignal(0); // a new value opens a new terminal
  const find = useSignal('');
  const screen = useRef<Screen | undefined>(undefined);
  const restart = (event?: Event): void => {
    event?.preventDefault();
    round.value++;
  };
  return (
    <div class="terminal">
      <form class="toolbar" onSubmit={restart}>
        <input class="input mono" aria-label={texts.command} placeholder={texts.command} value={command.value} onInput={(event) => (command.value = event.currentTarget.value)} autocomplete="off" spellcheck={false} />
        <button class="button">{phase.value.name === 'ended' ? texts.reconnect : texts.again}</button>
        <span class="spring" />
        <SearchBox value={find.value} label={texts.find} onInput={(text) => {
          find.value = text;
          if (screen.current) findUp(screen.current.terminal, text);
        }} />
      </form>
      {phase.value.name === 'ended' && <Ended end={phase.value.end} restart={restart} />}
      <View key={round.value} container={container} command={command.peek()} phase={phase} onScreen={(made) => (screen.current = made)} />
    </div>
  );
}

function Ended({ end, restart }: { end: End; restart: () => void }) {
  const texts = t().terminal;
  const text = end.code !== undefined ? texts.exited(String(end.code)) : end.reason !== '' ? texts.ended(end.reason) : texts.lost;
  return (
    <div class="toolbar">
      <Notice icon="offline">{text}</Notice>
      <button class="button" autofocus onClick={restart}>
        {texts.reconnect}
      </button>
    </div>
  );
}

interface ViewProps {
  container: Container;
  command: string;
  phase: Signal<Phase>;
  onScreen: (screen: Screen | undefined) => void;
}

function View({ container, command, phase, onScreen }: ViewProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return undefined;
    const screen = new Screen(box.current);
    onScreen(screen);
    const stop = connect(screen, container, command, phase);
    screen.terminal.focus();
    return () => {
      stop();
      onScreen(undefined);
      screen.dispose();
    };
  }, [container.key]);
  return <div class="terminal-box" ref={box} />;
}

// connect connects the screen with the command, or with the first shell that exists. The returned function disconnects it.
function connect(screen: Screen, container: Container, command: string, phase: Signal<Phase>): () => void {
  const { terminal } = screen;
  const asked = commandOf(command);
  const tries = asked.length > 0 ? [asked] : shells;
  let socket: Socket | undefined;
  let gone = false;
  const encode = new TextEncoder();
  const typed: Uint8Array[] = []; // input before there is a shell to read it
  let found = false;
  const input = (bytes: Uint8Array): void => {
    if (found && socket) socket.input(bytes);
    else typed.push(bytes);
  };
  const listeners = [
    terminal.onData((text) => input(encode.encode(text))),
    terminal.onBinary((text) => input(Uint8Array.from(text, (c) => c.charCodeAt(0)))),
    terminal.onResize(({ cols, rows }) => socket?.size(cols, rows)),
  ];
  const attempt = async (n: number): Promise<void> => {
    phase.value = { name: 'connecting' };
    const held: Uint8Array[] = []; // output of a program that may turn out not to exist
    let shown = false;
    const show = (): void => {
      shown = found = true;
      if (socket) typed.splice(0).forEach((bytes) => socket?.input(bytes));
      held.splice(0).forEach((bytes) => terminal.write(bytes));
    };
    try {
      const opened = await Socket.open(container.host, container.id, { cmd: [...(tries[n] ?? [])], tty: true, env: ['TERM=xterm-256color'] }, {
        output: (bytes) => {
          if (shown) terminal.write(bytes);
          else held.push(bytes.slice());
        },
        ended: (end) => {
          if (gone) return;
          if (notThere(end.code) && n + 1 < tries.length) void attempt(n + 1);
          else {
            show();
            phase.value = { name: 'ended', end };
          }
        },
      });
      if (gone) return opened.close();
      socket = opened;
      socket.size(terminal.cols, terminal.rows);
      phase.value = { name: 'open' };
      setTimeout(show, n + 1 < tries.length ? refusalTime : 0);
    } catch (error) {
      if (!gone) phase.value = { name: 'ended', end: { reason: reasonOf(error) } };
    }
  };
  void attempt(0);
  return () => {
    gone = true;
    socket?.close();
    listeners.forEach((listener) => listener.dispose());
  };
}

// refusalTime is how long an attempt may take to report that its shell doesn't exist, in milliseconds.
const refusalTime = 300;
