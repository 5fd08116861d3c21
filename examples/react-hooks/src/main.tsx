import { type FormEvent, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { ChatContext, useConnection, useNewChat, usePresence, useRoom, useTyping } from '../../../client-demo/src/chat';

interface Account {
  id: string;
  token: string;
}

function App() {
  const [account, setAccount] = useState<Account>();
  return account ? <Chatting account={account} /> : <LogIn onDone={setAccount} />;
}

function LogIn({ onDone }: { onDone: (account: Account) => void }) {
  const [trouble, setTrouble] = useState('');
  async function logIn(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const body = JSON.stringify(Object.fromEntries(new FormData(event.currentTarget)));
    const answer = await fetch('/api/auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
    const { user, accessToken, message } = await answer.json();
    if (answer.ok) onDone({ id: user.id, token: accessToken });
    else setTrouble(message);
  }
  return (
    <form onSubmit={logIn}>
      <input name="identifier" placeholder="Email or username" aria-label="Email or username" />
      <input name="password" type="password" placeholder="Password" aria-label="Password" />
      <button type="submit">Log in</button>
      <p role="alert">{trouble}</p>
    </form>
  );
}

function Chatting({ account }: { account: Account }) {
  const [roomId, setRoomId] = useState<string>();
  const chat = useNewChat(account.id, () => ({ me: account.id, getToken: async () => account.token, rooms: [] }));
  // Rooms go by their id: a name is asked for once.
  useEffect(() => {
    chat?.request<{ roomId: string }>('join-room', { roomId: 'main-chat' }).then((room) => setRoomId(room.roomId), () => {});
  }, [chat]);
  return chat && roomId && <ChatContext value={chat}><Room roomId={roomId} /></ChatContext>;
}

function Room({ roomId }: { roomId: string }) {
  const { status } = useConnection();
  const { messages, pending, hasOlder, feed, send } = useRoom(roomId);
  const { online } = usePresence(roomId);
  const { typists, typed } = useTyping(roomId);
  const [text, setText] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    if (text.trim()) send(text);
    setText('');
  }
  return (
    <>
      <p role="status">{status}, {online} here</p>
      {hasOlder && <button type="button" onClick={() => feed.older()}>Older</button>}
      <ol>
        {messages.map(({ id, User, message }) => <li key={id}><b>{User.name}</b> {message}</li>)}
        {pending.map(({ clientOffset, text: waiting, state, error }) => <li key={clientOffset}>{waiting} ({state}) {error?.message}</li>)}
      </ol>
      <p>{typists.length > 0 && `${typists.map(({ name }) => name).join(', ')} typing…`}</p>
      <form onSubmit={submit}>
        <input
          aria-label="Message"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            typed();
          }}
        />
        <button type="submit">Send</button>
      </form>
    </>
  );
}

createRoot(document.getElementById('root')!).render(<App />);
