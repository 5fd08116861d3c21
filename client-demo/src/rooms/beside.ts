/** Whether there is room for the members beside the conversation. */
export const hasRoomBeside = matchMedia('(min-width: 64rem)');
