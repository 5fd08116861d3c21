const BROWSERS: [RegExp, string][] = [
  [/Edg\//, 'Edge'], [/OPR\//, 'Opera'], [/Firefox\//, 'Firefox'], [/HeadlessChrome|Chrome\//, 'Chrome'], [/Safari\//, 'Safari'],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS X/, 'macOS'], [/Linux/, 'Linux'],
];

const named = (table: [RegExp, string][], agent: string) => table.find(([pattern]) => pattern.test(agent))?.[1];

/** What a session's user agent is called, for people. */
export function deviceOf(agent: string) {
  const parts = [named(BROWSERS, agent), named(SYSTEMS, agent)].filter(Boolean);
  return { name: parts.length > 0 ? parts.join(' · ') : agent.slice(0, 60), isMobile: /iPhone|Android|Mobile/.test(agent) };
}
