export const Mark = ({ size = 28 }: { size?: number }) => (
  <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" className="fill-accent" />
    <path fill="#fff" d="M9 8h14a4 4 0 0 1 4 4v6a4 4 0 0 1-4 4h-6.2l-5 4.2c-.7.6-1.8.1-1.8-.8V22H9a4 4 0 0 1-4-4v-6a4 4 0 0 1 4-4Z" />
    <g className="fill-accent"><circle cx="11" cy="15" r="1.7" /><circle cx="16" cy="15" r="1.7" /><circle cx="21" cy="15" r="1.7" /></g>
  </svg>
);
