// A confirmation before something that can't be undone.
import { useSignal } from '@preact/signals';
import { t } from '../state/preferences';
import { Dialog } from './dialog';
import { Notice, reasonOf } from './parts';

interface Props {
  title: string;
  text: string;
  action: string;
  onClose: () => void;
  run: () => Promise<void>;
}

export function Confirm({ title, text, action, onClose, run }: Props) {
  const fault = useSignal('');
  const busy = useSignal(false);
  const onRun = async (): Promise<void> => {
    busy.value = true;
    try {
      await run();
      onClose();
    } catch (error) {
      fault.value = reasonOf(error);
      busy.value = false;
    }
  };
  return (
    <Dialog
      title={title} onClose={onClose}
      footer={
        <>
          <button class="button" onClick={onClose}>
            {t().common.cancel}
          </button>
          <button class="button danger" autofocus disabled={busy.value} onClick={() => void onRun()}>
            {action}
          </button>
        </>
      }
    >
      <div class="inside">
        {fault.value !== '' && <Notice bad>{fault.value}</Notice>}
        <p>{text}</p>
      </div>
    </Dialog>
  );
}
