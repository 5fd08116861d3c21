import { createContext, useContext } from 'react';
import type { DirectFrom, UserRole } from '../api/shapes';

export interface Me {
  id: string;
  name: string;
  username: string;
  avatarUrl: string | null;
  role: UserRole;
  isGuest: boolean;
  email?: string | null;
  bio?: string;
  directFrom?: DirectFrom;
}

export const MeContext = createContext<Me | undefined>(undefined);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('nobody is signed in');
  return me;
}
