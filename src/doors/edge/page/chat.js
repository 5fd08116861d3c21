const $ = (id) => document.getElementById(id);
const SEND_TIMEOUT = 10_000;
// The server forgets a typing flag that is not renewed for 10 s.
const TYPING_RENEWED = 4_000;
const TYPING_SHOWN = 12_000;

let me = JSON.parse(sessionStorage.getItem("me") ?? "null");
let socket, editing, unconfirmed;
let past = { loaded: false, rev: 0 };
const typing = { since: 0, ends: 0 };
const shown = new Map();
const typers = new Map();

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

async function call(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (me) headers.Authorization = `Bearer ${me.accessToken}`;
  const request = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
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
  remember((await call("/api/auth/login", { identifier, password })).user);
  for (const form of document.forms) form.reset();
  enter();
}

const endSession = () => leave("Your session has ended. Please log in again.");

function leave(reason) {
  socket?.disconnect();
  socket = null;
  remember(null);
  clear();
  typers.clear();
  tellTyping();
  stopEditing();
  setState("off", "Not connected");
  show("login");
  complain(reason);
}

function enter() {
  show("talk");
  if (!window.io) return complain(noClient[document.documentElement.dataset.client]);
  setState("wait", "Connecting…");
  socket = io("/api/community/chat", {
    path: `${document.documentElement.dataset.socketPath}/`,
    auth: (give) => give({ token: me?.accessToken, serverOffset: past.loaded ? past.rev : undefined }),
  });
  socket.on("connect", () => {
    setState("on", `Connected as ${me.name ?? me.userid}`);
    complain();
    if (!past.loaded) attempt(loadHistory());
  });
  socket.on("disconnect", (reason) => {
    setState("wait", "Connection lost, trying again…");
    if (reason === "io server disconnect") setTimeout(() => socket?.connect(), 1_000);
  });
  socket.on("connect_error", (error) => {
    setState("wait", "Not connected, trying again…");
    complain(`Cannot connect: ${error.message}`);
    // The client tries again by itself unless the server refused it.
    if (socket.active) return;
    if (/unauthorized/i.test(error.message)) return endSession();
    setTimeout(() => socket?.connect(), 2_000);
  });
  socket.on("token-expired", endSession);
  for (const event of ["received", "edited", "deleted"]) socket.on(`message-${event}`, put);
  socket.on("sync", ({ messages, rev, complete }) => {
    if (!complete) return attempt(loadHistory());
    messages.forEach(put);
    past.rev = Math.max(past.rev, rev);
  });
  socket.on("user-typing", ({ userId, isTyping, user }) => setTyper(userId, isTyping && (user?.name ?? "Someone")));
}

const attempt = (doing) => doing.catch((error) => complain(error.message));

/** Emits; a refusal and a missing answer are errors in words. */
async function ask(event, payload) {
  if (!socket?.connected) throw new Error("Not connected: please wait a moment.");
  const answer = await socket.timeout(SEND_TIMEOUT).emitWithAck(event, payload).catch(() => {
    throw new Error("The server has not confirmed this. Please try again.");
  });
  if (!answer?.success) throw new Error(answer?.error ?? "The server refused this.");
}

function clear() {
  past = { loaded: false, rev: 0 };
  shown.clear();
  $("messages").replaceChildren();
}

async function loadHistory() {
  clear();
  const { data } = await call("/api/community/chat/recent?limit=100");
  data.forEach(put);
  past.loaded = true;
}

function put(message) {
  past.rev = Math.max(past.rev, message.rev ?? 0);
  let item = shown.get(message.id);
  if (item ? item.rev > message.rev : message.is_deleted) return;
  if (!item) {
    item = { seq: message.seq, node: document.createElement("li") };
    shown.set(message.id, item);
    place(item);
  }
  item.rev = message.rev;
  draw(item.node, message);
}

/** In the order of `seq`: what was missed may come after what is new. */
function place({ seq, node }) {
  const list = $("messages");
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  node.dataset.seq = seq;
  let before = list.lastElementChild;
  while (before && Number(before.dataset.seq) > seq) before = before.previousElementSibling;
  list.insertBefore(node, before ? before.nextSibling : list.firstChild);
  if (isAtEnd) requestAnimationFrame(() => (list.scrollTop = list.scrollHeight));
}

const make = (kind, textContent, className = "") => Object.assign(document.createElement(kind), { textContent, className });
const button = (text, onclick) => Object.assign(make("button", text, "quiet"), { onclick });

function draw(node, message) {
  if (message.is_deleted) {
    if (editing === message.id) stopEditing();
    return node.replaceChildren(make("p", "Message deleted", "gone"));
  }
  const clock = { hour: "2-digit", minute: "2-digit" };
  const about = make("div", "", "about");
  about.append(make("b", message.User?.name ?? "Someone"));
  about.append(make("time", new Date(message.created_at).toLocaleTimeString([], clock)));
  if (message.edited_at) about.append("edited");
  if (me && message.user_id === me.id) {
    node.classList.add("own");
    const remove = () => confirm("Delete this message?") && attempt(ask("delete-message", { messageId: message.id }));
    about.append(button("Edit", () => startEditing(message)), button("Delete", remove));
  }
  node.replaceChildren(about, make("p", message.message, "body"));
}

function startEditing({ id, message }) {
  editing = id;
  $("editing").hidden = false;
  $("text").value = message;
  $("text").focus();
}

function stopEditing() {
  $("text").value = "";
  editing = null;
  $("editing").hidden = true;
}

async function send() {
  const message = $("text").value;
  if (!message.trim()) return;
  setTyping(false);
  if (editing) {
    await ask("edit-message", { messageId: editing, message });
    return stopEditing();
  }
  // The same text after a lost answer keeps its offset, so that it does not come twice.
  if (unconfirmed?.message !== message) {
    unconfirmed = { message, clientOffset: crypto.getRandomValues(new Uint32Array(4)).join("-") };
  }
  await ask("send-message", unconfirmed);
  unconfirmed = null;
  if ($("text").value === message) $("text").value = "";
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
onSubmit("signup", (fields) => call("/api/auth/signup", fields).then(() => logIn(fields.email, fields.password)));
onSubmit("composer", send);
for (const link of document.querySelectorAll("[data-show]")) link.onclick = () => (complain(), show(link.dataset.show));
$("leave").onclick = () => leave();
$("keep").onclick = stopEditing;
$("text").oninput = () => editing || setTyping($("text").value !== "");
$("text").onkeydown = (event) => {
  if (event.key === "Escape" && editing) stopEditing();
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
};
if (me) enter();
