export default function Browse(_: Record<string, unknown>) { return null; }
