#!/bin/sh
# Browser tests want a Chromium. Get one where that is possible; where it is not, they skip and say so.
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 && exit 0
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then run=""; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then run="sudo"; else run="no"; fi
    if [ "$run" != no ] && $run apt-get update -qq && $run apt-get install -y -qq chromium >/dev/null; then exit 0; fi
fi
.venv/bin/python -m playwright install chromium >/dev/null 2>&1 || echo "No Chromium here: browser tests will be skipped." >&2
exit 0
