#!/usr/bin/env bash
# beside.sh PROGRAM SCRIPT: runs the program on a port and a database of its own, without limits, and SCRIPT.mjs beside it.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$data"' EXIT
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
limits=(HTTP_PER_MINUTE SIGNUPS_PER_HOUR REFRESHES_PER_MINUTE ROOMS_PER_HOUR CONTACTS_PER_HOUR MESSAGES_PER_MINUTE
    EVENTS_PER_SECOND EVENTS_PER_SECOND_PER_USER EVENTS_PER_SECOND_PER_IP)
(
    cd "$data"
    limits=("${limits[@]/#/RATE_LIMIT_}")
    export "${limits[@]/%/=0}"
    export DATA_DIR=$data HOST=127.0.0.1 PORT=$port ALLOW_GUESTS=true MAX_CONNECTIONS_PER_USER=0
    "$program" user add --userid admin --name 'Ada Admin' --email admin@example.com --password 'a good password' --role admin >/dev/null
    exec "$program" serve >"$data/log" 2>&1
) &
server=$!
for _ in $(seq 100); do
    curl --fail --silent --output /dev/null "http://127.0.0.1:$port/readyz" && break
    sleep 0.1
done
CHAT_DATABASE=$data/community-chat.db CHAT_URL=http://127.0.0.1:$port CHAT_ADMIN=admin node "web/$2.mjs"
