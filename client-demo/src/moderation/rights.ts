import type { RoomRecord } from '../api/shapes';
import type { Me } from '../app/me';

const RANK = { member: 0, moderator: 1, owner: 2 } as const;

/** What somebody may do in a room, as docs/wire/own.md says. The server decides; this only shows no button in vain. */
export function rightsIn(room: Pick<RoomRecord, 'kind' | 'me' | 'archivedAt'>, me: Me) {
  const isAdmin = me.role === 'admin' && room.kind !== 'direct';
  const rank = room.me?.state === 'member' ? RANK[room.me.role] : -1;
  const isDirect = room.kind === 'direct';
  const isModerator = !isDirect && (rank >= RANK.moderator || isAdmin);
  const isOwner = !isDirect && (rank >= RANK.owner || isAdmin);
  const isMain = room.kind === 'main';
  return {
    moderate: isModerator,
    kick: isModerator && !isMain,
    invite: isModerator && !isMain && !room.archivedAt,
    edit: isOwner,
    close: isOwner && !isMain,
    giveRoles: isOwner,
    editOthers: isAdmin,
    deleteOthers: isModerator,
    report: !me.isGuest && room.me?.state === 'member',
    leave: !isMain && room.me !== null,
    outranks: (role: keyof typeof RANK) => isAdmin || rank > RANK[role],
  };
}
