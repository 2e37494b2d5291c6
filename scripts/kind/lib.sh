# shellcheck shell=bash
# What the scripts of this folder share. Sourced, never run.

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=scripts/kind/versions.env
source "$here/versions.env"
cluster=${MODELSYNC_KIND_CLUSTER:-modelsync}
context=kind-$cluster

say() { printf '%s\n' "kind: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

usage() { # the comment at the head of the script that asks
  sed -n '2,/^$/s/^# \{0,1\}//p' "$1"
}

# Every tool that is missing is named at once, each with the place where it comes from.
need() {
  local tool missing=0
  for tool in "$@"; do
    command -v "$tool" >/dev/null && continue
    missing=1
    case $tool in
      docker) say "docker is missing: https://docs.docker.com/get-docker/" ;;
      kind) say "kind is missing: go install sigs.k8s.io/kind@$KIND_VERSION, or https://kind.sigs.k8s.io" ;;
      kubectl) say "kubectl is missing: https://kubernetes.io/docs/tasks/tools/" ;;
      helm) say "helm is missing: https://helm.sh/docs/intro/install/" ;;
      *) say "$tool is missing" ;;
    esac
  done
  [ "$missing" = 0 ] || exit 1
}

need_engine() {
  docker info >/dev/null 2>&1 ||
    fail "docker is there, but its engine does not answer; start it, and look whether 'docker info' works."
}

is_up() { kind get clusters 2>/dev/null | grep -qx "$cluster"; }

kube() { kubectl --context "$context" "$@"; }
charts() { helm --kube-context "$context" "$@"; }
