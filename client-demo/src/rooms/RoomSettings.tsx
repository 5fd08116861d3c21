export default function RoomSettings(_: Record<string, unknown>) { return null; }
