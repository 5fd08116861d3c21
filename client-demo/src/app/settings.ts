const { socketPath = '/socket.io', guests } = document.documentElement.dataset;

/** What the server says of itself in the page. */
export const SOCKET_PATH = socketPath;
export const ALLOWS_GUESTS = guests === 'yes';
