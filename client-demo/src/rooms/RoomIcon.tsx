import { Hash, Lock } from 'lucide-react';
import type { Presence, RoomRecord } from '../api/shapes';
import { Avatar } from '../look/Avatar';

export function RoomIcon({ room, size = 16, live }: { room: RoomRecord; size?: number; live?: Presence }) {
  if (room.kind === 'direct' && room.peer) {
    const { id, name, avatarUrl, status } = room.peer;
    return <Avatar id={id ?? room.id} name={name} url={avatarUrl} size="sm" presence={live ?? status} />;
  }
  const Icon = room.kind === 'private' || room.kind === 'guild' ? Lock : Hash;
  return <span className="grid w-6 shrink-0 place-items-center text-faint"><Icon size={size} aria-hidden="true" /></span>;
}
