import { TriangleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { t } from '../texts';
import { Button } from './Button';
import { Empty } from './State';

/** A page that cannot be shown, or not be loaded any more since the server is a newer one, leaves the rest standing. */
export class Boundary extends Component<{ children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError = () => ({ isBroken: true });

  override render() {
    if (!this.state.isBroken) return this.props.children;
    return (
      <div className="grid h-full place-items-center">
        <Empty icon={<TriangleAlert size={22} />} title={t('broken')} action={<Button onClick={() => location.reload()}>{t('broken.reload')}</Button>}>
          {t('broken.about')}
        </Empty>
      </div>
    );
  }
}
