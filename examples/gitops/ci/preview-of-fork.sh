#!/usr/bin/env bash
# Says what a fork's pull request would do, without any secret: `preview-of-fork.sh <base> <head> <stack>`, where <base> is a
# checkout of the branch that it goes into, and <head> one with the change, both with their packages installed.
#
# A fork gets no access to the stack's state. So what that state would be is made here: the base is deployed to the emulator,
# and the preview compares with that. Nothing outside of this machine is asked.
set -euo pipefail

base=$(cd "$1" && pwd)
head=$(cd "$2" && pwd)
stack=${3##*/}

work=$(mktemp -d)
emulator=
cleanUp() {
    [ -z "$emulator" ] || kill "$emulator"
    for side in base head; do
        [ ! -f "$work/$side.yaml" ] || cp "$work/$side.yaml" "${!side}/Pulumi.$stack.yaml"
    done
    rm -rf "$work"
}
trap cleanUp EXIT

mkdir "$work/state"
export PULUMI_BACKEND_URL="file://$work/state" PULUMI_CONFIG_PASSPHRASE="of a state that is thrown away"
unset PULUMI_ACCESS_TOKEN CAPTIONS_API_KEY CAPTIONS_BASE_URL

"$base/node_modules/.bin/pulumi-captions" emulator --port 0 > "$work/emulator.txt" &
emulator=$!
until grep -q CAPTIONS_API_KEY "$work/emulator.txt"; do
    kill -0 "$emulator"
    sleep 0.1
done
eval "$(grep -o 'export CAPTIONS_[A-Z_]*=.*' "$work/emulator.txt")"

# The stack's settings without what only its own backend can serve: ESC, and the key that secret settings are encrypted with.
for side in base head; do
    settings="${!side}/Pulumi.$stack.yaml"
    cp "$settings" "$work/$side.yaml"
    sed -e '/^environment:/,/^[^ #-]/{/^environment:/d;/^[ -]/d}' -e '/^\(encryptionsalt\|encryptedkey\|secretsprovider\):/d' \
        "$work/$side.yaml" > "$settings"
done

pulumi stack init "$stack" --cwd "$base" --non-interactive >&2
grep '^encryptionsalt:' "$base/Pulumi.$stack.yaml" >> "$head/Pulumi.$stack.yaml"
pulumi up --yes --skip-preview --stack "$stack" --cwd "$base" --non-interactive >&2

# The JSON is not for people: if it fails, once more for the log.
pulumi preview --stack "$stack" --cwd "$head" --json --show-sames > "$work/preview.json" ||
    pulumi preview --stack "$stack" --cwd "$head" --non-interactive >&2 || true

echo "This comes from a fork, which gets no access to the stack's state. It was compared with what is declared in the branch that"
echo "it goes into, deployed to an emulator; so drift does not show, and the webhooks' ids are the emulator's."
echo
"$head/node_modules/.bin/pulumi-captions" plan "$work/preview.json"
