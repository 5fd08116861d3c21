export default function Statistics(_: Record<string, unknown>) { return null; }
