#!/usr/bin/env bash
# Says what a fork's pull request would do, without any secret: `preview-of-fork.sh <commit that it was merged into>`.
#
# A fork gets no access to the stack's state. So that commit is deployed to the emulator, and the preview compares with it.
set -euo pipefail

base=$(git rev-parse --verify "$1^{commit}")
stack=${STACK##*/}
settings=Pulumi.$stack.yaml
work=$(mktemp -d)
repository=$PWD
trap '[ -z "${emulator:-}" ] || kill "$emulator"; rm -rf "$work"' EXIT

mkdir "$work/state"
export PULUMI_BACKEND_URL="file://$work/state" PULUMI_CONFIG_PASSPHRASE="of a state that is thrown away"
unset PULUMI_ACCESS_TOKEN CAPTIONS_API_KEY CAPTIONS_BASE_URL

unpack() { # <folder> <commit>
    mkdir "$work/$1"
    git -C "$repository" archive "$2" | tar -x -C "$work/$1"
    cd "$work/$1"
    npm ci --ignore-scripts >&2
    # The settings without what only the stack's own backend can serve: ESC, and the key that secret settings are encrypted with.
    sed -i -e '/^environment:/,/^[^ #-]/{/^environment:/d;/^[ -]/d}' \
        -e '/^\(encryptionsalt\|encryptedkey\|secretsprovider\):/d' "$settings"
}

# So that all calls go to the emulator; its key takes the place of every secret setting. No receiver knows its secrets.
configure() {
    pulumi config set-all --stack "$stack" --plaintext deliveryCheck=false \
        --plaintext captions:baseUrl="$CAPTIONS_BASE_URL" --secret captions:apiKey="$CAPTIONS_API_KEY"
    local secret
    secret=$(sed -n '/captions:apiKey:/{n;s/.*secure: *//p}' "$settings")
    sed -i "s|secure: *[^ ,}]*|secure: $secret|" "$settings"
}

unpack head HEAD
node_modules/.bin/pulumi-captions emulator --port 0 > "$work/emulator.txt" &
emulator=$!
until grep -q CAPTIONS_API_KEY "$work/emulator.txt"; do
    kill -0 "$emulator"
    sleep 0.1
done
eval "$(grep -o 'export CAPTIONS_[A-Z_]*=.*' "$work/emulator.txt")"
pulumi stack init "$stack" --non-interactive >&2
configure

# Where the stack is new, there is nothing to compare with.
if git -C "$repository" cat-file -e "$base:$settings"; then
    (
        unpack base "$base"
        printf '\n%s\n' "$(grep '^encryptionsalt:' "$work/head/$settings")" >> "$settings"
        configure
        pulumi up --yes --skip-preview --stack "$stack" --non-interactive >&2
    )
fi

# If the JSON shows a failure, a second preview shows it in the log.
pulumi preview --stack "$stack" --json --show-sames > "$work/preview.json" ||
    pulumi preview --stack "$stack" --non-interactive >&2 || true

echo "This pull request gets no access to the stack's state. It was compared with the branch that it goes into, deployed to an"
echo "emulator: drift does not show, and the webhooks' ids are the emulator's."
echo
npx --no pulumi-captions plan "$work/preview.json"
