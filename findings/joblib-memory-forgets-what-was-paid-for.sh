#!/usr/bin/env bash
# Guess: a cache on disk that is keyed by the code of a function and its arguments keeps the results of both versions when the
# function is edited; once the edit is taken back, what was computed before is there.
#
# What happens: joblib.Memory keeps one version of each function. The first call after any edit of its text (a comment, a log
# line) empties the whole folder of that function, with the results of all other arguments too, and says so in a warning alone.
# A hundred paid results are gone for one line that was tried and taken back; the calls are made, and paid for, again.
#
# Versions: joblib 1.6.0 (PyPI).
# Source: joblib's manual on Memory speaks of a changed function in general; that taking it back doesn't help was seen here.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile joblib==1.6.0
cd "$work"
run() {
    cat > jobs.py <<PY
import joblib

memory = joblib.Memory("cache", verbose=0)


@memory.cache
def generate(prompt):
    $1
    with open("paid", "a") as file:
        print(prompt, file=file)
    return f"video of {prompt}"


for prompt in $2:
    generate(prompt)
PY
    : > paid
    timeout 60 venv/bin/python -W ignore jobs.py
    printf '%-34s %-28s paid: %s\n' "$1" "$2" "$(paste -sd, paid)"
}
echo "joblib 1.6.0"
first=$(run "# as it was" '["a dog", "a cat", "a hen"]'); echo "$first"
again=$(run "# as it was" '["a dog", "a cat", "a hen"]'); echo "$again"
edited=$(run "print(end='')  # a line to look closer" '["a hen"]'); echo "$edited"
back=$(run "# as it was" '["a dog", "a cat", "a hen"]'); echo "$back"
[[ $first == *"paid: a dog,a cat,a hen" && $again == *"paid: " && $edited == *"paid: a hen" && $back == *"paid: a dog,a cat,a hen" ]] ||
    { echo "this is no longer so"; exit 1; }
