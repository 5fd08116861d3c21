export default function Operator(_: Record<string, unknown>) { return null; }
