export default function Invitations(_: Record<string, unknown>) { return null; }
