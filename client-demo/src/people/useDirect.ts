import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { putRoom } from '../api/queries';
import { asRefusal, type Refusal } from '../api/refusal';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { go } from '../app/routes';

/** Opens the room of two, and goes there. */
export function useDirect(onOpened?: () => void) {
  const queries = useQueryClient();
  const [state, setState] = useState<{ isBusy: boolean; refusal?: Refusal }>({ isBusy: false });
  const open = async (userId: string) => {
    setState({ isBusy: true });
    try {
      const room = await call<RoomRecord>('PUT', `/api/me/directs/${userId}`);
      putRoom(queries, room, true);
      go({ page: 'room', room: room.id });
      setState({ isBusy: false });
      onOpened?.();
    } catch (error) {
      setState({ isBusy: false, refusal: asRefusal(error) });
    }
  };
  return { ...state, open };
}
