import { createContext, useContext } from 'react';

/** Where menus and tips are put: what lies outside an open dialog cannot be reached. */
export const Place = createContext<HTMLElement | null>(null);
export const usePlace = () => useContext(Place);
