import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';
import { session } from '../api/session';
import { Entry } from '../account/Entry';
import { Landing } from '../look/Landing';
import { Tips } from '../look/Tip';
import { useLanguage } from '../texts';
import { Inside } from './Inside';
import { Splash } from './Splash';

export function App() {
  const language = useLanguage();
  const who = useSyncExternalStore(session.subscribe, session.read);
  const queries = useQueryClient();
  const person = who.state === 'in' ? who.userId : undefined;
  // What one account saw is not for the next.
  useEffect(() => {
    if (!person) queries.clear();
  }, [person, queries]);
  return (
    <Tips>
      <Landing>
        {who.state === 'unknown' && <Splash key={language} />}
        {who.state === 'out' && <Entry key={language} reason={who.reason} />}
        {who.state === 'in' && <Inside key={who.userId} userId={who.userId} isGuest={who.isGuest} language={language} />}
      </Landing>
    </Tips>
  );
}
