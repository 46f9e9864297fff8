#!/usr/bin/env bash
# Shows what the admission webhook does, in a cluster of one API server that runs only
# while this script does: etcd and kube-apiserver from the parts cache, oakum-webhook from
# bin/ (make build). Everything listens on loopback, lies in one temporary folder, and is
# ended by its process id. The AWS keys in it are made here and were never issued.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
die() { echo "try.sh: $*" >&2; exit 1; }

[ -x "$top/bin/oakum" ] && [ -x "$top/bin/oakum-webhook" ] || die "there is no bin/oakum and bin/oakum-webhook: run make build"
for tool in go openssl; do command -v $tool >/dev/null || die "$tool is needed"; done

dir=$(mktemp -d)
pids=()
stop() {
  status=$?
  trap - EXIT
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill "${pids[i]}" 2>/dev/null && wait "${pids[i]}" 2>/dev/null || true
  done
  if [ $status -ne 0 ]; then
    for log in "$dir"/*.log; do echo "--- $(basename "$log")" >&2; tail -n 5 "$log" >&2; done
  fi
  rm -rf "$dir"
  exit $status
}
trap stop EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND… runs it in the background, with its words in a log.
start() {
  local name=$1
  shift
  "$@" >"$dir/$name.log" 2>&1 &
  pids+=($!)
}

# ready WHAT COMMAND… waits until the command succeeds.
ready() {
  local what=$1
  shift
  for _ in $(seq 600); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  die "$what did not get ready within a minute"
}

# port prints one that nobody listens on.
port() {
  local p
  while p=$((20000 + RANDOM % 20000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
  done
}

# letters ALPHABET N prints so many random ones.
letters() { LC_ALL=C tr -dc "$1" </dev/urandom 2>/dev/null | head -c "$2" || true; }

say "the programs (the first time, kube-apiserver is built: minutes)"
while IFS=$'\t' read -r name path; do
  case $name in
    etcd) etcd=$path ;;
    kube-apiserver) apiserver=$path ;;
    kubectl) kubectl_program=$path ;;
  esac
done < <(cd "$top/internal/realtest" && GOWORK=off go run ./cmd/parts etcd kube-apiserver kubectl)
[ -n "${kubectl_program:-}" ] || die "the parts could not be brought"

say "etcd and kube-apiserver"
etcd_port=$(port)
start etcd "$etcd" --data-dir "$dir/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" \
  --advertise-client-urls "http://127.0.0.1:$etcd_port" --listen-peer-urls "http://127.0.0.1:0" --unsafe-no-fsync

openssl genrsa -out "$dir/sa.key" 2048 2>/dev/null
admin=$(letters 'a-z0-9' 40)
echo "$admin,admin,admin,system:masters" >"$dir/tokens.csv"
api_port=$(port)
start kube-apiserver "$apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" --bind-address 127.0.0.1 --secure-port "$api_port" \
  --cert-dir "$dir" --token-auth-file "$dir/tokens.csv" --authorization-mode RBAC --service-cluster-ip-range 10.0.0.0/24 \
  --service-account-issuer https://kubernetes.default.svc --service-account-signing-key-file "$dir/sa.key" \
  --service-account-key-file "$dir/sa.key" --disable-admission-plugins ServiceAccount
cat >"$dir/kubeconfig" <<END
apiVersion: v1
kind: Config
clusters: [{name: try, cluster: {server: "https://127.0.0.1:$api_port", certificate-authority: "$dir/apiserver.crt"}}]
users: [{name: admin, user: {token: "$admin"}}]
contexts: [{name: try, context: {cluster: try, user: admin, namespace: shop}}]
current-context: try
END
chmod 600 "$dir/kubeconfig" "$dir/tokens.csv"
kubectl() { "$kubectl_program" --kubeconfig "$dir/kubeconfig" "$@"; }
ready kube-apiserver kubectl get --raw /readyz
kubectl create namespace shop >/dev/null

# A key pair of the right shape: an id is AKIA and 16 characters of base32, of which the
# first has its highest bit set; a secret is 40 characters of base64.
key_id=AKIA$(letters 'Q-Z' 1)$(letters 'A-Z2-7' 15)
key_secret=$(letters 'A-Za-z0-9' 40)

# deployment NAME [ENV-NAME VALUE]… prints one whose container has these variables.
deployment() {
  cat <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: $1}
spec:
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec:
      containers:
      - name: app
        image: example.com/app:1
        env:
END
  shift
  while [ $# -gt 0 ]; do
    printf '        - {name: %s, value: "%s"}\n' "$1" "$2"
    shift 2
  done
}

say "a Deployment with a key, older than the webhook"
deployment older AWS_ACCESS_KEY_ID "$key_id" AWS_SECRET_ACCESS_KEY "$key_secret" | kubectl apply -f -

say "oakum-webhook"
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -keyout "$dir/tls.key" -out "$dir/tls.crt" \
  -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
hook_port=$(port)
health_port=$(port)
start oakum-webhook "$top/bin/oakum" webhook serve --kubeconfig "$dir/kubeconfig" --cert-dir "$dir" --drain 0s \
  --listen "127.0.0.1:$hook_port" --health "127.0.0.1:$health_port" --metrics "" --log-format text
began=$(date +%s%N)
answers() { [ "$( (exec 3<>"/dev/tcp/127.0.0.1/$health_port"; printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3; head -1 <&3) 2>/dev/null | cut -d' ' -f2)" = 200 ]; }
ready oakum-webhook answers
echo "ready after $((($(date +%s%N) - began) / 1000000)) ms"
# The same three hooks as the chart's, asked by URL: nothing here resolves Services.
hook() {
  cat <<END
- name: $1.oakum-sec.github.io
  clientConfig: {url: "https://localhost:$hook_port/$1", caBundle: $(base64 -w0 <"$dir/tls.crt")}
  rules: [{operations: [CREATE, UPDATE], apiGroups: [$2], apiVersions: ["*"], resources: [$3]}]
  failurePolicy: Fail
  sideEffects: None
  admissionReviewVersions: [v1]
  timeoutSeconds: 3
END
}
kubectl apply -f - >/dev/null <<END
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: oakum}
webhooks:
$(hook pods '""' pods,pods/ephemeralcontainers)
$(hook workloads apps,batch deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs)
$(hook data '""' configmaps,secrets)
END

# pod NAME [ENV-NAME VALUE]… prints one that runs as a ServiceAccount, with these variables.
pod() {
  cat <<END
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  serviceAccountName: checkout
  containers:
  - name: app
    image: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/checkout:1
    env:
END
  shift
  echo "    - {name: LOG_LEVEL, value: info}"
  while [ $# -gt 0 ]; do
    printf '    - {name: %s, value: "%s"}\n' "$1" "$2"
    shift 2
  done
}

# refused COMMAND… shows how the command fails; that it does not is an error.
refused() {
  local words
  if words=$("$@" 2>&1); then die "it was admitted: $words"; fi
  echo "$words"
  case $words in
    *"$key_id"* | *"$key_secret"*) die "a value was told" ;;
    *"denied the request"*) ;;
    *) die "that was no refusal of ours" ;;
  esac
}
apply() { printf '%s\n' "$1" | kubectl apply -f -; }

leaky=$(pod leaky AWS_ACCESS_KEY_ID "$key_id" AWS_SECRET_ACCESS_KEY "$key_secret")
for _ in $(seq 100); do # the API server takes a moment to ask
  apply "$leaky" >/dev/null 2>&1 || break
  kubectl delete pod leaky --now >/dev/null 2>&1
  sleep 0.1
done

say "a pod with AWS keys in its environment"
refused apply "$leaky"

say "the same pod with a role's ServiceAccount and no keys"
apply "$(pod clean)"

say "the older Deployment is scaled"
kubectl scale deployment older --replicas=3

say "a second key is put into it"
second=AKIA$(letters 'Q-Z' 1)$(letters 'A-Z2-7' 15)
refused kubectl patch deployment older --type=json \
  -p '[{"op":"add","path":"/spec/template/spec/containers/0/env/-","value":{"name":"BACKUP_KEY_ID","value":"'"$second"'"}}]'

say "it is deleted"
kubectl delete deployment older

say "oakum-webhook is told to end, and answers what it has"
kill "${pids[2]}"
wait "${pids[2]}" && echo "it ended with 0"
