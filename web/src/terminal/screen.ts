// xterm.js, adapted to the page: its colours, its style sheets, its size.
import { FitAddon } from '@xterm/addon-fit';
import { Terminal, type ITheme } from '@xterm/xterm';
import { redirectStyles } from './styles';

export class Screen {
  readonly terminal: Terminal;
  private readonly fit = new FitAddon();
  private readonly removeStyles: () => void;
  private readonly watch: ResizeObserver;

  constructor(box: HTMLElement) {
    const mono = getComputedStyle(box).getPropertyValue('--mono');
    this.terminal = new Terminal({ fontFamily: mono, fontSize: 13, lineHeight: 1.2, scrollback: 10_000, screenReaderMode: true, theme: themeOf(box), minimumContrastRatio: 4.5 });
    this.terminal.loadAddon(this.fit);
    this.removeStyles = redirectStyles();
    this.terminal.open(box);
    this.watch = new ResizeObserver(() => this.fit.fit());
    this.watch.observe(box);
    this.fit.fit();
  }

  dispose(): void {
    this.watch.disconnect();
    this.terminal.dispose();
    this.removeStyles();
  }
}

// themeOf reads the page's current colours, light or dark.
function themeOf(box: HTMLElement): ITheme {
  const style = getComputedStyle(box);
  const probe = document.createElement('span');
  box.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const theme: ITheme = { background: style.backgroundColor, foreground: style.color, cursor: colour('--accent'), selectionBackground: colour('--edge') };
  probe.remove();
  return theme;
}
