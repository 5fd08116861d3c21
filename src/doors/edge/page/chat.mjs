import { connectChat } from "./chat-client.js";

const $ = (id) => document.getElementById(id);
const { socketPath, client } = document.documentElement.dataset;
// The server forgets a typing flag that is not renewed for 10 s.
const TYPING_RENEWED = 4_000;
const TYPING_SHOWN = 12_000;

let me = JSON.parse(sessionStorage.getItem("me") ?? "null");
let chat, socket, editing;
const typing = { since: 0, ends: 0 };
const shown = new Map();
const typers = new Map();

const endsSession = new Set(["invalid_token", "token_expired", "session_ended", "user_not_found"]);

const noClient = {
  "not served": "This server does not serve the browser client (SERVE_CLIENT is false), and this page needs it.",
  "not built in": "The server lacks its browser client: run `npm ci` in client-demo, then build it again.",
  served: "The browser client could not be loaded. Please load this page again.",
};

const complain = (text = "") => Object.assign($("trouble"), { textContent: text, hidden: !text });

const setState = (state, text) => ($("state").dataset.state = state, $("state").textContent = text);

function show(view) {
  $("entry").hidden = view === "talk";
  $("talk").hidden = $("leave").hidden = view !== "talk";
  for (const form of ["login", "signup"]) $(form).hidden = form !== view;
}

async function post(path, body) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, request).catch(() => {
    throw new Error("The server cannot be reached.");
  });
  const data = await answer.json().catch(() => ({}));
  if (answer.ok) return data;
  const fields = Object.entries(data.errors ?? {}).map(([field, text]) => text.replace(field, label(field))).join(" ");
  throw new Error(fields || data.message || data.error || `The server answered ${answer.status}.`);
}

/** What a field is called here. */
const label = (field) => $("signup").elements[field]?.labels[0].firstChild.data.trim() ?? field;

function remember(user) {
  me = user;
  if (user) sessionStorage.setItem("me", JSON.stringify(user));
  else sessionStorage.removeItem("me");
}

async function logIn(identifier, password) {
  remember(null);
  remember((await post("/api/auth/login", { identifier, password })).user);
  for (const form of document.forms) form.reset();
  enter();
}

function leave(reason) {
  chat?.close();
  remember(null);
  shown.clear();
  $("messages").replaceChildren();
  typers.clear();
  tellTyping();
  compose();
  setState("off", "Not connected");
  show("login");
  complain(reason);
}

function enter() {
  show("talk");
  if (!window.io) return complain(noClient[client]);
  setState("wait", "Connecting…");
  const getToken = () => me?.accessToken;
  chat = connectChat(connect, location.origin, { getToken, onChange: showChanges, onStatus: showStatus });
}

function connect(url, options) {
  socket = io(url, { ...options, path: `${socketPath}/` });
  socket.on("user-typing", ({ userId, isTyping, user }) => setTyper(userId, isTyping && (user?.name ?? "Someone")));
  return socket;
}

function showStatus(status, error) {
  if (!me) return; // The chat was closed.
  if (endsSession.has(error?.code)) return leave("Your session has ended. Please log in again.");
  const isConnected = status === "catching-up" || status === "online";
  if (isConnected) setState("on", `Connected as ${me.name ?? me.userid}`);
  else setState("wait", error ? "Not connected, trying again…" : "Connection lost, trying again…");
  complain(error && (isConnected ? error.message : `Cannot connect: ${error.message}`));
}

/** Who has logged out need not hear what became of it. */
const attempt = (doing) => doing.catch((error) => error.code === "closed" || complain(error.message));

function showChanges(room, changed) {
  const isLoadedAnew = changed === room.messages;
  if (isLoadedAnew) {
    for (const node of shown.values()) node.remove();
    shown.clear();
  }
  for (const message of changed) {
    const isNew = !shown.has(message.id) && !message.is_deleted && message.seq >= room.from;
    if (isNew) shown.set(message.id, place(make("li"), message.seq));
    if (shown.has(message.id)) draw(shown.get(message.id), message);
  }
}

