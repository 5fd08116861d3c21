/** What the REST of docs/wire/own.md gives and takes. */

export type Presence = 'online' | 'away' | 'offline';
export type RoomRole = 'owner' | 'moderator' | 'member';
export type UserRole = 'user' | 'support' | 'admin';
export type RoomKind = 'main' | 'public' | 'private' | 'guild' | 'direct';

export interface Person {
  id: string | null;
  username: string;
  name: string;
  avatarUrl: string | null;
  isOnline: boolean;
  lastSeen: string | null;
  status: Presence;
  guest?: true;
  guestId?: string;
  bio?: string;
}

export interface Mine {
  state: 'member' | 'invited' | 'present';
  role: RoomRole;
  mutedUntil: string | null;
  lastReadSeq: number | null;
  unread: number;
}

export interface RoomRecord {
  id: string;
  name: string;
  description: string;
  isPrivate: boolean;
  createdBy: string | null;
  createdAt: string;
  slug: string;
  kind: RoomKind;
  memberCount: number | null;
  archivedAt: string | null;
  slowModeSeconds: number;
  version: number;
  lastSeq: number;
  rev: number;
  peer: Person | null;
  me: Mine | null;
}

export interface Listing<Row> {
  data: Row[];
  next: string | null;
}

export type DirectFrom = 'everyone' | 'shared' | 'nobody';

export interface Myself {
  user: Person;
  email: string | null;
  role: UserRole;
  bio: string;
  directFrom: DirectFrom;
  invites: number;
  reports: number;
  epoch: string;
}

export interface Member {
  user: Person;
  role: RoomRole;
  joinedAt: string;
  mutedUntil: string | null;
}

export interface Barred {
  user: Person;
  by: Person | null;
  reason: string | null;
  at: string;
  mutedUntil: string | null;
}

export interface Invitation {
  room: RoomRecord;
  user: Person;
  by: Person | null;
  invitedAt: string;
  expiresAt: string;
}

export interface Character {
  id: number;
  name: string;
  createdAt: string;
}

export interface SessionRecord {
  id: string;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  userAgent: string | null;
  address: string | null;
  current: boolean;
}

export interface FileLink {
  id: string;
  url: string;
  thumbnailUrl: string | null;
  expiresAt: string;
}

export interface Report {
  id: string;
  status: 'open' | 'closed';
  outcome: 'dismissed' | 'acted' | null;
  count: number;
  reasons: Record<string, number>;
  firstAt: string;
  lastAt: string;
  room: { id: string; name: string; kind: RoomKind };
  author: Person;
  messageId: string;
  text: string | null;
  isDeleted: boolean;
  reporters?: { user: Person; reason: string; note: string | null }[];
  closedBy: Person | null;
  note: string | null;
}

export interface AuditEntry {
  id: string;
  at: string;
  by: Person | null;
  action: string;
  roomId: string | null;
  target: Person | null;
  messageId: string | null;
  reason: string | null;
  detail: Record<string, unknown>;
}

export interface AccountRow {
  user: Person;
  email: string | null;
  role: UserRole;
  status: 'active' | 'inactive' | 'locked';
  lock: { by: Person | null; reason: string | null; at: string } | null;
  createdAt: string;
}

export interface Day {
  date: string;
  count: number;
  authors: number;
}

export interface RoomFigures {
  totalMessages: number;
  totalUsers: number;
  messagesPerDay: Day[];
}

export interface NodeFigures {
  node: string;
  version: string;
  startedAt: string;
  connections: number;
  people: number;
  guests: number;
  perSecond: { messages: number; events: number; deliveries: number; requests: number };
  waiting: { events: number; bytes: number };
  slowReadersClosed: number;
  refusals: Record<string, number>;
  writer: { queue: number; commitMs: { p50: number; p95: number } | null };
}

export interface Figures {
  nodes: NodeFigures[];
  database: { kind: string; reachable: boolean; bytes: number | null };
  bus: { kind: string; reachable: boolean };
  totals: { accounts: number; rooms: number; messages: number; fileBytes: number; openReports: number } | null;
}
