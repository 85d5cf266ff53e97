#!/usr/bin/env bash
# Guess: lint-staged deals with the files that are staged; if a check of one fails, at most that one is put back.
#
# What happens: when a task fails, lint-staged resets the whole folder and applies the stash that it made at the start. Every
# tracked file, staged or not, is then as it was when the commit began: what another program wrote into its record while the task
# ran is gone, in no stash either, as the stash is older. That the commit is refused is told, that other files changed isn't. With
# a task that succeeds, or with `--no-revert`, the record stays.
#
# Versions: lint-staged 17.6.1 (npm), Node.js 20, git 2.39 or later.
# Source: the README says "revert to original state in case of errors"; that it holds for files that aren't staged was seen here.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work GIT_CONFIG_NOSYSTEM=1
git config --global user.name somebody
git config --global user.email somebody@example.com
git init --quiet "$work/project"
cd "$work/project"
npm install --silent --no-audit --no-fund --no-package-lock --prefix "$work" lint-staged@17.6.1 >/dev/null
echo "lint-staged $("$work/node_modules/.bin/lint-staged" --version)"
write() { printf 'task = "%s"\n' "$@" > jobs.lock.new && mv jobs.lock.new jobs.lock; }
tasks() { sed 's/task = "\(.*\)"/\1/' jobs.lock | paste -sd' '; }
write dog
echo first > notes
git add .
git commit --quiet --message start
check() { # what the task ends with, further options, the tasks that are to be in the record afterwards
    git reset --quiet --hard
    git stash clear
    write dog cat # a run that is on bought a second video
    echo "second" > notes
    git add notes
    rm -f "$work/begun"
    echo "export default { notes: () => 'sh -c \"touch $work/begun; sleep 2; exit $1\"' };" > "$work/config.mjs"
    timeout 60 "$work/node_modules/.bin/lint-staged" $2 --config "$work/config.mjs" > "$work/log" 2>&1 &
    local commit=$! code=0 kept
    for _ in $(seq 100); do [ -e "$work/begun" ] && break; sleep 0.1; done
    write dog cat hen # the run bought a third
    wait "$commit" || code=$?
    kept=$(for stash in $(git stash list --format=%h); do git show "$stash:jobs.lock"; done | grep --count '"hen"' || true)
    echo "task ends with $1 ${2:+($2)}: lint-staged with $code; the record had dog cat hen, has $(tasks); stashes that know hen: $kept"
    [ "$(tasks)" = "$3" ] && [ "$kept" = 0 ] || { cat "$work/log"; echo "this is no longer so"; exit 1; }
}
check 0 "" "dog cat hen"
check 1 "" "dog cat"
check 1 --no-revert "dog cat hen"