/** In the order of `seq`: what was missed may come in another. */
function place(node, seq) {
  const list = $("messages");
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  node.dataset.seq = seq;
  let before = list.lastElementChild;
  while (before && Number(before.dataset.seq) > seq) before = before.previousElementSibling;
  list.insertBefore(node, before ? before.nextSibling : list.firstChild);
  if (isAtEnd) requestAnimationFrame(() => (list.scrollTop = list.scrollHeight));
  return node;
}

/** What is being sent stands below all that was said. */
function placeLast(text) {
  const node = place(make("li", "", "own"), Infinity);
  node.append(make("p", text, "body"));
  return node;
}

const make = (kind, textContent = "", className = "") => Object.assign(document.createElement(kind), { textContent, className });
const button = (text, onclick) => Object.assign(make("button", text, "quiet"), { onclick });

function draw(node, message) {
  if (message.is_deleted) {
    if (editing === message.id) compose();
    return node.replaceChildren(make("p", "Message deleted", "gone"));
  }
  const clock = { hour: "2-digit", minute: "2-digit" };
  const about = make("div", "", "about");
  about.append(make("b", message.User?.name ?? "Someone"));
  about.append(make("time", new Date(message.created_at).toLocaleTimeString([], clock)));
  if (message.edited_at) about.append("edited");
  if (me && message.user_id === me.id) {
    node.classList.add("own");
    const remove = () => confirm("Delete this message?") && attempt(waitFor(chat.remove(message.id), node));
    about.append(button("Edit", () => compose(message.message, message.id)), button("Delete", remove));
  }
  node.replaceChildren(about, make("p", message.message, "body"));
}

/** Puts a text where it can be changed; with the `id` of a message, to edit that one. */
function compose(text = "", id = null) {
  editing = id;
  $("editing").hidden = !id;
  $("text").value = text;
  if (text) $("text").focus();
}

async function send() {
  const [text, id] = [$("text").value, editing];
  if (!text.trim()) return;
  if (!chat) throw new Error(noClient[client]);
  setTyping(false);
  compose();
  const node = id ? shown.get(id) : placeLast(text);
  try {
    await waitFor(id ? chat.edit(id, text) : chat.send(text), node);
  } catch (error) {
    if (error.code !== "closed" && !$("text").value) compose(text, id);
    throw error;
  } finally {
    if (!id) node.remove();
  }
}

/** `node` shows that the server has yet to answer. */
async function waitFor(answer, node) {
  node?.setAttribute("aria-busy", true);
  try {
    await answer;
  } finally {
    node?.removeAttribute("aria-busy");
  }
}

function setTyper(id, name) {
  clearTimeout(typers.get(id)?.timer);
  if (name) typers.set(id, { name, timer: setTimeout(() => setTyper(id, null), TYPING_SHOWN) });
  else typers.delete(id);
  tellTyping();
}

function tellTyping() {
  const names = [...typers.values()].map(({ name }) => name);
  const who = names.length > 3 ? "Several people" : names.join(", ");
  $("typing").textContent = who && `${who} ${names.length > 1 ? "are" : "is"} typing…`;
}

function setTyping(isTyping) {
  clearTimeout(typing.ends);
  if (isTyping) typing.ends = setTimeout(() => setTyping(false), TYPING_RENEWED);
  if (isTyping ? Date.now() - typing.since < TYPING_RENEWED : !typing.since) return;
  typing.since = isTyping ? Date.now() : 0;
  if (socket?.connected) socket.emit("typing", { isTyping });
}

function onSubmit(form, act) {
  $(form).onsubmit = (event) => {
    event.preventDefault();
    complain();
    attempt(act(Object.fromEntries(new FormData(event.target))));
  };
}

onSubmit("login", ({ identifier, password }) => logIn(identifier, password));
onSubmit("signup", (fields) => post("/api/auth/signup", fields).then(() => logIn(fields.email, fields.password)));
onSubmit("composer", send);
for (const link of document.querySelectorAll("[data-show]")) link.onclick = () => (complain(), show(link.dataset.show));
$("leave").onclick = () => attempt(post("/api/auth/logout").finally(() => leave()));
$("keep").onclick = () => compose();
$("text").oninput = () => editing || setTyping($("text").value !== "");
$("text").onkeydown = (event) => {
  if (event.key === "Escape" && editing) compose();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
};
if (me) enter();
