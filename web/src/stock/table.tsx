// The lists of images, volumes and networks.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { HostAnswer, Image, Network, UsedBy, Volume } from '../api';
import { call } from '../api/client';
import { stockTexts } from '../i18n/stock';
import { shortID, traffic } from '../logic/format';
import { mayChangeHost } from '../logic/rights';
import { t } from '../state/preferences';
import { address } from '../state/route';
import { me } from '../state/session';
import { ListTable } from '../ui/card';
import { Confirm } from '../ui/confirm';
import { useListing } from '../ui/listing';
import { Notice } from '../ui/parts';
import { Ago } from '../ui/time';

export type Kind = 'images' | 'volumes' | 'networks';

interface Row {
  host: string;
  id: string; // the id for its removal
  name: string;
  removable: boolean;
  usedBy: readonly UsedBy[];
  cells: ComponentChildren[];
}

interface Page {
  cursor: string;
  hosts: HostAnswer[];
  images?: Image[];
  volumes?: Volume[];
  networks?: Network[];
}

interface Props {
  kind: Kind;
  query: { q: string; host: string; in_use: string };
  changed: number; // incremented when the list may have changed
}

export function Stock({ kind, query, changed }: Props) {
  const texts = stockTexts();
  const silent = useSignal<readonly HostAnswer[]>([]);
  const listing = useListing<Page, Row>(`/v1/${kind}`, { ...query, limit: 500 }, (page) => {
    silent.value = page.hosts.filter((h) => !h.ok);
    return [...(page.images ?? []).map(imageRow), ...(page.volumes ?? []).map(volumeRow), ...(page.networks ?? []).map(networkRow)];
  });
  const removing = useSignal<Row | undefined>(undefined);
  useEffect(() => {
    if (changed > 0) void listing.reload();
  }, [changed]);
  const heads = {
    images: [texts.image, texts.host, texts.id, texts.size, texts.created, texts.usedBy, ''],
    volumes: [texts.name, texts.host, texts.driver, texts.created, texts.usedBy, ''],
    networks: [texts.name, texts.host, texts.driver, texts.subnets, texts.usedBy, ''],
  }[kind];
  return (
    <>
      {silent.value.length > 0 && (
        <div class="toolbar">
          <Notice icon="offline">{texts.noAnswer(silent.value.map((h) => h.host).join(', '))}</Notice>
        </div>
      )}
      <ListTable
        listing={listing} none={texts.none} heads={heads}
        row={(row) => (
          <tr key={`${row.host}/${row.id}`}>
            {row.cells.map((cell, i) => (
              <td key={i}>{cell}</td>
            ))}
            <td>
              <Users host={row.host} all={row.usedBy} />
            </td>
            <td class="num">
              {row.removable && row.usedBy.length === 0 && mayChangeHost(me.value, row.host) && (
                <button class="button quiet" onClick={() => (removing.value = row)}>
                  {t().common.remove}
                </button>
              )}
            </td>
          </tr>
        )}
      />
      {removing.value && (
        <Confirm
          title={texts.remove(removing.value.name, removing.value.host)} text={texts.removeHint[kind]} action={t().common.remove} onClose={() => (removing.value = undefined)}
          run={async () => {
            const row = removing.value;
            if (row) await call('DELETE', `/v1/hosts/${encodeURIComponent(row.host)}/${kind}/${encodeURIComponent(row.id)}`);
            await listing.reload();
          }}
        />
      )}
    </>
  );
}

// Users shows the first few containers that use an object.
function Users({ host, all }: { host: string; all: readonly UsedBy[] }) {
  const most = 3;
  return (
    <span class="cut">
      {all.slice(0, most).map((c, i) => (
        <span key={c.id}>
          {i > 0 && ', '}
          <a href={address.container(host, c.id)}>
            <bdi>{c.name}</bdi>
          </a>
        </span>
      ))}
      {all.length > most && ` +${all.length - most}`}
      {all.length === 0 && <span class="faint">–</span>}
    </span>
  );
}

const hostCell = (host: string): ComponentChildren => <a href={address.host(host)}>{host}</a>;

const when = (time: string | undefined): ComponentChildren => (time ? <Ago at={Date.parse(time)} /> : '–');

function nameCell(name: string, badge?: string): ComponentChildren {
  return (
    <>
      <bdi class="agent cut" title={name}>{name}</bdi> {badge && <span class="badge">{badge}</span>}
    </>
  );
}

function imageRow(i: Image): Row {
  const texts = stockTexts();
  const name = i.tags.join(', ');
  return {
    host: i.host, id: i.tags.length === 1 ? (i.tags[0] ?? i.id) : i.id, name: name || shortID(i.id), removable: true, usedBy: i.used_by,
    cells: [nameCell(name, i.dangling ? texts.dangling : undefined), hostCell(i.host), <code>{shortID(i.id)}</code>, <span class="tab">{traffic(i.size)}</span>, when(i.created)],
  };
}

function volumeRow(v: Volume): Row {
  return {
    host: v.host, id: v.name, name: v.name, removable: true, usedBy: v.used_by,
    cells: [nameCell(v.name, v.anonymous ? stockTexts().anonymous : undefined), hostCell(v.host), v.driver, when(v.created)],
  };
}

function networkRow(n: Network): Row {
  const texts = stockTexts();
  return {
    host: n.host, id: n.id, name: n.name, removable: !n.builtin, usedBy: n.used_by,
    cells: [nameCell(n.name, n.builtin ? texts.builtin : n.internal ? texts.internal : undefined), hostCell(n.host), n.driver, n.subnets.join(', ')],
  };
}
