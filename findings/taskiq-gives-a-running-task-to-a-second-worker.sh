#!/usr/bin/env bash
# Guess: a broker on Redis streams hands a task to another worker when the one that has it is dead, and so, where it does, soon.
#
# What happens: neither. RedisStreamBroker looks for tasks that weren't acknowledged for `idle_timeout` (ten minutes by default)
# without asking whether their worker lives, and only right after a *new* task came in. A generation that takes longer is started
# a second time, while the first is on, as soon as somebody queues the next job; and what a dead worker had last is never taken
# up if no job follows.
#
# Versions: taskiq 0.13.0, taskiq-redis 1.2.4 (PyPI), Redis 7.0.15 (Debian 12). `idle_timeout` is set to 2 s here.
# Source: taskiq-python/taskiq-redis#101 (the second start); that a new task must come first was seen here.
set -euo pipefail
work=$(mktemp -d)
chmod 755 "$work"
started=()
trap 'for group in "${started[@]}"; do kill -9 -- "-$group" 2>/dev/null || true; done; rm -rf "$work"' EXIT
cd "$work"
apt-get -qq download redis-tools=5:7.0.15-1~deb12u10 liblua5.1-0 lua-bitop lua-cjson libjemalloc2 libatomic1 liblzf1 2>/dev/null
for package in *.deb; do dpkg -x "$package" redis; done
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile taskiq==0.13.0 taskiq-redis==1.2.4
port=$(python3 -c 'import socket; probe = socket.create_server(("127.0.0.1", 0)); print(probe.getsockname()[1])')
ln -s redis-check-rdb redis/usr/bin/redis-server # one program, which goes by its name
LD_LIBRARY_PATH=redis/usr/lib/x86_64-linux-gnu setsid timeout 120 redis/usr/bin/redis-server \
    --port "$port" --bind 127.0.0.1 --save "" >redis.log 2>&1 &
started+=($!)
cat > tasks.py <<PY
import asyncio, os, time
from taskiq_redis import RedisStreamBroker

broker = RedisStreamBroker("redis://127.0.0.1:$port", idle_timeout=2000)


@broker.task
async def generate(name, seconds):
    with open("paid", "a") as file:
        print(name, "by", os.getpid(), file=file)
    await asyncio.sleep(seconds)
    with open("paid", "a") as file:
        print(name, "ends", file=file)
PY
cat > order.py <<'PY'
import asyncio, sys
from tasks import broker, generate


async def order():
    await broker.startup()
    await generate.kiq(sys.argv[1], float(sys.argv[2]))
    await broker.shutdown()


asyncio.run(order())
PY
touch paid
venv/bin/python -c 'import taskiq, importlib.metadata as m; print("taskiq", m.version("taskiq"), "taskiq-redis", m.version("taskiq-redis"))'
PYTHONPATH=. setsid timeout 120 venv/bin/taskiq worker tasks:broker --workers 2 >worker.log 2>&1 &
started+=($!)
for _ in {1..200}; do
    [[ $(grep -c "Listening started" worker.log) -lt 2 ]] || break
    sleep 0.2
done
order() { PYTHONPATH=. timeout 20 venv/bin/python order.py "$@"; }
order dog 60
sleep 5
alone=$(grep -c "dog by" paid)
echo "5 s after the order of a generation of 60 s: begun $alone time(s)"
order cat 0.1
sleep 3
echo "3 s after another order:"
cat paid
[[ $alone == 1 && $(grep -c "dog by" paid) == 2 && $(grep -c "dog ends" paid) == 0 ]] || { echo "this is no longer so"; exit 1; }
