#!/usr/bin/env bash
# Guess: a stage of DVC whose output is a folder of videos finds those of the last time there, so a command that makes only what is
# missing pays for one more video when one job is added.
#
# What happens: DVC deletes the whole output before it starts the command. One job more, and all are paid for again; a command
# that fails after the first leaves that one alone, and the folder of the last time is gone from the disk though nothing replaced
# it (`dvc checkout` gets it back from DVC's cache). With `persist: true` only what is new is paid for.
#
# Versions: dvc 3.67.1 (PyPI), git 2.39 or later.
# Source: DVC's manual tells it at `persist`, an option that one must know of.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile dvc==3.67.1
export HOME=$work DVC_NO_ANALYTICS=1 GIT_CONFIG_NOSYSTEM=1
dvc() { timeout 60 "$work/venv/bin/dvc" "$@"; }
echo "dvc $(dvc --version)"
mkdir project
cd project
git init --quiet
dvc init --quiet
cat > generate.sh <<'JOBS'
mkdir -p out
for job in $(cat jobs); do
    [ -e "out/$job" ] || { echo "$job" >> paid; echo "video of $job" > "out/$job"; }
    [ "$job" != "$(cat fail)" ] || exit 1
done
JOBS
: > fail
repro() { # option of the output, jobs, the job to fail at, what is to be paid for, what is to be there then
    printf 'stages: {videos: {cmd: sh generate.sh, deps: [jobs], outs: [{out: %s}]}}\n' "$1" > dvc.yaml
    echo "$2" > jobs
    echo "$3" > fail
    : > paid
    local code=0 paid here
    dvc repro --quiet 2>/dev/null || code=$?
    paid=$(paste -sd' ' paid) here=$(ls out | paste -sd' ')
    echo "$1; jobs: $2; ends with $code; paid for: ${paid:-nothing}; videos there: $here"
    [ "$paid" = "$4" ] && [ "$here" = "$5" ] || { echo "this is no longer so"; exit 1; }
}
repro "{persist: false}" "cat dog" "" "cat dog" "cat dog"
repro "{persist: false}" "cat dog hen" "" "cat dog hen" "cat dog hen"
repro "{persist: false}" "cat dog hen pig" cat cat cat
repro "{persist: false}" "cat dog hen pig" "" "cat dog hen pig" "cat dog hen pig"
repro "{persist: true}" "cat dog hen pig yak" "" yak "cat dog hen pig yak"
