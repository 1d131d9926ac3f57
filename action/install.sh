#!/usr/bin/env bash
# Puts the command `straykey` on the PATH of the steps that follow.
#
# A released archive is taken if `checksums.txt` beside this script has its SHA-256; what does not match
# is refused. Without an entry the program is built from the sources that this action consists of.
set -euo pipefail

action=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=${RUNNER_TEMP:?}/straykey
download=${STRAYKEY_DOWNLOAD:-https://github.com/${STRAYKEY_REPOSITORY:-}/releases/download}

say() { printf '::%s title=straykey::%s\n' "$1" "$2"; }

fail() {
  say error "$1"
  exit 2
}

own_version() { sed -n 's/^version = "\(.*\)"$/\1/p' "$action/Cargo.toml" | head -n 1; }

# The target triple of the machine, as in the names of released archives. What is built for musl would run on
# every Linux, but its allocator costs a third of the speed.
triple() {
  local machine
  case "$(uname -m)" in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) machine=unknown ;;
  esac
  case "$(uname -s)" in
    Linux) if getconf GNU_LIBC_VERSION >/dev/null 2>&1; then
      echo "$machine-unknown-linux-gnu"
    else
      echo "$machine-unknown-linux-musl"
    fi ;;
    Darwin) echo "$machine-apple-darwin" ;;
    MINGW* | MSYS* | CYGWIN*) echo "$machine-pc-windows-msvc" ;;
    *) echo unknown ;;
  esac
}

archive() {
  case "$2" in
    *-windows-*) echo "straykey-$1-$2.zip" ;;
    *) echo "straykey-$1-$2.tar.gz" ;;
  esac
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

expected() { awk -v name="$1" '$2 == name { print $1 }' "$action/action/checksums.txt"; }

# Unpacks the released archive $1, if it can be had.
install_release() {
  local name=$1 sum=$2 version=$3
  curl --proto '=https,file' --tlsv1.2 --retry 3 -fsSL -o "$work/$name" "$download/v$version/$name" || return 1
  [[ $(sha256 "$work/$name") == "$sum" ]] || fail "the archive $name is not the one that was released: its SHA-256 is another"
  case "$name" in
    *.zip) unzip -q -o -j "$work/$name" -d "$work/bin" ;;
    *) tar -xzf "$work/$name" -C "$work/bin" --strip-components=1 ;;
  esac
}

build() {
  command -v cargo >/dev/null || fail "there is no released archive for this machine, and no cargo to build it with"
  cargo install --locked --quiet --path "$action" --root "$work"
}

main() {
  local version name sum
  version=${INPUT_VERSION:-$(own_version)}
  version=${version#v}
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]] || fail 'the input "version" is no version'
  mkdir -p "$work/bin"
  name=$(archive "$version" "$(triple)")
  sum=$(expected "$name")
  if [[ -n $sum ]] && install_release "$name" "$sum" "$version"; then
    say notice "straykey $version: the released archive"
  elif [[ $version == "$(own_version)" ]]; then
    say notice "straykey $version: built from source"
    build
  else
    fail "this version of the action cannot install straykey $version: use the action of that version"
  fi
  echo "$work/bin" >>"${GITHUB_PATH:?}"
}

main
