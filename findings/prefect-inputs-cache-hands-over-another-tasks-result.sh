#!/usr/bin/env bash
# Guess: in Prefect `cache_policy=INPUTS` keeps a result for each task and each input, so that an edit of the task's text, which
# the default policy looks at, costs nothing.
#
# What happens: the key is a hash of the inputs and nothing else, one for all tasks of all flows that share the store. Two tasks
# with a parameter of the same name and value, a draft and a final of one prompt, share a result: `final` doesn't run, and returns
# the draft as its own. Adding TASK_SOURCE to the policy parts them, at the price that every edit of a task
# forgets its results.
#
# Versions: prefect 3.9.1 (PyPI).
# Source: seen here; the manual says of INPUTS that it uses the inputs only, not that tasks then share results.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile prefect==3.9.1
export HOME=$work PREFECT_HOME=$work/prefect PREFECT_SERVER_ANALYTICS_ENABLED=false DO_NOT_TRACK=1 PREFECT_LOGGING_LEVEL=CRITICAL
export PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=100
cat > flow.py <<'PY'
import prefect
from prefect.cache_policies import INPUTS, TASK_SOURCE

paid = []


def tasks(policy):
    @prefect.task(cache_policy=policy, persist_result=True)
    def draft(prompt):
        paid.append("draft")
        return f"draft of {prompt}"

    @prefect.task(cache_policy=policy, persist_result=True)
    def final(prompt):
        paid.append("final")
        return f"final of {prompt}"

    return draft, final


@prefect.flow
def both(policy, prompt):
    paid.clear()
    draft, final = tasks(policy)
    return [draft(prompt), final(prompt)], list(paid)


print("prefect", prefect.__version__)
for name, policy, expected in [
    ("INPUTS", INPUTS, (["draft of a dog", "draft of a dog"], ["draft"])),
    ("INPUTS + TASK_SOURCE", INPUTS + TASK_SOURCE, (["draft of a dog", "final of a dog"], ["draft", "final"])),
]:
    seen = both(policy, "a dog")
    print(f"{name}: draft and final return {seen[0]}; paid for: {seen[1]}")
    assert seen == expected, "this is no longer so"
PY
timeout 200 venv/bin/python -W ignore flow.py
