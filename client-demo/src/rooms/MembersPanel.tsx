import type { RoomRecord } from '../api/shapes';
export function MembersPanel(_: { room: RoomRecord; onClose: () => void }) { return null; }
