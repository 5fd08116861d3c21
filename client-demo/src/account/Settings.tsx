import { Page, Tabs } from '../look/Page';
import { t } from '../texts';
import { Blocked } from './Blocked';
import { Characters } from './Characters';
import { Data } from './Data';
import { ProfileForm } from './ProfileForm';
import { Security } from './Security';

const PARTS = { profile: ProfileForm, security: Security, characters: Characters, blocked: Blocked, data: Data };
type PartName = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as PartName[];

export default function Settings({ part }: { part: string }) {
  const here = NAMES.find((name) => name === part) ?? 'profile';
  const Shown = PARTS[here];
  const tabs = NAMES.map((name) => ({ to: { page: 'settings', part: name } as const, text: t(`settings.${name}`), isHere: name === here }));
  return (
    <Page title={t('settings')} tabs={<Tabs label={t('settings')} tabs={tabs} />}>
      <Shown key={here} />
    </Page>
  );
}
