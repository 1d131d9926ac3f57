#!/usr/bin/env bash
# Scans what an event of GitHub brought, and tells it: log, annotations, summary, comment, outputs.
#
# Everything comes in through the environment, see `action.yml`. Names of branches and files are chosen
# by strangers: they are never part of a command, and revisions become object ids before they are used.
# It ends with 0 as long as it could run; the last step of the action ends with the scan's exit code.
set -euo pipefail

repo=${INPUT_PATH:-.}
work=${RUNNER_TEMP:?}/straykey-report
json=$work/straykey.json
sarif=$work/straykey.sarif
page=$work/straykey.md
readonly nothing='^0+$'

say() { printf '::%s title=straykey::%s\n' "$1" "$2"; }

output() { printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:?}"; }

fail() {
  say error "$1"
  output exit-code 2
  exit 0
}

yes() { [[ $1 == true ]]; }

# --- Commits -------------------------------------------------------------------------------------

is_id() { [[ $1 =~ ^([0-9a-f]{40}|[0-9a-f]{64})$ && ! $1 =~ $nothing ]]; }

have() { git -C "$repo" cat-file -e "$1^{commit}" 2>/dev/null; }

is_shallow() { [[ $(git -C "$repo" rev-parse --is-shallow-repository) == true ]]; }

fetch() {
  git -C "$repo" -c protocol.version=2 fetch --quiet --no-recurse-submodules "$@" >/dev/null 2>&1
}

# Fetches one commit. A clone that is whole stays so: a depth would cut it off.
fetch_tip() {
  if is_shallow; then fetch --no-tags --depth=1 origin "$1"; else fetch --no-tags origin "$1"; fi
}

# The id of the commit that $1 names: an id, or the name of a branch or tag. It may have to be fetched.
commit_of() {
  local name=$1 found
  if is_id "$name"; then
    have "$name" || fetch_tip "$name" || return 1
    echo "$name"
    return
  fi
  git check-ref-format "refs/heads/$name" || return 1
  for found in "refs/remotes/origin/$name" "refs/heads/$name" "refs/tags/$name"; do
    git -C "$repo" rev-parse --verify --quiet --end-of-options "$found^{commit}" && return
  done
  fetch_tip "+refs/heads/$name:refs/remotes/origin/$name" || return 1
  git -C "$repo" rev-parse --verify --quiet --end-of-options "refs/remotes/origin/$name^{commit}"
}

