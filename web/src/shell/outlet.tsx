// The page of the address: loads it, shows it, and contains its errors.
import { Component, type ComponentChildren, type ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '../state/preferences';
import { Empty } from '../ui/parts';
import { find, type PageEntry, type PageProps } from './pages';

const loadedPages = new Map<PageEntry, ComponentType<PageProps>>();

export function Outlet({ path }: { path: string }) {
  const found = find(path);
  const [, again] = useState(0);
  const [failed, setFailed] = useState(false);
  const page = found?.page;
  useEffect(() => {
    if (!page || loadedPages.has(page)) return;
    setFailed(false);
    page.load().then(
      (module) => {
        loadedPages.set(page, module.default);
        again((n) => n + 1);
      },
      () => setFailed(true), // the server may have another version of the page by now
    );
  }, [page]);
  if (!found) return <Missing />;
  const Page = loadedPages.get(found.page);
  if (failed && !Page) return <Broken />;
  if (!Page) return null;
  return (
    <Guard key={path}>
      <Page params={found.params} />
    </Guard>
  );
}

function Missing() {
  return (
    <Empty title={t().common.notFound}>
      <a class="button" href="/">
        {t().common.home}
      </a>
    </Empty>
  );
}

function Broken() {
  return (
    <Empty title={t().common.broken}>
      <button class="button" onClick={() => location.reload()}>
        {t().common.reload}
      </button>
    </Empty>
  );
}

class Guard extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };

  override componentDidCatch(error: unknown): void {
    console.error(error);
    this.setState({ broken: true });
  }

  override render() {
    return this.state.broken ? <Broken /> : this.props.children;
  }
}
