// A modal dialog: the browser's own, which keeps the focus inside and closes on Escape.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface Props {
  title: string;
  class?: string;
  quietTitle?: boolean; // only for screen readers
  onClose: () => void;
  children: ComponentChildren;
  footer?: ComponentChildren;
}

export function Dialog({ title, class: extra = '', quietTitle = false, onClose, children, footer }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box} class={`dialog ${extra}`} aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === box.current) onClose();
      }}
    >
      <header class={quietTitle ? 'sr' : ''}>
        <h2 id={heading}>{title}</h2>
      </header>
      {children}
      {footer && <footer>{footer}</footer>}
    </dialog>
  );
}