# Whether every commit of $1..$2 is here with its parents, and so is every one that $1 alone has: what
# is hidden there would seem to be new.
is_whole() {
  have "$1" && have "$2" || return 1
  is_shallow || return 0
  local border
  border=$(git -C "$repo" rev-parse --git-path shallow)
  [[ $border == /* ]] || border=$repo/$border
  [[ $(git -C "$repo" rev-list "$1...$2" | grep -cxFf "$border") == 0 ]]
}

# Fetches as little as makes $1..$2 whole.
deepen() {
  local commits
  for commits in 50 500 5000; do
    is_whole "$1" "$2" && return
    fetch --no-tags --deepen="$commits" origin "$1" "$2" || break
  done
  is_whole "$1" "$2" || fetch --no-tags --unshallow origin "$1" "$2" || true
  is_whole "$1" "$2" || say warning 'the checkout is shallow and could not be deepened: part of the range is missing'
}

# Fetches all that the remote has, for a scan of everything.
complete() {
  is_shallow || return 0
  fetch --unshallow origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*' ||
    say warning 'the checkout is shallow and could not be deepened: older commits are missing'
}

# --- What to scan --------------------------------------------------------------------------------

# Sets `base` and `head`, as the event names them; empty if everything is to be scanned.
range_of_event() {
  case "${EVENT_NAME:-}" in
    pull_request | pull_request_target) base=${PULL_BASE:-} head=${PULL_HEAD:-} ;;
    merge_group) base=${QUEUE_BASE:-} head=${QUEUE_HEAD:-} ;;
    push) base=${PUSH_BEFORE:-} head=${PUSH_AFTER:-} ;;
    *) base='' head='' ;;
  esac
}

# A push that began a branch or a tag has no commit before it, and one that was forced may have lost it.
# What the default branch has is then not new.
settle_push() {
  [[ ${EVENT_NAME:-} == push ]] || return 0
  if [[ ! $base =~ $nothing && -n $base ]]; then
    commit_of "$base" >/dev/null && return
    say notice 'the commit before this push is gone: what the default branch lacks is scanned'
  fi
  base=''
  [[ ${REF:-} == "refs/heads/${DEFAULT_BRANCH:-}" || -z ${DEFAULT_BRANCH:-} ]] || base=$DEFAULT_BRANCH
}

# Sets `what` to the arguments of straykey.
choose() {
  local base='' head='' mode=${INPUT_MODE:-auto}
  case "$mode" in
    tree) what=(scan -- "$repo") && return ;;
    history) complete && what=(git -- "$repo") && return ;;
    auto | diff) ;;
    *) fail 'the input "mode" is one of auto, diff, history, tree' ;;
  esac
  git -C "$repo" rev-parse --git-dir >/dev/null 2>&1 || {
    [[ $mode == auto ]] || fail 'the input "path" is no git repository; "mode: tree" scans files'
    what=(scan -- "$repo") && return
  }
  range_of_event
  if [[ -z ${INPUT_BASE:-} && -z ${INPUT_HEAD:-} ]]; then settle_push; fi
  base=${INPUT_BASE:-$base} head=${INPUT_HEAD:-$head}
  if [[ -z $base ]]; then
    [[ $mode == auto ]] || fail 'this event has no range: give the input "base"'
    complete
    what=(git -- "$repo") && return
  fi
  choose_range "$base" "${head:-$(git -C "$repo" rev-parse HEAD)}"
}

choose_range() {
  local base head
  base=$(commit_of "$1") || fail 'the first commit of the range is not in this repository'
  head=$(commit_of "$2") || fail 'the last commit of the range is not in this repository'
  deepen "$base" "$head"
  what=(git --range "$base..$head" -- "$repo")
}

# --- Telling it ----------------------------------------------------------------------------------

# What straykey prints holds names of files: nothing in it is a command of the runner. The Bash of macOS
# takes an empty list for an unset one, hence the `+`.
scan() {
  local token more=() extra=() code=0
  token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  [[ -z ${INPUT_CONFIG:-} ]] || more+=(--config "$INPUT_CONFIG")
  [[ -z ${INPUT_BASELINE:-} ]] || more+=(--baseline "$INPUT_BASELINE")
  read -r -d '' -a extra <<<"${INPUT_ARGS:-}" || true
  echo "::stop-commands::$token"
  straykey "${what[0]}" --no-progress --format "${INPUT_FORMAT:-terminal}" \
    --report "json=$json" --report "sarif=$sarif" --report "markdown=$page" \
    ${more[@]+"${more[@]}"} ${extra[@]+"${extra[@]}"} "${what[@]:1}" 2>&1 || code=$?
  echo "::$token::"
  return "$code"
}

# The findings of the report, a line each, which begins with type, schema, rule and severity. A quotation
# mark inside a value has a backslash, so that no value looks like a field.
findings() { straykey report "$json" --format jsonl 2>/dev/null | grep '^{"type":"finding",' || true; }

# How many lines on standard input are new findings of at least the severity $1.
count_new() {
  local levels
  case "$1" in
    info) levels='info|low|medium|high|critical' ;;
    low) levels='low|medium|high|critical' ;;
    medium) levels='medium|high|critical' ;;
    high) levels='high|critical' ;;
    critical) levels='critical' ;;
  esac
  grep -E "^\{\"type\":\"finding\",\"schema\":\"straykey/1\",\"rule\":\"[^\"]*\",\"severity\":\"($levels)\"" |
    grep -vcF ',"suppressed":{' || true
}

# A token that comes with a fork's pull request, or with Dependabot's, can only read.
may_write() {
  [[ ${EVENT_NAME:-} != pull_request ]] && return
  [[ ${PULL_HEAD_REPOSITORY:-} == "${GITHUB_REPOSITORY:-}" && ${GITHUB_ACTOR:-} != 'dependabot[bot]' ]]
}

# Writes the report below the pull request, over the one of an earlier run.
comment() {
  local marker='<!-- straykey -->' known body=$work/comment.md
  local issue=repos/$GITHUB_REPOSITORY/issues
  { echo "$marker" && cat "$page"; } >"$body"
  known=$(gh api --paginate "$issue/$PULL_NUMBER/comments" \
    --jq ".[] | select(.body | startswith(\"$marker\")) | .id" | head -n 1) || return
  if [[ -n $known ]]; then
    gh api --silent --method PATCH "$issue/comments/$known" --field "body=@$body"
  else
    gh api --silent --method POST "$issue/$PULL_NUMBER/comments" --field "body=@$body"
  fi
}

tell() {
  straykey report "$json" --format github 2>/dev/null || true
  if yes "${INPUT_SUMMARY:-true}"; then cat "$page" >>"${GITHUB_STEP_SUMMARY:?}"; fi
  if yes "${INPUT_COMMENT:-false}" && [[ ${PULL_NUMBER:-} =~ ^[0-9]+$ ]]; then
    if may_write; then
      comment || say warning 'the comment could not be written: does the job have "pull-requests: write"?'
    else
      say notice 'no comment: the token of this pull request can only read'
    fi
  fi
}

# SARIF goes up where that is wanted and allowed.
choose_upload() {
  yes "${INPUT_UPLOAD_SARIF:-true}" || return 0
  if may_write; then
    output upload true
  else
    say notice 'the SARIF file is not uploaded: the token of this pull request can only read'
  fi
}

main() {
  local what=() code=0 failing fail_on=${INPUT_FAIL_ON:-info}
  [[ $fail_on =~ ^(info|low|medium|high|critical)$ ]] || fail 'the input "fail-on" is one of info, low, medium, high, critical'
  mkdir -p "$work"
  rm -f "$json" "$sarif" "$page"
  if [[ ${EVENT_NAME:-} == push && ${PUSH_AFTER:-} =~ $nothing && -z ${INPUT_HEAD:-} && ${INPUT_MODE:-auto} == auto ]]; then
    say notice 'the branch was deleted: there is nothing to scan'
    output exit-code 0 && output findings 0 && output new-findings 0
    return
  fi
  choose
  scan || code=$?
  [[ -s $json ]] || fail 'the scan did not take place; the log says why'
  failing=$(findings | count_new "$fail_on")
  tell
  choose_upload
  if ((code < 2)); then code=$((failing > 0)); fi
  output exit-code "$code"
  output findings "$(findings | wc -l | tr -d ' ')"
  output new-findings "$(findings | count_new info)"
  output sarif "$sarif"
  output json "$json"
}

main
