import { Dialog } from '../look/Dialog';
import { Trouble } from '../look/State';
import { t } from '../texts';
import { PeopleSearch } from './PeopleSearch';
import { useDirect } from './useDirect';

/** With whom one wants to talk. */
export function FindPerson({ onClose }: { onClose: () => void }) {
  const { open, refusal, isBusy } = useDirect(onClose);
  return (
    <Dialog title={t('direct.new')} about={t('direct.about')} onClose={onClose}>
      <Trouble error={refusal} className="mb-3" />
      <PeopleSearch action={t('direct.write')} isBusy={isBusy} onChoose={({ id }) => id && open(id)} />
    </Dialog>
  );
}
