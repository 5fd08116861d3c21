import { ShieldAlert } from 'lucide-react';
import { useMe } from '../app/me';
import { Page, Tabs } from '../look/Page';
import { Empty } from '../look/State';
import { t } from '../texts';
import { Accounts } from './Accounts';
import { Audit } from './Audit';
import { Now } from './Now';
import { Reports } from './Reports';
import { Words } from './Words';

const PARTS = { now: Now, reports: Reports, accounts: Accounts, audit: Audit, words: Words };
type PartName = keyof typeof PARTS;
const NAMES = Object.keys(PARTS) as PartName[];
const FOR: Record<PartName, 'everybody' | 'staff' | 'admin'> = { now: 'admin', reports: 'everybody', accounts: 'staff', audit: 'admin', words: 'admin' };

/** For who runs the place; moderators of rooms see the reports of theirs. */
export default function Operator({ part }: { part: string }) {
  const { role } = useMe();
  const open = NAMES.filter((name) => FOR[name] === 'everybody' || role === 'admin' || (FOR[name] === 'staff' && role === 'support'));
  const here = open.find((name) => name === part);
  const Shown = here && PARTS[here];
  const tabs = open.map((name) => ({ to: { page: 'operator', part: name } as const, text: t(`operator.${name}`), isHere: name === here }));
  return (
    <Page title={t(tabs.length > 1 ? 'operator' : 'reports')} isWide tabs={tabs.length > 1 && <Tabs label={t('operator')} tabs={tabs} />}>
      {Shown ? <Shown /> : <Empty icon={<ShieldAlert size={22} />} title={t('operator.closed')}>{t('operator.closed.about')}</Empty>}
    </Page>
  );
}
