// One line in full, with a link to it.
import type { LogLine } from '../api';
import { moment } from '../logic/format';
import { locale, t } from '../state/preferences';
import { address } from '../state/route';
import { Copy } from '../ui/copy';
import { Icon } from '../ui/icon';
import { Colored } from './ansi';

export function Picked({ line, onClose }: { line: LogLine; onClose: () => void }) {
  const texts = t().logs;
  const link = `${location.origin}/ui/logs?container=${encodeURIComponent(`${line.host}/${line.id}`)}&at=${encodeURIComponent(line.at)}`;
  return (
    <aside class="picked" aria-label={texts.line}>
      <header>
        <a href={address.container(line.host, line.id)}>
          <b>
            <bdi>{line.name}</bdi>
          </b>
        </a>
        <span class="soft tab">
          {line.host} · {moment(Date.parse(line.at), locale.value)} · {line.stream} {line.level}
        </span>
        <span class="spring" />
        <Copy text={link} label={texts.copyLink} />
        <Copy text={line.text} />
        <button class="button quiet only" aria-label={t().common.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <pre tabIndex={0}>
        {(line.before ?? []).map((c) => `${c.text}\n`)}
        <Colored text={line.text} />
        {(line.after ?? []).map((c) => `\n${c.text}`)}
      </pre>
    </aside>
  );
}
