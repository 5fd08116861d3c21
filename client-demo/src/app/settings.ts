const { socketPath = '/socket.io', guests, uploadBytes } = document.documentElement.dataset;

/** What the server says of itself in the page. */
export const SOCKET_PATH = socketPath;
export const ALLOWS_GUESTS = guests === 'yes';
/** In UTF-16 units, as strings count here. */
export const mostMessageChars = () => Number(document.documentElement.dataset.messageChars) || Number.POSITIVE_INFINITY;
export const MOST_UPLOAD_BYTES = Number(uploadBytes) || Number.POSITIVE_INFINITY;
