import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Refusal } from './api/refusal';
import { session } from './api/session';
import { App } from './app/App';
import './look/look.css';
import { show } from './look/theme';
import { begin } from './texts';

const isPassing = (error: unknown) =>
  error instanceof Refusal && (error.code === 'unreachable' || error.status === 429 || error.status >= 500);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (times, error) => times < 4 && isPassing(error),
      refetchOnWindowFocus: false,
    },
    mutations: { retry: false },
  },
});

show();
session.begin();
begin().finally(() => {
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
});
