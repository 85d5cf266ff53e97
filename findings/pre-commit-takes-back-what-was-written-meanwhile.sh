#!/usr/bin/env bash
# Guess: a commit of one file leaves all other files as they are; a program that works in the same folder while the hooks of
# pre-commit run, and writes its record there, neither sees nor loses anything.
#
# What happens: if a tracked file has changes that aren't staged, pre-commit puts its committed content on the disk while the hooks
# run, so that who reads the record then reads an old one. What is written into it meanwhile conflicts with the changes that it put
# aside: pre-commit drops what is new ("Stashed changes conflicted with hook auto-fixes... Rolling back fixes..."), puts the state
# from before the commit back, and refuses the commit because "files were modified by this hook", which touched nothing. Three paid
# tasks were in the file, two are left, and the patch that it saved has no third either.
#
# Versions: pre-commit 4.6.0 (PyPI), git 2.39 or later.
# Source: pre-commit's manual says that hooks run on what is staged alone; what becomes of other programs' writes was seen here.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-compile pre-commit==4.6.0
export HOME=$work PRE_COMMIT_HOME=$work/cache GIT_CONFIG_NOSYSTEM=1 PATH=$work/venv/bin:$PATH
git config --global user.name somebody
git config --global user.email somebody@example.com
git init --quiet project
cd project
cat > .pre-commit-config.yaml <<'YAML'
repos:
  - repo: local
    hooks:
      - {id: check, name: check, language: system, entry: sleep 3, pass_filenames: false, always_run: true}
YAML
write() { printf 'task = "%s"\n' "$@" > jobs.lock.new && mv jobs.lock.new jobs.lock; }
tasks() { sed 's/task = "\(.*\)"/\1/' jobs.lock | paste -sd' '; }
write dog
echo first > notes
git add .
git commit --quiet --message start
pre-commit install >/dev/null
pre-commit --version
write dog cat # a run that is on bought a second video
echo second > notes
git add notes
before=$(tasks)
timeout 60 git commit --quiet --message notes > ../commit.log 2>&1 &
commit=$!
for _ in $(seq 100); do [ "$(tasks)" = "$before" ] || break; sleep 0.1; done
during=$(tasks)
write dog cat hen # the run knew two and bought a third
code=0
wait "$commit" || code=$?
after=$(tasks)
echo "tasks in the record before the commit: $before; while its hook runs: $during; the run then writes: dog cat hen"
echo "the commit of another file ends with $code; tasks in the record: $after"
grep --only-matching -e 'Stashed changes.*' -e 'files were modified.*' ../commit.log
kept=$(grep --recursive --files-with-matches '"hen"' . ../cache | wc -l || true)
echo "files that know of the third: $kept"
[ "$before/$during/$code/$after/$kept" = "dog cat/dog/1/dog cat/0" ] || { echo "this is no longer so"; exit 1; }
